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

func TestHTML_WritesWhatCardsTake(t *testing.T) {
	t.Parallel()
	alert := func(kind string) string { return "> [!" + kind + "]\n> x" }
	boxed := func(name string) string {
		return "<blockquote><p><strong>" + name + "</strong></p>\n<p>x</p></blockquote>"
	}
	for markdown, want := range map[string]string{
		alert("NOTE"): boxed("Note"), alert("TIP"): boxed("Tip"), alert("IMPORTANT"): boxed("Important"),
		alert("WARNING"): boxed("Warning"), alert("CAUTION"): boxed("Caution"),
		"- [x] a\n- [ ] b\n- c":                                    "<ul><li>☑ a</li><li>☐ b</li><li>c</li></ul>",
		"- [ ] <!-- -->\n\n  ```\n  c\n  ```":                      "<ul><li><p>☐</p>\n<pre><code>c\n</code></pre></li></ul>",
		"```go\na<b\n```":                                          "<pre><code class=\"language-go\">a&lt;b\n</code></pre>",
		"```\nx\n```\n\n```\n```":                                  "<pre><code>x\n</code></pre>",
		"<details>\n<summary>S \"<\"</summary>\n\nx\n\n</details>": "<details><summary>S &quot;&lt;&quot;</summary><p>x</p></details>",
		"![a \"b\"](https://e.example/p?a=1&b=2)":                  `<p><img src="https://e.example/p?a=1&amp;b=2" alt="a &quot;b&quot;"></p>`,
		"| h |\n| - |\n| c |":                                      "<table><thead><tr><th>h</th></tr></thead><tbody><tr><td>c</td></tr></tbody></table>",
		"a\\\nb\n\n---":                                            "<p>a<br>b</p>\n<hr>",
		"3. a":                                                     "<ol start=\"3\"><li>a</li></ol>",
		"[a](javascript:b)":                                        "<p>a</p>",
		"":                                                         "",
	} {
		if got := HTML(markdown); got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", markdown, got, want)
		}
	}
}
