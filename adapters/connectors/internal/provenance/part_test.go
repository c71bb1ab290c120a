package provenance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// blocksAsUnits is a vendor that gives back what it gets, block by block.
func blocksAsUnits(blocks []doctree.Block) []string {
	var units []string
	for _, b := range blocks {
		if text, err := doctree.Write([]doctree.Block{b}); err == nil && text != "" {
			units = append(units, strings.TrimSpace(text))
		}
	}
	return units
}

func publication(key, markdown string) Publication {
	return Publication{Markdown: markdown, Footer: Footer{Key: key, Source: " A\nb ", URL: "https://e.example/a", Version: 2, At: time.Date(2026, 1, 2, 23, 0, 0, 0, time.FixedZone("", -7200))}}
}

func TestCompose_FooterSaysWhereItIsFrom(t *testing.T) {
	t.Parallel()
	part := publication("k 1/x", "a\n\n- b\n- c").Compose(blocksAsUnits)
	want := []string{"a", "- b\n- c", "---"}
	if !slices.Equal(part.Units[:3], want) || len(part.Units) != 4 {
		t.Fatalf("got %q", part.Units)
	}
	footer := part.Units[3]
	if !strings.HasPrefix(footer, "*Summarized by docsctl from* [*A b*](https://e.example/a)*, version 2, 2026-01-03.* `docsctl:k-1-x:2:") {
		t.Errorf("got %q", footer)
	}
	bare := Publication{Markdown: "a"}.Compose(blocksAsUnits)
	if got := bare.Units[2]; !strings.HasPrefix(got, "*Summarized by docsctl from a document.* `docsctl::1:") {
		t.Errorf("got %q", got)
	}
}

func TestDecide_FindsOnlyItsOwnPart(t *testing.T) {
	t.Parallel()
	p := publication("one", "a\n\nb")
	part := p.Compose(blocksAsUnits)
	other := publication("two", "a").Compose(blocksAsUnits)
	old := publication("one", "x").Compose(blocksAsUnits)
	page := func(parts ...[]string) []string { return slices.Concat(parts...) }
	for name, c := range map[string]struct {
		page   []string
		state  State
		from   int
		to     int
		former int
	}{
		"empty":                     {nil, Created, 0, 0, 0},
		"others' words":             {page([]string{"h"}, other.Units), Created, 4, 4, 0},
		"there":                     {page([]string{"h"}, part.Units, []string{"h"}), Unchanged, 1, 5, 0},
		"older":                     {page(other.Units, old.Units, []string{"h"}), Updated, 3, 6, 0},
		"both, of a broken update":  {page(old.Units, part.Units), Unchanged, 3, 7, 1},
		"one unit short":            {part.Units[1:], Conflict, 0, 3, 0},
		"one unit more":             {page(part.Units[:1], []string{"h"}, part.Units[1:]), Conflict, 1, 5, 0},
		"changed":                   {page([]string{"A"}, part.Units[1:]), Conflict, 0, 4, 0},
		"runs into the part before": {page(old.Units, part.Units[1:]), Conflict, 3, 6, 1},
	} {
		d := p.Decide(part, c.page)
		if d.State != c.state || d.From != c.from || d.To != c.to || len(d.Former) != c.former {
			t.Errorf("%s: got %+v", name, d)
		}
		if (d.Diff == "") != (c.state == Unchanged) {
			t.Errorf("%s: diff %q", name, d.Diff)
		}
	}
}

func TestDecide_ConflictShowsWhatPeopleChanged(t *testing.T) {
	t.Parallel()
	p := publication("one", "new")
	p.Last = "was\n\nsame\n"
	part := p.Compose(blocksAsUnits)
	was := publication("one", "was\n\nsame").Compose(blocksAsUnits)
	page := slices.Concat([]string{"WAS"}, was.Units[1:])
	if d := p.Decide(part, page); d.State != Conflict || !strings.Contains(d.Diff, "-was\n") || !strings.Contains(d.Diff, "+WAS\n") || strings.Contains(d.Diff, "-same") {
		t.Errorf("got %+v", d)
	}
	if d := p.Decide(part, []string{"all of it is gone"}); d.State != Conflict || !strings.Contains(d.Diff, "-same") {
		t.Errorf("got %+v", d)
	}
	if stamps := strings.Count(p.Decide(part, page).Diff, "docsctl:"); stamps > 0 {
		t.Errorf("the diff shows %d stamps, which say nothing to people", stamps)
	}
}
