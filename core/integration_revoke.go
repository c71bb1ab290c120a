package core

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// revokeTime bounds how long vendors are asked to forget tokens.
const revokeTime = 10 * time.Second

// revokeTokens asks vendors to forget tokens that are forgotten here already, all at the
// same time. That one does not hear of it changes nothing here: those of OAuth2 end by
// themselves, and all can be taken back in the vendor's settings.
func (c Config) revokeTokens(ctx context.Context, t Tenant, gone []Integration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTime)
	defer cancel()
	var all sync.WaitGroup
	for _, i := range gone {
		all.Go(func() {
			if err := c.revokeToken(ctx, t, &i); err != nil {
				c.Logger.WarnContext(ctx, "the vendor could not be asked to forget a token; it ends by itself, or in the vendor's settings",
					slog.String("integration_id", string(i.ID)), slog.Any("error", err))
			}
		})
	}
	all.Wait()
}

func (c Config) revokeToken(ctx context.Context, t Tenant, i *Integration) error {
	conn, ok := c.Connectors[i.Type]
	if !ok || i.AuthType != AuthOAuth2 || conn.Authorizer() == nil {
		return nil
	}
	access, err := c.openAccess(ctx, t, i)
	if err != nil {
		return err
	}
	return conn.Authorizer().Revoke(ctx, access)
}

// mostRevoked bounds what of an organization that is deleted is revoked: it has a few.
const mostRevoked = 1000

// revocable returns the integrations whose tokens a vendor can be asked to forget. An
// error is told and is no reason to keep an organization.
func (c Config) revocable(ctx context.Context, t Tenant) []Integration {
	var found []Integration
	seek := Seek{Limit: MaxPageLimit}
	for len(found) < mostRevoked {
		some, err := c.Store.Tenant(t).Read().Integrations.List(ctx, seek)
		if err != nil {
			c.Logger.WarnContext(ctx, "the tokens of an organization's integrations were not revoked", slog.String("org_id", string(t.OrgID())), slog.Any("error", err))
			return found
		}
		for _, i := range some {
			if i.AuthType == AuthOAuth2 && i.Status != IntegrationRevoked {
				found = append(found, i)
			}
		}
		if len(some) < seek.Limit {
			break
		}
		last := some[len(some)-1]
		seek.After = &Key{At: last.CreatedAt, ID: string(last.ID)}
	}
	return found
}
