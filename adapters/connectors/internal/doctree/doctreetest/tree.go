package doctreetest

import (
	"pgregory.net/rapid"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// Limits leaves out what a format cannot hold.
type Limits struct {
	// NoTasks leaves out tasks, NoAlerts alerts, NoScripts sub- and superscript,
	// NoStarts numbered lists that begin with another number than 1, NoBreaks line
	// breaks.
	NoTasks, NoAlerts, NoScripts, NoStarts, NoBreaks bool
	// Levels is how many levels of headings there are; 0 means 6.
	Levels int
}

// Tree generates documents with text that is hard on writers of Markdown.
func Tree(l Limits) *rapid.Generator[[]doctree.Block] {
	return rapid.Custom(func(t *rapid.T) []doctree.Block { return g{t, l}.blocks(0) })
}

type g struct {
	*rapid.T
	Limits
}

// words are hard on escaping and on delimiters' flanks.
var words = []string{
	"word", "two words", "重点。", "「括号」", "한국어", "é", "👩‍👧", "*", "**", "_", "snake_case", "_a_", "`", "a`b", "~~", "~x~",
	"[x]", "[a](b)", "![c](d)", "<b>", "</i>", "<!-- x -->", "&amp;", "&copy;", "& so", "\\", "\\*", "#", "# h", "-", "- i", "+ i", "1.", "12) x",
	"> q", "---", "===", "|", "a|b", "|--|", ":--", "$", "$5", "!", "http://e.example/?a=1&b=2", "www.e.example", "a@e.example", "(", ")", "\"q\"", "'", ".", ",", "…", "€", "^1",
	"[^1]", "[!NOTE]", "    four", "\ttab", "x  y", "=", "~~~", "```", "***", "</details>",
}

func (g g) one(label string, n int) int { return rapid.IntRange(0, n-1).Draw(g.T, label) }

func (g g) text() string {
	s := words[g.one("word", len(words))]
	for range g.one("more", 3) {
		s += []string{"", " "}[g.one("space", 2)] + words[g.one("word", len(words))]
	}
	return s
}

func (g g) spans() doctree.Spans {
	var s doctree.Spans
	for range 1 + g.one("spans", 4) {
		switch kind := g.one("kind", 12); {
		case kind == 0 && !g.NoBreaks:
			s = append(s, doctree.Span{Kind: doctree.Break})
		case kind == 1:
			s = append(s, doctree.Span{Kind: doctree.Image, Text: "alt " + g.text(), Source: "https://e.example/p(1).png"})
		default:
			s.Add(g.text(), g.marks(), []string{"", "", "", "https://e.example/a_b?x=1&y=2", "https://e.example/(x"}[g.one("link", 5)])
		}
	}
	return s
}

func (g g) marks() doctree.Marks {
	all := []doctree.Marks{0, 0, doctree.Bold, doctree.Italic, doctree.Strike, doctree.Monospace, doctree.Bold | doctree.Italic,
		doctree.Bold | doctree.Monospace, doctree.Sup, doctree.Italic | doctree.Strike}
	m := all[g.one("marks", len(all))]
	if g.NoScripts {
		m &^= doctree.Sup
	}
	return m
}

func (g g) paragraph() doctree.Block { return &doctree.Paragraph{Text: g.spans()} }

func (g g) blocks(depth int) []doctree.Block {
	var out []doctree.Block
	for range 1 + g.one("blocks", 3) {
		out = append(out, g.block(depth))
	}
	return out
}

func (g g) block(depth int) doctree.Block {
	kinds := 10
	if depth > 2 {
		kinds = 5
	}
	switch g.one("block", kinds) {
	case 0:
		levels := g.Levels
		if levels == 0 {
			levels = 6
		}
		return &doctree.Heading{Level: 1 + g.one("level", levels), Text: g.spans()}
	case 1:
		return &doctree.Code{Language: []string{"", "go", "sql"}[g.one("language", 3)], Text: "x" + g.text() + "\n  " + g.text() + "\n\n```\nend"}
	case 2:
		return &doctree.Rule{}
	case 5, 6:
		return g.list(depth)
	case 7:
		return g.table()
	case 8:
		return &doctree.Quote{Blocks: g.blocks(depth + 1)}
	case 9:
		if g.NoAlerts {
			return &doctree.Details{Summary: "sum <m> & " + g.text(), Blocks: g.blocks(depth + 1)}
		}
		kind := []doctree.AlertKind{doctree.Note, doctree.Tip, doctree.Warn, doctree.Caution}[g.one("alert", 4)]
		return &doctree.Alert{Kind: kind, Blocks: append([]doctree.Block{g.paragraph()}, g.blocks(depth+1)...)}
	}
	return g.paragraph()
}

func (g g) list(depth int) doctree.Block {
	l := &doctree.List{Ordered: g.one("ordered", 2) == 1, Start: 1}
	if l.Ordered && !g.NoStarts {
		l.Start = g.one("start", 4)
	}
	tasks := !g.NoTasks && !l.Ordered && g.one("tasks", 3) == 0
	for range 1 + g.one("items", 3) {
		it := doctree.Item{Blocks: []doctree.Block{g.paragraph()}}
		if tasks {
			it.Task = []doctree.Task{doctree.Open, doctree.Done}[g.one("done", 2)]
			it.Blocks = []doctree.Block{&doctree.Paragraph{Text: doctree.Spans{{Text: "task "}}}}
		}
		if g.one("inner", 3) == 0 {
			it.Blocks = append(it.Blocks, g.blocks(depth+1)...)
		}
		l.Items = append(l.Items, it)
	}
	return l
}

func (g g) table() doctree.Block {
	t := &doctree.Table{Header: g.one("header", 2) == 1}
	cols := 1 + g.one("cols", 3)
	for range 2 + g.one("rows", 2) {
		var row []doctree.Cell
		for range cols {
			row = append(row, doctree.Cell{Blocks: []doctree.Block{g.paragraph()}})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
