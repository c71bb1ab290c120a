package core

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// How tokens are kept fresh.
const (
	refreshAhead = 10 * time.Minute // of a token's end it is refreshed
	refreshTime  = 30 * time.Second // one node has for it; then another may
	accessCached = time.Minute      // at most
	lookedAt     = 24 * time.Hour   // every integration is at least that often
)

// tokens is what Integration.Sealed holds.
type tokens struct {
	Token        string `json:"token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	// Given names what somebody gave; what is refreshed of it keeps the name. "": it was
	// given before there were names.
	Given string `json:"given,omitempty"`
}

func (t tokens) with(token, refresh Secret) tokens {
	t.Token, t.RefreshToken = token.Reveal(), refresh.Reveal()
	return t
}

// sealGiven seals tokens that somebody gave, under a new name.
func (c Config) sealGiven(ctx context.Context, t Tenant, token, refresh Secret) ([]byte, error) {
	return c.Sealer.Seal(ctx, t, SealedTokens, mustJSON(tokens{Given: rand.Text()}.with(token, refresh)))
}

func (c Config) openTokens(ctx context.Context, t Tenant, i *Integration) (tokens, error) {
	var kept tokens
	raw, err := c.Sealer.Open(ctx, t, SealedTokens, i.Sealed)
	if err != nil {
		return kept, err
	}
	if err := json.Unmarshal(raw, &kept); err != nil {
		return kept, fmt.Errorf("read the tokens of an integration: %w", err)
	}
	return kept, nil
}

// openAccess returns what i's vendor is called with.
func (c Config) openAccess(ctx context.Context, t Tenant, i *Integration) (Access, error) {
	a := Access{Tenant: t, Integration: i.ID, AuthType: i.AuthType, Config: i.Config}
	kept, err := c.openTokens(ctx, t, i)
	a.Token, a.RefreshToken = NewSecret(kept.Token), NewSecret(kept.RefreshToken)
	return a, err
}

// unchanged returns CodeConflict when somebody gave i other tokens, or another config,
// since it was read as was. That its token was refreshed is no change.
func (c Config) unchanged(ctx context.Context, t Tenant, i, was *Integration) error {
	met := Conflict("it was changed by somebody else meanwhile; read it and try again")
	if !sameConfig(i.Config, was.Config) {
		return met
	}
	if bytes.Equal(i.Sealed, was.Sealed) {
		return nil
	}
	now, err := c.openTokens(ctx, t, i)
	if err != nil {
		return err
	}
	then, err := c.openTokens(ctx, t, was)
	if err != nil {
		return err
	}
	if now.Given != then.Given {
		return met
	}
	return nil
}

// connectorOf returns the connector of a vendor.
func (c Config) connectorOf(t IntegrationType) (Connector, error) {
	conn, ok := c.Connectors[t]
	if !ok {
		return nil, Unavailable("this installation has no connector for "+string(t)+"; its operator left it out", 0, nil)
	}
	return conn, nil
}

func accessKey(id IntegrationID) string { return "integration:" + string(id) }

// access returns what an integration's vendor is called with, its token refreshed
// where that is due. It is asked before every call, so what the store has, still
// sealed, is cached until shortly before the token's end.
func (c Config) access(ctx context.Context, t Tenant, id IntegrationID) (Access, error) {
	if raw, found, err := c.Cache.Get(ctx, t, accessKey(id)); err == nil && found {
		var i cachedAccess
		if json.Unmarshal(raw, &i) == nil {
			return c.openAccess(ctx, t, i.integration(id))
		}
	}
	i, err := c.Store.Tenant(t).Read().Integrations.Get(ctx, id)
	if err != nil {
		return Access{}, err
	}
	if i, err = c.fresh(ctx, t, i); err != nil {
		return Access{}, err
	}
	ttl := accessCached
	if i.TokenExpiresAt != nil {
		ttl = min(ttl, i.TokenExpiresAt.Sub(c.now())-refreshAhead)
	}
	raw := mustJSON(cachedAccess{AuthType: i.AuthType, Config: i.Config, Sealed: i.Sealed})
	if err := c.Cache.Set(ctx, t, accessKey(id), raw, ttl); err != nil {
		c.Logger.DebugContext(ctx, "an integration's access was not cached", slog.Any("error", err))
	}
	return c.openAccess(ctx, t, i)
}

// keptAccess is access as it was read in i: what is cached may be of tokens that were
// replaced before.
func (c Config) keptAccess(ctx context.Context, t Tenant, i *Integration) (Access, error) {
	i, err := c.fresh(ctx, t, i)
	if err != nil {
		return Access{}, err
	}
	return c.openAccess(ctx, t, i)
}

// cachedAccess is what is cached of an integration.
type cachedAccess struct {
	AuthType AuthType
	Config   IntegrationConfig
	Sealed   []byte
}

func (a cachedAccess) integration(id IntegrationID) *Integration {
	return &Integration{ID: id, AuthType: a.AuthType, Config: a.Config, Sealed: a.Sealed}
}

// forgetCachedAccess has the next call read the store.
func (c Config) forgetCachedAccess(ctx context.Context, t Tenant, id IntegrationID) {
	if err := c.Cache.Delete(context.WithoutCancel(ctx), t, accessKey(id)); err != nil {
		c.Logger.WarnContext(ctx, "an integration's access stays cached for up to a minute", slog.Any("error", err))
	}
}

// expiring reports whether i's token is to be refreshed.
func (i *Integration) expiring(at time.Time) bool {
	return i.AuthType == AuthOAuth2 && i.TokenExpiresAt != nil && i.TokenExpiresAt.Sub(at) < refreshAhead && i.Status != IntegrationRevoked
}

// fresh returns i with a token that lasts, which one node at a time refreshes.
// Others go on with the old one while it lasts.
func (c Config) fresh(ctx context.Context, t Tenant, i *Integration) (*Integration, error) {
	conn, err := c.connectorOf(i.Type)
	if err != nil || !i.expiring(c.now()) || conn.Authorizer() == nil {
		return i, err
	}
	mine := false
	err = c.change(ctx, t, func(ctx context.Context, tx Tx) (err error) {
		mine = false
		if i, err = tx.Integrations.GetForUpdate(ctx, i.ID); err != nil {
			return err
		}
		at := c.now()
		if !i.expiring(at) || i.RefreshUntil != nil && i.RefreshUntil.After(at) {
			return nil
		}
		mine, i.RefreshUntil = true, new(at.Add(refreshTime))
		i.schedule(at)
		return tx.Integrations.Update(ctx, i)
	})
	switch {
	case err != nil:
		return nil, err
	case mine:
		return c.refresh(ctx, t, i, conn)
	case i.TokenExpiresAt != nil && !i.TokenExpiresAt.After(c.now()):
		return nil, Unavailable("its token has ended and another process is refreshing it; it goes on by itself", 2*time.Second, nil)
	}
	return i, nil
}

// refresh makes new tokens and stores them, unless somebody has connected anew.
func (c Config) refresh(ctx context.Context, t Tenant, i *Integration, conn Connector) (*Integration, error) {
	a, err := c.openAccess(ctx, t, i)
	if err != nil {
		return nil, err
	}
	if a.RefreshToken.Empty() {
		return i, nil
	}
	ctx = context.WithoutCancel(ctx) // once asked, the old token may be dead: the answer must be stored
	call, cancel := context.WithTimeout(ctx, refreshTime*2/3)
	defer cancel()
	g, err := conn.Authorizer().Refresh(call, a)
	if err != nil {
		return nil, c.noteFailure(ctx, t, i.ID, err)
	}
	if g.RefreshToken.Empty() {
		g.RefreshToken = a.RefreshToken
	}
	kept, err := c.openTokens(ctx, t, i)
	if err != nil {
		return nil, err
	}
	sealed, err := c.Sealer.Seal(ctx, t, SealedTokens, mustJSON(kept.with(g.Token, g.RefreshToken)))
	if err != nil {
		return nil, err
	}
	was := i.Sealed
	err = c.change(ctx, t, func(ctx context.Context, tx Tx) (err error) {
		if i, err = tx.Integrations.GetForUpdate(ctx, i.ID); err != nil || !bytes.Equal(i.Sealed, was) {
			return err
		}
		i.Sealed, i.RefreshUntil, i.TokenExpiresAt = sealed, nil, nil
		if !g.ExpiresAt.IsZero() {
			i.TokenExpiresAt = cutTime(&g.ExpiresAt)
		}
		i.schedule(c.now())
		return tx.Integrations.Update(ctx, i)
	})
	c.forgetCachedAccess(ctx, t, i.ID)
	return i, err
}

// schedule sets when i is to be looked at next.
func (i *Integration) schedule(at time.Time) {
	i.DueAt = new(at.Add(lookedAt))
	if i.Status == IntegrationRevoked {
		return
	}
	if i.NextSyncAt != nil && i.NextSyncAt.Before(*i.DueAt) {
		i.DueAt = i.NextSyncAt
	}
	if i.AuthType != AuthOAuth2 || i.TokenExpiresAt == nil {
		return
	}
	due := i.TokenExpiresAt.Add(-refreshAhead)
	if i.RefreshUntil != nil && i.RefreshUntil.After(at) && due.Before(*i.RefreshUntil) {
		due = *i.RefreshUntil
	}
	if due.Before(*i.DueAt) {
		i.DueAt = &due
	}
}

// noteFailure shows in an integration that a call to its vendor failed, and returns
// the error. A token that is refused makes it revoked.
func (c Config) noteFailure(ctx context.Context, t Tenant, id IntegrationID, cause error) error {
	reason := ReasonOf(cause)
	if reason == "" {
		return cause
	}
	e := AsError(cause)
	status, message := IntegrationError, e.Message
	d, _ := e.Details.(UpstreamDetails)
	switch { // the message's own next step is for who asked
	case reason == ReasonToken:
		status, message = IntegrationRevoked, cmp.Or(d.What, "the vendor does not accept the token")+"; connect it anew with a token that works"
	case d.What != "" && e.RetryAfter > 0:
		message = fmt.Sprintf("%s; it goes on by itself at %s UTC", d.What, c.now().Add(e.RetryAfter).Format(time.TimeOnly))
	}
	if err := c.showStatus(ctx, t, id, status, message); err != nil {
		c.Logger.WarnContext(ctx, "an integration's failure was not noted", slog.Any("error", err))
	}
	return cause
}

// showStatus changes the status of an integration and tells its followers.
func (c Config) showStatus(ctx context.Context, t Tenant, id IntegrationID, status IntegrationStatus, message string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	err := c.change(ctx, t, func(ctx context.Context, tx Tx) error {
		i, err := tx.Integrations.GetForUpdate(ctx, id)
		if err != nil || i.Status == status && i.ErrorMessage == message {
			return err
		}
		i.Status, i.ErrorMessage = status, message
		return c.updateIntegration(ctx, tx, i)
	})
	if status == IntegrationRevoked {
		c.forgetCachedAccess(ctx, t, id)
	}
	if CodeOf(err) == CodeNotFound {
		return nil
	}
	return err
}

// updateIntegration stores i and tells its followers.
func (c Config) updateIntegration(ctx context.Context, tx Tx, i *Integration) error {
	i.UpdatedAt = c.now()
	i.schedule(i.UpdatedAt)
	if err := tx.Integrations.Update(ctx, i); err != nil {
		return err
	}
	tx.Append(EventIntegrationUpdate, i.UpdatedAt, i)
	return nil
}
