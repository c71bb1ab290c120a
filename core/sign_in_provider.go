package core

import "context"

// SignInFlow is one person's way to a SignInProvider and back. Its values are secrets
// of their browser.
type SignInFlow struct {
	RedirectURL string // where the provider sends them back
	State       string // that they must bring back
	Nonce       string // that the provider's token must name
	Verifier    string // of PKCE (RFC 7636)
}

// ExternalIdentity is who somebody is for a SignInProvider.
type ExternalIdentity struct {
	Email    string
	Verified bool // the provider has seen that the address is theirs
	Name     string
	Provider AuthProvider
	Issuer   string // who says so
	Subject  string // its name for the account, which stays when the address changes
}

// SignInProvider signs people in elsewhere, by OpenID Connect.
type SignInProvider interface {
	// Begin returns the address to which a browser is sent, or CodeUnavailable when
	// the provider cannot be reached.
	Begin(ctx context.Context, f SignInFlow) (url string, err error)
	// Finish exchanges the code that the browser brought back for who it is. issuer
	// is the one that came with the code (RFC 9207), "" for none. It returns
	// CodeAuthentication for a code that is not valid, or not of this flow, and for
	// another issuer's or client's token; and CodeUnavailable as Begin does.
	Finish(ctx context.Context, f SignInFlow, code, issuer string) (*ExternalIdentity, error)
}

// ExternalSignIn is the input of Auth.FinishExternal.
type ExternalSignIn struct {
	Flow             SignInFlow
	Code             string
	Issuer           string // that came with the code; "": none
	Invitation       string // a token of one; "": none
	OrganizationName string // of one to be founded; "": after the person
	OrgID            OrgID  // "": the only organization that the address has
	From             Origin
}

// CheckProvider returns CodeNotFound when the installation has no other sign-in than
// by password.
func (s *AuthService) CheckProvider() error {
	if s.cfg.SignIn == (noSignIn{}) {
		return errNoProvider()
	}
	return nil
}

// BeginExternal returns a new flow and the address at which it goes on. It returns
// CodeNotFound when the installation has no provider.
func (s *AuthService) BeginExternal(ctx context.Context, redirectURL string, from Origin) (SignInFlow, string, error) {
	if err := s.CheckProvider(); err != nil {
		return SignInFlow{}, "", err
	}
	if err := s.cfg.countSignIn(ctx, from, ""); err != nil {
		return SignInFlow{}, "", err
	}
	f := SignInFlow{RedirectURL: redirectURL, State: newSecret(""), Nonce: newSecret(""), Verifier: newSecret("")}
	url, err := s.cfg.SignIn.Begin(ctx, f)
	return f, url, err
}

func errNoProvider() error {
	return &Error{Code: CodeNotFound, Message: "this installation has no other sign-in than by password; use that"}
}

func errExternal() error {
	return &Error{Code: CodeAuthentication, Message: "the sign-in did not succeed; begin again"}
}

// FinishExternal signs in who comes back from the provider with a verified address:
// as the user who has it, as the one whom an invitation is for, or as the first admin
// of an organization that it founds. The account is the user's from then on: another of
// the same issuer that has come by the address is refused with CodeAuthentication. It
// returns CodeConflict with OrganizationChoice as Login does.
func (s *AuthService) FinishExternal(ctx context.Context, in ExternalSignIn) (*TokenPair, error) {
	if err := s.CheckProvider(); err != nil {
		return nil, err
	}
	if err := s.cfg.countSignIn(ctx, in.From, ""); err != nil {
		return nil, err
	}
	who, err := s.cfg.SignIn.Finish(ctx, in.Flow, in.Code, in.Issuer)
	if err != nil {
		return nil, err
	}
	var v validation
	if v.email(who.Email); v.err() != nil || !who.Verified {
		return nil, &Error{Code: CodeAuthentication, Message: "the provider has not verified your e-mail address; verify it there and begin again"}
	}
	key := s.cfg.FoldEmail(who.Email)
	if in.Invitation != "" {
		ref, err := s.cfg.Store.System().Credential(ctx, CredentialInvitation, hashToken(in.Invitation))
		if CodeOf(err) == CodeNotFound {
			return nil, errInvitation()
		}
		if err != nil {
			return nil, err
		}
		return s.openExternal(ctx, ref.Tenant, UserID(ref.ID), who, key, in.From)
	}
	logins, err := s.cfg.Store.System().Logins(ctx, key)
	if err != nil {
		return nil, err
	}
	var choice OrganizationChoice
	var found []Login
	for _, l := range logins {
		if in.OrgID == "" || in.OrgID == l.Tenant.OrgID() {
			found = append(found, l)
			choice.Organizations = append(choice.Organizations, OrganizationRef{ID: l.Tenant.OrgID(), Name: l.OrganizationName})
		}
	}
	switch {
	case len(found) == 1:
		return s.openExternal(ctx, found[0].Tenant, found[0].UserID, who, key, in.From)
	case len(found) > 1:
		return nil, &Error{Code: CodeConflict, Message: "this address belongs to several organizations; begin again with one of their ids as org_id", Details: choice}
	case in.OrgID != "":
		return nil, errExternal()
	}
	return s.foundExternal(ctx, who, key, in)
}

