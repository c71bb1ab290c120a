package doctree_test

import (
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestParse_ReadsWhatIsPublished(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Setext\n===\n\n    code\n":                                        "# Setext\n\n```\ncode\n```\n",
		"a[^x] b[^y] c[^x]\n\n[^y]: two\n[^x]: one\n\n    more":            "a\\[1\\] b\\[2\\] c\\[1\\]\n\n---\n\n1. one\n\n   more\n2. two\n",
		"> [!WARNING]\n> a\n> b\n\n> [!NOPE]\n> c":                         "> [!WARNING]\n> a b\n\n> \\[!NOPE\\] c\n",
		"> [!NOTE]\n>\n> a":                                                "> [!NOTE]\n> a\n",
		"[a][r] ![i](x \"t\") <https://e.example> me@e.example\n\n[r]: /u": "[a](/u) ![i](x) <https://e.example> [me@e.example](mailto:me@e.example)\n",
		"see https://e.example/x. <!-- n --> <b>B</b><br>c <u>u</u>":       "see <https://e.example/x>. <!-- n --> **B**\\\nc u\n",
		"<details><summary>S</summary>\n\na\n\n<details>\n<summary>T</summary>\nraw\n</details>\n\nb\n\n</details>\n\nc": "<details>\n<summary>S</summary>\n\na\n\n<details>\n<summary>T</summary>\n\nraw\n\n</details>\n\nb\n\n</details>\n\nc\n",
		"<details>\n\nopen": "<details>\n<summary></summary>\n\nopen\n\n</details>\n",
		"<div>\n<p>a &lt;b</p>\n</div>\n\n<!-- c\nd -->\n\n<script>e()</script>": "a \\<b\n\n<!-- c d -->\n",
		"- [ ] a\n- [X] b\n- c\n\n3. d\n5. e":                                    "- [ ] a\n- [x] b\n- c\n\n3. d\n4. e\n",
		"| a | b |\n|:-|-:|\n| `x\\|y` | c<br>d |":                               "| a | b |\n| --- | --- |\n| `x\\|y` | c<br>d |\n",
		"|  |\n|--|\n| a |":                         "|  |\n| --- |\n| a |\n",
		"a\\*b &copy; &amp;lt; `c  d`\\\ne  \nf\ng": "a\\*b © \\&lt; `c  d`\\\ne\\\nf g\n",
		"a`me@e.example` b.c+d@e-f.example, x@y":    "a`me@e.example` [b.c+d@e-f.example](mailto:b.c+d@e-f.example), x@y\n",
		"$`x`$ and $ `y` $":                         "$`x`$ and $ `y` $\n",
		"":                                          "",
	} {
		if got := doctree.Canonical(in); got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# a\n\n- b\n  1. c\n\n| d |\n|--|\n| e |\n\n> [!NOTE]\n> f[^1]\n\n[^1]: g\n\n<details>\n<summary>h\n\n```\ni")
	f.Add(strings.Repeat("> ", 200) + strings.Repeat("- ", 200) + strings.Repeat("*", 200) + "[a](b\x00)\xff")
	f.Fuzz(func(t *testing.T, markdown string) {
		got, err := doctree.Write(doctree.Parse(markdown))
		if wrong := doctreetest.Sound(doctree.Result{Markdown: got}, err); wrong != "" {
			t.Error(wrong)
		}
		last := -1
		for _, start := range doctree.Starts(markdown) {
			if start <= last || start > len(markdown) {
				t.Fatalf("block at %d after one at %d", start, last)
			}
			last = start
		}
	})
}

// A mail address is looked for at each underscore, and what is none goes on to the
// end of its word.
func TestParse_LongWordsEnd(t *testing.T) {
	t.Parallel()
	const size = 40_000
	for _, piece := range []string{"a_", "a.", "a@", "a@b.", "a@b.c_", "www.", "http://a.b/_"} {
		text := strings.Repeat(piece, size/len(piece))
		testenv.Promise(t, piece, 10*time.Second, func() time.Duration {
			began := time.Now()
			doctree.Parse(text)
			return time.Since(began)
		})
	}
}
