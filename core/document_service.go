package core

import (
	"context"
	"slices"
	"strings"
)

// DocumentService holds the use cases of documents.
type DocumentService struct{ cfg Config }

// Revisions are the states of a thing that a caller is ready to change; nil
// stands for any. It is what If-Match (RFC 9110, 13.1.1) carries.
type Revisions []int64

func (r Revisions) check(have int64) error {
	if r == nil || slices.Contains(r, have) {
		return nil
	}
	return &Error{Code: CodePreconditionFailed, Message: "it was changed since you read it; read it again and repeat your change"}
}

// Create stores a document. It returns CodeConflict when the organization has an
// upload with the same external id.
func (s *DocumentService) Create(ctx context.Context, a Actor, n NewDocument) (*Document, error) {
	if err := a.may(permCreate, ""); err != nil {
		return nil, err
	}
	if err := n.Validate(); err != nil {
		return nil, err
	}
	d := s.newDocument(a, n)
	stored := *d.withoutContent()
	err := s.cfg.once(ctx, a, &stored, func(ctx context.Context, tx Tx) error {
		return s.create(ctx, tx, d)
	})
	if err != nil {
		return nil, err
	}
	stored.Content = d.Content // an equal request has the same
	return &stored, nil
}

func (s *DocumentService) newDocument(a Actor, n NewDocument) *Document {
	at := s.cfg.now()
	d := &Document{
		ID: NewID[DocumentID](), OrgID: a.Tenant().OrgID(), UserID: a.User(), Title: n.Title,
		SourceType: SourceUpload, SourceURL: n.SourceURL, ExternalID: n.ExternalID, MimeType: n.MimeType,
		Version: 1, Revision: 1, Status: DocumentActive, ConversionWarnings: []string{}, CreatedAt: at, UpdatedAt: at,
	}
	if d.MimeType == "" {
		d.MimeType = "text/markdown"
	}
	d.setContent(n.Content, n.pages)
	return d
}

func (s *DocumentService) create(ctx context.Context, tx Tx, d *Document) error {
	if err := s.cfg.admitDocument(ctx, tx, 1, d.ContentBytes); err != nil {
		return err
	}
	if err := tx.Documents.Create(ctx, d); err != nil {
		return err
	}
	tx.Append(EventDocumentCreated, d.CreatedAt, d.withoutContent())
	return nil
}

// withoutContent is the form of d that lists and events carry.
func (d *Document) withoutContent() *Document {
	c := *d
	c.Content, c.Pages = "", Pages{}
	return &c
}

// Get returns a document with its content, or CodeNotFound.
func (s *DocumentService) Get(ctx context.Context, a Actor, id DocumentID) (*Document, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	return s.cfg.Store.Tenant(a.Tenant()).Read().Documents.Get(ctx, id)
}

// DocumentQuery is the input of Documents.List.
type DocumentQuery struct {
	Filter DocumentFilter
	Text   string // "": all; else documents that have all its words, best first
	Page   PageRequest
}

// Validate returns CodeValidation with every field that does not hold.
func (q DocumentQuery) Validate() error {
	var v validation
	if q.Filter.SourceType != "" {
		oneOf(&v, "source_type", q.Filter.SourceType, SourceUpload, SourceNotion, SourceGuru, SourceConfluence)
	}
	if q.Filter.Status != "" {
		oneOf(&v, "status", q.Filter.Status, DocumentActive, DocumentUpdating, DocumentError)
	}
	v.text("q", q.Text, 0, 500)
	return v.err()
}

