package notion

import (
	"regexp"
	"slices"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// What Notion takes.
const (
	maxText  = 2000 // UTF-16 units in one item of a rich text
	maxItems = 100  // items in a rich text
	maxURL   = 2000 // UTF-16 units in a link
)

// richTexts makes rich texts of running text, one or more of at most maxItems items.
func richTexts(text doctree.Spans) [][]any { return grouped(richItems(text)) }

// exactTexts does the same for text that is kept to the character.
func exactTexts(text string) [][]any {
	var items []any
	for _, part := range cut(text, maxText) {
		items = append(items, textItem(part, doctree.Span{}))
	}
	return grouped(items)
}

func grouped(items []any) [][]any {
	var out [][]any
	for len(items) > maxItems {
		out = append(out, items[:maxItems])
		items = items[maxItems:]
	}
	return append(out, items)
}

// oneRichText makes one rich text: where there is room for one only, text that has
// more pieces loses its marks, not its words.
func oneRichText(text doctree.Spans) []any {
	if parts := richTexts(text); len(parts) == 1 {
		return parts[0]
	}
	return richTexts(doctree.Spans{{Text: text.Plain()}})[0]
}

func richItems(text doctree.Spans) []any {
	items := []any{}
	for _, s := range joined(holdable(text).Tidy()) {
		if s.Kind == doctree.Math && length(s.Text) <= maxExpression {
			items = append(items, map[string]any{"type": "equation", "equation": map[string]any{"expression": s.Text}})
			continue
		}
		for _, part := range cut(s.Text, maxText) {
			items = append(items, textItem(part, s))
		}
	}
	return items
}

// holdable returns what Notion has items for: no marks, links and comments that it
// does not know, pictures as their text.
func holdable(spans doctree.Spans) doctree.Spans {
	var out doctree.Spans
	for _, s := range spans {
		switch s.Kind {
		case doctree.Hidden:
			continue
		case doctree.Image:
			s = doctree.Span{Text: s.Text, Link: s.Link}
		case doctree.Text, doctree.Break, doctree.Math:
		}
		s.Marks &^= doctree.Sub | doctree.Sup
		if !linkable.MatchString(s.Link) || length(s.Link) > maxURL {
			s.Link = ""
		}
		out = append(out, s)
	}
	return out
}

// joined makes text of line breaks, and one span of text that is marked alike.
func joined(spans doctree.Spans) doctree.Spans {
	var out doctree.Spans
	for _, s := range spans {
		if s.Kind == doctree.Break {
			s.Kind, s.Text = doctree.Text, "\n"
		}
		if n := len(out); n > 0 && s.Kind == doctree.Text && out[n-1].Kind == doctree.Text && out[n-1].Marks == s.Marks && out[n-1].Link == s.Link {
			out[n-1].Text += s.Text
			continue
		}
		out = append(out, s)
	}
	return out
}

// linkable is what Notion takes as a link.
var linkable = regexp.MustCompile(`(?i)^(https?://|mailto:)[^\s]+$`)

func textItem(text string, s doctree.Span) map[string]any {
	body := map[string]any{"content": text}
	if s.Link != "" {
		body["link"] = map[string]any{"url": s.Link}
	}
	item := map[string]any{"type": "text", "text": body}
	annotations := map[string]any{}
	for name, mark := range map[string]doctree.Marks{
		"bold": doctree.Bold, "italic": doctree.Italic, "strikethrough": doctree.Strike, "code": doctree.Monospace,
	} {
		if s.Marks&mark != 0 {
			annotations[name] = true
		}
	}
	if len(annotations) > 0 {
		item["annotations"] = annotations
	}
	return item
}

// length counts UTF-16 units, which is how Notion counts characters.
func length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// cut cuts text into pieces of at most n units, after a space where there is one in
// the last tenth, and never within a character.
func cut(text string, n int) []string {
	var pieces []string
	for length(text) > n {
		end, size, space := 0, 0, 0
		for i, r := range text {
			w := 1
			if r > 0xffff {
				w = 2
			}
			if size+w > n {
				end = i
				break
			}
			size += w
			if r == ' ' && size > n-n/10 {
				space = i + 1
			}
		}
		if space > 0 {
			end = space
		}
		pieces = append(pieces, text[:end])
		text = text[end:]
	}
	return append(pieces, text)
}

// notionLanguages are the languages that Notion knows, by its own names.
var notionLanguages = strings.Fields(`abap abc agda arduino assembly bash basic bnf c clojure coffeescript coq css dart
	dhall diff docker ebnf elixir elm erlang flow fortran gherkin glsl go graphql groovy haskell hcl html idris java
	javascript json julia kotlin latex less lisp livescript lua makefile markdown markup mathematica matlab mermaid nix
	ocaml pascal perl php powershell prolog protobuf purescript python r racket reason ruby rust sass scala scheme scss
	shell smalltalk solidity sql swift toml typescript verilog vhdl webassembly xml yaml`)

// aliases are other names that Markdown has for them.
var aliases = map[string]string{
	"sh": "shell", "js": "javascript", "ts": "typescript", "py": "python", "yml": "yaml", "golang": "go",
	"cpp": "c++", "csharp": "c#", "fsharp": "f#", "vbnet": "vb.net", "vb": "visual basic", "objectivec": "objective-c",
	"llvm": "llvm ir", "c++": "c++", "c#": "c#", "f#": "f#", "objective-c": "objective-c", "vb.net": "vb.net",
	"rs": "rust", "rb": "ruby", "dockerfile": "docker", "tex": "latex", "md": "markdown", "proto": "protobuf", "wasm": "webassembly",
}

// notionLanguage returns Notion's name of a fence's language.
func notionLanguage(fence string) string {
	fence = strings.ToLower(fence)
	if name, ok := aliases[fence]; ok {
		return name
	}
	if slices.Contains(notionLanguages, fence) {
		return fence
	}
	return "plain text"
}
