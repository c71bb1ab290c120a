package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"
)

// SourceType is where a document came from.
type SourceType string

// The sources.
const (
	SourceUpload     SourceType = "upload"
	SourceNotion     SourceType = "notion"
	SourceGuru       SourceType = "guru"
	SourceConfluence SourceType = "confluence"
)

// DocumentStatus is the state of a document.
type DocumentStatus string

// The states of a document.
const (
	DocumentActive   DocumentStatus = "active"
	DocumentUpdating DocumentStatus = "updating"
	DocumentError    DocumentStatus = "error"
)

// Bounds of a document, in characters and bytes of UTF-8.
const (
	MaxTitleChars   = 500
	MaxContentBytes = 20 << 20
	maxURLBytes     = 2048
	maxExternalID   = 1000
)

// Document is a text to be summarized, stored as Markdown.
type Document struct {
	ID                  DocumentID     `json:"id"`
	OrgID               OrgID          `json:"org_id"`
	UserID              UserID         `json:"user_id"`
	Title               string         `json:"title"`
	Content             string         `json:"content,omitempty"` // empty in lists
	SourceType          SourceType     `json:"source_type"`
	SourceURL           string         `json:"source_url,omitempty"`
	ExternalID          string         `json:"external_id,omitempty"`
	ExternalLastUpdated *time.Time     `json:"external_last_updated,omitempty"`
	ExternalVersion     string         `json:"external_version,omitempty"` // the vendor's, of Content; "": not known
	IntegrationID       *IntegrationID `json:"integration_id,omitempty"`
	ConversionWarnings  []string       `json:"conversion_warnings"` // what of the source Markdown cannot hold
	MimeType            string         `json:"mime_type"`
	ContentHash         string         `json:"content_hash"`  // SHA-256 of Content, hexadecimal
	ContentBytes        int64          `json:"content_bytes"` // of UTF-8
	Version             int            `json:"version"`       // rises with the content only, from 1
	Revision            int64          `json:"revision"`      // rises with every change, from 1
	Status              DocumentStatus `json:"status"`
	ErrorMessage        string         `json:"error_message,omitempty"`
	Pages               Pages          `json:"pages,omitzero"` // of the file that it came from; empty in lists
	CreatedAt           time.Time      `json:"created_at"`
	UpdatedAt           time.Time      `json:"updated_at"`
}

// setContent replaces the content and what is derived from it; pages is where the
// content's pages begin.
func (d *Document) setContent(content string, pages Pages) {
	sum := sha256.Sum256([]byte(content))
	d.Content, d.ContentHash, d.ContentBytes = content, hex.EncodeToString(sum[:]), int64(len(content))
	d.Pages = pages
}

// DocumentFilter narrows a list; zero fields do not.
type DocumentFilter struct {
	SourceType    SourceType
	Status        DocumentStatus
	IntegrationID IntegrationID
	ContentHash   string
	ExternalID    string
}

// DocumentReader reads the tenant's documents.
type DocumentReader interface {
	// Get returns a document with its content, or CodeNotFound.
	Get(ctx context.Context, id DocumentID) (*Document, error)
	// List returns documents without their content and pages, by (CreatedAt, ID) descending.
	List(ctx context.Context, f DocumentFilter, s Seek) ([]Document, error)
	// ListByID returns those of the documents that there are, without their content, in
	// no order. There may be up to 500 ids.
	ListByID(ctx context.Context, ids []DocumentID) ([]Document, error)
	// Search returns, without their content and pages, the documents whose search entry
	// matches q, by (tier, then CreatedAt and ID descending). It sees an entry
	// when PutSearchEntry has committed, with the document's present row.
	Search(ctx context.Context, q SearchQuery, f DocumentFilter, s Seek) ([]RankedDocument, error)
}

// DocumentRepo is DocumentReader inside a transaction.
type DocumentRepo interface {
	DocumentReader
	// GetForUpdate is Get with the row locked until the transaction ends.
	GetForUpdate(ctx context.Context, id DocumentID) (*Document, error)
	// LockName waits until no other transaction of the tenant holds the name, and
	// holds it until this one ends. What is to be made once, by a name of the
	// caller's, is looked for and made behind it: a later holder finds it.
	LockName(ctx context.Context, name string) error
	// Create stores d. It returns CodeConflict when a document with the same
	// integration (or none) and the same, not empty, external id exists.
	Create(ctx context.Context, d *Document) error
	// Update stores everything of d but its id, organization, user and CreatedAt.
	// It returns CodeNotFound, or CodeConflict as Create.
	Update(ctx context.Context, d *Document) error
	// Delete removes a document with its search entry, or returns CodeNotFound.
	// Its summaries are the caller's to delete first.
	Delete(ctx context.Context, id DocumentID) error
	// PutSearchEntry replaces a document's search entry. It does nothing when the
	// document is gone or its Revision is not e.Revision.
	PutSearchEntry(ctx context.Context, e SearchEntry) error
}

// NewDocument is the input of Documents.Create.
type NewDocument struct {
	Title      string
	Content    string
	SourceURL  string // optional, http or https
	ExternalID string // optional; unique among the organization's uploads
	MimeType   string // "": text/markdown
	pages      Pages
}

// Validate returns CodeValidation with every field that does not hold.
func (n NewDocument) Validate() error {
	var v validation
	v.title(n.Title)
	v.content(n.Content)
	v.url("source_url", n.SourceURL)
	v.text("external_id", n.ExternalID, 0, maxExternalID)
	return v.err()
}

// DocumentPatch changes the fields that are not nil.
type DocumentPatch struct {
	Title   *string
	Content *string
	file    *fileFacts // of the file that Content is from; nil: it is from none
}

// fileFacts is what a document knows of its file besides the text.
type fileFacts struct {
	mimeType string
	pages    Pages
}

// patch makes a document what Create would make of n.
func (n NewDocument) patch() DocumentPatch {
	return DocumentPatch{Title: &n.Title, Content: &n.Content, file: &fileFacts{n.MimeType, n.pages}}
}

func (p DocumentPatch) retitles(d *Document) bool { return p.Title != nil && *p.Title != d.Title }

func (p DocumentPatch) edits(d *Document) bool { return p.Content != nil && *p.Content != d.Content }

// refiles reports whether the text stays and only the file is another.
func (p DocumentPatch) refiles(d *Document) bool {
	return !p.edits(d) && p.file != nil && (p.file.mimeType != d.MimeType || !p.file.pages.equal(d.Pages))
}

func (p DocumentPatch) changes(d *Document) bool { return p.retitles(d) || p.edits(d) || p.refiles(d) }

// Validate returns CodeValidation with every field that does not hold.
func (p DocumentPatch) Validate() error {
	var v validation
	if p.Title != nil {
		v.title(*p.Title)
	}
	if p.Content != nil {
		v.content(*p.Content)
	}
	return v.err()
}

func (v *validation) title(s string) {
	if strings.TrimSpace(s) == "" {
		v.add("title", "required", "title is required")
		return
	}
	v.text("title", s, 1, MaxTitleChars)
}

func (v *validation) content(s string) {
	switch {
	case strings.TrimSpace(s) == "":
		v.add("content", "required", "content is required")
	case len(s) > MaxContentBytes:
		v.add("content", "max_length", "content is longer than 20 MB; split the document")
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		v.add("content", "encoding", "content must be valid UTF-8 without NUL characters")
	}
}
