package render

import (
	"bytes"
	"fmt"
	"html"
	"regexp"

	"github.com/microcosm-cc/bluemonday"

	"github.com/docsctl/docsctl/core"
)

// newPolicy lets through what Markdown makes and nothing that loads or runs: no
// images, no styles, no scripts.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "li", "blockquote", "pre", "code", "em", "strong", "del",
		"table", "thead", "tbody", "tr", "th", "td", "sup", "div", "section")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowElements("ol")
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^fn(ref\d*)?:\d+$`)).OnElements("sup", "li", "a")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^footnote(s|-ref|-backref)$`)).OnElements("a", "div", "section")
	p.AllowAttrs("href").Matching(regexp.MustCompile(`^(https?://|mailto:|#fn(ref\d*)?:\d+$)`)).OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true) // footnotes point into the file
	p.RequireNoReferrerOnLinks(true)
	return p
}

// The whole file around a title and a body. Its policy forbids what the text might
// smuggle in. It is no html/template: that calls methods by their names, and a program
// in which anything does cannot leave out the methods that nobody calls, which makes
// docsctl a quarter larger.
const (
	pageHead = `
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>`
	pageBody = `</title>
<style>
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 system-ui, sans-serif; }
.footnotes, hr ~ p, hr ~ ul { font-size: .875rem; }
table { border-collapse: collapse; } td, th { border: 1px solid; padding: .25rem .5rem; }
pre { overflow-x: auto; }
</style>
</head>
<body>
`
	pageEnd = `</body>
</html>
`
)

func (r *Renderer) html(in core.RenderRequest) ([]byte, error) {
	var body, file bytes.Buffer
	if err := r.markdown.Convert([]byte(markdownOf(in)), &body); err != nil {
		return nil, fmt.Errorf("render the summary as HTML: %w", err)
	}
	file.WriteString("<!doctype html>\n<html")
	if in.Summary.Language != "" {
		file.WriteString(` lang="` + html.EscapeString(in.Summary.Language) + `"`)
	}
	file.WriteString(` dir="auto">` + pageHead + html.EscapeString(sound(in.Title)) + pageBody)
	file.Write(r.policy.SanitizeBytes(body.Bytes()))
	file.WriteString(pageEnd)
	return file.Bytes(), nil
}
