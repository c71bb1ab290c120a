package core

import (
	"context"
	"log/slog"
)

// OrganizationService holds the use cases of the actor's organization.
type OrganizationService struct{ cfg Config }

// OrganizationPatch changes an organization; nil fields stay.
type OrganizationPatch struct {
	Name              *string
	Resummarize       *Resummarize
	ResummarizeMaxUSD **float64 // to nil: no cap
}

// Validate returns CodeValidation with every field that does not hold.
func (p OrganizationPatch) Validate() error {
	var v validation
	if p.Name != nil {
		v.name("name", *p.Name)
	}
	if p.Resummarize != nil {
		oneOf(&v, "resummarize", *p.Resummarize, Resummarizes()...)
	}
	if limit := p.ResummarizeMaxUSD; limit != nil && *limit != nil && !(**limit >= 0) {
		v.add("resummarize_max_usd", "min", "resummarize_max_usd must not be negative")
	}
	return v.err()
}

// apply changes o and reports whether it is another now.
func (p OrganizationPatch) apply(o *Organization) bool {
	before := *o
	set(&o.Name, p.Name)
	set(&o.Resummarize, p.Resummarize)
	set(&o.ResummarizeMaxUSD, p.ResummarizeMaxUSD)
	return o.Name != before.Name || o.Resummarize != before.Resummarize || !equalUSD(o.ResummarizeMaxUSD, before.ResummarizeMaxUSD)
}

func equalUSD(a, b *float64) bool { return a == b || a != nil && b != nil && *a == *b }

// Get returns the actor's organization.
func (s *OrganizationService) Get(ctx context.Context, a Actor) (*Organization, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	return s.cfg.Store.Tenant(a.Tenant()).Read().Organizations.Get(ctx)
}

// Update changes the actor's organization. Only an admin may.
func (s *OrganizationService) Update(ctx context.Context, a Actor, p OrganizationPatch) (*Organization, error) {
	if err := a.may(permOrganization, ""); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	var org *Organization
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if org, err = tx.Organizations.GetForUpdate(ctx); err != nil {
			return err
		}
		if !p.apply(org) {
			return nil
		}
		org.UpdatedAt = s.cfg.now()
		s.cfg.audit(tx, a, AuditOrganizationUpdated, string(org.ID), nil)
		return tx.Organizations.Update(ctx, org)
	})
	if err != nil {
		return nil, err
	}
	return org, nil
}

// SetPlan gives t's organization a plan. It is for the operator of an
// installation, who may open its store. It returns CodeNotFound for an
// organization that is not there.
func (s *OrganizationService) SetPlan(ctx context.Context, t Tenant, plan PlanType) (*Organization, error) {
	if plan != PlanFree && plan != PlanEnterprise {
		return nil, Invalid("plan_type", "enum", "plan_type must be free or enterprise")
	}
	var org *Organization
	err := s.cfg.change(ctx, t, func(ctx context.Context, tx Tx) (err error) {
		if org, err = tx.Organizations.GetForUpdate(ctx); err != nil || org.PlanType == plan {
			return err
		}
		org.PlanType, org.UpdatedAt = plan, s.cfg.now()
		tx.Revoke() // nodes remember the plan too
		s.cfg.audit(tx, Actor{tenant: t}, AuditOrganizationUpdated, string(org.ID), changedPlan{plan})
		return tx.Organizations.Update(ctx, org)
	})
	if err != nil {
		return nil, err
	}
	return org, nil
}

type changedPlan struct {
	PlanType PlanType `json:"plan_type"`
}

// Delete removes the actor's organization with all that is its: nobody can use it
// from now on, and workers delete its rows soon after. Vendors that can be told are
// asked to forget its tokens. confirm is its name, to the letter. Only an admin may.
func (s *OrganizationService) Delete(ctx context.Context, a Actor, confirm string) error {
	if err := a.may(permOrganization, ""); err != nil {
		return err
	}
	connected := s.cfg.revocable(ctx, a.Tenant())
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		org, err := tx.Organizations.GetForUpdate(ctx)
		if err != nil {
			return err
		}
		if confirm != org.Name {
			return Invalid("confirm", "mismatch", "confirm is not the organization's name; write it to the letter")
		}
		tx.Revoke()
		return tx.Imports.Retire(ctx, ImportMark{ID: NewID[string]()})
	})
	if err == nil {
		s.cfg.revokeTokens(ctx, a.Tenant(), connected)
		// its own audit log goes with it
		s.cfg.Logger.InfoContext(ctx, "an organization is deleted", slog.String("org_id", string(a.Tenant().OrgID())),
			slog.String("user_id", string(a.User())), slog.String("client", a.Origin().Address))
	}
	return err
}