// openExternal begins a session for a user whose address the provider has verified,
// and accepts the invitation that they may have.
func (s *AuthService) openExternal(ctx context.Context, t Tenant, id UserID, who *ExternalIdentity, key string, from Origin) (*TokenPair, error) {
	secret, session := s.newSession(id, "")
	var user *User
	var org *Organization
	err := s.cfg.change(ctx, t, func(ctx context.Context, tx Tx) (err error) {
		if user, err = tx.Users.GetForUpdate(ctx, id); err != nil {
			return err
		}
		at := s.cfg.now()
		if !user.maySignIn() || user.EmailKey != key || user.Invited() && !at.Before(*user.InvitationExpiresAt) {
			return errExternal()
		}
		if err := user.link(who); err != nil {
			return err
		}
		if org, err = tx.Organizations.Get(ctx); err != nil {
			return err
		}
		action := AuditSignedIn
		if user.Invited() {
			action = AuditInvitationAccepted
			user.InvitationHash, user.InvitationExpiresAt, user.UpdatedAt = nil, nil, at
		}
		if user.PasswordHash == "" {
			user.AuthProvider = who.Provider
		}
		user.LastLoginAt = &at
		if err := tx.Users.Update(ctx, user); err != nil {
			return err
		}
		s.cfg.auditSelf(tx, t, id, from, action)
		return tx.Sessions.Create(ctx, &session)
	})
	if err != nil {
		return nil, err
	}
	return s.pair(user, org, secret, session)
}

// link makes an account of a provider the user's. One that was another's is refused,
// though it has the address: providers give addresses to new people. With another
// provider, which an operator has chosen, everybody is linked anew.
func (u *User) link(who *ExternalIdentity) error {
	if u.ExternalIssuer == who.Issuer && u.ExternalSubject != "" && u.ExternalSubject != who.Subject {
		return &Error{Code: CodeAuthentication, Message: "this address belonged to another account when it was first used here; ask an admin to delete that user and invite you"}
	}
	u.ExternalIssuer, u.ExternalSubject = who.Issuer, who.Subject
	return nil
}

// foundExternal founds an organization for somebody whom nobody knows.
func (s *AuthService) foundExternal(ctx context.Context, who *ExternalIdentity, key string, in ExternalSignIn) (*TokenPair, error) {
	if s.cfg.Registration == RegistrationClosed {
		return nil, errRegistration()
	}
	name := who.Name
	var v validation
	if v.name("name", name); v.err() != nil {
		name = who.Email
	}
	if in.OrganizationName == "" {
		in.OrganizationName = cutRunes(name, 100) + "'s organization"
	}
	v = validation{}
	if v.name("organization_name", in.OrganizationName); v.err() != nil {
		return nil, v.err()
	}
	at := s.cfg.now()
	org := s.cfg.newOrganization(in.OrganizationName, at)
	user := User{
		ID: NewID[UserID](), OrgID: org.ID, Email: who.Email, EmailKey: key, Name: cutRunes(name, 200), Role: RoleAdmin,
		AuthProvider: who.Provider, IsActive: true, CreatedAt: at, UpdatedAt: at, LastLoginAt: &at,
		ExternalIssuer: who.Issuer, ExternalSubject: who.Subject,
	}
	secret, session := s.newSession(user.ID, "")
	tenant := TrustTenant(org.ID)
	err := s.cfg.change(ctx, tenant, func(ctx context.Context, tx Tx) error {
		if err := s.cfg.establish(ctx, tx, tenant, &org, &user, in.From); err != nil {
			return err
		}
		return tx.Sessions.Create(ctx, &session)
	})
	if err != nil {
		return nil, err
	}
	return s.pair(&user, &org, secret, session)
}
