package core

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// IntegrationService holds the use cases of integrations.
type IntegrationService struct{ cfg Config }

// Connected is a new integration, and what its token was found to be good for.
type Connected struct {
	Integration *Integration
	Check       Verified
}

// Vendors returns what can be connected here.
func (s *IntegrationService) Vendors(_ context.Context, a Actor) (map[IntegrationType]ConnectorCapabilities, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	vendors := map[IntegrationType]ConnectorCapabilities{}
	for t, conn := range s.cfg.Connectors {
		vendors[t] = conn.Capabilities()
	}
	return vendors, nil
}

// Connect proves a token with a real call and stores the integration. A token that the
// vendor refuses is CodeValidation; when the vendor cannot be asked nothing is stored.
// Only an admin may.
func (s *IntegrationService) Connect(ctx context.Context, a Actor, n NewIntegration) (*Connected, error) {
	if err := a.may(permIntegrations, ""); err != nil {
		return nil, err
	}
	if err := n.Validate(); err != nil {
		return nil, err
	}
	return s.connect(ctx, a, n)
}

func (s *IntegrationService) connect(ctx context.Context, a Actor, n NewIntegration) (*Connected, error) {
	conn, err := s.cfg.connectorOf(n.Type)
	if err != nil {
		return nil, err
	}
	v, err := verify(ctx, conn, Access{
		Tenant: a.Tenant(), AuthType: n.AuthType, Config: n.Config, Token: n.Token, RefreshToken: n.RefreshToken,
	})
	if err != nil {
		return nil, err
	}
	sealed, err := s.cfg.sealGiven(ctx, a.Tenant(), n.Token, n.RefreshToken)
	if err != nil {
		return nil, err
	}
	made := Connected{Integration: s.newIntegration(a, n, conn, v), Check: *v}
	made.Integration.Sealed = sealed
	err = s.cfg.once(ctx, a, &made, func(ctx context.Context, tx Tx) error {
		i := made.Integration
		if err := tx.Integrations.Create(ctx, i); err != nil {
			return err
		}
		s.cfg.audit(tx, a, AuditIntegrationConnected, string(i.ID), map[string]any{"integration_type": i.Type, "account": i.Config.Account})
		tx.Append(EventIntegrationUpdate, i.CreatedAt, i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &made, nil
}

// verify proves a token, and that what config chooses can be seen with it.
func verify(ctx context.Context, conn Connector, a Access) (*Verified, error) {
	v, err := conn.Verify(ctx, a)
	if err != nil {
		return nil, unproven(conn.Capabilities().Name, err)
	}
	if len(v.Unseen) > 0 {
		return nil, Invalid("config.spaces", "visible", "the token lets see no space "+some(v.Unseen)+"; check its key, and what the account may read")
	}
	return v, nil
}

// some names the first of many.
func some(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// unproven is a Connector's error for somebody who connects: nothing goes on by itself.
func unproven(vendor string, err error) error {
	e := AsError(err)
	refused := func(field, message string) error {
		return &Error{Code: CodeValidation, Message: message, Err: err, Details: FieldErrors{{Field: field, Constraint: "accepted", Message: message}}}
	}
	switch ReasonOf(err) {
	case ReasonToken:
		return refused("access_token", vendor+" does not accept the token; check that it was pasted whole and is of this account, or make a new one")
	case ReasonForbidden:
		return refused("access_token", e.Message)
	case ReasonRefused, ReasonGone:
		return refused("config", e.Message)
	case ReasonDown, ReasonLimited, ReasonOpen, ReasonBroken:
		told := *e
		if ReasonOf(err) != ReasonOpen { // it is the vendor that failed, whether it answered or not
			told.Code = CodeIntegration
		}
		told.Message = vendor + " gave no answer that proves the token, and nothing was stored; check the address, or try again in a while"
		return &told
	default:
		return err
	}
}

func (s *IntegrationService) newIntegration(a Actor, n NewIntegration, conn Connector, v *Verified) *Integration {
	at := s.cfg.now()
	i := &Integration{
		ID: NewID[IntegrationID](), OrgID: a.Tenant().OrgID(), UserID: a.User(), Type: n.Type, AuthType: n.AuthType, Name: n.Name,
		Config: v.found(), Status: IntegrationConnected, TokenExpiresAt: cutTime(n.ExpiresAt), CreatedAt: at, UpdatedAt: at,
	}
	if strings.TrimSpace(i.Name) == "" {
		i.Name = cutRunes(strings.TrimSpace(conn.Capabilities().Name+" "+i.Config.Account), maxIntegrationName)
	}
	i.setInterval(n.SyncInterval, at)
	i.schedule(at)
	return i
}

// setInterval has the first sync start at once.
func (i *Integration) setInterval(minutes int, at time.Time) {
	i.SyncInterval, i.NextSyncAt = minutes, nil
	if minutes > 0 {
		i.NextSyncAt = &at
		if i.LastSync != nil {
			i.NextSyncAt = new(i.LastSync.Add(time.Duration(minutes) * time.Minute))
		}
	}
}

// Get returns an integration, or CodeNotFound.
func (s *IntegrationService) Get(ctx context.Context, a Actor, id IntegrationID) (*Integration, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	return s.cfg.Store.Tenant(a.Tenant()).Read().Integrations.Get(ctx, id)
}

// List returns a page of integrations.
func (s *IntegrationService) List(ctx context.Context, a Actor, p PageRequest) (Page[Integration], error) {
	var none Page[Integration]
	if err := a.may(permRead, ""); err != nil {
		return none, err
	}
	seek, err := p.seek()
	if err != nil {
		return none, err
	}
	rows, err := s.cfg.Store.Tenant(a.Tenant()).Read().Integrations.List(ctx, seek)
	return page(rows, seek, func(i Integration) Key { return Key{At: i.CreatedAt, ID: string(i.ID)} }), err
}

// Delete disconnects: the tokens are revoked at the vendor where it can be, and
// forgotten here, jobs of the integration are canceled. Its documents stay and can be
// edited from then on. Only an admin may.
func (s *IntegrationService) Delete(ctx context.Context, a Actor, id IntegrationID) error {
	if err := a.may(permIntegrations, ""); err != nil {
		return err
	}
	i, err := s.Get(ctx, a, id)
	if err != nil {
		return err
	}
	err = s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		if i, err = tx.Integrations.GetForUpdate(ctx, id); err != nil {
			return err
		}
		if err := s.cfg.cancelRelated(ctx, tx, string(id)); err != nil {
			return err
		}
		if err := tx.Integrations.Delete(ctx, id); err != nil {
			return err
		}
		s.cfg.audit(tx, a, AuditIntegrationDeleted, string(id), map[string]any{"integration_type": i.Type, "account": i.Config.Account})
		gone := *i
		gone.Status, gone.ErrorMessage, gone.UpdatedAt = IntegrationRevoked, "it was disconnected", s.cfg.now()
		tx.Append(EventIntegrationUpdate, gone.UpdatedAt, &gone)
		return nil
	})
	if err != nil {
		return err
	}
	s.cfg.forgetCachedAccess(ctx, a.Tenant(), id)
	s.cfg.revokeTokens(ctx, a.Tenant(), []Integration{*i})
	return nil
}

// cancelRelated cancels the jobs about a thing that goes away.
func (c Config) cancelRelated(ctx context.Context, tx Tx, related string) error {
	for _, status := range []JobStatus{JobPending, JobInProgress} {
		jobs, err := tx.Jobs.List(ctx, JobFilter{RelatedID: related, Status: status}, Seek{Limit: MaxPageLimit})
		if err != nil {
			return err
		}
		for _, j := range jobs {
			locked, err := tx.Jobs.GetForUpdate(ctx, j.ID)
			if err != nil {
				return err
			}
			if err := c.cancelJob(ctx, tx, locked, c.now()); err != nil {
				return err
			}
		}
	}
	return nil
}
