package core

import (
	"context"
	"time"
)

// PlanType is the plan of an organization, which decides its quotas.
type PlanType string

// The plans.
const (
	PlanFree       PlanType = "free"
	PlanEnterprise PlanType = "enterprise"
)

// Organization is a tenant's own record.
type Organization struct {
	ID                OrgID       `json:"id"`
	Name              string      `json:"name"`
	PlanType          PlanType    `json:"plan_type"`
	DefaultTemplateID *TemplateID `json:"default_template_id"` // nil: the product's default
	Resummarize       Resummarize `json:"resummarize"`
	ResummarizeMaxUSD *float64    `json:"resummarize_max_usd"` // of a month's calls, above which no automatic summary begins; nil: no cap
	CreatedAt         time.Time   `json:"created_at"`
	UpdatedAt         time.Time   `json:"updated_at"`
}

// OrganizationReader reads the tenant's own organization.
type OrganizationReader interface {
	// Get returns the tenant's organization, or CodeNotFound.
	Get(ctx context.Context) (*Organization, error)
}

// OrganizationRepo is OrganizationReader inside a transaction.
type OrganizationRepo interface {
	OrganizationReader
	// GetForUpdate is Get with the row locked until the transaction ends.
	GetForUpdate(ctx context.Context) (*Organization, error)
	// Founded reports whether the installation has an organization, besides the one
	// that an embedded store is born with. Until the transaction ends nobody else is
	// told.
	Founded(ctx context.Context) (bool, error)
	// Create stores o, whose id is the tenant's, or returns CodeConflict when it exists.
	Create(ctx context.Context, o *Organization) error
	// Update stores o's name, plan, default template, Resummarize, its cap and
	// UpdatedAt, or returns CodeNotFound.
	Update(ctx context.Context, o *Organization) error
}
