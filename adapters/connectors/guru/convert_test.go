package guru

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

func TestConvert_Samples(t *testing.T) {
	t.Parallel()
	cases, err := doctreetest.Cases("testdata/cards.txtar")
	if err != nil || len(cases) < 5 {
		t.Fatalf("%d samples, %v", len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, err := Convert(t.Context(), c.In)
			if err != nil {
				t.Fatal(err)
			}
			if diff := c.Check(got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConvert_TellsWhatIsLost(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		strings.Repeat("<blockquote>", 60) + "word":                          "guru:nested too deep: not converted, before the first heading",
		"<h1>H</h1>" + strings.Repeat("<div>", 1000) + "a &amp; b<!-- c -->": "guru:broken HTML: not converted, before the first heading",
	} {
		got, err := Convert(t.Context(), content)
		if err != nil || len(got.Warnings) != 1 || got.Warnings[0].String() != want {
			t.Errorf("got %v, %v, want %s", got.Warnings, err, want)
		}
		if strings.Contains(want, "broken") && got.Markdown != "H a & b\n" {
			t.Errorf("got %q", got.Markdown)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Convert(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after the context's end", err)
	}
	if _, err := MergePart(ctx, "x", publication("y")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after the context's end", err)
	}
}
