package httpapi

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// formOverhead is what the parts' heads and the title may add to a file.
const formOverhead = 64 << 10

// maxTitleBytes bounds how much of a title is read; core counts its characters.
const maxTitleBytes = 4 * core.MaxTitleChars

// errFormEnd is the end of a part and of a form, as package multipart has it.
var errFormEnd = io.EOF

// bodyEnd stands behind a body whose form has ended before: to read it tells of a
// form that broke off. multipart itself answers that as an end in some places.
type bodyEnd struct{}

func (bodyEnd) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// form is a multipart body with one file and perhaps a title, in any order. It is
// read once, from its beginning to its end, and kept nowhere: Read gives the file,
// and at the file's end checks what stands behind it.
type form struct {
	parts  *multipart.Reader
	file   *multipart.Part
	title  string
	titled bool
	once   *core.Once // completed at the form's end; nil without an Idempotency-Key
	sum    hash.Hash  // of the parts' names, file names and bytes; nil without once
	limit  int64
	err    error // errFormEnd: the form was read whole
}

// openForm reads the form that op takes up to its file.
func openForm(w http.ResponseWriter, r *http.Request, op operation) (*form, error) {
	once, sum, err := newOnce(r, op)
	if err != nil {
		return nil, err
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, &core.Error{Code: core.CodeUnsupportedMedia, Message: "send the file as multipart/form-data, in a part named file"}
	}
	if params["boundary"] == "" {
		return nil, core.Invalid("body", "body", "the Content-Type of the form names no boundary; let your client set it")
	}
	f := &form{
		once: once, sum: sum, limit: op.bodyLimit,
		// The last boundary may come without a line end.
		parts: multipart.NewReader(io.MultiReader(http.MaxBytesReader(w, r.Body, op.bodyLimit), strings.NewReader("\r\n"), bodyEnd{}), params["boundary"]),
	}
	switch err := f.next(); {
	case err == nil:
		return f, nil
	case errors.Is(err, errFormEnd):
		return nil, core.Invalid("file", "required", "the form has no file; send one in a part named file")
	default:
		return nil, err
	}
}

// next reads parts up to a file. It returns errFormEnd at the end of the form.
func (f *form) next() error {
	for {
		part, err := f.parts.NextRawPart()
		if err != nil {
			return f.explain(err)
		}
		f.count(part.FormName(), part.FileName())
		switch part.FormName() {
		case "title":
			err = f.readTitle(part)
		case "file":
			if f.file == nil {
				f.file = part
				return nil
			}
			err = core.Invalid("file", "single", "the form has more than one file; send them one by one")
		default:
			name := shortName(part.FormName())
			err = core.Invalid(name, "unknown", "the form has a part that is neither file nor title; leave it out")
		}
		if err != nil {
			return err
		}
	}
}

func (f *form) readTitle(part io.Reader) error {
	if f.titled {
		return core.Invalid("title", "single", "the form has more than one title; send one")
	}
	f.titled = true
	text, err := io.ReadAll(io.LimitReader(part, maxTitleBytes+1))
	if err != nil {
		return f.explain(err)
	}
	if len(text) > maxTitleBytes {
		return core.Invalid("title", "max_length", fmt.Sprintf("title is longer than %d characters; shorten it", core.MaxTitleChars))
	}
	f.count("", string(text))
	f.title = string(text)
	return nil
}

// count adds texts to the fingerprint so that no two lists of texts are alike.
func (f *form) count(texts ...string) {
	if f.sum == nil {
		return
	}
	for _, s := range texts {
		fmt.Fprintf(f.sum, "%d:%s", len(s), s)
	}
}

// Read implements io.Reader: the file.
func (f *form) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.file.Read(p)
	if f.sum != nil {
		f.sum.Write(p[:n]) // never fails (hash.Hash)
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, errFormEnd):
		if f.err = f.next(); errors.Is(f.err, errFormEnd) && f.once != nil {
			f.once.Fingerprint = f.sum.Sum(nil)
		}
	default:
		f.err = f.explain(err)
	}
	return n, f.err
}

// Title is what the form says, known when the file was read.
func (f *form) Title() string { return f.title }

// explain says what is wrong with a form that cannot be read. One that breaks off
// and one that is malformed look alike.
func (f *form) explain(err error) error {
	if errors.Is(err, errFormEnd) {
		return err
	}
	return bodyError(err, f.limit, "the form broke off or is malformed; send it again")
}
