package render

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// imageText shows images in HTML by their alternative text.
type imageText struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (imageText) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindImage, func(util.BufWriter, []byte, ast.Node, bool) (ast.WalkStatus, error) { return ast.WalkContinue, nil })
}

// withoutImages makes links of the images in Markdown: nothing is loaded where the
// file is opened, and what the image shows is still told. Code stays as it is.
func withoutImages(s string) string {
	if !strings.Contains(s, "![") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		end := i + 1
		switch {
		case s[i] == '`':
			end = codeEnd(s, i)
		case s[i] == '\\' && end < len(s):
			end++
		case strings.HasPrefix(s[i:], "![]"):
			b.WriteString("[image")
			i, end = i+2, i+3
		case strings.HasPrefix(s[i:], "![^"): // a footnote behind an exclamation
		case strings.HasPrefix(s[i:], "!["):
			i, end = i+1, i+2
		}
		b.WriteString(s[i:end])
		i = end
	}
	return b.String()
}

// codeEnd returns where the code ends that the backticks at s[at:] begin, or the
// backticks when nothing closes them.
func codeEnd(s string, at int) int {
	ticks := func(from int) int {
		n := from
		for n < len(s) && s[n] == '`' {
			n++
		}
		return n
	}
	open := ticks(at)
	for i := open; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		end := ticks(i)
		if end-i == open-at {
			return end
		}
		i = end - 1
	}
	return open
}
