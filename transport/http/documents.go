package httpapi

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/docsctl/docsctl/core"
)

type document struct {
	ID                  core.DocumentID     `json:"id" format:"uuid"`
	OrgID               core.OrgID          `json:"org_id" format:"uuid"`
	UserID              core.UserID         `json:"user_id" format:"uuid" doc:"Who made it."`
	Title               string              `json:"title"`
	Content             *string             `json:"content,omitzero" nullable:"false" doc:"The text, as Markdown. Absent in lists."`
	SourceType          core.SourceType     `json:"source_type" enum:"upload,notion,guru,confluence"`
	SourceURL           *string             `json:"source_url"`
	ExternalID          *string             `json:"external_id" doc:"What its source knows it by."`
	ExternalLastUpdated *time.Time          `json:"external_last_updated"`
	IntegrationID       *core.IntegrationID `json:"integration_id" format:"uuid"`
	MimeType            string              `json:"mime_type" example:"text/markdown"`
	ContentHash         string              `json:"content_hash" doc:"SHA-256 of the content, hexadecimal."`
	ContentBytes        int64               `json:"content_bytes"`
	Version             int                 `json:"version" doc:"Rises with the content only, from 1."`
	Status              core.DocumentStatus `json:"status" enum:"active,updating,error"`
	ErrorMessage        *string             `json:"error_message"`
	ConversionWarnings  []string            `json:"conversion_warnings" doc:"What was lost when the source was converted, such as pages that are pictures."`
	PagesTotal          *int                `json:"pages_total,omitzero" nullable:"false" doc:"Of the file; 0 where it has no pages. Absent in lists."`
	PagesWithoutText    []int               `json:"pages_without_text,omitzero" doc:"Numbers of the file's pages that cannot be read. Absent in lists."`
	CreatedAt           time.Time           `json:"created_at"`
	UpdatedAt           time.Time           `json:"updated_at"`
}

// viewDocument is a document as it stands in a list.
func viewDocument(d *core.Document) document {
	return document{
		ID: d.ID, OrgID: d.OrgID, UserID: d.UserID, Title: d.Title, SourceType: d.SourceType,
		SourceURL: orNull(d.SourceURL), ExternalID: orNull(d.ExternalID), ExternalLastUpdated: d.ExternalLastUpdated,
		IntegrationID: d.IntegrationID, MimeType: d.MimeType, ContentHash: d.ContentHash, ContentBytes: d.ContentBytes,
		Version: d.Version, Status: d.Status, ErrorMessage: orNull(d.ErrorMessage), ConversionWarnings: append([]string{}, d.ConversionWarnings...),
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
}

// viewWholeDocument is a document on its own.
func viewWholeDocument(d *core.Document) *document {
	v := viewDocument(d)
	v.Content = &d.Content
	v.PagesTotal, v.PagesWithoutText = new(d.Pages.Total()), append([]int{}, d.Pages.WithoutText...)
	if w := d.Pages.Warning(); w != "" {
		v.ConversionWarnings = append(v.ConversionWarnings, w)
	}
	return &v
}

func documentETag(d *core.Document) string { return entityTag(documentTag, d.Revision, "") }

type createdDocument struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     *document
}

type documentOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   *document
}

type newDocument struct {
	Title      string `json:"title" minLength:"1" maxLength:"500"`
	Content    string `json:"content" minLength:"1" doc:"Up to 20 MB of UTF-8."`
	SourceURL  string `json:"source_url,omitzero" maxLength:"2048" doc:"Where it came from; nothing is fetched from there." example:"https://example.org/report"`
	ExternalID string `json:"external_id,omitzero" maxLength:"1000" doc:"Unique among the organization's uploads."`
}

type createDocumentInput struct{ Body newDocument }

type listDocumentsInput struct {
	PageQuery
	Text          string   `query:"q" maxLength:"500" doc:"Words that title and content have; best matches first."`
	SourceType    string   `query:"source_type" enum:"upload,notion,guru,confluence"`
	Status        string   `query:"status" enum:"active,updating,error"`
	IntegrationID filterID `query:"integration_id"`
}

type getDocumentInput struct {
	PathID
	IfNoneMatch
}

type documentPatch struct {
	Title   patch[string] `json:"title,omitzero" minLength:"1" maxLength:"500"`
	Content patch[string] `json:"content,omitzero" minLength:"1"`
}

type updateDocumentInput struct {
	PathID
	IfMatch
	Body documentPatch
}

type deleteDocumentInput struct {
	PathID
	IfMatch
}

