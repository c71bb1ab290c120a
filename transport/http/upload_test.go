package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv/fixture"
)

// formBoundary separates the parts of the tests' forms.
const formBoundary = "form-of-the-test"

// formOf returns a multipart body.
func formOf(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--" + formBoundary + "\r\n" + p + "\r\n")
	}
	return b.String() + "--" + formBoundary + "--\r\n"
}

// textPart is a part of a form, with a line end behind its text; file "" names no file.
func textPart(name, file, text string) string {
	head := fmt.Sprintf("Content-Disposition: form-data; name=%q", name)
	if file != "" {
		head += fmt.Sprintf("; filename=%q\r\nContent-Type: application/octet-stream", file)
	}
	return head + "\r\n\r\n" + text + "\n"
}

func TestUpload_MakesADocument(t *testing.T) {
	t.Parallel()
	a := newWorld(t).admin("Acme")
	got := a.do("POST", "/v1/documents/upload", formOf(textPart("file", "harbor.txt", "Boats need a permit."))).want(201)
	content := "Boats need a permit.\n"
	sum := sha256.Sum256([]byte(content))
	for field, want := range map[string]any{
		"title": "harbor", "content": content, "mime_type": "text/plain", "content_bytes": float64(len(content)), "version": 1.0,
		"content_hash": hex.EncodeToString(sum[:]), "source_type": "upload", "status": "active", "pages_total": 0.0,
	} {
		if got.at(field) != want {
			t.Errorf("%s: got %v, want %v", field, got.at(field), want)
		}
	}
	if got.header.Get("Location") != "/v1/documents/"+got.str("id") || got.header.Get("ETag") != `"r1"` {
		t.Errorf("got headers %v", got.header)
	}
	if one := a.do("GET", "/v1/documents/"+got.str("id"), "").want(200); string(one.body) != string(got.body) {
		t.Errorf("GET answers %s, want what the upload answered: %s", one.body, got.body)
	}
	for _, form := range []string{
		formOf(textPart("title", "", "Harbor rules"), textPart("file", "a.md", "# Heading\n\nOne.")),
		formOf(textPart("file", "a.md", "# Heading\n\nTwo."), textPart("title", "", "Harbor rules")),
		strings.TrimSuffix(formOf(textPart("file", "a.md", "# Heading\n\nThree."), textPart("title", "", "Harbor rules")), "\r\n"),
	} {
		if got := a.do("POST", "/v1/documents/upload", form).want(201); strings.TrimSpace(got.str("title")) != "Harbor rules" || got.str("mime_type") != "text/markdown" {
			t.Errorf("with a title: got %s", got.body)
		}
	}
}

func TestUpload_OfKnownTextAnswersTheDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, other := w.admin("Acme"), w.admin("Other")
	form := formOf(textPart("file", "a.txt", "Boats need a permit."))
	first := a.do("POST", "/v1/documents/upload", form).want(201)
	for _, p := range []*person{a, a.member()} {
		if again := p.do("POST", "/v1/documents/upload", form).want(200); string(again.body) != string(first.body) || again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("again: got %s, want %s", again.body, first.body)
		}
	}
	if got := a.do("POST", "/v1/documents/upload?duplicate=true", form).want(201); got.str("id") == first.str("id") {
		t.Error("duplicate=true answers the document that is there")
	}
	if got := other.do("POST", "/v1/documents/upload?duplicate=false", form).want(201); got.str("id") == first.str("id") {
		t.Error("another organization is answered a document that is not its own")
	}
}

func TestUpload_TellsOfPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	a := w.admin("Acme")
	pdf := string(fixture.PDF("Boats of more than nine metres need a permit.\nThe harbor master gives it at noon.", "", "A permit is worth nothing without its stamp.\nThe stamp is kept in the big house."))
	got := a.do("POST", "/v1/documents/upload", formOf(textPart("file", "a.pdf", pdf))).want(201)
	if got.at("pages_total") != 3.0 || got.at("pages_without_text.0") != 2.0 || !strings.Contains(got.str("conversion_warnings.0"), "page 2") {
		t.Errorf("got %s", got.body)
	}
	asked := a.do("POST", "/v1/documents/"+got.str("id")+"/summaries", `{"length":"long"}`).want(202)
	a.do("GET", "/v1/jobs/"+asked.str("job.id")+"?wait=60", "").want(200)
	sum := a.do("GET", "/v1/summaries/"+asked.str("summary.id"), "").want(200)
	if sum.at("coverage.pages_total") != 3.0 || sum.at("coverage.pages_without_text.0") != 2.0 || !strings.Contains(string(sum.body), `"pages_without_text"`) {
		t.Errorf("summary: got %s", sum.body)
	}
	pages := map[any]bool{}
	for i := range 10 {
		pages[sum.at(fmt.Sprintf("citations.%d.sources.0.page", i))] = true
	}
	if !pages[1.0] || !pages[3.0] || pages[2.0] {
		t.Errorf("citations name the pages %v, want 1 and 3: %s", pages, sum.body)
	}
}

