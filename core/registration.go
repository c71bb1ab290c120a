package core

import (
	"context"
	"time"
)

// Registrations is who may found organizations in an installation.
type Registrations string

// The kinds of Registrations.
const (
	RegistrationOpen   Registrations = "open"   // everybody
	RegistrationFirst  Registrations = "first"  // one, and nobody after that
	RegistrationClosed Registrations = "closed" // nobody
)

func errRegistration() error {
	return &Error{Code: CodeAuthorization, Message: "this installation takes no new organizations; ask an admin of yours for an invitation"}
}

func (c Config) newOrganization(name string, at time.Time) Organization {
	return Organization{ID: NewID[OrgID](), Name: name, PlanType: c.DefaultPlan, Resummarize: ResummarizeOff, CreatedAt: at, UpdatedAt: at}
}

// establish stores t's organization with its first admin, if the installation allows that.
func (c Config) establish(ctx context.Context, tx Tx, t Tenant, org *Organization, admin *User, from Origin) error {
	if c.Registration == RegistrationFirst {
		founded, err := tx.Organizations.Founded(ctx)
		if err != nil {
			return err
		}
		if founded {
			return errRegistration()
		}
	}
	if err := tx.Organizations.Create(ctx, org); err != nil {
		return err
	}
	if err := tx.Users.Create(ctx, admin); err != nil {
		return err
	}
	c.audit(tx, Actor{tenant: t, user: admin.ID}.From(from), AuditOrganizationCreated, string(org.ID), nil)
	return nil
}
