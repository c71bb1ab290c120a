package core

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"
)

// accessTTL is how long a node believes what it knows of a credential. With the
// time that a request takes it keeps revocation within five seconds, whether or
// not the bus brings the news.
const accessTTL = 4 * time.Second

// access is what a credential is worth, as it is cached.
type access struct {
	UserID    UserID     `json:"u"`
	Role      Role       `json:"r"`
	ExpiresAt *time.Time `json:"e,omitempty"`
}

func (a *access) expired(at time.Time) bool { return a.ExpiresAt != nil && !at.Before(*a.ExpiresAt) }

func errAccess() error {
	return &Error{Code: CodeAuthentication, Message: "the token is no longer valid; sign in again"}
}

// Authenticate returns the Actor of an access token or an API key, or
// CodeAuthentication.
func (s *AuthService) Authenticate(ctx context.Context, token string) (Actor, error) {
	if isAPIKey(token) {
		return s.keyActor(ctx, token)
	}
	claims, err := s.cfg.Tokens.Verify(token, s.cfg.Now())
	if err != nil {
		return Actor{}, err
	}
	t := TrustTenant(claims.OrgID)
	known, err := s.access(ctx, t, "access:token:"+string(claims.UserID)+":"+string(claims.SessionID), func(ctx context.Context) (*access, error) {
		return s.tokenAccess(ctx, t, claims)
	})
	if err != nil {
		return Actor{}, err
	}
	return Actor{tenant: t, user: known.UserID, role: known.Role, session: claims.SessionID}, nil
}

// access returns what a credential is worth, from the cache or else by read.
func (s *AuthService) access(ctx context.Context, t Tenant, key string, read func(context.Context) (*access, error)) (*access, error) {
	raw, found, err := s.cfg.Cache.Get(ctx, t, key)
	if err != nil && ctx.Err() == nil {
		s.cfg.Logger.DebugContext(ctx, "the cache does not answer; the store is read", slog.Any("error", err))
	}
	known := &access{}
	if err == nil && found && json.Unmarshal(raw, known) == nil {
		return known, nil
	}
	if known, err = read(ctx); err != nil {
		return nil, err
	}
	if raw, err = json.Marshal(known); err == nil {
		err = s.cfg.Cache.Set(ctx, t, key, raw, accessTTL)
	}
	if err != nil && ctx.Err() == nil {
		s.cfg.Logger.DebugContext(ctx, "the cache takes nothing", slog.Any("error", err))
	}
	return known, nil
}

// tokenAccess reads what an access token is worth: its user must be active and
// its session not ended.
func (s *AuthService) tokenAccess(ctx context.Context, t Tenant, c AccessClaims) (*access, error) {
	read := s.cfg.Store.Tenant(t).Read()
	user, err := s.activeUser(ctx, read.Users, c.UserID)
	if err != nil {
		return nil, err
	}
	if c.SessionID != "" {
		live, err := read.Sessions.Live(ctx, c.UserID, c.SessionID)
		if err != nil {
			return nil, err
		}
		if !live {
			return nil, errAccess()
		}
	}
	return &access{UserID: user.ID, Role: user.Role}, nil
}

func (s *AuthService) activeUser(ctx context.Context, users UserReader, id UserID) (*User, error) {
	user, err := users.Get(ctx, id)
	if CodeOf(err) == CodeNotFound || err == nil && !user.maySignIn() {
		return nil, errAccess()
	}
	return user, err
}

// keyActor returns the Actor of an API key.
func (s *AuthService) keyActor(ctx context.Context, token string) (Actor, error) {
	ref, err := s.keyRef(ctx, token)
	if err != nil {
		return Actor{}, err
	}
	id := APIKeyID(ref.ID)
	known, err := s.access(ctx, ref.Tenant, "access:key:"+ref.ID, func(ctx context.Context) (*access, error) {
		return s.keyAccess(ctx, ref.Tenant, id)
	})
	if err != nil {
		return Actor{}, err
	}
	if known.expired(s.cfg.now()) {
		return Actor{}, errAPIKey()
	}
	return Actor{tenant: ref.Tenant, user: known.UserID, role: known.Role, key: id}, nil
}

