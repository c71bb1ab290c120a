package core

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"
)

// extract reads a file, and has the pages in which there is no text recognized.
// What cannot be recognized stays as the Extractor left it: a page without text, or
// the refusal of a file that has no other pages.
func (c Config) extract(ctx context.Context, f File) (*Extracted, error) {
	scan, err := c.OCR.Open(ctx)
	if err != nil {
		c.Logger.WarnContext(ctx, "text recognition does not begin", slog.Any("error", err))
		return c.Extractor.Extract(ctx, f)
	}
	defer func() {
		if err := scan.Close(); err != nil {
			c.Logger.WarnContext(ctx, "a file may be left where text is recognized", slog.Any("error", err))
		}
	}()
	body := &scanReader{from: f.Body, to: scan}
	f.Body = body
	x, refused := c.Extractor.Extract(ctx, f)
	if noText, ok := errors.AsType[*NoText](refused); ok {
		x = noText.extracted()
	} else if refused != nil {
		return nil, refused
	}
	if len(x.Pages.WithoutText) > 0 {
		x.fill(c.recognize(ctx, body, x.Pages.WithoutText))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if strings.TrimSpace(x.Markdown) == "" && refused != nil {
		return nil, refused
	}
	return x, nil
}

// recognize returns what OCR makes of pages within OCRTimeout; its failure is for
// the log, since the file can be had without it.
func (c Config) recognize(ctx context.Context, body *scanReader, pages []int) []PageText {
	ctx, cancel := context.WithTimeout(ctx, c.OCRTimeout)
	defer cancel()
	err := body.failed
	var texts []PageText
	if err == nil {
		texts, err = body.to.Recognize(ctx, slices.Clone(pages))
	}
	if err != nil {
		c.Logger.WarnContext(ctx, "text recognition failed; pages stay without text", slog.Int("pages", len(pages)), slog.Int("recognized", len(texts)), slog.Any("error", err))
	}
	return texts
}

// scanReader reads a file for an Extractor and copies it to a Scan. A copy that
// fails does not end the reading, as that of io.TeeReader would.
type scanReader struct {
	from   io.Reader
	to     Scan
	failed error
}

func (r *scanReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if n > 0 && r.failed == nil {
		_, r.failed = r.to.Write(p[:n])
	}
	return n, err
}

// extracted is the file as one whose pages are all empty.
func (e *NoText) extracted() *Extracted {
	x := &Extracted{MediaType: e.MediaType}
	for n := range e.Pages {
		x.Pages.Starts = append(x.Pages.Starts, 0)
		x.Pages.WithoutText = append(x.Pages.WithoutText, n+1)
	}
	return x
}

// fill puts the texts where their pages begin. It passes over texts that OCR must
// not return, and over those with which a document would be too long.
func (x *Extracted) fill(texts []PageText) {
	found := map[int]string{}
	size := len(x.Markdown)
	for _, t := range texts {
		text := strings.TrimSpace(t.Markdown)
		fits := size+len(text)+2*len(pageGap) <= MaxContentBytes
		if text == "" || !fits || !utf8.ValidString(text) || strings.ContainsRune(text, 0) || found[t.Page] != "" {
			continue
		}
		if _, asked := slices.BinarySearch(x.Pages.WithoutText, t.Page); asked {
			found[t.Page] = text
			size += len(text) + 2*len(pageGap)
		}
	}
	if len(found) > 0 {
		x.insert(found)
	}
}

// pageGap parts a page that was recognized from its neighbours.
const pageGap = "\n\n"

// insert writes the text anew, page by page, with what was found on empty ones.
func (x *Extracted) insert(found map[int]string) {
	var b strings.Builder
	chars := 0
	write := func(s string) {
		b.WriteString(s)
		chars += utf8.RuneCountInString(s)
	}
	rest, at := x.Markdown, 0 // what is not written yet, and its offset in code points
	starts := make([]int, len(x.Pages.Starts))
	for i, start := range x.Pages.Starts {
		head := firstRunes(rest, start-at)
		write(head)
		rest, at = rest[len(head):], start
		text, ok := found[i+1]
		if ok && b.Len() > 0 && !strings.HasSuffix(b.String(), pageGap) {
			write(pageGap)
		}
		starts[i] = chars
		if ok {
			write(text + pageGap)
		}
	}
	write(rest)
	x.Markdown = strings.TrimRight(b.String(), "\n") + "\n"
	end := utf8.RuneCountInString(x.Markdown)
	for i := range starts { // of empty pages at the end
		starts[i] = min(starts[i], end)
	}
	x.Pages.Starts = starts
	x.Pages.WithoutText = slices.DeleteFunc(slices.Clone(x.Pages.WithoutText), func(n int) bool { return found[n] != "" })
}

// firstRunes returns the first n characters, without a look at those that follow:
// it is called for each page of a text.
func firstRunes(s string, n int) string {
	for i := range s {
		if n <= 0 {
			return s[:i]
		}
		n--
	}
	return s
}