func (s *api) registerDocuments() {
	register(s, operation{
		id: "createDocument", once: true, method: http.MethodPost, path: "/v1/documents", tag: "documents", summary: "Store a document",
		status: http.StatusCreated, bodyLimit: maxDocumentBody, errors: []int{http.StatusConflict},
	}, s.createDocument)
	register(s, operation{
		id: "listDocuments", method: http.MethodGet, path: "/v1/documents", tag: "documents", summary: "List or search documents",
		description: "Newest first, or with q by how well they match: the title is the query, the title has its words, title and content have them.",
	}, func(ctx context.Context, a core.Actor, in *listDocumentsInput) (*listOutput[document], error) {
		p, err := s.app.Documents.List(ctx, a, core.DocumentQuery{Text: in.Text, Page: in.request(), Filter: core.DocumentFilter{
			SourceType: core.SourceType(in.SourceType), Status: core.DocumentStatus(in.Status), IntegrationID: core.IntegrationID(in.IntegrationID),
		}})
		return listed(p, viewDocument, err)
	})
	register(s, operation{
		id: "getDocument", method: http.MethodGet, path: "/v1/documents/{id}", tag: "documents", summary: "Get a document with its content",
	}, s.getDocument)
	register(s, operation{
		id: "updateDocument", method: http.MethodPatch, path: "/v1/documents/{id}", tag: "documents", summary: "Change a document's title or content",
		description: "A merge patch. New content raises version.", bodyLimit: maxDocumentBody,
		errors: []int{http.StatusForbidden, http.StatusPreconditionFailed},
	}, s.updateDocument)
	register(s, operation{
		id: "deleteDocument", method: http.MethodDelete, path: "/v1/documents/{id}", tag: "documents", summary: "Delete a document",
		description: "Its summaries go with it, and their jobs are canceled.", errors: []int{http.StatusForbidden, http.StatusPreconditionFailed},
	}, func(ctx context.Context, a core.Actor, in *deleteDocumentInput) (*struct{}, error) {
		return nil, s.app.Documents.Delete(ctx, a, core.DocumentID(in.ID), in.revisions(documentTag))
	})
	s.registerRaw(operation{
		id: "getDocumentContent", method: http.MethodGet, path: "/v1/documents/{id}/content", tag: "documents", summary: "Get a document's text alone",
	}, answer{http.StatusOK, "text/markdown", "The text."}, s.documentContent)
}

func (s *api) createDocument(ctx context.Context, a core.Actor, in *createDocumentInput) (*createdDocument, error) {
	d, err := s.app.Documents.Create(ctx, a, core.NewDocument{
		Title: in.Body.Title, Content: in.Body.Content, SourceURL: in.Body.SourceURL, ExternalID: in.Body.ExternalID,
	})
	if err != nil {
		return nil, err
	}
	return &createdDocument{Location: "/v1/documents/" + string(d.ID), ETag: documentETag(d), Body: viewWholeDocument(d)}, nil
}

func (s *api) getDocument(ctx context.Context, a core.Actor, in *getDocumentInput) (*documentOutput, error) {
	d, err := s.app.Documents.Get(ctx, a, core.DocumentID(in.ID))
	if err != nil {
		return nil, err
	}
	tag := documentETag(d)
	if in.has(tag) {
		return &documentOutput{Status: http.StatusNotModified, ETag: tag}, nil
	}
	return &documentOutput{Status: http.StatusOK, ETag: tag, Body: viewWholeDocument(d)}, nil
}

func (s *api) updateDocument(ctx context.Context, a core.Actor, in *updateDocumentInput) (*documentOutput, error) {
	var required nonNull
	required.check("title", in.Body.Title.null)
	required.check("content", in.Body.Content.null)
	if err := required.err(); err != nil {
		return nil, err
	}
	p := core.DocumentPatch{Title: in.Body.Title.value, Content: in.Body.Content.value}
	d, err := s.app.Documents.Update(ctx, a, core.DocumentID(in.ID), p, in.revisions(documentTag))
	if err != nil {
		return nil, err
	}
	return &documentOutput{Status: http.StatusOK, ETag: documentETag(d), Body: viewWholeDocument(d)}, nil
}

// documentContent answers the text as it is, not as JSON. Its tag is the text's
// own, since a new title changes nothing here.
func (s *api) documentContent(w http.ResponseWriter, r *http.Request, a core.Actor) error {
	d, err := s.app.Documents.Get(r.Context(), a, core.DocumentID(r.PathValue("id")))
	if err != nil {
		return err
	}
	tag := `"` + d.ContentHash + `"`
	w.Header().Set("ETag", tag)
	if (IfNoneMatch{r.Header.Get("If-None-Match")}).has(tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
	w.Header().Set("Content-Length", strconv.FormatInt(d.ContentBytes, 10))
	_, _ = io.WriteString(w, d.Content) // who has gone away needs no answer
	return nil
}
