package notion

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

func FuzzConvert(f *testing.F) {
	cases, err := doctreetest.Cases("testdata/pages.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add([]byte(c.In))
	}
	f.Add([]byte(`{"page":{"properties":[]},"blocks":[{"type":"code","code":{"rich_text":{"a":1}}},{"type":"table","has_children":true},{"type":"x","x":[]}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var g given
		if json.Unmarshal(in, &g) != nil {
			t.Skip("no page")
		}
		if wrong := doctreetest.Sound(Convert(t.Context(), g.Page, anything{g})); wrong != "" {
			t.Error(wrong)
		}
	})
}

// anything is a source that refuses nothing.
type anything struct{ given }

func TestConvert_HostilePagesEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("hostile input takes seconds")
	}
	t.Parallel()
	var below []string
	for i := range 3000 {
		below = append(below, fmt.Sprintf(`"b%d":[{"id":"b%d","has_children":true,"type":"bulleted_list_item","bulleted_list_item":{"rich_text":[{"plain_text":"w%d"}]}}]`, i, i+1, i))
	}
	for name, in := range map[string]string{
		"deep":   `{"blocks":[{"id":"b0","has_children":true,"type":"quote","quote":{}}],"below":{` + strings.Join(below, ",") + `}}`,
		"circle": `{"blocks":[{"id":"a","has_children":true,"type":"toggle","toggle":{"rich_text":[{"plain_text":"t"}]}}],"below":{"a":[{"id":"a","has_children":true,"type":"toggle","toggle":{"rich_text":[{"plain_text":"u"}]}}]}}`,
		"page":   `{"blocks":[{"id":"page","has_children":true,"type":"paragraph","paragraph":{"rich_text":[{"plain_text":"t"}]}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g given
			if err := json.Unmarshal([]byte(in), &g); err != nil {
				t.Fatal(err)
			}
			got, err := Convert(t.Context(), json.RawMessage(`{"id":"page"}`), g)
			if wrong := doctreetest.Sound(got, err); wrong != "" || err != nil {
				t.Fatal(wrong, err)
			}
			if len(got.Warnings) != 1 || got.Warnings[0].Count != 1 {
				t.Errorf("got %v, want one warning", got.Warnings)
			}
		})
	}
}