// List returns a page of documents without their content: newest first, or with
// a Text by how well they match (TierTitleEquals …), newest first within a tier.
func (s *DocumentService) List(ctx context.Context, a Actor, q DocumentQuery) (Page[Document], error) {
	var none Page[Document]
	if err := a.may(permRead, ""); err != nil {
		return none, err
	}
	if err := q.Validate(); err != nil {
		return none, err
	}
	seek, err := q.Page.seek()
	if err != nil {
		return none, err
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read().Documents
	if strings.TrimSpace(q.Text) == "" {
		rows, err := read.List(ctx, q.Filter, seek)
		return page(rows, seek, documentKey), err
	}
	words, ok := newSearchQuery(q.Text)
	if !ok {
		return none, nil
	}
	ranked, err := read.Search(ctx, words, q.Filter, seek)
	if err != nil {
		return none, err
	}
	p := page(ranked, seek, func(d RankedDocument) Key { k := documentKey(d.Document); k.Tier = d.Tier; return k })
	found := Page[Document]{Next: p.Next}
	for _, d := range p.Items {
		found.Items = append(found.Items, d.Document)
	}
	return found, nil
}

func documentKey(d Document) Key { return Key{At: d.CreatedAt, ID: string(d.ID)} }

// Update changes a document that the actor made, or any for an admin. New content
// raises its version. A patch that changes nothing is no change: no revision, no
// event. It returns CodePreconditionFailed when the document is at none of match.
func (s *DocumentService) Update(ctx context.Context, a Actor, id DocumentID, p DocumentPatch, match Revisions) (*Document, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	var d *Document
	err := s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		if d, err = s.editable(ctx, tx, a, id, match); err != nil {
			return err
		}
		return s.apply(ctx, tx, d, p)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// editable locks a document that a may change.
func (s *DocumentService) editable(ctx context.Context, tx Tx, a Actor, id DocumentID, match Revisions) (*Document, error) {
	d, err := tx.Documents.GetForUpdate(ctx, id)
	if err != nil {
		return nil, err
	}
	return d, s.mayEdit(a, d, match)
}

func (s *DocumentService) mayEdit(a Actor, d *Document, match Revisions) error {
	if err := a.may(permEditDocument, d.UserID); err != nil {
		return err
	}
	return match.check(d.Revision)
}

func (s *DocumentService) apply(ctx context.Context, tx Tx, d *Document, p DocumentPatch) error {
	retitled, edited, refiled := p.retitles(d), p.edits(d), p.refiles(d)
	if !retitled && !edited && !refiled {
		return nil
	}
	if edited && d.IntegrationID != nil { // a document of an integration that was disconnected has none
		return errIntegrationContent()
	}
	if retitled {
		d.Title = *p.Title
	}
	if edited {
		d.setContent(*p.Content, Pages{})
		d.Version++
		if err := s.cfg.admitDocument(ctx, tx, 0, d.ContentBytes); err != nil {
			return err
		}
	}
	if p.file != nil {
		d.MimeType, d.Pages = p.file.mimeType, p.file.pages
	}
	d.Revision++
	d.UpdatedAt = s.cfg.now()
	if err := tx.Documents.Update(ctx, d); err != nil {
		return err
	}
	tx.Append(EventDocumentUpdated, d.UpdatedAt, d.withoutContent())
	if edited {
		return s.cfg.outdated(ctx, tx, d)
	}
	return nil
}

func errIntegrationContent() error {
	return &Error{Code: CodeAuthorization, Message: "its content comes from an integration; change it there and sync"}
}

// Delete removes a document that the actor made, or any for an admin, with its
// summaries, and cancels their jobs. match is as for Update.
func (s *DocumentService) Delete(ctx context.Context, a Actor, id DocumentID, match Revisions) error {
	if err := a.may(permRead, ""); err != nil {
		return err
	}
	return s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) error {
		d, err := s.editable(ctx, tx, a, id, match)
		if err != nil {
			return err
		}
		return s.remove(ctx, tx, a, d)
	})
}

// remove deletes a locked document for a, with all that goes with it.
func (s *DocumentService) remove(ctx context.Context, tx Tx, a Actor, d *Document) error {
	if err := s.cancelJobs(ctx, tx, d.ID); err != nil {
		return err
	}
	if err := tx.Summaries.DeleteOfDocument(ctx, d.ID); err != nil {
		return err
	}
	s.cfg.audit(tx, a, AuditDocumentDeleted, string(d.ID), nil)
	if err := tx.Documents.Delete(ctx, d.ID); err != nil {
		return err
	}
	tx.Append(EventDocumentDeleted, s.cfg.now(), d.withoutContent())
	return nil
}

// cancelJobs cancels the jobs of a document's pending summaries.
func (s *DocumentService) cancelJobs(ctx context.Context, tx Tx, id DocumentID) error {
	seek := Seek{Limit: MaxPageLimit}
	for {
		pending, err := tx.Summaries.List(ctx, SummaryFilter{DocID: id, Status: SummaryPending}, seek)
		if err != nil {
			return err
		}
		for _, sum := range pending {
			j, err := tx.Jobs.GetForUpdate(ctx, sum.JobID)
			if err != nil {
				return err
			}
			if err := s.cfg.cancelJob(ctx, tx, j, s.cfg.now()); err != nil {
				return err
			}
		}
		if len(pending) < seek.Limit {
			return nil
		}
		last := pending[len(pending)-1]
		seek.After = &Key{At: last.CreatedAt, ID: string(last.ID)}
	}
}
