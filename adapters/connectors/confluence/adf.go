package confluence

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/markup"
)

// adfNode is a node of the Atlassian document format.
type adfNode struct {
	Type    string    `json:"type"`
	Text    string    `json:"text"`
	Attrs   adfAttrs  `json:"attrs"`
	Marks   []adfMark `json:"marks"`
	Content []adfNode `json:"content"`
}

type adfMark struct {
	Type  string `json:"type"`
	Attrs struct {
		Href string `json:"href"`
		Type string `json:"type"`
	} `json:"attrs"`
}

// adfAttrs are the attributes of all nodes.
type adfAttrs struct {
	Level        int             `json:"level"`
	Order        *int            `json:"order"`
	Language     string          `json:"language"`
	PanelType    string          `json:"panelType"`
	Title        string          `json:"title"`
	State        string          `json:"state"`
	URL          string          `json:"url"`
	Text         string          `json:"text"`
	ShortName    string          `json:"shortName"`
	Timestamp    json.RawMessage `json:"timestamp"`
	Type         string          `json:"type"`
	ID           string          `json:"id"`
	Alt          string          `json:"alt"`
	Colspan      int             `json:"colspan"`
	Rowspan      int             `json:"rowspan"`
	ExtensionKey string          `json:"extensionKey"`
	Parameters   struct {
		MacroParams map[string]struct {
			Value json.RawMessage `json:"value"`
		} `json:"macroParams"`
	} `json:"parameters"`
	Data struct {
		URL string `json:"url"`
	} `json:"data"`
}

// adfReader reads one document.
type adfReader struct {
	storage *storageReader // for macros, which mean the same in both formats
	depth   int
}

func (r *adfReader) blocks(nodes []adfNode) []doctree.Block {
	var f doctree.Flow
	r.content(&f, nodes, false)
	return f.Blocks()
}

// content reads nodes; inline says whether they stand in a paragraph. Beyond the
// depth that Markdown can hold only the text is read.
func (r *adfReader) content(f *doctree.Flow, nodes []adfNode, inline bool) {
	r.depth++
	defer func() { r.depth-- }()
	for _, n := range nodes {
		if r.depth > doctree.MaxDepth {
			r.storage.Losses.Add("confluence:nested too deep")
			f.Text(n.inner(), 0, "")
			continue
		}
		r.node(f, n, inline)
	}
}

// inner returns the text below a node.
func (n adfNode) inner() string {
	var b strings.Builder
	b.WriteString(n.Text)
	if n.Type == "hardBreak" {
		b.WriteByte('\n')
	}
	for _, c := range n.Content {
		b.WriteString(c.inner())
	}
	return b.String()
}

func (r *adfReader) node(f *doctree.Flow, n adfNode, inline bool) {
	switch n.Type {
	case "paragraph":
		f.EndLine()
		r.content(f, n.Content, true)
		f.EndLine()
	case "heading":
		title, rest := doctree.Title(r.blocks(n.Content))
		r.storage.Losses.Below(title.Plain())
		f.Block(&doctree.Heading{Level: n.Attrs.Level, Text: title})
		f.Block(rest...)
	case "bulletList", "orderedList", "taskList", "decisionList":
		f.Block(r.list(n))
	case "codeBlock":
		f.Block(&doctree.Code{Language: codeLanguage(n.Attrs.Language), Text: doctree.TrimCode(n.inner())})
	case "blockquote":
		f.Block(&doctree.Quote{Blocks: r.blocks(n.Content)})
	case "rule":
		f.Block(&doctree.Rule{})
	case "panel":
		f.Block(panel(n.Attrs.PanelType, r.blocks(n.Content)))
	case "expand", "nestedExpand":
		f.Block(&doctree.Details{Summary: or(n.Attrs.Title, "Click here to expand..."), Blocks: r.blocks(n.Content)})
	case "table":
		f.Block(r.table(n))
	case "mediaSingle", "mediaGroup":
		f.EndLine()
		r.media(f, n)
		f.EndLine()
	case "blockCard", "embedCard":
		f.EndLine()
		r.inline(f, n)
		f.EndLine()
	case "extension", "inlineExtension", "bodiedExtension", "multiBodiedExtension":
		r.extension(f, n, inline || n.Type == "inlineExtension")
	case "layoutSection", "layoutColumn", "doc":
		f.EndLine()
		r.content(f, n.Content, false)
		f.EndLine()
	default:
		if !r.inline(f, n) {
			r.unknown(f, n, inline)
		}
	}
}

// unknown reads the content of a node that is not known.
func (r *adfReader) unknown(f *doctree.Flow, n adfNode, inline bool) {
	if strings.TrimSpace(n.inner()) == "" {
		r.storage.Losses.Add("confluence:node " + or(n.Type, "without type"))
	}
	r.content(f, n.Content, inline)
}

// list reads a list of any kind. A list that stands directly in it belongs to the
// item before.
func (r *adfReader) list(n adfNode) doctree.Block {
	l := &doctree.List{Ordered: n.Type == "orderedList", Start: 1}
	if n.Attrs.Order != nil {
		l.Start = *n.Attrs.Order
	}
	for _, c := range n.Content {
		switch c.Type {
		case "listItem", "decisionItem":
			l.Items = append(l.Items, doctree.Item{Blocks: r.blocks(c.Content)})
		case "taskItem", "blockTaskItem":
			task := doctree.Open
			if c.Attrs.State == "DONE" {
				task = doctree.Done
			}
			l.Items = append(l.Items, doctree.Item{Task: task, Blocks: r.blocks(c.Content)})
		default:
			l.AddInner(r.blocks([]adfNode{c})...)
		}
	}
	return l
}