func TestReplaceDocumentFile_RaisesTheVersion(t *testing.T) {
	t.Parallel()
	a := newWorld(t).admin("Acme")
	doc := "/v1/documents/" + a.do("POST", "/v1/documents/upload", formOf(textPart("file", "a.txt", "One."), textPart("title", "", "Mine"))).want(201).str("id")
	before := a.do("GET", doc, "").want(200)
	same := a.do("PUT", doc+"/file", formOf(textPart("file", "b.txt", "One."))).want(200)
	if string(same.body) != string(before.body) || same.header.Get("ETag") != `"r1"` {
		t.Errorf("with the same text: got %s, want %s", same.body, before.body)
	}
	got := a.do("PUT", doc+"/file", formOf(textPart("file", "b.md", "# Two\n\nText.")), "If-Match", `"r1"`).want(200)
	if got.at("version") != 2.0 || got.str("mime_type") != "text/markdown" || got.str("title") != before.str("title") || got.header.Get("ETag") != `"r2"` {
		t.Errorf("got %s", got.body)
	}
	a.do("PUT", doc+"/file", formOf(textPart("file", "b.md", "Three.")), "If-Match", `"r1"`).fails(412, core.CodePreconditionFailed, "", "")
	a.do("PUT", doc+"/file?duplicate=true", formOf(textPart("file", "b.md", "Three."))).fails(422, core.CodeValidation, "duplicate", "unknown")
	a.do("PUT", doc+"/file", formOf(textPart("title", "", "Four"))).fails(422, core.CodeValidation, "file", "required")
}

