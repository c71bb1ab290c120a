package core

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"
)

// IntegrationPatch changes the fields that are not nil. A token, and what else the
// vendor must accept, is proven with a real call before it is stored.
type IntegrationPatch struct {
	Name         *string
	SyncInterval *int // minutes; 0: only when it is asked for
	Token        *Secret
	RefreshToken *Secret    // comes with Token, as ExpiresAt does
	ExpiresAt    *time.Time // of Token
	Email        *string
	BaseURL      *string // comes with Token: one that is kept is sent nowhere else
	Spaces       *[]string
}

// Validate returns CodeValidation with every field that does not hold, as far as that
// can be told without the integration.
func (p IntegrationPatch) Validate() error {
	var v validation
	if p.Name != nil {
		v.name("name", *p.Name)
	}
	if p.SyncInterval != nil {
		v.interval(*p.SyncInterval)
	}
	if p.Token != nil {
		v.token("access_token", *p.Token, 1)
	}
	if p.RefreshToken != nil {
		v.token("refresh_token", *p.RefreshToken, 0)
	}
	if p.Token == nil {
		v.alone("refresh_token", p.RefreshToken != nil)
		v.alone("token_expires_at", p.ExpiresAt != nil)
		v.alone("config.base_url", p.BaseURL != nil)
	}
	return v.err()
}

// alone refuses a field that a new token did not come with.
func (v *validation) alone(field string, given bool) {
	if given {
		v.add(field, "requires", field+" changes only together with access_token; send both")
	}
}

// configures reports whether the patch has a field of the config.
func (p IntegrationPatch) configures() bool {
	return p.Email != nil || p.BaseURL != nil || p.Spaces != nil
}

// config is c as the patch makes it, without what is found out.
func (p IntegrationPatch) config(c IntegrationConfig) IntegrationConfig {
	c.CloudID, c.Workspace, c.Account = "", "", ""
	if p.Email != nil {
		c.Email = *p.Email
	}
	if p.BaseURL != nil {
		c.BaseURL = *p.BaseURL
	}
	if p.Spaces != nil {
		c.Spaces = *p.Spaces
	}
	return c
}

// Update changes an integration. A token that is proven makes a revoked integration
// work again. It returns CodeConflict when the integration was changed while the vendor
// was asked. Only an admin may.
func (s *IntegrationService) Update(ctx context.Context, a Actor, id IntegrationID, p IntegrationPatch) (*Integration, error) {
	if err := a.may(permIntegrations, ""); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	i, err := s.Get(ctx, a, id)
	if err != nil {
		return nil, err
	}
	var v validation
	if p.configures() {
		v.integrationConfig(i.Type, i.AuthType, p.config(i.Config))
	}
	if p.RefreshToken != nil {
		v.refreshToken(i.AuthType, *p.RefreshToken)
	}
	if v.err() != nil {
		return nil, v.err()
	}
	proven, err := s.prove(ctx, a.Tenant(), i, p)
	if err != nil {
		return nil, err
	}
	was := i
	err = s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		if i, err = tx.Integrations.GetForUpdate(ctx, id); err != nil {
			return err
		}
		if proven != nil {
			if err := s.cfg.unchanged(ctx, a.Tenant(), i, was); err != nil {
				return err
			}
		}
		if !s.apply(i, p, proven) {
			return nil
		}
		s.cfg.audit(tx, a, AuditIntegrationUpdated, string(id), map[string]any{"token_replaced": p.Token != nil})
		return s.cfg.updateIntegration(ctx, tx, i)
	})
	if err != nil {
		return nil, err
	}
	s.cfg.forgetCachedAccess(ctx, a.Tenant(), id)
	return i, nil
}

// sameConfig compares whole configs, the order of spaces included.
func sameConfig(a, b IntegrationConfig) bool { return bytes.Equal(mustJSON(a), mustJSON(b)) }

// proof is what the vendor accepted.
type proof struct {
	config    IntegrationConfig
	sealed    []byte // nil: the tokens that it has
	expiresAt *time.Time
}

// prove asks the vendor whether a patch holds; it returns nil for one that changes
// neither the token, nor whose it is, nor what is chosen.
func (s *IntegrationService) prove(ctx context.Context, t Tenant, i *Integration, p IntegrationPatch) (*proof, error) {
	chosen := p.Spaces != nil && len(*p.Spaces) > 0 && !sameSpaces(*p.Spaces, i.Config.Spaces)
	elsewhere := p.Email != nil && *p.Email != i.Config.Email || p.BaseURL != nil && *p.BaseURL != i.Config.BaseURL
	if p.Token == nil && !chosen && !elsewhere {
		return nil, nil // there is nothing to prove, and that is no error
	}
	conn, err := s.cfg.connectorOf(i.Type)
	if err != nil {
		return nil, err
	}
	access := Access{Tenant: t, Integration: i.ID, AuthType: i.AuthType}
	out := &proof{}
	if p.Token != nil {
		access.Token = *p.Token
		if p.RefreshToken != nil {
			access.RefreshToken = *p.RefreshToken
		}
		if out.sealed, err = s.cfg.sealGiven(ctx, t, access.Token, access.RefreshToken); err != nil {
			return nil, err
		}
		out.expiresAt = cutTime(p.ExpiresAt)
	} else if access, err = s.cfg.keptAccess(ctx, t, i); err != nil {
		return nil, err
	}
	access.Config = p.config(i.Config)
	if p.Token == nil && !elsewhere {
		access.Config.CloudID, access.Config.Workspace, access.Config.Account = i.Config.CloudID, i.Config.Workspace, i.Config.Account
	}
	check, err := verify(ctx, conn, access)
	if err != nil {
		return nil, err
	}
	out.config = check.found()
	return out, nil
}

// found is the config of what was verified.
func (v Verified) found() IntegrationConfig {
	c := v.Config
	c.Account = cmp.Or(c.Account, v.Account)
	return c
}

// apply reports whether the patch changes anything.
func (s *IntegrationService) apply(i *Integration, p IntegrationPatch, proven *proof) bool {
	changed := false
	if p.Name != nil && *p.Name != i.Name {
		i.Name, changed = *p.Name, true
	}
	if p.SyncInterval != nil && *p.SyncInterval != i.SyncInterval {
		i.setInterval(*p.SyncInterval, s.cfg.now())
		changed = true
	}
	switch {
	case proven != nil:
		i.accept(*proven)
		changed = true
	case p.Spaces != nil && !sameSpaces(*p.Spaces, i.Config.Spaces):
		i.Config.Spaces, changed = *p.Spaces, true
	}
	return changed
}

// accept has i work with what was proven.
func (i *Integration) accept(p proof) {
	i.Config, i.Status, i.ErrorMessage = p.config, IntegrationConnected, ""
	if p.sealed != nil {
		i.Sealed, i.TokenExpiresAt, i.RefreshUntil = p.sealed, p.expiresAt, nil
	}
}

// sameSpaces reports whether two lists name the same spaces.
func sameSpaces(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