func errAPIKey() error {
	return &Error{Code: CodeAuthentication, Message: "the API key is not valid, has expired or was revoked; make another"}
}

// keyRef finds whose a key is. That never changes, so it may be remembered.
func (s *AuthService) keyRef(ctx context.Context, token string) (CredentialRef, error) {
	hash := hashToken(token)
	if ref, ok := s.keys.get(string(hash), s.cfg.Now()); ok {
		return ref, nil
	}
	ref, err := s.cfg.Store.System().Credential(ctx, CredentialAPIKey, hash)
	if CodeOf(err) == CodeNotFound {
		return ref, errAPIKey()
	}
	if err == nil {
		s.keys.put(string(hash), ref, s.cfg.Now())
	}
	return ref, err
}

// keyAccess reads what a key is worth, and notes that it is used.
func (s *AuthService) keyAccess(ctx context.Context, t Tenant, id APIKeyID) (*access, error) {
	read := s.cfg.Store.Tenant(t).Read()
	k, err := read.APIKeys.Get(ctx, id)
	if CodeOf(err) == CodeNotFound {
		return nil, errAPIKey()
	}
	if err != nil {
		return nil, err
	}
	user, err := s.activeUser(ctx, read.Users, k.UserID)
	if err != nil {
		return nil, err
	}
	s.noteUse(ctx, t, k)
	return &access{UserID: user.ID, Role: k.roleFor(user), ExpiresAt: k.ExpiresAt}, nil
}

// useEvery is how exactly LastUsedAt is kept, so that a busy key costs a write a minute.
const useEvery = time.Minute

func (s *AuthService) noteUse(ctx context.Context, t Tenant, k *APIKey) {
	at := s.cfg.now()
	if k.LastUsedAt != nil && at.Sub(*k.LastUsedAt) < useEvery || k.expired(at) {
		return
	}
	err := s.cfg.change(ctx, t, func(ctx context.Context, tx Tx) error { return tx.APIKeys.MarkUsed(ctx, k.ID, at) })
	if err != nil && CodeOf(err) != CodeNotFound && ctx.Err() == nil {
		s.cfg.Logger.WarnContext(ctx, "the use of an API key was not noted", slog.Any("error", err))
	}
}

// forgetAccess drops what this node's cache knows of t's credentials.
func (c Config) forgetAccess(ctx context.Context, t Tenant) {
	if err := c.Cache.Clear(context.WithoutCancel(ctx), t); err != nil {
		c.Logger.WarnContext(ctx, "the cache was not cleared; what it knows of credentials expires by itself", slog.Any("error", err))
	}
}

// Watch forgets what this node knows of credentials when another changes them,
// until ctx ends. Without it revocation takes up to accessTTL.
func (s *AuthService) Watch(ctx context.Context) error {
	l, err := s.cfg.Bus.Listen(ctx, AccessTopic())
	if err != nil {
		return err
	}
	defer l.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case n, ok := <-l.C():
			if !ok {
				return nil
			}
			if t := TrustTenant(OrgID(n.Body)); t.Valid() {
				s.cfg.forgetAccess(ctx, t)
			}
		}
	}
}

// Bounds of knownKeys.
const (
	maxKnownKeys = 10_000
	knownKeyLife = time.Minute
)

// knownKeys remembers whose API keys are. Whether one is still valid is asked
// elsewhere.
type knownKeys struct {
	mu   sync.Mutex // guards what follows
	refs map[string]CredentialRef
	till time.Time // when all is forgotten
}

func newKnownKeys() *knownKeys { return &knownKeys{refs: map[string]CredentialRef{}} }

func (k *knownKeys) get(hash string, now time.Time) (CredentialRef, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	ref, ok := k.refs[hash]
	return ref, ok && now.Before(k.till)
}

func (k *knownKeys) put(hash string, ref CredentialRef, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.refs) >= maxKnownKeys || !now.Before(k.till) {
		k.refs, k.till = map[string]CredentialRef{}, now.Add(knownKeyLife)
	}
	k.refs[hash] = ref
}