// TestUpload_Refused goes through what a client can do wrong with a form, on both routes.
func TestUpload_Refused(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, options{upload: 1 << 20})
	a := w.admin("Acme")
	doc := "/v1/documents/" + a.document("Kept", "Kept.")
	whole := formOf(textPart("file", "a.txt", "Text."))
	long := strings.Repeat("ä", core.MaxTitleChars+1)
	for name, c := range map[string]struct {
		body, contentType string
		status            int
		code              core.Code
		field, constraint string
	}{
		"NoForm":           {body: `{"file":"x"}`, contentType: "application/json", status: 415, code: core.CodeUnsupportedMedia},
		"NoContentType":    {body: whole, contentType: "", status: 415, code: core.CodeUnsupportedMedia},
		"NoBoundary":       {body: whole, contentType: "multipart/form-data", status: 400, code: core.CodeValidation, field: "body", constraint: "body"},
		"OtherBoundary":    {body: whole, contentType: "multipart/form-data; boundary=other", status: 400, code: core.CodeValidation, field: "body", constraint: "incomplete"},
		"NoBody":           {body: "", contentType: "multipart/form-data; boundary=x", status: 400, code: core.CodeValidation, field: "body", constraint: "incomplete"},
		"NoFile":           {body: formOf(), status: 422, code: core.CodeValidation, field: "file", constraint: "required"},
		"TitleOnly":        {body: formOf(textPart("title", "", "x")), status: 422, code: core.CodeValidation, field: "file", constraint: "required"},
		"TwoFiles":         {body: formOf(textPart("file", "a.txt", "x"), textPart("file", "b.txt", "y")), status: 422, code: core.CodeValidation, field: "file", constraint: "single"},
		"TwoTitles":        {body: formOf(textPart("title", "", "x"), textPart("title", "", "y"), textPart("file", "b.txt", "y")), status: 422, code: core.CodeValidation, field: "title", constraint: "single"},
		"UnknownPart":      {body: formOf(textPart("file", "a.txt", "x"), textPart("path", "", "y")), status: 422, code: core.CodeValidation, field: "path", constraint: "unknown"},
		"LongTitle":        {body: formOf(textPart("title", "", long), textPart("file", "a.txt", "x")), status: 422, code: core.CodeValidation, field: "title", constraint: "max_length"},
		"LongerTitle":      {body: formOf(textPart("file", "a.txt", "x"), textPart("title", "", strings.Repeat(long, 9))), status: 422, code: core.CodeValidation, field: "title", constraint: "max_length"},
		"TitleNotUTF8":     {body: formOf(textPart("file", "a.txt", "x"), textPart("title", "", "\xff")), status: 400, code: core.CodeValidation, field: "title", constraint: "encoding"},
		"CutOffInFile":     {body: whole[:len(whole)-30], status: 400, code: core.CodeValidation, field: "body", constraint: "incomplete"},
		"CutOffBehindFile": {body: strings.TrimSuffix(whole, "--\r\n"), status: 400, code: core.CodeValidation, field: "body", constraint: "incomplete"},
		"CutOffInHead":     {body: whole[:40], status: 400, code: core.CodeValidation, field: "body", constraint: "incomplete"},
		"ControlsInName":   {body: strings.Replace(whole, "a.txt", "a\x1b[31m.txt", 1), status: 400, code: core.CodeValidation, field: "body", constraint: "incomplete"},
		"ZeroBytes":        {body: formOf("Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n"), status: 422, code: core.CodeValidation, field: "file", constraint: "not_empty"},
		"TooLarge":         {body: formOf(textPart("file", "a.txt", strings.Repeat("x", 1<<20+formOverhead))), status: 413, code: core.CodePayloadTooLarge},
		"Image":            {body: formOf(textPart("file", "a.txt", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")), status: 415, code: core.CodeUnsupportedMedia},
		"CutOffArchive":    {body: formOf(textPart("file", "a.docx", string(fixture.DOCX("Text.")[:200]))), status: 415, code: core.CodeUnsupportedMedia},
		"Scan":             {body: formOf(textPart("file", "a.pdf", string(fixture.PDF("", "")))), status: 415, code: core.CodeUnsupportedMedia},
	} {
		t.Run(name, func(t *testing.T) {
			contentType := c.contentType
			if strings.HasPrefix(c.body, "--") && contentType == "" && name != "NoContentType" {
				contentType = "multipart/form-data; boundary=" + formBoundary
			}
			for _, route := range []string{"POST /v1/documents/upload", "PUT " + doc + "/file"} {
				method, path, _ := strings.Cut(route, " ")
				a.do(method, path, c.body, "Content-Type", contentType).fails(c.status, c.code, c.field, c.constraint)
			}
		})
	}
	if got := a.do("GET", "/v1/documents", "").want(200); got.at("items.1") != nil || got.at("items.0.version") != 1.0 {
		t.Errorf("what was refused is stored: %s", got.body)
	}
	a.do("POST", "/v1/documents/upload?duplicate=maybe", whole).fails(422, core.CodeValidation, "duplicate", "type")
	a.do("POST", "/v1/documents/upload?title=x", whole).fails(422, core.CodeValidation, "title", "unknown")
}

func TestUpload_NamesAreNoPaths(t *testing.T) {
	t.Parallel()
	a := newWorld(t).admin("Acme")
	for i, name := range []string{"../../etc/passwd", `C:\evil\passwd`, "/abs/passwd.txt", "passwd\u202e"} {
		form := strings.Replace(formOf(textPart("file", "NAME", fmt.Sprintf("Text of %d.", i))), "NAME", strings.ReplaceAll(name, `\`, `\\`), 1)
		if got := a.do("POST", "/v1/documents/upload", form).want(201); strings.ContainsAny(got.str("title"), "/\\\x1b\u202e") || !strings.Contains(got.str("title"), "passwd") {
			t.Errorf("%q: got title %q", name, got.str("title"))
		}
	}
}

// TestUpload_OfAClientThatGoesAwayLeavesNothing breaks off in the middle of a file
// that is on disk by then; the world checks its temporary folder.
func TestUpload_OfAClientThatGoesAwayLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	form := formOf(textPart("file", "a.txt", strings.Repeat("Boats need a permit.\n", 400_000)))
	fmt.Fprintf(conn, "POST /v1/documents/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n\r\n",
		a.token, formBoundary, len(form))
	if _, err := io.WriteString(conn, form[:len(form)*3/4]); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if got := a.do("GET", "/v1/documents", "").want(200); got.at("items.0") != nil {
		t.Errorf("a document was made of a part: %s", got.body)
	}
	a.do("POST", "/v1/documents/upload", formOf(textPart("file", "a.txt", "Text."))).want(201)
}

// TestUpload_WithoutACredentialReadsNothing asks with a body that never comes.
func TestUpload_WithoutACredentialReadsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body, never := io.Pipe()
	defer never.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/v1/documents/upload", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "multipart/form-data; boundary="+formBoundary)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %d, want 401", resp.StatusCode)
	}
}
