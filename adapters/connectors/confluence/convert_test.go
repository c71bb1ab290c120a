package confluence

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

// names knows two users and one page.
type names struct{}

func (names) User(_ context.Context, id string) string {
	return map[string]string{"ada": "Ada", "key": "Key"}[id]
}

func (names) Page(_ context.Context, space, title string) string {
	if title != "Known" {
		return ""
	}
	return "https://wiki.example/" + space + "/" + title
}

func TestConvertStorage_Samples(t *testing.T) {
	t.Parallel()
	checkSamples(t, "testdata/storage.txtar", func(in string) (doctree.Result, error) {
		return ConvertStorage(t.Context(), in, names{})
	})
}

func TestConvertADF_Samples(t *testing.T) {
	t.Parallel()
	checkSamples(t, "testdata/adf.txtar", func(in string) (doctree.Result, error) {
		return ConvertADF(t.Context(), []byte(in))
	})
}

func checkSamples(t *testing.T, file string, convert func(string) (doctree.Result, error)) {
	t.Helper()
	cases, err := doctreetest.Cases(file)
	if err != nil || len(cases) < 5 {
		t.Fatalf("%d samples, %v", len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			got, err := convert(c.In)
			if err != nil {
				t.Fatal(err)
			}
			if diff := c.Check(got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Names that nobody knows, and content that is nested deeper than Markdown goes.
func TestConvert_WithoutNamesAndTooDeep(t *testing.T) {
	t.Parallel()
	got, err := ConvertStorage(t.Context(), `<p><ac:link><ri:user ri:account-id="ada"/></ac:link> <ac:link><ri:page ri:content-title="Known"/></ac:link></p>`, nil)
	if err != nil || got.Markdown != "@user Known\n" {
		t.Errorf("got %q, %v", got.Markdown, err)
	}
	const kind = "confluence:nested too deep"
	storage := strings.Repeat("<blockquote>", 60) + "<p>word</p>" + strings.Repeat("</blockquote>", 60) + strings.Repeat("<blockquote>", 40) + "shallow"
	got, err = ConvertStorage(t.Context(), storage, nil)
	if err != nil || len(got.Warnings) != 1 || got.Warnings[0].Kind != kind || got.Warnings[0].Count != 1 || !strings.Contains(got.Markdown, "word") {
		t.Errorf("got %v, %v", got.Warnings, err)
	}
	quote := func(n int) string {
		return strings.Repeat(`{"type":"blockquote","content":[`, n) + `{"type":"paragraph","content":[{"type":"text","text":"a"},{"type":"hardBreak"},{"type":"text","text":"b"}]}` + strings.Repeat("]}", n)
	}
	got, err = ConvertADF(t.Context(), []byte(`{"type":"doc","content":[`+quote(60)+","+quote(40)+"]}"))
	if err != nil || len(got.Warnings) != 1 || got.Warnings[0].Kind != kind || got.Warnings[0].Count != 1 || !strings.Contains(got.Markdown, "> a b\n") {
		t.Errorf("got %v, %v, %s", got.Warnings, err, got.Markdown)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, storageErr := ConvertStorage(ctx, "<p>x</p>", nil)
	_, adfErr := ConvertADF(ctx, []byte(`{"type":"doc"}`))
	_, mergeErr := MergePart(ctx, "<p>x</p>", publication("y"))
	for _, err := range []error{storageErr, adfErr, mergeErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v after the context's end", err)
		}
	}
}

// Elements that are too deep for the tree give their text to the last that is not,
// and what follows them stands where it stood.
func TestParseStorage_DepthIsBounded(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("<div>", maxXMLDepth+50) + "in<br/>" + strings.Repeat("</div>", maxXMLDepth+50) + "<p>after</p>"
	root, rest := parseStorage(deep)
	if rest != "" || len(root.Children) != 2 || root.Children[1].Inner() != "after" || root.Children[0].Inner() != "in" {
		t.Errorf("got %d children, %q, %q", len(root.Children), root.Inner(), rest)
	}
}
