package httpapi

import (
	"mime"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/docsctl/docsctl/core"
)

func (s *api) registerExports() {
	formats := &huma.Schema{Type: huma.TypeString, Default: string(core.ExportMarkdown)}
	for _, f := range core.ExportFormats() {
		formats.Enum = append(formats.Enum, string(f))
	}
	s.registerRaw(operation{
		id: "exportSummary", method: http.MethodGet, path: "/v1/summaries/{id}/export", tag: "summaries", summary: "Download a summary as a file",
		description: "Citations are footnotes that quote their source.", errors: []int{http.StatusConflict},
		params: []*huma.Param{{Name: "format", In: "query", Schema: formats}},
	}, answer{http.StatusOK, "application/octet-stream", "The file; Content-Type and name are those of the format."}, s.exportSummary)
}

func (s *api) exportSummary(w http.ResponseWriter, r *http.Request, a core.Actor) error {
	format := core.ExportMarkdown
	if q := r.URL.Query(); q.Has("format") {
		format = core.ExportFormat(q.Get("format"))
	}
	file, err := s.app.Summaries.Export(r.Context(), a, core.SummaryID(r.PathValue("id")), format)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", file.MediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	h.Set("Content-Length", strconv.Itoa(len(file.Body)))
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(file.Body) // who has gone away needs no answer
	return nil
}
