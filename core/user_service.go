package core

import (
	"context"
	"time"
)

// UserService holds the use cases of an organization's members.
type UserService struct{ cfg Config }

// invitationLife is how long an invitation can be accepted.
const invitationLife = 7 * 24 * time.Hour

// Create adds a member. Without a password it returns an invitation, by whose
// token the person sets one; the token is kept nowhere. It returns CodeConflict
// when the organization has a user with that address. Only an admin may.
func (s *UserService) Create(ctx context.Context, a Actor, n NewUser) (*User, *Invitation, error) {
	if err := a.may(permUsers, ""); err != nil {
		return nil, nil, err
	}
	if n.Role == "" {
		n.Role = RoleMember
	}
	if err := n.Validate(); err != nil {
		return nil, nil, err
	}
	at := s.cfg.now()
	u := &User{
		ID: NewID[UserID](), OrgID: a.Tenant().OrgID(), Email: n.Email, EmailKey: s.cfg.FoldEmail(n.Email), Name: n.Name,
		Role: n.Role, AuthProvider: AuthLocal, IsActive: true, CreatedAt: at, UpdatedAt: at,
	}
	var invitation *Invitation
	if n.Password == "" {
		invitation = &Invitation{Token: newSecret(invitationPrefix), ExpiresAt: at.Add(invitationLife)}
		u.InvitationHash, u.InvitationExpiresAt = hashToken(invitation.Token), &invitation.ExpiresAt
	} else {
		var err error
		if u.PasswordHash, err = s.cfg.Hasher.Hash(ctx, n.Password); err != nil {
			return nil, nil, err
		}
	}
	action := AuditUserCreated
	if invitation != nil {
		action = AuditUserInvited
	}
	made := struct {
		User       *User
		Invitation *Invitation
	}{u, invitation}
	err := s.cfg.once(ctx, a, &made, func(ctx context.Context, tx Tx) error {
		s.cfg.audit(tx, a, action, string(u.ID), changedUser{Role: &u.Role})
		return tx.Users.Create(ctx, u)
	})
	if err != nil {
		return nil, nil, err
	}
	return made.User, made.Invitation, nil
}

// changedUser is what the audit log tells of a change; names and addresses are
// left out, since they could never be erased from it.
type changedUser struct {
	Role     *Role `json:"role,omitempty"`
	IsActive *bool `json:"is_active,omitempty"`
	Name     bool  `json:"name,omitempty"` // whether it was changed
}

// Get returns a member, or CodeNotFound. Only an admin may.
func (s *UserService) Get(ctx context.Context, a Actor, id UserID) (*User, error) {
	if err := a.may(permUsers, ""); err != nil {
		return nil, err
	}
	u, err := s.cfg.Store.Tenant(a.Tenant()).Read().Users.Get(ctx, id)
	return present(u, err)
}

// present hides tombstones.
func present(u *User, err error) (*User, error) {
	if err == nil && u.DeletedAt != nil {
		return nil, NotFound("user")
	}
	return u, err
}

