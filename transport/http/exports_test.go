package httpapi

import (
	"cmp"
	"mime"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestExports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	doc := a.do("POST", "/v1/documents", `{"title":"Häfen: “A/B”","content":"The harbour office keeps a log of every ship. The ferry leaves at nine o'clock on weekdays."}`).want(201).str("id")
	asked := a.do("POST", "/v1/documents/"+doc+"/summaries", "{}").want(202)
	path := "/v1/summaries/" + asked.str("summary.id") + "/export"
	a.do("GET", path, "").fails(409, core.CodeConflict, "", "")
	w.work()
	a.do("GET", "/v1/jobs/"+asked.str("job.id")+"?wait=60", "").want(200)
	for format, media := range map[string]string{
		"": "text/markdown", "md": "text/markdown", "html": "text/html", "json": "application/json",
		"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	} {
		query := ""
		if format != "" {
			query = "?format=" + format
		}
		got := a.do("GET", path+query, "").want(200)
		if !strings.HasPrefix(got.header.Get("Content-Type"), media) || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", format, got.header)
		}
		how, params, err := mime.ParseMediaType(got.header.Get("Content-Disposition"))
		if want := "Häfen-A-B." + cmp.Or(format, "md"); err != nil || how != "attachment" || params["filename"] != want {
			t.Errorf("%s: disposition %q, want the file %s", format, got.header.Get("Content-Disposition"), want)
		}
		if media == "text/markdown" && (!strings.Contains(string(got.body), "[^1]: “") || !strings.Contains(string(got.body), "ship.[^1] The")) {
			t.Errorf("markdown without a footnote:\n%s", got.body)
		}
		if format == "json" && got.str("footnotes.0.quote") == "" {
			t.Errorf("json without a footnote:\n%s", got.body)
		}
	}
	a.do("GET", path+"?format=pdf", "").fails(422, core.CodeValidation, "format", "enum")
	a.do("GET", path+"?form=md", "").want(422)
	w.admin("Other").do("GET", path, "").fails(404, core.CodeNotFound, "", "")
	a.do("HEAD", path, "").want(200)
}
