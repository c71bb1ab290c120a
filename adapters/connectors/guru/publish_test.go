package guru

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
)

func TestHTML_SharedPublications(t *testing.T) {
	t.Parallel()
	dir := doctreetest.Shared("publish")
	if dir == "" {
		t.Skip("no shared/connectors beside the repository")
	}
	for _, name := range []string{"basic", "rich"} {
		markdown, err := os.ReadFile(filepath.Join(dir, name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, name+".guru.html"))
		if err != nil {
			t.Fatal(err)
		}
		got := HTML(string(markdown))
		if diff := doctreetest.DifferenceHTML(got, string(want)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func publication(markdown string) provenance.Publication {
	return provenance.Publication{Markdown: markdown, Footer: provenance.Footer{
		Key: "pub-1", Source: "Handbook", URL: "https://docs.example.com/handbook?a=1&b=2", Version: 3, At: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC),
	}}
}

const summary = "# Summary\n\n- one\n- two\n  - [x] inner\n\n```go\na<c\n```\n\nSaid so.[^1]\n\n[^1]: “quote”, page 2\n"

func merged(t *testing.T, content string, p provenance.Publication) Merge {
	t.Helper()
	m, err := MergePart(t.Context(), content, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMergePart_KeepsAllElseByteForByte(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ card, gap, above, below string }{
		"empty":    {"", "<h1>", "<p>Above&mdash;</p>", "<p >Below</p >"},
		"HTML":     {"<p class=x>Before &nbsp;it</p>\n<hr><p></p>", "\n<h1>", "<P>Above</P>\n", " <ul><li>Below</ul>"},
		"loose":    {"text <b>bold</b><br>", "\n<h1>", "loose ", "loose"},
		"void":     {"<p>a</p><area><base><col><embed src=e><img src=i><input><link><meta><source><track><wbr></p>", "\n<h1>", "</i>", "<p>b</p>"},
		"Markdown": {"# Card\n\n* one\n* two   \n", "\n\n# Summary\n", "Above  \n\n", "\n\nBelow\n=====\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			created := merged(t, c.card, publication(summary))
			if created.State != provenance.Created || !strings.Contains(created.Diff, "+# Summary") || !strings.HasPrefix(created.Content, c.card+c.gap) {
				t.Fatalf("got %+v, want it created\n%s", created.Outcome, created.Content)
			}
			again := merged(t, created.Content, publication(summary))
			if again.State != provenance.Unchanged || again.Content != created.Content {
				t.Errorf("got %+v, want nothing to write", again.Outcome)
			}
			edited := c.above + created.Content + c.below
			updated := merged(t, edited, publication("Shorter."))
			if updated.State != provenance.Updated || !strings.HasPrefix(updated.Content, c.above) || !strings.HasSuffix(updated.Content, c.below) || !strings.Contains(updated.Content, "Shorter.") {
				t.Fatalf("got %+v, want an update\n%s", updated.Outcome, updated.Content)
			}
			if isHTML(updated.Content) != isHTML(edited) {
				t.Errorf("the card is in another format now:\n%s", updated.Content)
			}
			if back := merged(t, updated.Content, publication(summary)); back.Content != edited {
				t.Errorf("got\n%s\nwant\n%s", back.Content, edited)
			}
		})
	}
}

func TestMergePart_ChangesOfPeopleAreConflicts(t *testing.T) {
	t.Parallel()
	for _, card := range []string{"<p>Before</p>", "Before\n"} {
		m := merged(t, card, publication(summary))
		for _, change := range [][2]string{
			{"Said so", "Said something"}, {"one", "1"}, {"Summarized by", "Written by"}, {"a=1", "a=2"}, {"☑", "☐"}, {"[x]", "[ ]"},
		} {
			edited := strings.Replace(m.Content, change[0], change[1], 1)
			if edited == m.Content {
				continue // the other format's
			}
			got := merged(t, edited, publication("New."))
			if got.State != provenance.Conflict || got.Content != edited || got.Diff == "" {
				t.Errorf("%q: got %+v, want a conflict with a diff and the card as it is", change, got.Outcome)
			}
		}
	}
}

func TestMergePart_MarkdownCardsTakeNoHTML(t *testing.T) {
	t.Parallel()
	_, err := MergePart(t.Context(), "A card in *Markdown*.", publication("```html\n<p>x</p>\n```"))
	if err == nil || !strings.Contains(err.Error(), "card of its own") {
		t.Errorf("got %v, want a refusal with a way out", err)
	}
}
