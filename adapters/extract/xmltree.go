package extract

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/net/html/charset"

	"github.com/docsctl/docsctl/core"
)

// maxPart bounds a part of which the whole tree is built.
const maxPart = 64 << 20

// node is an element with its children, or a text, which has no name. Prefixes
// are dropped: the local names of a format do not collide where they are read.
type node struct {
	name string
	attr []xml.Attr
	kids []*node
	text string
}

// get returns an attribute by its local name, or "".
func (n *node) get(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// at returns the first element on the path of names below n, or nil.
func (n *node) at(names ...string) *node {
	for _, name := range names {
		if n = n.child(name); n == nil {
			return nil
		}
	}
	return n
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// all returns the children of one name.
func (n *node) all(name string) []*node {
	if n == nil {
		return nil
	}
	var out []*node
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

// find returns the first element of a name below n, in the order of the file.
func (n *node) find(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
		if d := k.find(name); d != nil {
			return d
		}
	}
	return nil
}

// content returns all text below n.
func (n *node) content() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	if n == nil {
		return
	}
	b.WriteString(n.text)
	for _, k := range n.kids {
		k.write(b)
	}
}

// xmlPart reads the elements of a part one after the other.
type xmlPart struct {
	ctx   context.Context
	dec   *xml.Decoder
	limit int // of depth
	depth int
	count int
}

func (a *archive) newXMLPart(r io.Reader) *xmlPart {
	dec := xml.NewDecoder(r)
	dec.Strict = false
	dec.CharsetReader = charset.NewReaderLabel
	return &xmlPart{ctx: a.ctx, dec: dec, limit: a.maxDepth}
}

// next returns the next token. A document type is refused: office formats have
// none, and its entities are how a small file becomes a large one.
func (p *xmlPart) next() (xml.Token, error) {
	if p.count++; p.count%1024 == 0 && p.ctx.Err() != nil {
		return nil, p.ctx.Err()
	}
	t, err := p.dec.Token()
	if err != nil {
		if _, ours := errors.AsType[*core.Error](err); !ours && !errors.Is(err, io.EOF) && p.ctx.Err() == nil {
			err = damaged(err)
		}
		return nil, err
	}
	switch t := t.(type) {
	case xml.StartElement:
		if p.depth++; p.depth > p.limit {
			return nil, damaged(errTooDeep)
		}
	case xml.EndElement:
		p.depth--
	case xml.Directive:
		return nil, damaged(errDocType)
	default:
		return t, nil
	}
	return t, nil
}

var (
	errTooDeep = errors.New("elements nest too deep")
	errDocType = errors.New("part has a document type")
)

// tree returns the element that start began.
func (p *xmlPart) tree(start xml.StartElement) (*node, error) {
	n := &node{name: start.Name.Local, attr: start.Copy().Attr}
	for {
		t, err := p.next()
		if err != nil {
			return nil, cutOff(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			k, err := p.tree(t)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, k)
		case xml.CharData:
			n.kids = append(n.kids, &node{text: string(t)})
		case xml.EndElement:
			return n, nil
		}
	}
}

// skip reads past the element that was begun last.
func (p *xmlPart) skip() error {
	for end := p.depth - 1; p.depth > end; {
		if _, err := p.next(); err != nil {
			return cutOff(err)
		}
	}
	return nil
}

// cutOff makes the end of a part an error inside an element.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return damaged(io.ErrUnexpectedEOF)
	}
	return err
}

// tree returns the root element of a part. A part that is not there is nil.
func (a *archive) tree(name string) (*node, error) {
	r, err := a.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p := a.newXMLPart(&bounded{r: r, left: maxPart})
	for {
		t, err := p.next()
		if err != nil {
			return nil, cutOff(err)
		}
		if start, ok := t.(xml.StartElement); ok {
			return p.tree(start)
		}
	}
}

// bounded refuses to read more than left bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, tooExpanded()
	}
	return n, err
}
