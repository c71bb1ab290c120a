package doctree_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
	"github.com/docsctl/docsctl/core"
)

func text(s string) doctree.Spans {
	var spans doctree.Spans
	spans.Add(s, 0, "")
	return spans
}

func para(s string) doctree.Block { return &doctree.Paragraph{Text: text(s)} }

func written(t *testing.T, blocks ...doctree.Block) string {
	t.Helper()
	got, err := doctree.Write(blocks)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWrite_TextReadsAsItWasTyped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a * b_c_ _d ~e":              `a \* b_c\_ \_d \~e`,
		"# h":                         `\# h`,
		"#h ####### h":                "#h ####### h",
		"a\n# h\n- i\n+ j\n2) k\n===": "a\\\n\\# h\\\n\\- i\\\n\\+ j\\\n2\\) k\\\n\\===",
		"-x --- 1.x":                  "-x --- 1.x",
		"--x":                         `\--x`,
		"a|b\n|-|\n:-:":               "a|b\\\n|-|\\\n\\:-:",
		"<b> < b <1 </i> <!x <?x":     `\<b> < b <1 \</i> \<!x \<?x`,
		"&amp; & &x &#1; &#xz;":       `\&amp; & &x \&#1; &#xz;`,
		`\ \* ![a](b)`:                `\\ \\\* !\[a\](b)`,
		"[^1] [x] [!NOTE]":            `\[^1\] \[x\] \[!NOTE\]`,
		"> q":                         `\> q`,
		"a\\\nb":                      "a\\\\<br>\nb",
		"\n\n a \n\n b \n":            "a\\\n\\\nb",
		"http://e.example/a_b, (www.e.example) https:": "http://e.example/a_b, (www.e.example) https:",
		"https://e.example/~x www.e.example/[y] ~":     `https\://e.example/\~x www\.e.example/\[y\] \~`,
	} {
		if got := strings.TrimSuffix(written(t, para(in)), "\n"); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestWrite_MarksThatEveryParserTakes(t *testing.T) {
	t.Parallel()
	const b, i, s, m = doctree.Bold, doctree.Italic, doctree.Strike, doctree.Monospace
	type spans = doctree.Spans
	for name, c := range map[string]struct {
		in   spans
		want string
	}{
		"spaces move out":             {spans{{Text: " a ", Marks: b}, {Text: "b"}}, "**a** b"},
		"a space stays within":        {spans{{Text: "a", Marks: b}, {Text: " b", Marks: b | i}, {Text: " c"}}, "**a *b*** c"},
		"two stretches stay two":      {spans{{Text: "a", Marks: b}, {Text: " "}, {Text: "b", Marks: b}}, "**a** **b**"},
		"neighbours are one":          {spans{{Text: "a", Marks: b}, {Text: "b", Marks: b}}, "**ab**"},
		"punctuation beside a letter": {spans{{Text: "x"}, {Text: "“y”", Marks: b}, {Text: "z"}}, "x<strong>“y”</strong>z"},
		"symbols count as either":     {spans{{Text: "x"}, {Text: "€", Marks: i}, {Text: " z"}}, "x<em>€</em> z"},
		"end and start touch":         {spans{{Text: "a", Marks: i}, {Text: "b", Marks: b}}, "*a*<strong>b</strong>"},
		"strike after a tilde":        {spans{{Text: "~"}, {Text: "a", Marks: s}}, `\~<del>a</del>`},
		"within another":              {spans{{Text: "a", Marks: i}, {Text: "b", Marks: i | b}, {Text: "c", Marks: i}}, "*a<strong>b</strong>c*"},
		"code":                        {spans{{Text: "`a``", Marks: m}, {Text: "b", Marks: m | b}}, "``` `a`` ```**`b`**"},
		"only spaces":                 {spans{{Text: "a"}, {Text: "  ", Marks: b | m, Link: "x"}, {Text: "b"}}, "a b"},
		"link with marks":             {spans{{Text: "a ", Link: "u"}, {Text: "b ", Marks: b, Link: "u"}, {Text: "c"}}, "[a **b**](u) c"},
		"two links stay two":          {spans{{Text: "a", Link: "u"}, {Text: " "}, {Text: "b", Link: "u"}}, "[a](u) [b](u)"},
		"address":                     {spans{{Text: "https://e.example/a_b", Link: "https://e.example/a_b", Marks: b}}, "**<https://e.example/a_b>**"},
		"no address":                  {spans{{Text: "a/b", Link: "a/b"}}, "[a/b](a/b)"},
		"hard addresses":              {spans{{Text: "a", Link: "u v<w>\\`\n(x"}, {Text: "b", Link: "?a=1&copy;=2"}}, "[a](u%20v%3Cw%3E%5C%60\\(x)[b](?a=1&amp;copy;=2)"},
		"exclamation before a link":   {spans{{Text: "a!"}, {Text: "b", Link: "u"}}, `a\![b](u)`},
		"picture":                     {spans{{Kind: doctree.Image, Text: "a [b]\nc", Source: "p q.png", Marks: b, Link: "u"}, {Kind: doctree.Image, Text: "gone"}}, `[![a \[b\] c](p%20q.png)](u)`},
		"formula":                     {spans{{Text: "a "}, {Kind: doctree.Math, Text: "x\ny`"}}, "a $`` x y` ``$"},
		"comment":                     {spans{{Text: "a "}, {Kind: doctree.Hidden, Text: "-->b--c-"}}, "a <!-- b- -c -->"},
		"break keeps marks":           {spans{{Text: "a", Marks: b}, {Kind: doctree.Break}, {Text: "b", Marks: b}}, "**a\\\nb**"},
		"address glued to code":       {spans{{Text: "see http://e.example/a"}, {Text: "b", Marks: m}}, "see http\\://e.example/a`b`"},
		"address glued to a link":     {spans{{Text: "www.e.example"}, {Text: "!"}, {Text: "b", Link: "u"}}, "www\\.e.example\\![b](u)"},
		"address ends before marks":   {spans{{Text: "http://e.example/a", Marks: b}, {Text: ", "}, {Text: "b", Marks: m}}, "**http://e.example/a**, `b`"},
		"address at a line's end":     {spans{{Text: "www.e.example"}, {Kind: doctree.Break}, {Text: "b"}}, "www.e.example\\\nb"},
		"break ends code":             {spans{{Text: "a", Marks: m}, {Kind: doctree.Break}, {Text: "b", Marks: m}}, "`a`\\\n`b`"},
	} {
		if got := strings.TrimSuffix(written(t, &doctree.Paragraph{Text: c.in}), "\n"); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestWrite_Blocks(t *testing.T) {
	t.Parallel()
	item := func(blocks ...doctree.Block) doctree.Item { return doctree.Item{Blocks: blocks} }
	list := func(ordered bool, start int, items ...doctree.Item) doctree.Block {
		return &doctree.List{Ordered: ordered, Start: start, Items: items}
	}
	for name, c := range map[string]struct {
		in   []doctree.Block
		want string
	}{
		"nothing":               {[]doctree.Block{para(" "), &doctree.Heading{Level: 1}, &doctree.Quote{}, &doctree.Alert{Kind: doctree.Note}, &doctree.Code{}, &doctree.Details{}, &doctree.Table{}, &doctree.List{}, &doctree.Raw{Markdown: "\n \n"}, nil}, ""},
		"heading levels":        {[]doctree.Block{&doctree.Heading{Level: 0, Text: text("a\nb #")}, &doctree.Heading{Level: 7, Text: text("# c")}}, "# a b \\#\n\n###### # c\n"},
		"numbers too large":     {[]doctree.Block{list(true, 999_999_999, item(para("a")), item(para("b"))), list(true, -1, item(para("c")))}, "1. a\n2. b\n\n1) c\n"},
		"three lists":           {[]doctree.Block{list(false, 0, item(para("a"))), list(false, 0, item(para("b"))), list(false, 0, item(para("c")))}, "- a\n\n* b\n\n- c\n"},
		"rule first":            {[]doctree.Block{list(false, 0, item(&doctree.Rule{}, para("a")))}, "- ___\n\n  a\n"},
		"number after text":     {[]doctree.Block{list(false, 0, item(para("a"), list(true, 2, item(para("b")))))}, "- a\n\n  2. b\n"},
		"empty first item":      {[]doctree.Block{list(false, 0, item(para("a"), list(false, 0, item(), item(para("b")))))}, "- a\n\n  -\n  - b\n"},
		"task before code":      {[]doctree.Block{&doctree.List{Items: []doctree.Item{{Task: doctree.Done, Blocks: []doctree.Block{&doctree.Code{Text: "c"}}}}}}, "- [x] <!-- -->\n\n  ```\n  c\n  ```\n"},
		"fences":                {[]doctree.Block{&doctree.Code{Language: "A `b`", Text: "````\n\n"}}, "`````a-b\n````\n\n\n`````\n"},
		"alert before a list":   {[]doctree.Block{&doctree.Alert{Kind: doctree.Tip, Blocks: []doctree.Block{list(false, 0, item(para("a")))}}}, "> [!TIP]\n>\n> - a\n"},
		"details":               {[]doctree.Block{&doctree.Details{Summary: " a\n<b> & \"c\"", Blocks: []doctree.Block{para("x")}}}, "<details>\n<summary>a &lt;b&gt; &amp; \"c\"</summary>\n\nx\n\n</details>\n"},
		"comment cannot end":    {[]doctree.Block{&doctree.Comment{Text: "a --> <b>\nc"}}, "<!-- a - -> <b> c -->\n"},
		"raw":                   {[]doctree.Block{&doctree.Raw{Markdown: "\n  a\r\n* b  \n\n"}}, "  a\n* b\n"},
		"merged cells overlap":  {[]doctree.Block{&doctree.Table{Rows: [][]doctree.Cell{{{Rows: 2, Cols: 2, Blocks: []doctree.Block{para("a")}}}, {{Blocks: []doctree.Block{para("b")}}}, {}}}}, "|  |  |  |\n| --- | --- | --- |\n| a | a |  |\n| a | a | b |\n|  |  |  |\n"},
		"list below details":    {[]doctree.Block{list(false, 0, item(para("a"), &doctree.Details{Summary: "s"}, para(""), list(false, 0, item(para("b")))))}, "- a\n\n  <details>\n  <summary>s</summary>\n\n  </details>\n\n  - b\n"},
		"number in a cell list": {[]doctree.Block{&doctree.Table{Header: true, Rows: [][]doctree.Cell{{{Blocks: []doctree.Block{list(true, 3, item(para("a")), item(para("b")))}}}}}}, "| 3. a<br>4. b |\n| --- |\n"},
	} {
		got, err := doctree.Write(c.in)
		if err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestWrite_RefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	wide := strings.Repeat("word ", 2000)
	row := []doctree.Cell{{Cols: 1000, Blocks: []doctree.Block{para(wide)}}}
	_, err := doctree.Write([]doctree.Block{&doctree.Table{Rows: [][]doctree.Cell{row, row, row}}})
	var refused *core.Error
	if !errors.As(err, &refused) || refused.Code != core.CodePayloadTooLarge {
		t.Errorf("got %v, want %s", err, core.CodePayloadTooLarge)
	}
}

func TestCanonical_IsItsOwnCanonicalForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := doctreetest.Tree(doctreetest.Limits{}).Draw(t, "tree")
		markdown, err := doctree.Write(tree)
		if err != nil {
			t.Fatal(err)
		}
		once := doctree.Canonical(markdown)
		if diff := doctreetest.Difference(once, doctree.Canonical(once)); diff != "" {
			t.Fatalf("%s\nmarkdown:\n%s\nonce:\n%s", diff, markdown, once)
		}
	})
}

func TestLosses_CountByKindWhereTheyBegan(t *testing.T) {
	t.Parallel()
	var l doctree.Losses
	l.Add("a")
	l.Below(strings.Repeat("long ", 100))
	l.Add("b")
	l.Add("a")
	got := l.Warnings()
	if len(got) != 2 || got[0] != (doctree.Warning{Kind: "a", Count: 2}) || got[1].Count != 1 || len([]rune(got[1].Where)) != 80 {
		t.Errorf("got %+v", got)
	}
	for i := range 200 {
		l.Add("kind " + strings.Repeat("x", i))
	}
	total := 0
	for _, w := range l.Warnings() {
		total += w.Count
	}
	if len(l.Warnings()) > 51 || total != 203 {
		t.Errorf("%d kinds, %d losses", len(l.Warnings()), total)
	}
}
