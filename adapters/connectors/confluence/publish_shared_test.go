package confluence

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

func TestStorage_SharedPublications(t *testing.T) {
	t.Parallel()
	dir := doctreetest.Shared("publish")
	if dir == "" {
		t.Skip("no shared/connectors beside the repository")
	}
	for _, name := range []string{"basic", "rich"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			markdown, err := os.ReadFile(filepath.Join(dir, name+".md"))
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(dir, name+".storage.xml"))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := canonicalXML(t, Storage(string(markdown))), canonicalXML(t, string(want)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// canonicalXML returns what an XML parser sees, a line an element, without spaces
// between blocks and without paragraphs that are alone in an item or cell.
func canonicalXML(t *testing.T, storage string) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(storage))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	var out []string
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			line := "<" + token.Name.Space + ":" + token.Name.Local
			for _, a := range token.Attr {
				line += " " + a.Name.Local + "=" + a.Value
			}
			out = append(out, line)
		case xml.EndElement:
			out = append(out, "/"+token.Name.Space+":"+token.Name.Local)
		case xml.CharData:
			if n := len(out); n > 0 && strings.HasPrefix(out[n-1], "text ") {
				out[n-1] += string(token)
			} else if strings.TrimSpace(string(token)) != "" {
				out = append(out, "text "+string(token))
			}
		}
	}
	for i := 0; i+2 < len(out); i++ {
		holder := slices.Contains([]string{"<:li", "<:td", "<:th"}, out[i])
		if end := slices.Index(out[i:], "/:p"); holder && out[i+1] == "<:p" && end > 0 && strings.HasPrefix(out[i+end+1], "/") {
			out = slices.Delete(out, i+end, i+end+1)
			out = slices.Delete(out, i+1, i+2)
		}
	}
	return strings.Join(out, "\n")
}
