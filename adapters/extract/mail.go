package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"

	"github.com/emersion/go-message"
	"golang.org/x/net/html/charset"

	"github.com/docsctl/docsctl/core"
)

const (
	// maxMailDepth bounds messages in messages and parts in parts.
	maxMailDepth = 12
	// maxMailParts bounds the parts of a message.
	maxMailParts = 1000
	// maxMailNested bounds the messages inside, each of which holds those in it.
	maxMailNested = 64 << 20
	// mailHeadSize is how much of a file is searched for the end of its header.
	mailHeadSize = 256 << 10
)

// isMail reports whether a file is a message: it begins with header fields, and
// among them are those that only a mail program writes.
func isMail(data []byte, hint string) bool {
	head := data[:min(len(data), mailHeadSize)]
	seen := map[string]bool{}
	for i, line := range bytes.Split(head, []byte("\n")) {
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			break
		}
		if i == 0 && bytes.HasPrefix(line, []byte("From ")) || i > 0 && (line[0] == ' ' || line[0] == '\t') {
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t") {
			return false
		}
		seen[strings.ToLower(string(name))] = true
	}
	if hint == typeMail {
		return seen["from"] || seen["subject"] || seen["date"]
	}
	sent := seen["received"] || seen["message-id"] || seen["mime-version"] || seen["return-path"] || seen["delivered-to"]
	return seen["from"] && sent && (seen["subject"] || seen["date"] || seen["to"])
}

// mailReader reads one message with those in it.
type mailReader struct {
	ctx    context.Context
	parts  int
	nested int64 // bytes of messages inside that were read
}

func (x *Extractor) convertMail(ctx context.Context, data []byte) (out *core.Extracted, err error) {
	defer func() {
		if p := recover(); p != nil { // of the library, on a message nobody foresaw
			out, err = nil, damaged(fmt.Errorf("panic: %v", p))
		}
	}()
	if bytes.HasPrefix(data, []byte("From ")) { // the first line of a mailbox file
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	e, err := readEntity(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(err)
	}
	r := mailReader{ctx: ctx}
	md := &markdown{max: x.cfg.MaxText}
	title, err := r.message(md, e, 1)
	if err != nil {
		return nil, err
	}
	if err := md.check(); err != nil {
		return nil, err
	}
	return &core.Extracted{Title: title, Markdown: md.text(), MediaType: typeMail}, nil
}

// readEntity returns a message or part. Its charset is decoded here, not there.
func readEntity(r io.Reader) (*message.Entity, error) {
	e, err := message.Read(r)
	if e != nil && (message.IsUnknownCharset(err) || message.IsUnknownEncoding(err)) {
		err = nil
	}
	return e, err
}

// content is what a message consists of.
type content struct {
	text   []string // Markdown
	files  []string // names of attachments
	bodies [][]byte // of messages inside
}

// message writes a message with its subject as a heading, and returns it.
func (r *mailReader) message(md *markdown, e *message.Entity, depth int) (string, error) {
	subject := headerText(e.Header.Get("Subject"))
	md.heading(min(depth, 6), escapeInline(subject))
	for _, name := range []string{"From", "To", "Cc", "Date"} {
		if s := headerText(e.Header.Get(name)); s != "" {
			md.item(0, "-", name+": "+escapeInline(s))
		}
	}
	var c content
	if err := r.part(e, depth, &c); err != nil {
		return "", err
	}
	for _, text := range c.text {
		md.raw(text)
		if err := md.check(); err != nil {
			return "", err
		}
	}
	if len(c.files) > 0 {
		md.paragraph("Attachments:")
		for _, name := range c.files {
			md.item(0, "-", escapeInline(name))
		}
	}
	for _, body := range c.bodies {
		inner, err := readEntity(bytes.NewReader(body))
		if err != nil {
			continue
		}
		if _, err := r.message(md, inner, depth+1); err != nil {
			return "", err
		}
	}
	return subject, nil
}

// part adds what is in a part of a message.
func (r *mailReader) part(e *message.Entity, depth int, c *content) error {
	if r.parts++; r.parts > maxMailParts || depth > maxMailDepth {
		return damaged(errors.New("too many parts"))
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	kind, params, err := e.Header.ContentType()
	if err != nil || kind == "" {
		kind = typePlain
	}
	disposition, dparams, _ := e.Header.ContentDisposition()
	name := headerText(dparams["filename"])
	if name == "" {
		name = headerText(params["name"])
	}
	attached := disposition == "attachment" || name != ""
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		return r.multipart(e, kind, depth, c)
	case kind == typeMail:
		return r.inner(e, c)
	case attached || kind != typePlain && kind != typeHTML:
		if name == "" {
			name = "unnamed (" + kind + ")"
		}
		c.files = append(c.files, strings.Join(strings.Fields(name), " "))
		return nil
	}
	text, err := r.text(e, kind, params["charset"])
	if err == nil && !isBlank(text) {
		c.text = append(c.text, text)
	}
	return err
}

// inner keeps a message inside this one for after it.
func (r *mailReader) inner(e *message.Entity, c *content) error {
	body, err := io.ReadAll(io.LimitReader(ctxReader{r.ctx, e.Body}, maxMailNested-r.nested+1))
	if err != nil {
		return r.broken(err)
	}
	if r.nested += int64(len(body)); r.nested > maxMailNested {
		return tooExpanded()
	}
	c.bodies = append(c.bodies, body)
	return nil
}

// multipart adds the parts of a part. Of alternatives it takes the plain text, or
// else the one that the sender holds best, which is the last.
func (r *mailReader) multipart(e *message.Entity, kind string, depth int, c *content) error {
	parts := e.MultipartReader()
	if parts == nil {
		return nil
	}
	var plain, other []string
	for {
		p, err := parts.NextPart()
		if p == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			if err != nil && r.ctx.Err() != nil {
				return r.ctx.Err()
			}
			break // the end, or a message that was cut off: what came is shown
		}
		one := content{}
		if err := r.part(p, depth+1, &one); err != nil {
			return err
		}
		c.files, c.bodies = append(c.files, one.files...), append(c.bodies, one.bodies...)
		switch t, _, _ := p.Header.ContentType(); {
		case kind != "multipart/alternative":
			c.text = append(c.text, one.text...)
		case t == typePlain && len(one.text) > 0:
			plain = one.text
		case len(one.text) > 0:
			other = one.text
		}
	}
	if plain == nil {
		plain = other
	}
	c.text = append(c.text, plain...)
	return nil
}

// text returns a part's text: plain text as it is, HTML as Markdown.
func (r *mailReader) text(e *message.Entity, kind, label string) (string, error) {
	data, err := io.ReadAll(ctxReader{r.ctx, e.Body})
	if err != nil && len(data) == 0 {
		return "", r.broken(err)
	}
	s, ok := decode(data, label, charsetInside(data))
	if !ok {
		s = strings.ToValidUTF8(string(data), "\ufffd")
	}
	if !isText(s) {
		return "", nil
	}
	if kind == typePlain {
		return s, nil
	}
	return chapterMarkdown(r.ctx, s)
}

// broken passes over a part that cannot be decoded, unless the context has ended.
func (r *mailReader) broken(error) error { return r.ctx.Err() }

// headerText decodes a header field into one line.
func headerText(s string) string {
	dec := mime.WordDecoder{CharsetReader: charset.NewReaderLabel}
	if t, err := dec.DecodeHeader(s); err == nil {
		s = t
	}
	if t, ok := decode([]byte(s)); ok {
		s = t
	}
	s = strings.Map(func(r rune) rune {
		if r == 0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}
