package core

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"strings"
	"time"
)

// Session is one refresh token in the chain that a sign-in starts, or one ticket.
// Each refresh ends one session and begins the next of the same family.
type Session struct {
	ID        SessionID
	FamilyID  SessionID // the first session's id
	UserID    UserID
	TokenHash []byte // SHA-256
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time // when it was exchanged for the next one
	RevokedAt *time.Time
	APIKeyID  *APIKeyID // of a ticket that stands for a key; nil: for its user
}

// SessionReader reads the tenant's sessions.
type SessionReader interface {
	// Get returns a session, or CodeNotFound.
	Get(ctx context.Context, id SessionID) (*Session, error)
	// Live reports whether the family has a session of that user that is not
	// revoked. One that nobody knows is not live.
	Live(ctx context.Context, user UserID, family SessionID) (bool, error)
}

// SessionRepo is SessionReader inside a transaction.
type SessionRepo interface {
	SessionReader
	// GetForUpdate returns a session with its row locked, or CodeNotFound.
	GetForUpdate(ctx context.Context, id SessionID) (*Session, error)
	// Create stores s, or returns CodeConflict when its token hash exists.
	Create(ctx context.Context, s *Session) error
	// MarkUsed sets UsedAt, or returns CodeNotFound.
	MarkUsed(ctx context.Context, id SessionID, at time.Time) error
	// RevokeFamily sets RevokedAt on every session of the family that has none.
	RevokeFamily(ctx context.Context, family SessionID, at time.Time) error
	// RevokeOfUser is RevokeFamily for every family of the user but one; "" keeps none.
	RevokeOfUser(ctx context.Context, user UserID, keep SessionID, at time.Time) error
}

// Refresh exchanges a refresh token for a new pair. It returns CodeAuthentication
// for a token that is unknown, expired, revoked or used before; the last ends
// every session of its family, since it may have been stolen.
func (s *AuthService) Refresh(ctx context.Context, token string, from Origin) (*TokenPair, error) {
	ref, err := s.session(ctx, token)
	if err != nil {
		return nil, err
	}
	var user *User
	var org *Organization
	var secret string
	var next Session
	reused := false
	err = s.cfg.change(ctx, ref.Tenant, func(ctx context.Context, tx Tx) (err error) {
		var old *Session
		if user, old, err = lockSession(ctx, tx, ref.SessionID); err != nil {
			return err
		}
		at := s.cfg.now()
		if reused = old.UsedAt != nil; reused {
			tx.Revoke()
			if old.RevokedAt == nil {
				s.cfg.auditSelf(tx, ref.Tenant, user.ID, from, AuditTokenReused)
			}
			return tx.Sessions.RevokeFamily(ctx, old.FamilyID, at)
		}
		if old.RevokedAt != nil || !at.Before(old.ExpiresAt) || !user.maySignIn() {
			return errRefresh()
		}
		if org, err = tx.Organizations.Get(ctx); err != nil {
			return err
		}
		secret, next = s.newSession(user.ID, old.FamilyID)
		if err := tx.Sessions.MarkUsed(ctx, old.ID, at); err != nil {
			return err
		}
		return tx.Sessions.Create(ctx, &next)
	})
	if CodeOf(err) == CodeNotFound || reused && err == nil {
		err = errRefresh()
	}
	if err != nil {
		return nil, err
	}
	return s.pair(user, org, secret, next)
}

// lockSession locks a session and, before it, its user: what ends all sessions of
// a user locks in this order too, so a refresh under way cannot outlive it.
func lockSession(ctx context.Context, tx Tx, id SessionID) (*User, *Session, error) {
	session, err := tx.Sessions.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	user, err := tx.Users.GetForUpdate(ctx, session.UserID)
	if err != nil {
		return nil, nil, err
	}
	session, err = tx.Sessions.GetForUpdate(ctx, id)
	return user, session, err
}

// Logout ends the session of a refresh token and all of its family. A token that
// is no longer valid is no error.
func (s *AuthService) Logout(ctx context.Context, token string, from Origin) error {
	ref, err := s.session(ctx, token)
	if CodeOf(err) == CodeAuthentication {
		return nil
	}
	if err != nil {
		return err
	}
	return s.cfg.change(ctx, ref.Tenant, func(ctx context.Context, tx Tx) error {
		_, old, err := lockSession(ctx, tx, ref.SessionID)
		if err != nil {
			return err
		}
		tx.Revoke()
		if old.RevokedAt == nil {
			s.cfg.auditSelf(tx, ref.Tenant, old.UserID, from, AuditSignedOut)
		}
		return tx.Sessions.RevokeFamily(ctx, old.FamilyID, s.cfg.now())
	})
}

func errRefresh() error {
	return &Error{Code: CodeAuthentication, Message: "the refresh token is no longer valid; sign in again"}
}

// What tokens begin with. It tells apart what would else pass for one another, and
// people and scanners know them by it.
const (
	refreshPrefix    = "dr_"
	ticketPrefix     = "dt_"
	invitationPrefix = "di_"
)

// session finds whose session a refresh token is.
func (s *AuthService) session(ctx context.Context, token string) (SessionRef, error) {
	if !strings.HasPrefix(token, refreshPrefix) {
		return SessionRef{}, errRefresh()
	}
	ref, err := s.sessionOf(ctx, token)
	if CodeOf(err) == CodeNotFound {
		return ref, errRefresh()
	}
	return ref, err
}

func (s *AuthService) sessionOf(ctx context.Context, token string) (SessionRef, error) {
	return s.cfg.Store.System().Session(ctx, hashToken(token))
}

// newSession makes a refresh token and the session that remembers its hash.
func (s *AuthService) newSession(user UserID, family SessionID) (string, Session) {
	token := newSecret(refreshPrefix)
	at := s.cfg.now()
	id := NewID[SessionID]()
	if family == "" {
		family = id
	}
	return token, Session{
		ID: id, FamilyID: family, UserID: user, TokenHash: hashToken(token),
		CreatedAt: at, ExpiresAt: at.Add(s.cfg.RefreshToken),
	}
}

// newSecret makes a token that nobody can guess: 256 random bits after its prefix.
func newSecret(prefix string) string {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails (crypto/rand, Go 1.24)
	return prefix + base64.RawURLEncoding.EncodeToString(raw)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func (s *AuthService) pair(user *User, org *Organization, secret string, session Session) (*TokenPair, error) {
	at := s.cfg.now().Truncate(time.Second)
	access, err := s.cfg.Tokens.Issue(AccessClaims{
		OrgID: org.ID, UserID: user.ID, Role: user.Role, SessionID: session.FamilyID,
		TokenID: NewID[string](), IssuedAt: at, ExpiresAt: at.Add(s.cfg.AccessToken),
	})
	if err != nil {
		return nil, err
	}
	s.cfg.Logger.Debug("signed in", slog.String("org_id", string(org.ID)), slog.String("user_id", string(user.ID)))
	return &TokenPair{AccessToken: access, RefreshToken: secret, ExpiresIn: s.cfg.AccessToken, User: *user, Organization: *org}, nil
}
