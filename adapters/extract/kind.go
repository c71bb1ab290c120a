package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/docsctl/docsctl/core"
)

// textHint returns which of our text types a declared type or, when that says
// nothing useful, a name stands for.
func textHint(declared, name string) string {
	switch declared {
	case typeHTML, "application/xhtml+xml":
		return typeHTML
	case typeMarkdown, "text/x-markdown":
		return typeMarkdown
	case typeCSV, "text/tab-separated-values":
		return typeCSV
	case typeMail:
		return typeMail
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown", ".mdown", ".mkd":
		return typeMarkdown
	case ".html", ".htm", ".xhtml", ".xht":
		return typeHTML
	case ".txt", ".text", ".log":
		return typePlain
	case ".csv", ".tsv", ".tab":
		return typeCSV
	case ".eml":
		return typeMail
	}
	if declared == typePlain {
		return typePlain
	}
	return ""
}

// The types this package decides on.
const (
	typeHTML     = "text/html"
	typeMarkdown = "text/markdown"
	typePlain    = "text/plain"
	typeCSV      = "text/csv"
	typeMail     = "message/rfc822"
	typePDF      = "application/pdf"
	typeEPUB     = "application/epub+zip"
	typeODT      = "application/vnd.oasis.opendocument.text"
	typeDOCX     = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	typePPTX     = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	typeXLSX     = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// container is what a file is by its first bytes.
type container int

const (
	isTextual container = iota
	isPDF
	isZip
	isCompound // the files of old Office programs, and of new ones with a password
)

// sniffSize is how much of a file is looked at to tell its container.
const sniffSize = 4 << 10

func containerOf(head []byte) container {
	switch start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\x00"); {
	case bytes.HasPrefix(start, []byte("%PDF-")):
		return isPDF
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return isZip
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return isCompound
	}
	return isTextual
}

func (x *Extractor) convert(ctx context.Context, in input) (*core.Extracted, error) {
	head, err := in.file.head(sniffSize)
	if err != nil {
		return nil, err
	}
	switch containerOf(head) {
	case isPDF:
		return x.convertPDF(ctx, in.file)
	case isZip:
		return x.convertZip(ctx, in.file)
	case isCompound:
		return nil, compound(in.file)
	}
	return x.convertTextual(ctx, in)
}

// convertTextual converts what is no archive: text in some charset.
func (x *Extractor) convertTextual(ctx context.Context, in input) (*core.Extracted, error) {
	data, err := in.file.bytes()
	if err != nil {
		return nil, err
	}
	sniffed := mimetype.Detect(data)
	if isBinary(sniffed, data) {
		return nil, unsupported(sniffed)
	}
	if isMail(data, in.hint) {
		return x.convertMail(ctx, data)
	}
	s, ok := decode(data, in.charset, charsetInside(data))
	if !ok || !isText(s) {
		return nil, unsupported(sniffed)
	}
	if isBlank(s) {
		return nil, emptyFile()
	}
	switch kind := textKind(s, in.hint); kind {
	case typeHTML:
		return convertHTML(ctx, s, in.sourceURL)
	case typeCSV:
		out, err := convertCSV(s, x.cfg)
		if errors.Is(err, errNoTable) {
			return convertText(s, typePlain), nil
		}
		return out, err
	default:
		return convertText(s, kind), nil
	}
}

// convertZip finds out which of the formats that are archives a file is.
func (x *Extractor) convertZip(ctx context.Context, file *spool) (out *core.Extracted, err error) {
	defer func() {
		if p := recover(); p != nil { // of a library, on a file nobody foresaw
			out, err = nil, damaged(fmt.Errorf("panic: %v", p))
		}
	}()
	a, err := openArchive(ctx, file, file.size, x.cfg)
	if err != nil {
		return nil, err
	}
	if a.has("mimetype") {
		kind, err := a.read("mimetype", 256)
		if err != nil {
			return nil, err
		}
		switch strings.TrimSpace(string(kind)) {
		case typeEPUB:
			return convertEPUB(a, x.cfg.MaxText)
		case typeODT, typeODT + "-template":
			return convertODT(a, x.cfg.MaxText)
		}
	}
	if a.has("META-INF/container.xml") {
		return convertEPUB(a, x.cfg.MaxText)
	}
	if !a.has("[Content_Types].xml") {
		return nil, unsupportedKind("a ZIP archive of another kind")
	}
	main, kind, err := a.mainPart()
	if err != nil {
		return nil, err
	}
	switch kind {
	case typeDOCX:
		return convertDOCX(a, main, x.cfg.MaxText)
	case typePPTX:
		return convertPPTX(a, main, x.cfg)
	case typeXLSX:
		return convertXLSX(a, file, x.cfg)
	}
	return nil, unsupportedKind("an Office file of another kind")
}

// isBinary reports whether the signature of a file says that it is no text.
// Many signatures are ordinary words ("BM", "MZ", "ID3"), so that they count only
// with a NUL byte; the ones of formats that may be all ASCII always count.
func isBinary(sniffed *mimetype.MIME, data []byte) bool {
	for _, t := range []string{"text/rtf", "application/postscript", "image/svg+xml"} {
		if sniffed.Is(t) {
			return true
		}
	}
	known := !sniffed.Is("application/octet-stream")
	return known && !isTextType(sniffed) && bytes.IndexByte(data, 0) >= 0
}

func isTextType(m *mimetype.MIME) bool {
	for ; m != nil; m = m.Parent() {
		if m.Is(typePlain) {
			return true
		}
	}
	return false
}

// compound says what is wrong with a compound file: a new Office file with a
// password holds it as an encrypted package, all others are of the old formats.
func compound(file *spool) error {
	data, err := file.bytes()
	if err != nil {
		return err
	}
	if bytes.Contains(data, []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")) {
		return protected()
	}
	return unsupportedKind("of an old Office format")
}

// unsupported says what a file is, by content, and which types work.
func unsupported(m *mimetype.MIME) error {
	kind := "of an unknown type or charset"
	if !m.Is("application/octet-stream") && !m.Is(typePlain) {
		kind, _, _ = strings.Cut("of type "+m.String(), ";")
	}
	return unsupportedKind(kind)
}

func unsupportedKind(kind string) error {
	return &core.Error{
		Code:    core.CodeUnsupportedMedia,
		Message: "the file is " + kind + "; send PDF, DOCX, PPTX, XLSX, ODT, EPUB, HTML, Markdown, CSV, e-mail or plain text",
	}
}