func (r *adfReader) table(n adfNode) doctree.Block {
	t := &doctree.Table{}
	for _, tr := range n.Content {
		if tr.Type != "tableRow" {
			continue
		}
		var row []doctree.Cell
		for _, c := range tr.Content {
			row = append(row, doctree.Cell{
				Header: c.Type == "tableHeader", Cols: c.Attrs.Colspan, Rows: c.Attrs.Rowspan, Blocks: r.blocks(c.Content),
			})
		}
		t.Rows = append(t.Rows, row)
	}
	t.Header = t.HeaderRow()
	return t
}

// inline reads a node that stands in running text, and reports whether it is one.
func (r *adfReader) inline(f *doctree.Flow, n adfNode) bool {
	marks, link := n.marks()
	switch n.Type {
	case "text":
		f.Inline(textSpans(n.Text, marks, link)...)
	case "hardBreak":
		f.Inline(doctree.Span{Kind: doctree.Break})
	case "inlineCard", "blockCard", "embedCard":
		url := or(n.Attrs.URL, n.Attrs.Data.URL)
		f.Inline(doctree.Span{Text: url, Link: url, Marks: marks})
	case "mention":
		f.Text("@"+or(strings.TrimPrefix(n.Attrs.Text, "@"), "user"), marks, link)
	case "emoji":
		f.Text(or(n.Attrs.Text, n.Attrs.ShortName), marks, link)
	case "date":
		f.Text(n.Attrs.date(), marks, link)
	case "status":
		f.Text(n.Attrs.Text, marks|doctree.Bold, link)
	case "media":
		f.Inline(picture(n, link))
	case "mediaInline":
		f.Inline(doctree.Span{Text: or(n.Attrs.Alt, n.Attrs.ID), Link: attachment(n.Attrs.ID)})
	case "placeholder":
	default:
		return false
	}
	return true
}

// textSpans keeps the line breaks of text: ADF has none that mean a space.
func textSpans(text string, marks doctree.Marks, link string) doctree.Spans {
	var s doctree.Spans
	s.Add(text, marks, link)
	return s
}

func (n adfNode) marks() (marks doctree.Marks, link string) {
	for _, m := range n.Marks {
		switch m.Type {
		case "strong":
			marks |= doctree.Bold
		case "em":
			marks |= doctree.Italic
		case "strike":
			marks |= doctree.Strike
		case "code":
			marks |= doctree.Monospace
		case "subsup":
			marks |= map[string]doctree.Marks{"sub": doctree.Sub, "sup": doctree.Sup}[m.Attrs.Type]
		case "link":
			link = m.Attrs.Href
		}
	}
	return marks, link
}

// date returns the day of a time in milliseconds, text or number, in UTC.
func (a adfAttrs) date() string {
	ms, err := strconv.ParseInt(strings.Trim(string(a.Timestamp), `"`), 10, 64)
	if err != nil {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(time.DateOnly)
}

// media reads pictures and their caption.
func (r *adfReader) media(f *doctree.Flow, n adfNode) {
	_, outer := n.marks()
	for i, c := range n.Content {
		if c.Type != "media" {
			continue
		}
		if i > 0 {
			f.Text(" ", 0, "")
		}
		_, link := c.marks()
		f.Inline(picture(c, or(link, outer)))
	}
	for _, c := range n.Content {
		if c.Type != "caption" {
			continue
		}
		if caption, _ := doctree.Title(r.blocks(c.Content)); caption.Visible() {
			f.Inline(doctree.Span{Kind: doctree.Break})
			f.Inline(caption.With(doctree.Italic)...)
		}
	}
}

func picture(n adfNode, link string) doctree.Span {
	source := n.Attrs.URL
	if n.Attrs.Type != "external" || source == "" {
		source = attachment(n.Attrs.ID)
	}
	return doctree.Span{Kind: doctree.Image, Text: n.Attrs.Alt, Source: source, Link: link}
}

// extension reads a macro by its key, which is the macro's name.
func (r *adfReader) extension(f *doctree.Flow, n adfNode, inline bool) {
	m := n.macro()
	inner := func() []doctree.Block { return r.blocks(n.Content) }
	switch {
	case navigation[m.key]:
	case r.storage.inlineMacro(f, m, markup.Place{Paragraph: inline}):
	case blockMacro(f, m, inner):
	case containers[m.key]:
		r.content(f, n.Content, inline)
	case strings.TrimSpace(n.inner()) != "":
		r.storage.Losses.Add("confluence:macro " + m.key)
		r.content(f, n.Content, inline)
	default:
		r.storage.unknownMacro(f, m, markup.Place{})
	}
}

// macro returns an extension as the element that storage format has for it.
func (n adfNode) macro() macro {
	m := macro{Node: &markup.Node{Name: "ac:structured-macro"}, key: strings.ToLower(n.Attrs.ExtensionKey)}
	body := n.Attrs.Text
	for name, p := range n.Attrs.Parameters.MacroParams {
		var value string
		if json.Unmarshal(p.Value, &value) != nil {
			continue
		}
		if name == "__bodyContent" {
			body = value
			continue
		}
		m.Children = append(m.Children, &markup.Node{
			Name: "ac:parameter", Attrs: map[string]string{"ac:name": name}, Children: []*markup.Node{{Text: value}},
		})
	}
	if body != "" {
		m.Children = append(m.Children, &markup.Node{Name: "ac:plain-text-body", Children: []*markup.Node{{Text: body}}})
	}
	return m
}
