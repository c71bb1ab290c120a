package summarize

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExtractive_Facts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want, quote string }{
		{
			"ATableIsItsColumnsAndRows", "# Prices\n\n| Part | Cost |\n|---|---:|\n| Car | 4 |\n| Bus | 9 |\n",
			"Prices: Table — columns: Part, Cost — rows: 2", "| Part | Cost |",
		},
		{"ACSVIsATable", "name,age,town\nAnn,3,Ulm\nBob,4,Bonn\n", "Table — columns: name, age, town — rows: 2", "name,age,town"},
		{"AListingIsItsLines", "## Main\n\n```go\nfunc main() {\n\trun()\n}\n```\n", "Main: Code (go) — lines: 3", "```go"},
		{"HeadingsAlone", "# One\n\n## Two\n", "One\nTwo", "# One"},
		{"InTheHeadingsLanguage", "# Die Preise der Teile und des Wagens\n\n| Teil | Preis |\n|---|---|\n| Rad | 4 |\n", "Die Preise der Teile und des Wagens: Tabelle — Spalten: Teil, Preis — Zeilen: 1", "| Teil | Preis |"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, e := extract(t, c.text, Options{})
			if len(e.Picked) != 0 {
				t.Errorf("%d sentences were picked, want none", len(e.Picked))
			}
			s := Render(e, Plain)
			if diff := cmp.Diff(c.want, s.Text); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
			checkCitations(t, c.text, s)
			if got := s.Citations[0].Quote; got != c.quote {
				t.Errorf("the quote is %q, want %q", got, c.quote)
			}
		})
	}
	t.Run("AreBounded", func(t *testing.T) {
		t.Parallel()
		text := ""
		for range 40 {
			text += "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
		}
		if _, e := extract(t, text, Options{}); len(e.Facts) != maxFacts {
			t.Errorf("got %d facts, want %d", len(e.Facts), maxFacts)
		}
	})
}
