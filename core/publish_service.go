package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

// PublishRequest asks that a summary be put into a page of a vendor's.
type PublishRequest struct {
	SummaryID     SummaryID
	IntegrationID IntegrationID
	ParentID      string // where a new page goes: a page's, space's or collection's id; "": the vendor's default
	ExternalID    string // a page that exists; only the part in it that is ours is written
	Title         string // of a new page; "": made of the document's
	DryRun        bool   // only say what would be done
}

// Validate returns CodeValidation with every field that does not hold.
func (r PublishRequest) Validate() error {
	var v validation
	v.text("integration_id", string(r.IntegrationID), 1, 100)
	v.text("parent_id", r.ParentID, 0, maxExternalID)
	v.text("external_id", r.ExternalID, 0, maxExternalID)
	v.text("title", r.Title, 0, MaxTitleChars)
	if r.ParentID != "" && r.ExternalID != "" {
		v.add("external_id", "exclusive", "parent_id is for a new page and external_id for one that exists; leave one out")
	}
	return v.err()
}

// target is the place within a vendor's site.
func (r PublishRequest) target() string {
	if r.ExternalID != "" {
		return targetPage + r.ExternalID
	}
	return targetBelow + r.ParentID
}

// The two forms of a PublishedPage's Target.
const (
	targetPage  = "page:"
	targetBelow = "below:"
)

// publishInput is a publish job's Input.
type publishInput struct {
	PageID    PublishedPageID `json:"page_id"`
	SummaryID SummaryID       `json:"summary_id"`
	Title     string          `json:"title,omitempty"`
	DryRun    bool            `json:"dry_run,omitempty"`
	Again     bool            `json:"again,omitempty"` // an earlier job may have made the page
}

// Publish enqueues the publishing of a complete summary. What one template makes of one
// document has one page below a parent: a newer summary takes its place there. It
// returns CodeConflict while another job publishes to the same page; while one
// publishes the very same, it returns that job.
func (s *SummaryService) Publish(ctx context.Context, a Actor, r PublishRequest) (*Job, error) {
	if err := a.may(permCreate, ""); err != nil {
		return nil, err
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	var job *Job
	err := s.cfg.once(ctx, a, &job, func(ctx context.Context, tx Tx) error {
		sum, err := tx.Summaries.Get(ctx, r.SummaryID)
		if err != nil {
			return err
		}
		if sum.Status != SummaryComplete {
			return Conflict("only a complete summary can be published; wait for its job")
		}
		if err := s.publishable(ctx, tx, r); err != nil {
			return err
		}
		at := s.cfg.now()
		page, err := tx.PublishedPages.Claim(ctx, &PublishedPage{
			ID: NewID[PublishedPageID](), OrgID: sum.OrgID, IntegrationID: r.IntegrationID, DocID: sum.DocID, TemplateID: sum.TemplateID,
			Target: r.target(), RemoteID: r.ExternalID, SummaryID: sum.ID, CreatedAt: at, UpdatedAt: at,
		})
		if err != nil {
			return err
		}
		job, err = s.cfg.enqueuePublish(ctx, tx, a, page, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return job, nil
}

// publishable checks that an integration can take the page.
func (s *SummaryService) publishable(ctx context.Context, tx Tx, r PublishRequest) error {
	i, err := tx.Integrations.Get(ctx, r.IntegrationID)
	if err != nil {
		return err
	}
	conn, err := s.cfg.connectorOf(i.Type)
	switch {
	case err != nil:
		return err
	case !conn.Capabilities().Publishes:
		return Invalid("integration_id", "publishes", "nothing can be published to this vendor; choose another integration")
	case conn.Capabilities().NeedsParent && r.ParentID == "" && r.ExternalID == "":
		return Invalid("parent_id", "required", conn.Capabilities().Name+" needs to know where the page goes: send parent_id for a new one, or external_id of one that exists")
	case i.Status == IntegrationRevoked:
		return Conflict("the integration's token was revoked; connect it anew, then publish")
	}
	return nil
}

func (c Config) enqueuePublish(ctx context.Context, tx Tx, a Actor, page *PublishedPage, r PublishRequest) (*Job, error) {
	if page.JobID != nil && !r.DryRun {
		running, err := tx.Jobs.Get(ctx, *page.JobID)
		switch {
		case err != nil && CodeOf(err) != CodeNotFound:
			return nil, err
		case err == nil && !running.Status.Ended() && page.SummaryID == r.SummaryID:
			return running, nil
		case err == nil && !running.Status.Ended():
			return nil, Conflict("another summary is being published to this page; wait for its job")
		}
	}
	job := newJob(a, JobPublish, string(r.SummaryID), "summary", c.now())
	job.Input = mustJSON(publishInput{
		PageID: page.ID, SummaryID: r.SummaryID, Title: r.Title, DryRun: r.DryRun, Again: page.JobID != nil,
	})
	if !r.DryRun {
		page.JobID, page.SummaryID, page.UpdatedAt = &job.ID, r.SummaryID, job.QueuedAt
		if err := tx.PublishedPages.Update(ctx, page); err != nil {
			return nil, err
		}
	}
	tx.Enqueue(job)
	tx.Append(EventJobQueued, job.QueuedAt, &job)
	return &job, nil
}

// key names our part among others in a page. It depends on nothing that is lost with a
// row, so that a part is found again after everything here was made anew.
func (p *PublishedPage) key() string {
	sum := sha256.Sum256([]byte(p.TemplateID))
	return string(p.DocID) + "-" + hex.EncodeToString(sum[:4])
}
