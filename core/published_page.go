package core

import (
	"context"
	"strings"
	"time"
)

// PublishedPageID is a published page's id.
type PublishedPageID string

// PublishedPage is where the summaries that one template makes of one document are
// published: a page of a vendor's, once it is known.
type PublishedPage struct {
	ID            PublishedPageID `json:"id"`
	OrgID         OrgID           `json:"org_id"`
	IntegrationID IntegrationID   `json:"integration_id"`
	DocID         DocumentID      `json:"doc_id"`
	TemplateID    TemplateID      `json:"template_id"`
	Target        string          `json:"target"`    // "below:" and a parent's id, or "page:" and a page's
	RemoteID      string          `json:"remote_id"` // "": not made yet, or not known to be
	URL           string          `json:"url"`
	Markdown      string          `json:"markdown"`   // what was last published there; "": nothing yet
	SummaryID     SummaryID       `json:"summary_id"` // whose it is; it may be gone
	JobID         *JobID          `json:"job_id"`     // the last one that published there; nil: none did
	CreatedAt     time.Time       `json:"created_at"`
	UpdatedAt     time.Time       `json:"updated_at"`
}

// isOurs reports whether publishing made the page; others were there before.
func (p PublishedPage) isOurs() bool {
	return p.RemoteID != "" && strings.HasPrefix(p.Target, targetBelow)
}

// PublishedPlace says which published page is meant.
type PublishedPlace struct {
	IntegrationID IntegrationID
	DocID         DocumentID
	TemplateID    TemplateID
	Target        string
}

// PublishedPageReader reads what the tenant has published.
type PublishedPageReader interface {
	// Get returns a published page, or CodeNotFound.
	Get(ctx context.Context, id PublishedPageID) (*PublishedPage, error)
	// ListByRemoteID returns the published pages of an integration that have one of the
	// ids on the vendor's side, in no order. Ids that none has are left out.
	ListByRemoteID(ctx context.Context, integration IntegrationID, ids []string) ([]PublishedPage, error)
}

// PublishedPageRepo is PublishedPageReader inside a transaction.
type PublishedPageRepo interface {
	PublishedPageReader
	// Claim stores p, unless its place has a page; then it returns that one, locked
	// until the transaction ends. It returns CodeNotFound when the tenant has no such
	// integration or document.
	Claim(ctx context.Context, p *PublishedPage) (*PublishedPage, error)
	// Update stores RemoteID, URL, Markdown, SummaryID, JobID and UpdatedAt, or returns
	// CodeNotFound.
	Update(ctx context.Context, p *PublishedPage) error
}
