package extract

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"codeberg.org/readeck/go-readability/v2"
	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/docsctl/docsctl/core"
)

// convertHTML returns the main content of a page as Markdown, or its whole body
// when the page is not one article. A page that is too deep or too large to be
// built as a tree gives its text with paragraphs and nothing else.
func convertHTML(ctx context.Context, s, sourceURL string) (*core.Extracted, error) {
	title, md, err := structured(ctx, s, pageOptions{sourceURL: sourceURL})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		if title, md, err = flatten(ctx, s); err != nil {
			return nil, err
		}
	}
	return &core.Extracted{Title: title, Markdown: md, MediaType: typeHTML}, nil
}

// errTooComplex means that a page is over a bound of this file.
var errTooComplex = errors.New("page too complex for a tree")

// pageOptions says what a page is.
type pageOptions struct {
	sourceURL string // what its links are relative to; may be empty
	whole     bool   // all of it is content, and its relative links lead nowhere
}

// structured builds the page's tree and renders it. A panic of a library on a
// page nobody foresaw becomes an error, so that the page is flattened.
func structured(ctx context.Context, s string, o pageOptions) (title, md string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("convert page: %v", p)
		}
	}()
	if !fitsTree(ctx, s) {
		return "", "", errTooComplex
	}
	doc, err := html.ParseWithOptions(ctxReader{ctx, strings.NewReader(s)}, html.ParseOptionEnableScripting(false))
	if err != nil {
		return "", "", err
	}
	title = pageTitle(doc)
	t := tree{ctx: ctx, base: baseURL(doc, o.sourceURL), alone: o.whole}
	t.clean(doc, level{})
	if ctx.Err() != nil {
		return "", "", ctx.Err()
	}
	if t.work > maxWork || t.scans > maxScans {
		return "", "", errTooComplex
	}
	content := first(doc, atom.Body)
	if !o.whole || content == nil {
		content = mainContent(ctx, doc, t.nodes)
	}
	out, err := newConverter().ConvertNode(content, converter.WithContext(ctx))
	return title, string(out), err
}

// maxArticleNodes bounds the search for the main content, which copies the tree
// and cannot be interrupted: 90,000 nodes of paragraphs take 0.4 s.
const maxArticleNodes = 100000

// minArticleShare is the share of the body's prose that an article must have:
// with less, content was dropped and not only what surrounds it.
const minArticleShare = 0.85

// mainContent returns the page's article or its body.
func mainContent(ctx context.Context, doc *html.Node, nodes int) *html.Node {
	body := first(doc, atom.Body)
	if body == nil {
		body = doc
	}
	parser := readability.NewParser()
	parser.KeepClasses = true // the language of a code block is in its class
	if nodes > maxArticleNodes || ctx.Err() != nil || !parser.CheckDocument(doc) {
		return body
	}
	article, err := parser.ParseDocument(doc, nil)
	if err != nil || article.Node == nil {
		return body
	}
	if float64(proseLen(article.Node)) < minArticleShare*float64(proseLen(body)) {
		return body
	}
	restoreHeading(article.Node, body)
	return article.Node
}

// restoreHeading puts the page's main heading before an article that lost it:
// readability drops the one that repeats the title.
func restoreHeading(article, body *html.Node) {
	h1 := first(body, atom.H1)
	if h1 == nil {
		return
	}
	text := innerText(h1)
	for n := range article.Descendants() {
		if n.DataAtom == atom.H1 || n.DataAtom == atom.H2 {
			if innerText(n) == text {
				return
			}
		}
	}
	h1.Parent.RemoveChild(h1)
	article.InsertBefore(h1, article.FirstChild)
}

// pageTitle returns the title element's text, or og:title, or the first h1.
func pageTitle(doc *html.Node) string {
	var og, h1 string
	for n := range doc.Descendants() {
		switch {
		case n.Type != html.ElementNode || n.Namespace != "": // an SVG has titles, too
		case n.DataAtom == atom.Title:
			if t := innerText(n); t != "" {
				return t
			}
		case n.DataAtom == atom.Meta && og == "" && attr(n, "property") == "og:title":
			og = strings.TrimSpace(attr(n, "content"))
		case n.DataAtom == atom.H1 && h1 == "":
			h1 = innerText(n)
		}
	}
	if og != "" {
		return og
	}
	return h1
}

// baseURL is what relative links refer to, or nil when that is not known.
func baseURL(doc *html.Node, sourceURL string) *url.URL {
	source, err := url.Parse(sourceURL)
	if err != nil || source.Host == "" {
		source = nil
	}
	b := first(doc, atom.Base)
	if b == nil {
		return source
	}
	href, err := url.Parse(strings.TrimSpace(attr(b, "href")))
	switch {
	case err != nil:
		return source
	case source != nil:
		return source.ResolveReference(href)
	case href.Host != "":
		return href
	}
	return nil
}

// newConverter returns a converter whose output keeps < and > as they are where
// Markdown lets them. The converter itself writes entities, which readers and
// citations would see.
func newConverter() *converter.Converter {
	c := converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(),
		commonmark.NewCommonmarkPlugin(commonmark.WithListEndComment(false)),
		strikethrough.NewStrikethroughPlugin(),
		// Aligned cells would make a table of one long cell many times its size.
		table.NewTablePlugin(table.WithCellPaddingBehavior(table.CellPaddingBehaviorMinimal)),
	))
	c.Register.Renderer(func(ctx converter.Context, _ converter.Writer, _ *html.Node) converter.RenderStatus {
		if ctx.Err() != nil {
			return converter.RenderSuccess // the rest is skipped; the caller sees ctx's end
		}
		return converter.RenderTryNext
	}, converter.PriorityEarly)
	c.Register.TextTransformer(func(_ converter.Context, s string) string {
		return hideAngles.Replace(s)
	}, converter.PriorityEarly)
	c.Register.PostRenderer(func(_ converter.Context, md []byte) []byte {
		return []byte(showAngles(string(md)))
	}, converter.PriorityLate)
	return c
}

// Stand-ins for < and > between the converter's steps: code points that Unicode
// reserves for such use and that no text has.
const (
	lessMark    = '\ufdd0'
	greaterMark = '\ufdd1'
)

var hideAngles = strings.NewReplacer("<", string(lessMark), ">", string(greaterMark))

// showAngles puts < and > back, escaped where they would begin a tag or a quote.
func showAngles(s string) string {
	if !strings.ContainsAny(s, string([]rune{lessMark, greaterMark})) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	lineStart := true
	for i, r := range s {
		switch r {
		case lessMark:
			if next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):]); beginsTag(next) {
				b.WriteByte('\\')
			}
			b.WriteByte('<')
		case greaterMark:
			if lineStart {
				b.WriteByte('\\')
			}
			b.WriteByte('>')
		default:
			b.WriteRune(r)
		}
		lineStart = r == '\n' || lineStart && (r == ' ' || r == '>')
	}
	return b.String()
}

func beginsTag(r rune) bool {
	return r == '/' || r == '!' || r == '?' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
