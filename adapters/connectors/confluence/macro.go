package confluence

import (
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/markup"
)

// macro reads a macro. What is known of it decides; of an unknown one its content
// is kept, or a comment.
func (r *storageReader) macro(f *doctree.Flow, n *markup.Node, at markup.Place) {
	m := macro{Node: n, key: strings.ToLower(n.Attr("ac:name"))}
	switch {
	case navigation[m.key]:
	case r.inlineMacro(f, m, at):
	case blockMacro(f, m, func() []doctree.Block { return r.Blocks(m.Child("ac:rich-text-body")) }):
	case containers[m.key]:
		r.Content(f, m.Child("ac:rich-text-body"), at)
	default:
		r.unknownMacro(f, m, at)
	}
}

// macro is a macro with its parameters and body.
type macro struct {
	*markup.Node
	key string // its name in lower case
}

// param returns a parameter's element.
func (m macro) paramNode(name string) *markup.Node {
	for _, c := range m.Children {
		if (c.Name == "ac:parameter" || c.Name == "ac:default-parameter") && c.Attr("ac:name") == name {
			return c
		}
	}
	return nil
}

func (m macro) param(name string) string { return strings.TrimSpace(m.paramNode(name).Inner()) }

// body returns a plain body, to the character.
func (m macro) body() string { return m.Child("ac:plain-text-body").Inner() }

// navigation are macros that say nothing themselves: they list or lead.
var navigation = set("toc", "toc-macro", "children", "pagetree", "pagetreesearch", "recently-updated", "recently-updated-dashboard",
	"contentbylabel", "livesearch", "search", "anchor", "attachments", "gallery", "listlabels", "related-labels",
	"popular-labels", "recently-used-labels", "blog-posts", "contributors", "contributors-summary", "change-history",
	"index", "detailssummary", "navmap", "space-attachments", "spaces", "global-reports", "favpages",
	"create-space-button", "create-from-template", "content-report-table", "tasks-report-macro", "network", "page-tree")

// containers are macros of which only the content counts.
var containers = set("excerpt", "details", "section", "column", "toc-zone", "multiexcerpt", "multiexcerpt-macro", "shared-block")

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, n := range names {
		s[n] = true
	}
	return s
}

// inlineMacro reads a macro that may stand within a line, and reports whether it is one.
func (r *storageReader) inlineMacro(f *doctree.Flow, m macro, at markup.Place) bool {
	switch m.key {
	case "status":
		f.Text(m.param("title"), at.Marks|doctree.Bold, at.Link)
	case "jira", "jiraissues":
		key := m.param("key")
		if key == "" {
			return false
		}
		f.Text(key, at.Marks, at.Link)
	case "eazy-math-inline", "easy-math-inline", "mathinline":
		f.Inline(doctree.Span{Kind: doctree.Math, Text: m.formula()})
	case "profile":
		f.Text(r.profile(m), at.Marks, at.Link)
	default:
		return r.lineMacro(f, m, at)
	}
	return true
}

// lineMacro reads a macro that is a line of its own unless it stands in a paragraph.
func (r *storageReader) lineMacro(f *doctree.Flow, m macro, at markup.Place) bool {
	spans := m.line()
	if len(spans) == 0 {
		return false
	}
	if !at.Paragraph {
		f.EndLine()
		defer f.EndLine()
	}
	f.Inline(spans...)
	return true
}

// line returns the one link, picture or remark that a macro is; none if it is another.
func (m macro) line() doctree.Spans {
	switch m.key {
	case "include", "excerpt-include", "include-shared-block":
		return doctree.Spans{{Text: "(included page: " + doctree.Clean(m.includedTitle()) + ")", Marks: doctree.Italic}}
	case "drawio", "gliffy", "inc-drawio":
		name := or(m.param("diagramName"), m.param("name"), m.param("diagramDisplayName"))
		return doctree.Spans{{Kind: doctree.Image, Text: name, Source: attachment(name + ".png")}}
	case "view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "multimedia":
		name := or(m.paramNode("name").Find("ri:attachment").Attr("ri:filename"), m.param("name"), m.Find("ri:attachment").Attr("ri:filename"))
		return doctree.Spans{{Text: doctree.Clean(name), Link: attachment(name)}}
	case "widget", "iframe":
		url := or(m.paramNode("url").Find("ri:url").Attr("ri:value"), m.param("url"), m.param("src"))
		return doctree.Spans{{Text: url, Link: url}}
	}
	return nil
}

// includedTitle returns the title of the page that an include names.
func (m macro) includedTitle() string {
	if title := m.Find("ri:page", "ri:blog-post").Attr("ri:content-title"); title != "" {
		return title
	}
	return or(m.param(""), m.param("page"), m.param("pageTitle"))
}

func (m macro) formula() string {
	return strings.TrimSpace(or(m.body(), m.param("body"), m.param("equation"), m.param("formula"), m.param("")))
}

func (r *storageReader) profile(m macro) string {
	if user := m.Find("ri:user"); user != nil {
		return r.mention(user)
	}
	return "@" + or(m.param("user"), "user")
}

// unknownMacro keeps what can be read of a macro that is not known.
func (r *storageReader) unknownMacro(f *doctree.Flow, m macro, at markup.Place) {
	kind := "confluence:macro " + or(m.key, "without name")
	r.Losses.Add(kind)
	rich := m.Child("ac:rich-text-body")
	switch {
	case rich != nil && r.says(rich):
		r.Content(f, rich, at)
	case doctree.TrimCode(m.body()) != "":
		f.Block(&doctree.Code{Text: doctree.TrimCode(m.body())})
	default:
		f.Block(&doctree.Comment{Text: kind})
	}
}
