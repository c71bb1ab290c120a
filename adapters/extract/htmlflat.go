package extract

import (
	"context"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// flatten returns the text of a page from its tokens, without building a tree:
// its time and memory grow with the page's size and not with its depth.
func flatten(ctx context.Context, s string) (title, text string, err error) {
	f := flat{skip: map[atom.Atom]int{}}
	z := html.NewTokenizer(ctxReader{ctx, strings.NewReader(s)})
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return "", "", err
			}
			return shortTitle(f.title.String()), strings.TrimSpace(f.text.String()), nil
		case html.TextToken:
			f.write(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			f.start(atom.Lookup(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			f.end(atom.Lookup(name))
		}
	}
}

type flat struct {
	title, text strings.Builder
	inTitle     bool
	skip        map[atom.Atom]int // open elements whose text is not shown
	skipping    int
	gap         string // what parts the next word from the last: "", " ", "\n" or "\n\n"
}

// write adds words, with the white space between them made one.
func (f *flat) write(text []byte) {
	if f.skipping > 0 {
		return
	}
	s := html.UnescapeString(string(text))
	if f.inTitle {
		f.title.WriteString(s)
		return
	}
	if strings.TrimLeft(s, " \t\n\r\f") != s {
		f.part(" ")
	}
	for i, word := range strings.Fields(s) {
		if i > 0 {
			f.part(" ")
		}
		if f.text.Len() > 0 {
			f.text.WriteString(f.gap)
		}
		f.gap = ""
		f.text.WriteString(word)
	}
	if strings.TrimRight(s, " \t\n\r\f") != s {
		f.part(" ")
	}
}

// part widens the gap before the next word.
func (f *flat) part(gap string) {
	if len(gap) > len(f.gap) || gap == "\n" && f.gap == " " {
		f.gap = gap
	}
}

func (f *flat) start(a atom.Atom) {
	switch {
	case a == atom.Title && f.text.Len() == 0:
		f.inTitle = true
	case isUnshown(a):
		f.skip[a]++
		f.skipping++
	case a == atom.Br:
		f.part("\n")
	case !isInline(a):
		f.part("\n\n")
	}
}

func (f *flat) end(a atom.Atom) {
	switch {
	case a == atom.Title:
		f.inTitle = false
	case isUnshown(a):
		if f.skip[a] > 0 {
			f.skip[a]--
			f.skipping--
		}
	case !isInline(a):
		f.part("\n\n")
	}
}

// isUnshown is for elements whose text the tokenizer takes whole, so that even a
// broken page ends them, and for those that must be closed.
func isUnshown(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Iframe, atom.Textarea, atom.Template, atom.Svg:
		return true
	}
	return false
}

func isInline(a atom.Atom) bool {
	switch a {
	case atom.Span, atom.Abbr, atom.Cite, atom.Q, atom.Sub, atom.Sup, atom.Kbd, atom.Var, atom.Samp,
		atom.Mark, atom.Ins, atom.Del, atom.Img, atom.Wbr, atom.Time, atom.Label:
		return true
	}
	return isFormatting(a)
}