// List returns a page of the members. Only an admin may.
func (s *UserService) List(ctx context.Context, a Actor, p PageRequest) (Page[User], error) {
	var none Page[User]
	if err := a.may(permUsers, ""); err != nil {
		return none, err
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	rows, err := s.cfg.Store.Tenant(a.Tenant()).Read().Users.List(ctx, seek)
	if err != nil {
		return none, err
	}
	return page(rows, seek, func(u User) Key { return Key{At: u.CreatedAt, ID: string(u.ID)} }), nil
}

// Update changes a member. A new role counts, and deactivation ends sessions and
// keys, on every node within five seconds. It returns CodeConflict when no active
// admin would be left. Only an admin may.
func (s *UserService) Update(ctx context.Context, a Actor, id UserID, p UserPatch) (*User, error) {
	if err := a.may(permUsers, ""); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	var u *User
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if u, err = s.locked(ctx, tx, id); err != nil {
			return err
		}
		before := *u
		set(&u.Name, p.Name)
		set(&u.Role, p.Role)
		set(&u.IsActive, p.IsActive)
		if u.Name == before.Name && u.Role == before.Role && u.IsActive == before.IsActive {
			return nil
		}
		u.UpdatedAt = s.cfg.now()
		if err := tx.Users.Update(ctx, u); err != nil {
			return err
		}
		if u.Role != before.Role || u.IsActive != before.IsActive {
			tx.Revoke()
		}
		s.cfg.audit(tx, a, AuditUserUpdated, string(id), changedUser{Role: p.Role, IsActive: p.IsActive, Name: u.Name != before.Name})
		if !u.IsActive {
			if err := tx.Sessions.RevokeOfUser(ctx, id, "", u.UpdatedAt); err != nil {
				return err
			}
		}
		return keepAnAdmin(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

// locked returns a member for a change that may take the last admin away. The
// organization's row is locked first, so that such changes come one by one.
func (s *UserService) locked(ctx context.Context, tx Tx, id UserID) (*User, error) {
	if _, err := tx.Organizations.GetForUpdate(ctx); err != nil {
		return nil, err
	}
	u, err := tx.Users.GetForUpdate(ctx, id)
	return present(u, err)
}

func keepAnAdmin(ctx context.Context, tx Tx) error {
	n, err := tx.Users.CountAdmins(ctx)
	if err == nil && n == 0 {
		err = Conflict("the organization would be left without an active admin; make another user admin first")
	}
	return err
}

// Delete removes a member for good: sessions and keys end, and name and address
// are erased. What they made stays, with their id. It returns CodeConflict when no
// active admin would be left. Only an admin may.
func (s *UserService) Delete(ctx context.Context, a Actor, id UserID) error {
	if err := a.may(permUsers, ""); err != nil {
		return err
	}
	return s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		u, err := s.locked(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.cfg.erase(ctx, tx, a, u); err != nil {
			return err
		}
		return keepAnAdmin(ctx, tx)
	})
}

// erase makes a tombstone of u, on a's word.
func (c Config) erase(ctx context.Context, tx Tx, a Actor, u *User) error {
	at := c.now()
	u.Email, u.EmailKey, u.Name = "", "deleted "+string(u.ID), "Deleted user" // no address has a space
	u.PasswordHash, u.InvitationHash, u.InvitationExpiresAt = "", nil, nil
	u.ExternalIssuer, u.ExternalSubject = "", ""
	u.IsActive, u.UpdatedAt, u.DeletedAt = false, at, &at
	tx.Revoke()
	c.audit(tx, a, AuditUserDeleted, string(u.ID), nil)
	if err := tx.Users.Update(ctx, u); err != nil {
		return err
	}
	if err := tx.Sessions.RevokeOfUser(ctx, u.ID, "", at); err != nil {
		return err
	}
	return tx.APIKeys.DeleteOfUser(ctx, u.ID)
}

// Rename changes the actor's own name.
func (s *UserService) Rename(ctx context.Context, a Actor, name string) (*User, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	if err := (UserPatch{Name: &name}).Validate(); err != nil {
		return nil, err
	}
	var u *User
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if u, err = present(tx.Users.GetForUpdate(ctx, a.User())); err != nil || u.Name == name {
			return err
		}
		u.Name, u.UpdatedAt = name, s.cfg.now()
		return tx.Users.Update(ctx, u)
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

// ChangePassword sets the actor's own password and ends their other sessions. It
// returns CodeValidation when current is not the password that holds, and
// CodeAuthorization to an API key.
func (s *UserService) ChangePassword(ctx context.Context, a Actor, current, next string) error {
	if err := a.may(permRead, ""); err != nil {
		return err
	}
	if a.key != "" {
		return &Error{Code: CodeAuthorization, Message: "an API key cannot change a password; sign in with the password"}
	}
	var v validation
	if v.password("new_password", next); v.err() != nil {
		return v.err()
	}
	if err := s.cfg.countSignIn(ctx, Origin{}, string(a.User())); err != nil {
		return err
	}
	verified, err := s.verifyPassword(ctx, a, current)
	if err != nil {
		return err
	}
	hash, err := s.cfg.Hasher.Hash(ctx, next)
	if err != nil {
		return err
	}
	return s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		u, err := tx.Users.GetForUpdate(ctx, a.User())
		if err != nil {
			return err
		}
		if u.PasswordHash != verified { // changed since
			return errCurrentPassword()
		}
		u.PasswordHash, u.UpdatedAt = hash, s.cfg.now()
		if err := tx.Users.Update(ctx, u); err != nil {
			return err
		}
		tx.Revoke()
		s.cfg.audit(tx, a, AuditPasswordChanged, string(u.ID), nil)
		return tx.Sessions.RevokeOfUser(ctx, u.ID, a.session, u.UpdatedAt)
	})
}

func errCurrentPassword() error {
	return Invalid("current_password", "mismatch", "current_password is not the present password; check it and try again")
}

// verifyPassword returns the hash that current fits. A local user who has no
// password yet needs none to set one.
func (s *UserService) verifyPassword(ctx context.Context, a Actor, current string) (string, error) {
	u, err := s.cfg.Store.Tenant(a.Tenant()).Read().Users.Get(ctx, a.User())
	if err != nil {
		return "", err
	}
	if u.PasswordHash == "" && u.AuthProvider == AuthLocal && current == "" {
		return "", nil
	}
	if len(current) > 4*maxPasswordChars {
		return "", errCurrentPassword()
	}
	ok, _, err := s.cfg.Hasher.Verify(ctx, current, u.PasswordHash)
	if err == nil && !ok {
		err = errCurrentPassword()
	}
	return u.PasswordHash, err
}
