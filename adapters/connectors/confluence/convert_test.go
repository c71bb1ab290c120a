package confluence

import (
	"context"
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
