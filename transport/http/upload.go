package httpapi

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
)

// duplicateParam asks for a document though one with the same text is there.
const duplicateParam = "duplicate"

func (s *api) registerUploads() {
	upload := operation{
		id: "uploadDocument", once: true, method: http.MethodPost, path: "/v1/documents/upload", tag: "documents", summary: "Make a document of a file",
		description: "PDF, DOCX, PPTX, XLSX, ODT, EPUB, HTML, Markdown, CSV, mail and plain text; its content decides what a file is. " +
			"The title is the form's, else the file's own, its first heading or its name. " +
			"When the organization has an upload with the same text, that document is answered with status 200, as it is.",
		bodyLimit: s.cfg.MaxUploadBytes + formOverhead, form: true,
		params: []*huma.Param{{
			Name: duplicateParam, In: "query", Description: "true: make a document of its own even of a text that is there.",
			Schema: &huma.Schema{Type: huma.TypeBoolean, Default: false},
		}},
	}
	s.registerRaw(upload, answer{http.StatusCreated, "application/json", "The document."}, func(w http.ResponseWriter, r *http.Request, a core.Actor) error {
		return s.uploadDocument(upload, w, r, a)
	})
	replace := operation{
		id: "replaceDocumentFile", method: http.MethodPut, path: "/v1/documents/{id}/file", tag: "documents", summary: "Put a file in the place of a document's text",
		description: "New text raises version; summaries of the old one are stale, and a new one pays for what has changed. The title stays unless the form has one.",
		bodyLimit:   s.cfg.MaxUploadBytes + formOverhead, form: true, errors: []int{http.StatusForbidden, http.StatusPreconditionFailed},
		params: []*huma.Param{{
			Name: "If-Match", In: "header", Description: "Entity tags, one of which the document must have; * for any. Otherwise 412.",
			Schema: &huma.Schema{Type: huma.TypeString},
		}},
	}
	s.registerRaw(replace, answer{http.StatusOK, "application/json", "The document."}, func(w http.ResponseWriter, r *http.Request, a core.Actor) error {
		return s.replaceDocumentFile(replace, w, r, a)
	})
	s.describeUploads(upload, replace)
}

// describeUploads completes the OpenAPI entries.
func (s *api) describeUploads(upload, replace operation) {
	ref := s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[document](), true, "")
	made, kept := s.described(upload).Responses["201"], s.described(replace).Responses["200"]
	made.Content["application/json"].Schema, kept.Content["application/json"].Schema = ref, ref
	s.described(upload).Responses["200"] = &huma.Response{Description: "The document that has this text already.", Content: made.Content}
}

// describeForm is the form of both routes for the OpenAPI document.
func describeForm() *huma.RequestBody {
	longest := core.MaxTitleChars
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
		Type: huma.TypeObject, Required: []string{"file"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"file":  {Type: huma.TypeString, Format: "binary", Description: "One file."},
			"title": {Type: huma.TypeString, MaxLength: &longest},
		},
	}}}}
}

func (s *api) uploadDocument(op operation, w http.ResponseWriter, r *http.Request, a core.Actor) error {
	duplicate := r.URL.Query().Get(duplicateParam)
	if r.URL.Query().Has(duplicateParam) && duplicate != "true" && duplicate != "false" {
		return core.Invalid(duplicateParam, "type", "duplicate must be true or false")
	}
	f, err := openForm(w, r, op)
	if err != nil {
		return err
	}
	d, outcome, err := s.app.Documents.Upload(r.Context(), a.Once(f.once), f.core(), core.UploadOptions{Title: f.Title, Duplicate: duplicate == "true"})
	if err != nil {
		return err
	}
	if f.once != nil && f.once.Replayed {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	w.Header().Set("Location", "/v1/documents/"+string(d.ID))
	if outcome == core.OutcomeCreated {
		return s.answerDocument(w, http.StatusCreated, d)
	}
	return s.answerDocument(w, http.StatusOK, d)
}

func (s *api) replaceDocumentFile(op operation, w http.ResponseWriter, r *http.Request, a core.Actor) error {
	f, err := openForm(w, r, op)
	if err != nil {
		return err
	}
	d, err := s.app.Documents.Replace(r.Context(), a, core.DocumentID(r.PathValue("id")), f.core(), core.ReplaceOptions{
		Title: f.Title, Match: IfMatch{r.Header.Get("If-Match")}.revisions(documentTag),
	})
	if err != nil {
		return err
	}
	return s.answerDocument(w, http.StatusOK, d)
}

// core is the form's file as the use cases take it.
func (f *form) core() core.File {
	return core.File{Name: f.file.FileName(), MediaType: f.file.Header.Get("Content-Type"), Body: f}
}

func (s *api) answerDocument(w http.ResponseWriter, status int, d *core.Document) error {
	w.Header().Set("ETag", documentETag(d))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = strictJSON.Marshal(w, viewWholeDocument(d)) // who has gone away needs no answer
	return nil
}
