package doctree

import (
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

var (
	detailsOpen = regexp.MustCompile(`(?i)^\s*<details[^>]*>`)
	detailsEnd  = regexp.MustCompile(`(?i)^\s*</details>`)
	summaryText = regexp.MustCompile(`(?is)<summary[^>]*>(.*?)</summary>`)
	anyTag      = regexp.MustCompile(`(?is)<!--.*?-->|<script.*?</script>|<style.*?</style>|<[^>]*>`)
)

// html reads a block of HTML, and for details all blocks up to their end. It
// returns the node to go on with.
func (p *parser) html(n *ast.HTMLBlock, depth int) ([]Block, ast.Node) {
	raw := p.htmlText(n)
	next := n.NextSibling()
	if note, ok := commentText(raw); ok {
		if note == "" {
			return nil, next
		}
		return []Block{&Comment{Text: note}}, next
	}
	if !detailsOpen.MatchString(raw) {
		return paragraphOf(plainHTML(raw)), next
	}
	d := &Details{}
	if m := summaryText.FindStringSubmatch(raw); m != nil {
		d.Summary = squeeze(strings.TrimSpace(plainHTML(m[1])))
		raw = strings.Replace(raw, m[0], "", 1)
	}
	ended := strings.Contains(strings.ToLower(raw), "</details>")
	d.Blocks = paragraphOf(plainHTML(raw))
	for next != nil && !ended {
		h, ok := next.(*ast.HTMLBlock)
		if ok && detailsEnd.MatchString(p.htmlText(h)) {
			return []Block{d}, next.NextSibling()
		}
		var blocks []Block
		if ok {
			blocks, next = p.html(h, depth+1)
		} else {
			blocks, next = p.block(next, depth+1), next.NextSibling()
		}
		d.Blocks = append(d.Blocks, blocks...)
	}
	return []Block{d}, next
}

func (p *parser) htmlText(n *ast.HTMLBlock) string {
	text := p.lines(n)
	if n.HasClosure() {
		text += "\n" + string(n.ClosureLine.Value(p.source))
	}
	return text
}

// plainHTML returns what a reader of HTML sees, roughly: it is a model's, and only
// its words are wanted.
func plainHTML(s string) string {
	return strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(s, " ")))
}
