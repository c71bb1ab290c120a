package core

import (
	"cmp"
	"context"
)

// connectedByOAuth returns the integration that is to be connected anew.
func (s *IntegrationService) connectedByOAuth(ctx context.Context, a Actor, r OAuthRequest) (*Integration, error) {
	i, err := s.Get(ctx, a, r.Again)
	switch {
	case err != nil:
		return nil, err
	case i.Type != r.Type || i.AuthType != AuthOAuth2:
		return nil, Invalid("integration_id", "oauth2", "that integration is not one of "+string(r.Type)+" by oauth2; change its access_token instead")
	case r.Name != "" || r.SyncInterval != 0 || r.Config.BaseURL+r.Config.Email+string(r.Config.Deployment) != "" || len(r.Config.Spaces) > 0:
		return nil, Invalid("integration_id", "alone", "an integration that is connected anew keeps its name, interval and config; leave them out, and change them afterwards")
	}
	return i, nil
}

// connectAgain gives an integration the tokens of a grant of the same site, and keeps
// all else. It returns CodeConflict when the integration was changed meanwhile.
func (s *IntegrationService) connectAgain(ctx context.Context, a Actor, r OAuthRequest, g Grant) (*Connected, error) {
	i, err := s.connectedByOAuth(ctx, a, r)
	if err != nil {
		return nil, err
	}
	conn, err := s.cfg.connectorOf(i.Type)
	if err != nil {
		return nil, err
	}
	v, err := verify(ctx, conn, Access{
		Tenant: a.Tenant(), Integration: i.ID, AuthType: i.AuthType, Config: g.within(i.Config), Token: g.Token, RefreshToken: g.RefreshToken,
	})
	if err != nil {
		return nil, err
	}
	p := proof{config: v.found()}
	if err := s.sameSite(ctx, a.Tenant(), conn, i, p.config); err != nil {
		return nil, err
	}
	if !g.ExpiresAt.IsZero() {
		p.expiresAt = cutTime(&g.ExpiresAt)
	}
	if p.sealed, err = s.cfg.sealGiven(ctx, a.Tenant(), g.Token, g.RefreshToken); err != nil {
		return nil, err
	}
	was := i
	err = s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		if i, err = tx.Integrations.GetForUpdate(ctx, was.ID); err != nil {
			return err
		}
		if err := s.cfg.unchanged(ctx, a.Tenant(), i, was); err != nil {
			return err
		}
		i.accept(p)
		s.cfg.audit(tx, a, AuditIntegrationUpdated, string(i.ID), map[string]any{"token_replaced": true})
		return s.cfg.updateIntegration(ctx, tx, i)
	})
	if err != nil {
		return nil, err
	}
	s.cfg.forgetCachedAccess(ctx, a.Tenant(), i.ID)
	return &Connected{Integration: i, Check: *v}, nil
}

// within is c with what the grant found out in the place of what was.
func (g Grant) within(c IntegrationConfig) IntegrationConfig {
	c.BaseURL = cmp.Or(g.Config.BaseURL, c.BaseURL)
	c.CloudID, c.Workspace, c.Account = g.Config.CloudID, g.Config.Workspace, g.Config.Account
	return c
}

// site names, by the vendor's id, whose content a token opens; "": it is not known.
func (c IntegrationConfig) site() string { return cmp.Or(c.CloudID, c.Workspace) }

// sameSite refuses tokens of another site than i has: a sync would take all of i's
// documents for gone. What i's site is, when that was not kept, its old token tells; one
// that is dead leaves the account's name to go by.
func (s *IntegrationService) sameSite(ctx context.Context, t Tenant, conn Connector, i *Integration, now IntegrationConfig) error {
	was := i.Config
	if was.site() == "" {
		old, err := s.cfg.keptAccess(ctx, t, i)
		if err == nil {
			var v *Verified
			if v, err = conn.Verify(ctx, old); err == nil {
				was = v.found()
			}
		}
		if err != nil && Retryable(err) {
			return err
		}
	}
	same := was.site() == now.site()
	if was.site() == "" || now.site() == "" {
		same = was.Account == now.Account
	}
	if same {
		return nil
	}
	return Invalid("integration_id", "same_site", "the account opened another site than "+cmp.Or(was.BaseURL, was.Account, "the one that is connected")+
		"; agree for that one, or connect the other as a new integration")
}
