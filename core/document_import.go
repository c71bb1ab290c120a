package core

import (
	"context"
	"path"
	"strings"
	"unicode/utf8"
)

// Outcome says what an import did.
type Outcome string

// The outcomes of an import.
const (
	OutcomeCreated   Outcome = "created"
	OutcomeUpdated   Outcome = "updated"
	OutcomeUnchanged Outcome = "unchanged"
)

// ImportOptions are the inputs of Documents.Import besides the file.
type ImportOptions struct {
	Title      string // "": the file's own title, its first heading, its name
	ExternalID string // what the file is known by; "": its content
}

// Import reads a file's text into a document. A file that is known, by its
// external id or else by its content, makes no second document: it updates the
// one that is there, or leaves it when the text is the same. Errors are those of
// Extractor.Extract, Create and Update.
func (s *DocumentService) Import(ctx context.Context, a Actor, f File, o ImportOptions) (*Document, Outcome, error) {
	if err := a.may(permCreate, ""); err != nil {
		return nil, "", err
	}
	x, err := s.cfg.Extractor.Extract(ctx, f)
	if err != nil {
		return nil, "", err
	}
	n := NewDocument{
		Title: importTitle(o.Title, x, f), Content: x.Markdown, ExternalID: o.ExternalID,
		SourceURL: f.SourceURL, MimeType: x.MediaType,
	}
	if err := n.Validate(); err != nil {
		return nil, "", err
	}
	var d *Document
	var outcome Outcome
	err = s.cfg.change(ctx, a.Tenant(), func(ctx context.Context, tx Tx) (err error) {
		fresh := s.newDocument(a, n)
		if d, err = s.known(ctx, tx, fresh); err != nil {
			return err
		}
		if d == nil {
			d, outcome = fresh, OutcomeCreated
			return s.create(ctx, tx, d)
		}
		outcome, err = s.refresh(ctx, tx, a, d, n, o.Title != "")
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return d, outcome, nil
}

// known finds the document that fresh would be a second copy of, or nil.
func (s *DocumentService) known(ctx context.Context, tx Tx, fresh *Document) (*Document, error) {
	f := DocumentFilter{ContentHash: fresh.ContentHash, SourceType: SourceUpload}
	if fresh.ExternalID != "" {
		f = DocumentFilter{ExternalID: fresh.ExternalID, SourceType: SourceUpload}
	}
	found, err := tx.Documents.List(ctx, f, Seek{Limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return tx.Documents.GetForUpdate(ctx, found[0].ID)
}

// refresh brings a known document up to date with a file. Its title follows the
// file's with a change of content, and a title that was asked for always.
func (s *DocumentService) refresh(ctx context.Context, tx Tx, a Actor, d *Document, n NewDocument, titled bool) (Outcome, error) {
	p := DocumentPatch{Content: &n.Content, Title: &n.Title}
	if d.Content == n.Content {
		if !titled || d.Title == n.Title {
			return OutcomeUnchanged, nil
		}
		p.Content = nil
	}
	if err := a.may(permEditDocument, d.UserID); err != nil {
		return "", err
	}
	return OutcomeUpdated, s.apply(ctx, tx, d, p)
}

// importTitle chooses a title of at most MaxTitleChars characters.
func importTitle(asked string, x *Extracted, f File) string {
	for _, t := range []string{asked, x.Title, firstHeading(x.Markdown), strings.TrimSuffix(f.Name, path.Ext(f.Name))} {
		if t = strings.TrimSpace(t); t != "" {
			return cutRunes(t, MaxTitleChars)
		}
	}
	return "Untitled"
}

// firstHeading returns the text of the first ATX heading.
func firstHeading(markdown string) string {
	for line := range strings.Lines(markdown) {
		if text := strings.TrimLeft(line, "#"); len(text) < len(line) && strings.HasPrefix(text, " ") {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

func cutRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
