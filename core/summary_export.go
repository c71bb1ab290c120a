package core

import (
	"context"
	"strings"
	"unicode"
)

// ExportFormat is a kind of file that a summary can be taken away as.
type ExportFormat string

// The export formats.
const (
	ExportMarkdown ExportFormat = "md"
	ExportHTML     ExportFormat = "html"
	ExportDocx     ExportFormat = "docx"
	ExportJSON     ExportFormat = "json"
)

// ExportFormats returns every export format.
func ExportFormats() []ExportFormat {
	return []ExportFormat{ExportMarkdown, ExportHTML, ExportDocx, ExportJSON}
}

// MediaType returns what HTTP calls files of the format.
func (f ExportFormat) MediaType() string {
	switch f {
	case ExportMarkdown:
		return "text/markdown; charset=utf-8"
	case ExportHTML:
		return "text/html; charset=utf-8"
	case ExportDocx:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	default:
		return "application/json"
	}
}

// Renderer writes finished summaries as files that others open.
type Renderer interface {
	// Render returns a summary in a format: the document's title, the text, and the
	// quoted source of each citation as a footnote. A text that is Markdown keeps its
	// form. Nothing in the file runs or loads anything where it is opened, whatever
	// the text holds. The same input gives the same bytes. It returns CodeValidation
	// for an unknown format, and ctx's error when ctx has ended.
	Render(ctx context.Context, r RenderRequest, f ExportFormat) ([]byte, error)
}

// RenderRequest is what an exported file is made of.
type RenderRequest struct {
	Title     string // of the document
	SourceURL string // of the document; "" for none
	Summary   *Summary
}

// ExportedFile is a summary as a file.
type ExportedFile struct {
	Name      string // with its extension
	MediaType string
	Body      []byte
}

// Export returns a complete summary as a file. It returns CodeConflict for one that
// is not complete.
func (s *SummaryService) Export(ctx context.Context, a Actor, id SummaryID, f ExportFormat) (*ExportedFile, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	var v validation
	if oneOf(&v, "format", f, ExportFormats()...); v.err() != nil {
		return nil, v.err()
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	sum, err := read.Summaries.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if sum.Status != SummaryComplete {
		return nil, Conflict("the summary is not complete, so there is nothing to export; wait for its job")
	}
	d, err := read.Documents.Get(ctx, sum.DocID)
	if err != nil {
		return nil, err
	}
	body, err := s.cfg.Renderer.Render(ctx, RenderRequest{Title: d.Title, SourceURL: d.SourceURL, Summary: sum}, f)
	if err != nil {
		return nil, err
	}
	return &ExportedFile{Name: fileName(d.Title) + "." + string(f), MediaType: f.MediaType(), Body: body}, nil
}

// maxFileName bounds a file's name, in characters: some systems take 255 bytes.
const maxFileName = 60

// fileName makes a name of a title that every system takes.
func fileName(title string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '-' || r == '_' {
			return r
		}
		return ' '
	}, title)
	chars := []rune(strings.Join(strings.Fields(name), "-"))
	if len(chars) == 0 {
		return "summary"
	}
	return strings.TrimRight(string(chars[:min(len(chars), maxFileName)]), "-")
}
