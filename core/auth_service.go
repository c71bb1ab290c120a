package core

import (
	"context"
	"time"
)

// AuthService signs people in and out.
type AuthService struct {
	cfg   Config
	keys  *knownKeys
	notes chan struct{} // a place for each note that is being written
}

// maxLoginHashes bounds how many password hashes one sign-in may cost.
const maxLoginHashes = 4

// Register founds an organization with its first admin and signs them in. It
// returns CodeAuthorization when the installation does not allow that.
func (s *AuthService) Register(ctx context.Context, r Registration) (*TokenPair, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if err := s.cfg.countSignIn(ctx, r.From, ""); err != nil {
		return nil, err
	}
	if s.cfg.Registration == RegistrationClosed {
		return nil, errRegistration()
	}
	hash, err := s.cfg.Hasher.Hash(ctx, r.Password)
	if err != nil {
		return nil, err
	}
	at := s.cfg.now()
	org := s.cfg.newOrganization(r.OrganizationName, at)
	user := User{
		ID: NewID[UserID](), OrgID: org.ID, Email: r.Email, EmailKey: s.cfg.FoldEmail(r.Email), Name: r.Name,
		Role: RoleAdmin, AuthProvider: AuthLocal, PasswordHash: hash, IsActive: true,
		CreatedAt: at, UpdatedAt: at, LastLoginAt: &at,
	}
	secret, session := s.newSession(user.ID, "")
	tenant := TrustTenant(org.ID)
	err = s.cfg.change(ctx, tenant, func(ctx context.Context, tx Tx) error {
		if err := s.cfg.establish(ctx, tx, tenant, &org, &user, r.From); err != nil {
			return err
		}
		return tx.Sessions.Create(ctx, &session)
	})
	if err != nil {
		return nil, err
	}
	return s.pair(&user, &org, secret, session)
}

// Login signs in by e-mail address and password. It returns CodeAuthentication for
// an unknown address, a wrong password and a user who may not sign in, alike in
// text, and in time where the address is in one organization or none; and CodeConflict with OrganizationChoice when several
// organizations fit and none is named.
func (s *AuthService) Login(ctx context.Context, in SignIn) (*TokenPair, error) {
	logins, err := s.matching(ctx, in)
	if err != nil {
		return nil, err
	}
	switch len(logins) {
	case 0:
		return nil, errSignIn()
	case 1:
		return s.open(ctx, logins[0], in)
	}
	choice := OrganizationChoice{}
	for _, l := range logins {
		choice.Organizations = append(choice.Organizations, OrganizationRef{ID: l.Tenant.OrgID(), Name: l.OrganizationName})
	}
	return nil, &Error{Code: CodeConflict, Message: "this address belongs to several organizations; sign in again with one of their ids as org_id", Details: choice}
}

func errSignIn() error {
	return &Error{Code: CodeAuthentication, Message: "e-mail or password is wrong; check both and try again"}
}

// verifiedLogin is a login whose password matched.
type verifiedLogin struct {
	Login
	outdated bool // the hash's parameters are weaker than today's
}

// matching verifies the password against every candidate, and once against
// nothing when there is none, so that an unknown address takes as long.
func (s *AuthService) matching(ctx context.Context, in SignIn) ([]verifiedLogin, error) {
	if len(in.Password) > 4*maxPasswordChars || len(in.Email) > maxEmailBytes {
		if err := s.cfg.countSignIn(ctx, in.From, ""); err != nil {
			return nil, err
		}
		return nil, errSignIn()
	}
	key := s.cfg.FoldEmail(in.Email)
	if err := s.cfg.countSignIn(ctx, in.From, key); err != nil {
		return nil, err
	}
	logins, err := s.cfg.Store.System().Logins(ctx, key)
	if err != nil {
		return nil, err
	}
	var found []verifiedLogin
	var tried []Login
	for _, l := range logins {
		if len(tried) == maxLoginHashes || in.OrgID != "" && in.OrgID != l.Tenant.OrgID() {
			continue
		}
		tried = append(tried, l)
		ok, outdated, err := s.cfg.Hasher.Verify(ctx, in.Password, l.PasswordHash)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, verifiedLogin{Login: l, outdated: outdated})
		}
	}
	if len(tried) == 0 {
		_, _, err = s.cfg.Hasher.Verify(ctx, in.Password, "")
	}
	if len(found) == 0 {
		s.noteFailure(ctx, tried, in.From)
	}
	return found, err
}

// open begins a session for a user whose password was verified.
func (s *AuthService) open(ctx context.Context, l verifiedLogin, in SignIn) (*TokenPair, error) {
	var rehashed string
	if l.outdated {
		var err error
		if rehashed, err = s.cfg.Hasher.Hash(ctx, in.Password); err != nil {
			return nil, err
		}
	}
	secret, session := s.newSession(l.UserID, "")
	var user *User
	var org *Organization
	err := s.cfg.change(ctx, l.Tenant, func(ctx context.Context, tx Tx) (err error) {
		if user, err = tx.Users.GetForUpdate(ctx, l.UserID); err != nil {
			return err
		}
		if !user.maySignIn() || user.PasswordHash != l.PasswordHash { // changed since it was verified
			return errSignIn()
		}
		if org, err = tx.Organizations.Get(ctx); err != nil {
			return err
		}
		at := s.cfg.now()
		user.LastLoginAt = &at
		if l.outdated {
			user.PasswordHash = rehashed
		}
		if err := tx.Users.Update(ctx, user); err != nil {
			return err
		}
		s.cfg.auditSelf(tx, l.Tenant, user.ID, in.From, AuditSignedIn)
		return tx.Sessions.Create(ctx, &session)
	})
	if err != nil {
		return nil, err
	}
	return s.pair(user, org, secret, session)
}

// Me returns the acting user and their organization.
func (s *AuthService) Me(ctx context.Context, a Actor) (*User, *Organization, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, nil, err
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	user, err := read.Users.Get(ctx, a.User())
	if err != nil {
		return nil, nil, err
	}
	org, err := read.Organizations.Get(ctx)
	return user, org, err
}

// Grant returns a refresh token for the actor, valid once and for life. A program
// that runs on its owner's machine prints it to let them sign in without a password.
func (s *AuthService) Grant(ctx context.Context, a Actor, life time.Duration) (string, error) {
	if err := a.may(permRead, ""); err != nil {
		return "", err
	}
	secret, session := s.newSession(a.User(), "")
	session.ExpiresAt = session.CreatedAt.Add(life)
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		return tx.Sessions.Create(ctx, &session)
	})
	return secret, err
}

// GrantByEmail is Grant for the active user of t with an e-mail address, or
// CodeNotFound. It is for the operator of an installation, who may open its store.
func (s *AuthService) GrantByEmail(ctx context.Context, t Tenant, email string, life time.Duration) (string, error) {
	logins, err := s.cfg.Store.System().Logins(ctx, s.cfg.FoldEmail(email))
	if err != nil {
		return "", err
	}
	for _, l := range logins {
		if l.Tenant != t {
			continue
		}
		user, err := s.cfg.Store.Tenant(t).Read().Users.Get(ctx, l.UserID)
		if err != nil {
			return "", err
		}
		return s.Grant(ctx, NewActor(t, user.ID, user.Role), life)
	}
	return "", &Error{Code: CodeNotFound, Message: "the organization has no active user with this address; check both"}
}
