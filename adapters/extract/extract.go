// Package extract turns files into Markdown text: PDF, Word, PowerPoint, Excel,
// OpenDocument text, EPUB, HTML, Markdown, CSV, e-mail and plain text, in UTF-8,
// UTF-16, UTF-32 and the usual legacy charsets. What a file is is decided by its
// content; its name and declared type break ties only.
package extract

import (
	"context"
	"io"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

var _ core.Extractor = (*Extractor)(nil)

// Config holds the limits of an Extractor. The zero value is ready to use.
type Config struct {
	MaxBytes     int64  // largest file in bytes; default 100 MiB
	MaxText      int    // largest extracted text in bytes; default 20 MiB
	MaxPages     int    // most pages of a PDF and slides of a presentation; default 5,000
	MaxRows      int    // rows of a sheet that are kept, the rest is counted; default 20,000
	MaxUnzipped  int64  // most bytes that an archive may unpack to; default 512 MiB
	MaxDepth     int    // how deep elements of an office file may nest, office programs stay below 100; default 400
	MaxExpansion int    // most times its size that an archive may unpack to, beyond the first 8 MiB; default 200
	TempDir      string // where files over 4 MiB are kept while they are read; default os.TempDir
	CacheDir     string // where the compiled PDF engine is kept; default docsctl in os.UserCacheDir
	PDFWorkers   int    // PDFs that are read at the same time, each in about 30 MB; default 2
}

func (c Config) withDefaults() Config {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 100 << 20
	}
	if c.MaxText <= 0 {
		c.MaxText = 20 << 20
	}
	if c.MaxPages <= 0 {
		c.MaxPages = 5000
	}
	if c.MaxRows <= 0 {
		c.MaxRows = 20000
	}
	if c.MaxUnzipped <= 0 {
		c.MaxUnzipped = 512 << 20
	}
	if c.MaxDepth <= 0 {
		c.MaxDepth = 400
	}
	if c.MaxExpansion <= 0 {
		c.MaxExpansion = 200
	}
	if c.PDFWorkers <= 0 {
		c.PDFWorkers = 2
	}
	return c
}

// Extractor implements core.Extractor. Between calls it keeps nothing but the
// PDF engine, which is loaded by the first PDF.
type Extractor struct {
	cfg Config
	pdf *pdfEngine
}

// New returns an Extractor with the given limits.
func New(cfg Config) *Extractor {
	cfg = cfg.withDefaults()
	return &Extractor{cfg: cfg, pdf: newPDFEngine(cfg)}
}

// Close frees the PDF engine. An Extractor that is used after it fails on PDFs.
func (x *Extractor) Close() error { return x.pdf.close() }

// Extract reads f and returns its text: without a byte order mark, with line
// ends stored as LF, and otherwise with the code points of the file; nothing is
// normalized. A charset is taken from the byte order mark, then from the declared
// type, then from the file itself, and is guessed last. Text that is valid UTF-8
// is UTF-8 whatever is declared. Bytes that are not in the charset of a file
// become U+FFFD when they are rare, and make the file unsupported when not.
// A file over 4 MiB is kept on disk while it is read, and nothing of it after.
// When ctx ends, Extract returns its error after the step it is in; the bounds
// of a page's tree keep the longest step to seconds.
func (x *Extractor) Extract(ctx context.Context, f core.File) (*core.Extracted, error) {
	if f.Body == nil {
		return nil, emptyFile()
	}
	s, err := newSpool(ctx, f.Body, x.cfg.MaxBytes, x.cfg.TempDir)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return x.extract(ctx, newInput(f, s))
}

// extract returns the text of a file that has been read.
func (x *Extractor) extract(ctx context.Context, in input) (*core.Extracted, error) {
	out, err := x.convert(ctx, in)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	out.Title = shortTitle(out.Title)
	if strings.ContainsRune(out.Title+out.Markdown, 0) && len(out.Pages.Starts) == 0 { // spreadsheets can spell NUL
		out.Title, out.Markdown = withoutNUL.Replace(out.Title), withoutNUL.Replace(out.Markdown)
	}
	switch {
	case len(out.Markdown) > x.cfg.MaxText:
		return nil, textTooLarge()
	case isBlank(out.Markdown):
		return nil, noText(out)
	}
	return out, nil
}

var withoutNUL = strings.NewReplacer("\x00", "")

// input is a file as the converters see it.
type input struct {
	file      *spool
	sourceURL string
	charset   string // as declared; may be empty
	hint      string // the text type that name and declaration claim; may be empty
}

func newInput(f core.File, s *spool) input {
	in := input{file: s, sourceURL: f.SourceURL}
	declared, params, err := mime.ParseMediaType(f.MediaType)
	if err == nil {
		in.charset = params["charset"]
	}
	in.hint = textHint(declared, f.Name)
	return in
}

// isText reports whether s is text: no NUL, and at most one control character in
// a hundred. White space controls and ESC, of colored logs, do not count.
func isText(s string) bool {
	runes, controls := 0, 0
	for _, r := range s {
		runes++
		switch {
		case r == 0:
			return false
		case r == 0x1b || r == 0x85:
		case unicode.IsControl(r) && !unicode.IsSpace(r):
			controls++
		}
	}
	return controls*100 <= runes
}

func isBlank(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsSpace(r) && r != '\ufeff' && r != '\u200b' && r != '\u2060'
	}) < 0
}

// maxTitle is the longest title a document may have, in characters.
const maxTitle = 500

func shortTitle(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > maxTitle {
		s = strings.TrimSpace(string([]rune(s)[:maxTitle]))
	}
	return s
}

// ctxReader ends reading when its context has ended.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func emptyFile() error {
	return core.Invalid("file", "not_empty", "the file is empty; send a file with text")
}

func noText(x *core.Extracted) error {
	e := &core.Error{
		Code:    core.CodeUnsupportedMedia,
		Message: "the file has no readable text; send a file with text",
	}
	if n := x.Pages.Total(); n > 0 {
		e.Err = &core.NoText{MediaType: x.MediaType, Pages: n}
	}
	return e
}
