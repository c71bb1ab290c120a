package core

import "context"

// OrganizationService holds the use cases of the actor's organization.
type OrganizationService struct{ cfg Config }

// OrganizationPatch changes an organization; nil fields stay.
type OrganizationPatch struct{ Name *string }

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
	var v validation
	if p.Name != nil {
		v.name("name", *p.Name)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	var org *Organization
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if org, err = tx.Organizations.GetForUpdate(ctx); err != nil {
			return err
		}
		if p.Name == nil || *p.Name == org.Name {
			return nil
		}
		org.Name, org.UpdatedAt = *p.Name, s.cfg.now()
		s.cfg.audit(tx, a, AuditOrganizationUpdated, string(org.ID), nil)
		return tx.Organizations.Update(ctx, org)
	})
	if err != nil {
		return nil, err
	}
	return org, nil
}
