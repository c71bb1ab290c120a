package core

import (
	"context"
	"strings"
	"time"
)

// TicketLife is how long a ticket can be redeemed.
const TicketLife = 30 * time.Second

// Ticket returns a secret that stands for the actor once, within TicketLife. A
// browser puts it into the address of a connection, where it cannot send a header:
// addresses are written to logs, so what is in them must be worth nothing by then.
// Signing out ends a session's tickets, and revoking a key the key's.
func (s *AuthService) Ticket(ctx context.Context, a Actor) (string, error) {
	if err := a.may(permRead, ""); err != nil {
		return "", err
	}
	ticket := newSecret(ticketPrefix)
	at, id := s.cfg.now(), NewID[SessionID]()
	session := Session{ID: id, FamilyID: id, UserID: a.User(), TokenHash: hashToken(ticket), CreatedAt: at, ExpiresAt: at.Add(TicketLife)}
	if a.session != "" {
		session.FamilyID = a.session
	}
	if a.key != "" {
		session.APIKeyID = &a.key
	}
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		return tx.Sessions.Create(ctx, &session)
	})
	if err != nil {
		return "", err
	}
	return ticket, nil
}

func errTicket() error {
	return &Error{Code: CodeAuthentication, Message: "the ticket is used up or too old; ask for another with POST /v1/ws/tickets"}
}

// Redeem returns the actor that a ticket stands for, and uses it up. It returns
// CodeAuthentication for one that is unknown, used, expired or revoked.
func (s *AuthService) Redeem(ctx context.Context, ticket string) (Actor, error) {
	if !strings.HasPrefix(ticket, ticketPrefix) {
		return Actor{}, errTicket()
	}
	ref, err := s.sessionOf(ctx, ticket)
	if CodeOf(err) == CodeNotFound {
		return Actor{}, errTicket()
	}
	if err != nil {
		return Actor{}, err
	}
	var a Actor
	err = s.cfg.change(ctx, ref.Tenant, func(ctx context.Context, tx Tx) error {
		t, err := tx.Sessions.GetForUpdate(ctx, ref.SessionID)
		if err != nil {
			return err
		}
		at := s.cfg.now()
		if t.UsedAt != nil || t.RevokedAt != nil || !at.Before(t.ExpiresAt) {
			return errTicket()
		}
		user, err := tx.Users.Get(ctx, t.UserID)
		if err != nil {
			return err
		}
		if !user.maySignIn() {
			return errTicket()
		}
		a = Actor{tenant: ref.Tenant, user: user.ID, role: user.Role}
		if t.FamilyID != t.ID {
			a.session = t.FamilyID
		}
		if t.APIKeyID != nil {
			k, err := tx.APIKeys.Get(ctx, *t.APIKeyID)
			if err != nil {
				return err
			}
			if k.expired(at) {
				return errTicket()
			}
			a.key, a.role = k.ID, k.roleFor(user)
		}
		return tx.Sessions.MarkUsed(ctx, t.ID, at)
	})
	if CodeOf(err) == CodeNotFound {
		err = errTicket()
	}
	if err != nil {
		return Actor{}, err
	}
	return a, nil
}

// Renew returns the actor as it is now, for what lasts longer than a request, or
// CodeAuthentication when the user is gone or no longer active.
func (s *AuthService) Renew(ctx context.Context, a Actor) (Actor, error) {
	if err := a.may(permRead, ""); err != nil {
		return Actor{}, err
	}
	known, err := s.renewed(ctx, a)
	if err != nil {
		return Actor{}, err
	}
	a.user, a.role = known.UserID, known.Role
	return a, nil
}

// renewed reads what a's credential is worth, past the cache: what asks again and
// again may not add the cache's life to its own pace.
func (s *AuthService) renewed(ctx context.Context, a Actor) (*access, error) {
	if a.key == "" {
		return s.tokenAccess(ctx, a.Tenant(), AccessClaims{UserID: a.User(), SessionID: a.session})
	}
	known, err := s.keyAccess(ctx, a.Tenant(), a.key)
	if err == nil && known.expired(s.cfg.now()) {
		err = errAPIKey()
	}
	return known, err
}
