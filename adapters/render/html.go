package render

import (
	"bytes"
	"fmt"
	"html/template"
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

// pageTemplate is the whole file. Its policy forbids what the text might smuggle in.
var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html{{if .Language}} lang="{{.Language}}"{{end}} dir="auto">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 system-ui, sans-serif; }
.footnotes, hr ~ p, hr ~ ul { font-size: .875rem; }
table { border-collapse: collapse; } td, th { border: 1px solid; padding: .25rem .5rem; }
pre { overflow-x: auto; }
</style>
</head>
<body>
{{.Body}}</body>
</html>
`))

func (r *Renderer) html(in core.RenderRequest) ([]byte, error) {
	var body, file bytes.Buffer
	if err := r.markdown.Convert([]byte(markdownOf(in)), &body); err != nil {
		return nil, fmt.Errorf("render the summary as HTML: %w", err)
	}
	err := pageTemplate.Execute(&file, map[string]any{
		"Title": sound(in.Title), "Language": in.Summary.Language,
		"Body": template.HTML(r.policy.SanitizeBytes(body.Bytes())), //nolint:gosec // sanitized in this line
	})
	if err != nil {
		return nil, fmt.Errorf("render the page: %w", err)
	}
	return file.Bytes(), nil
}
