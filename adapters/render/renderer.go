package render

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"

	"github.com/docsctl/docsctl/core"
)

var _ core.Renderer = (*Renderer)(nil)

// Renderer is a core.Renderer. It may be used concurrently.
type Renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
}

// New returns a Renderer.
func New() *Renderer {
	return &Renderer{markdown: newMarkdown(), policy: newPolicy()}
}

// newMarkdown reads what models write, and footnotes. HTML in it is text: it is
// shown and not obeyed.
func newMarkdown() goldmark.Markdown {
	md := goldmark.New(goldmark.WithParser(parser.NewParser(
		parser.WithBlockParsers(without(parser.DefaultBlockParsers(), parser.NewHTMLBlockParser())...),
		parser.WithInlineParsers(without(parser.DefaultInlineParsers(), parser.NewRawHTMLParser())...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
	)))
	for _, e := range []goldmark.Extender{extension.Table, extension.Strikethrough, extension.Footnote} {
		e.Extend(md)
	}
	md.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(imageText{}, 100)))
	return md
}

// without leaves out the parser of the same type as not.
func without(all []util.PrioritizedValue, not any) []util.PrioritizedValue {
	return slices.DeleteFunc(all, func(v util.PrioritizedValue) bool { return reflect.TypeOf(v.Value) == reflect.TypeOf(not) })
}

// Render implements core.Renderer.
func (r *Renderer) Render(ctx context.Context, in core.RenderRequest, f core.ExportFormat) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch f {
	case core.ExportMarkdown:
		return []byte(withoutImages(markdownOf(in))), nil
	case core.ExportHTML:
		return r.html(in)
	case core.ExportDocx:
		return r.docx(in)
	case core.ExportJSON:
		return jsonOf(in)
	}
	return nil, core.Invalid("format", "enum", "format must be one of md, html, docx, json")
}

// sound drops what no file format can hold: control characters and broken UTF-8.
func sound(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
