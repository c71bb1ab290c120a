package render_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/docsctl/docsctl/adapters/render"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestRenderer_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunRenderer(t, func(*testing.T) core.Renderer { return render.New() }, words)
}

// words reads a file as its reader shows it.
func words(t *testing.T, f core.ExportFormat, file []byte) string {
	t.Helper()
	switch f {
	case core.ExportHTML:
		return htmlWords(t, file)
	case core.ExportDocx:
		return docxWords(t, file)
	case core.ExportJSON:
		var v any
		if err := json.Unmarshal(file, &v); err != nil {
			t.Fatalf("%v:\n%s", err, file)
		}
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	return strings.ReplaceAll(string(file), `\`, "") // escapes of Markdown
}

func htmlWords(t *testing.T, file []byte) string {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

// docxWords is the text of the document and its footnotes; every part must be
// well-formed, and every relation lead somewhere.
func docxWords(t *testing.T, file []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, part := range z.File {
		f, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text := strings.HasPrefix(part.Name, "word/document") || strings.HasPrefix(part.Name, "word/footnotes")
		d := xml.NewDecoder(f)
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s is not well-formed: %v", part.Name, err)
			}
			switch x := token.(type) {
			case xml.CharData:
				if text {
					b.Write(x)
				}
			case xml.EndElement:
				if x.Name.Local == "p" {
					b.WriteString("\n")
				}
			}
		}
	}
	return b.String()
}
