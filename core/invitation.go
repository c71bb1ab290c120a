package core

import (
	"bytes"
	"context"
)

// Accept sets the password of an invited person and signs them in. It returns
// CodeAuthentication for a token that is unknown, expired or was accepted before.
func (s *AuthService) Accept(ctx context.Context, in Acceptance) (*TokenPair, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	if err := s.cfg.countSignIn(ctx, in.From, ""); err != nil {
		return nil, err
	}
	hash := hashToken(in.Token)
	ref, err := s.cfg.Store.System().Credential(ctx, CredentialInvitation, hash)
	if CodeOf(err) == CodeNotFound {
		return nil, errInvitation()
	}
	if err != nil {
		return nil, err
	}
	password, err := s.cfg.Hasher.Hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	id := UserID(ref.ID)
	secret, session := s.newSession(id, "")
	var user *User
	var org *Organization
	err = s.cfg.change(ctx, ref.Tenant, func(ctx context.Context, tx Tx) (err error) {
		if user, err = tx.Users.GetForUpdate(ctx, id); err != nil {
			return err
		}
		at := s.cfg.now()
		if !user.maySignIn() || !bytes.Equal(user.InvitationHash, hash) || !at.Before(*user.InvitationExpiresAt) {
			return errInvitation()
		}
		if org, err = tx.Organizations.Get(ctx); err != nil {
			return err
		}
		user.PasswordHash, user.InvitationHash, user.InvitationExpiresAt = password, nil, nil
		user.UpdatedAt, user.LastLoginAt = at, &at
		if in.Name != "" {
			user.Name = in.Name
		}
		if err := tx.Users.Update(ctx, user); err != nil {
			return err
		}
		s.cfg.auditSelf(tx, ref.Tenant, id, in.From, AuditInvitationAccepted)
		return tx.Sessions.Create(ctx, &session)
	})
	if err != nil {
		return nil, err
	}
	return s.pair(user, org, secret, session)
}

func errInvitation() error {
	return &Error{Code: CodeAuthentication, Message: "the invitation is no longer valid; ask an admin of the organization for another"}
}
