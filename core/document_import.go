package core

import (
	"context"
	"path"
	"strings"
	"unicode"
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
	n, err := s.read(ctx, a, f, func() string { return o.Title })
	if err != nil {
		return nil, "", err
	}
	n.ExternalID = o.ExternalID
	return s.store(ctx, a, n, func(ctx context.Context, tx Tx, known *Document) (Outcome, error) {
		return s.refresh(ctx, tx, a, known, n, o.Title != "")
	})
}

// UploadOptions are the inputs of Documents.Upload besides the file.
type UploadOptions struct {
	// Title is asked for when the file was read, since in a form it may stand behind
	// it. nil or "": the file's own title, its first heading, its name.
	Title     func() string
	Duplicate bool // make a document of it though one with this text is there
}

// Upload reads a file's text into a new document. When the organization has an
// upload with the same text, that one is returned as it is, with OutcomeUnchanged.
// Errors are those of Extractor.Extract and Create.
func (s *DocumentService) Upload(ctx context.Context, a Actor, f File, o UploadOptions) (*Document, Outcome, error) {
	n, err := s.read(ctx, a, f, o.Title)
	if err != nil {
		return nil, "", err
	}
	if o.Duplicate {
		return s.store(ctx, a, n, nil)
	}
	return s.store(ctx, a, n, func(context.Context, Tx, *Document) (Outcome, error) { return OutcomeUnchanged, nil })
}

// ReplaceOptions are the inputs of Documents.Replace besides the file.
type ReplaceOptions struct {
	Title func() string // as for Upload; nil or "": as it is
	Match Revisions     // as for Update
}

// Replace puts a file in the place of a document's text. New text raises the
// document's version; a file with the same text and title changes nothing. Whether
// the actor may do it is asked before the file is read. Errors are those of
// Extractor.Extract and Update.
func (s *DocumentService) Replace(ctx context.Context, a Actor, id DocumentID, f File, o ReplaceOptions) (*Document, error) {
	d, err := s.Get(ctx, a, id)
	if err != nil {
		return nil, err
	}
	if err := s.mayEdit(a, d, o.Match); err != nil {
		return nil, err
	}
	if d.IntegrationID != nil {
		return nil, errIntegrationContent()
	}
	n, err := s.read(ctx, a, f, o.Title)
	if err != nil {
		return nil, err
	}
	p := n.patch()
	if o.Title == nil || strings.TrimSpace(o.Title()) == "" {
		p.Title = nil
	}
	return s.Update(ctx, a, id, p, o.Match)
}

// read makes the input of a document of a file.
func (s *DocumentService) read(ctx context.Context, a Actor, f File, askTitle func() string) (NewDocument, error) {
	if err := a.may(permCreate, ""); err != nil {
		return NewDocument{}, err
	}
	x, err := s.cfg.extract(ctx, f)
	if err != nil {
		return NewDocument{}, err
	}
	title := ""
	if askTitle != nil {
		title = askTitle()
	}
	var v validation
	if v.text("title", title, 0, MaxTitleChars); v.err() != nil {
		return NewDocument{}, v.err()
	}
	n := NewDocument{Title: importTitle(title, x, f), Content: x.Markdown, SourceURL: f.SourceURL, MimeType: x.MediaType, pages: x.Pages}
	return n, n.Validate()
}

// imported is what an import results in. The document stands in it without its
// text, which is the file's in any case.
type imported struct {
	Document Document
	Outcome  Outcome
}

// store makes a document of n, unless it is known: then keep decides about that
// one. A nil keep knows none.
func (s *DocumentService) store(ctx context.Context, a Actor, n NewDocument, keep func(context.Context, Tx, *Document) (Outcome, error)) (*Document, Outcome, error) {
	var got imported
	err := s.cfg.once(ctx, a, &got, func(ctx context.Context, tx Tx) (err error) {
		d, outcome := s.newDocument(a, n), OutcomeCreated
		var known *Document
		if keep != nil {
			if known, err = s.known(ctx, tx, d); err != nil {
				return err
			}
		}
		if known == nil {
			err = s.create(ctx, tx, d)
		} else {
			d = known
			outcome, err = keep(ctx, tx, d)
		}
		got = imported{*d, outcome}
		got.Document.Content = ""
		return err
	})
	if err != nil {
		return nil, "", err
	}
	got.Document.Content = n.Content
	return &got.Document, got.Outcome, nil
}

// known finds the document that fresh would be a second copy of, or nil. Of two that
// ask at once for the same, the second waits for what the first makes.
func (s *DocumentService) known(ctx context.Context, tx Tx, fresh *Document) (*Document, error) {
	f, name := DocumentFilter{ContentHash: fresh.ContentHash, SourceType: SourceUpload}, "content "+fresh.ContentHash
	if fresh.ExternalID != "" {
		f, name = DocumentFilter{ExternalID: fresh.ExternalID, SourceType: SourceUpload}, "external id "+fresh.ExternalID
	}
	if err := tx.Documents.LockName(ctx, name); err != nil {
		return nil, err
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
	p := n.patch()
	if d.Content == n.Content && !titled {
		p.Title = nil
	}
	if !p.changes(d) {
		return OutcomeUnchanged, nil
	}
	if err := a.may(permEditDocument, d.UserID); err != nil {
		return "", err
	}
	return OutcomeUpdated, s.apply(ctx, tx, d, p)
}

// importTitle chooses a title of at most MaxTitleChars characters.
func importTitle(asked string, x *Extracted, f File) string {
	for _, t := range []string{asked, x.Title, firstHeading(x.Markdown), baseName(f.Name)} {
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

// baseName makes a title of a file's name, which may be a path of any system and
// hold what no title should: it keeps the last part, without its extension.
func baseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if stem := strings.TrimSuffix(name, path.Ext(name)); stem != "" {
		name = stem
	}
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(name, "\ufffd"), func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Bidi_Control)
	}), " ")
}

func cutRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
