package guru

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

// Two ways lead from a tree to HTML: ours, and Markdown with a renderer that we did
// not write. They have to say the same.
func TestRender_SaysWhatMarkdownSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := doctreetest.Tree(doctreetest.Limits{NoTasks: true, NoAlerts: true}).Draw(t, "tree")
		markdown, err := doctree.Write(tree)
		if err != nil {
			t.Fatal(err)
		}
		want, err := doctreetest.NormalHTML(render(tree))
		if err != nil {
			t.Fatal(err)
		}
		got, err := doctreetest.Normal(markdown)
		if err != nil {
			t.Fatal(err)
		}
		if diff := doctreetest.Lines(got, want); diff != "" {
			t.Fatalf("%s\nmarkdown:\n%s\nhtml:\n%s", diff, markdown, render(tree))
		}
	})
}

func TestPublish_IsGivenBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := doctreetest.Tree(doctreetest.Limits{NoTasks: true, NoAlerts: true}).Draw(t, "tree")
		markdown, err := doctree.Write(tree)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Convert(t.Context(), HTML(markdown))
		if err != nil {
			t.Fatal(err)
		}
		if diff := doctreetest.Difference(got.Markdown, doctree.Canonical(markdown)); diff != "" {
			t.Fatalf("%s\nmarkdown:\n%s\nhtml:\n%s\nback:\n%s", diff, markdown, HTML(markdown), got.Markdown)
		}
	})
}
