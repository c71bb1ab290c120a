package core_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv/fixture"
)

// knownScans is an OCR that knows files by their bytes, and a part of it that fails.
type knownScans struct {
	texts     map[string][]string // by the whole file: the text of each page
	openErr   error
	writeErr  error
	recognize func(ctx context.Context, texts []core.PageText) ([]core.PageText, error) // nil: returns texts
	limit     time.Duration                                                             // of the recognition; 0: as it is
	closed    chan struct{}                                                             // nil, or takes one for each scan
}

func (k *knownScans) Open(context.Context) (core.Scan, error) {
	if k.openErr != nil {
		return nil, k.openErr
	}
	return &knownScan{of: k}, nil
}

type knownScan struct {
	bytes.Buffer
	of *knownScans
}

func (s *knownScan) Write(p []byte) (int, error) {
	if s.of.writeErr != nil {
		return 0, s.of.writeErr
	}
	return s.Buffer.Write(p)
}

func (s *knownScan) Recognize(ctx context.Context, pages []int) ([]core.PageText, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	texts, ok := s.of.texts[s.String()]
	if !ok {
		return nil, &core.Error{Code: core.CodeUnsupportedMedia, Message: "this file is not known; send another"}
	}
	var got []core.PageText
	for _, n := range pages {
		if n <= len(texts) && texts[n-1] != "" {
			got = append(got, core.PageText{Page: n, Markdown: texts[n-1]})
		}
	}
	if s.of.recognize != nil {
		return s.of.recognize(ctx, got)
	}
	return got, nil
}

func (s *knownScan) Close() error {
	if s.of.closed != nil {
		s.of.closed <- struct{}{}
	}
	return nil
}

func TestOCR_DoubleKeepsThePromises(t *testing.T) {
	t.Parallel()
	one := coretest.ScanFixture{File: fixture.PDF("", "", ""), Words: []string{"apples", "", "pears"}}
	other := coretest.ScanFixture{File: fixture.PDF("", "", "", ""), Words: []string{"", "nuts", "figs", "plums"}}
	coretest.RunOCR(t, one, other, func(*testing.T) core.OCR {
		return &knownScans{texts: map[string][]string{string(one.File): one.Words, string(other.File): other.Words}}
	})
}

// upload uploads a PDF where ocr is set, and checks that its scan was closed.
func upload(t *testing.T, ocr *knownScans, pdf []byte) (*core.Document, error) {
	t.Helper()
	ocr.closed = make(chan struct{}, 1)
	in := install(t, func(c *core.Config) { c.OCR, c.OCRTimeout = ocr, ocr.limit })
	a, _ := in.admin(t, "ann@example.org")
	d, _, err := in.Documents.Upload(t.Context(), a, core.File{Name: "a.pdf", Body: bytes.NewReader(pdf)}, core.UploadOptions{})
	if ocr.openErr == nil && len(ocr.closed) != 1 {
		t.Errorf("%d scans were closed, want 1", len(ocr.closed))
	}
	return d, err
}

// pageTexts cuts a document at its pages' starts.
func pageTexts(d *core.Document) []string {
	var texts []string
	chars := []rune(d.Content)
	for i, start := range d.Pages.Starts {
		end := len(chars)
		if i+1 < len(d.Pages.Starts) {
			end = d.Pages.Starts[i+1]
		}
		texts = append(texts, strings.TrimSpace(string(chars[start:end])))
	}
	return texts
}

func TestDocuments_RecognizedPagesStandInTheirPlace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ file, found, want []string }{
		"a scan":               {[]string{"", "", ""}, []string{"# Café", "", "Deux 世界"}, []string{"# Café", "", "Deux 世界"}},
		"in the middle":        {[]string{"Sales fell.", "", "Costs rose."}, []string{"not asked for", "Ünter uns", ""}, []string{"Sales fell.", "Ünter uns", "Costs rose."}},
		"at the start and end": {[]string{"", "Sales fell.", "", ""}, []string{"First", "", "Third", ""}, []string{"First", "Sales fell.", "Third", ""}},
		"one of two":           {[]string{"", "", "Sales fell."}, []string{"", "Second", ""}, []string{"", "Second", "Sales fell."}},
		"nothing found":        {[]string{"Sales fell.", ""}, []string{"", ""}, []string{"Sales fell.", ""}},
	} {
		pdf := fixture.PDF(tt.file...)
		d, err := upload(t, &knownScans{texts: map[string][]string{string(pdf): tt.found}}, pdf)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, pageTexts(d)); diff != "" {
			t.Errorf("%s: %q at %v (-want +got):\n%s", name, d.Content, d.Pages.Starts, diff)
		}
		var empty []int
		for i, text := range tt.want {
			if text == "" {
				empty = append(empty, i+1)
			}
		}
		if !slices.Equal(d.Pages.WithoutText, empty) || d.MimeType != "application/pdf" {
			t.Errorf("%s: got %s without text on %v, want %v", name, d.MimeType, d.Pages.WithoutText, empty)
		}
	}
}

func TestDocuments_FailingOCRLosesNothingElse(t *testing.T) {
	t.Parallel()
	down := errors.New("the recognizer is down")
	returns := func(texts []core.PageText, err error) func(context.Context, []core.PageText) ([]core.PageText, error) {
		return func(context.Context, []core.PageText) ([]core.PageText, error) { return texts, err }
	}
	mixed, scan := fixture.PDF("Sales fell.", "", ""), fixture.PDF("", "")
	texts := map[string][]string{string(mixed): {"", "Second", "Third"}, string(scan): {"First", "Second"}}
	for name, ocr := range map[string]knownScans{
		"knows no file":  {texts: nil},
		"does not open":  {openErr: down},
		"does not write": {texts: texts, writeErr: down},
		"does not read":  {texts: texts, recognize: returns(nil, down)},
		"is slow": {texts: texts, limit: 50 * time.Millisecond, recognize: func(ctx context.Context, _ []core.PageText) ([]core.PageText, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}},
		"says nonsense": {texts: texts, recognize: returns([]core.PageText{
			{Page: 0, Markdown: "x"}, {Page: 99, Markdown: "x"}, {Page: 2, Markdown: " \n"}, {Page: 2, Markdown: "a\x00"}, {Page: 2, Markdown: "\xff"},
			{Page: 2, Markdown: strings.Repeat("x", core.MaxContentBytes)},
		}, nil)},
	} {
		d, err := upload(t, &ocr, mixed)
		if err != nil || strings.TrimSpace(d.Content) != "Sales fell." || !slices.Equal(d.Pages.WithoutText, []int{2, 3}) {
			t.Errorf("%s: got %+v, %v, want the page that has text", name, d, err)
		}
		_, err = upload(t, &ocr, scan)
		wantCode(t, name+": a scan", err, core.CodeUnsupportedMedia)
	}
	part := knownScans{texts: texts, recognize: func(_ context.Context, got []core.PageText) ([]core.PageText, error) { return got[:1], down }}
	d, err := upload(t, &part, scan)
	if err != nil || strings.TrimSpace(d.Content) != "First" || !slices.Equal(d.Pages.WithoutText, []int{2}) {
		t.Errorf("fails on the way: got %+v, %v, want the page that was recognized", d, err)
	}
}

func TestDocuments_ScanWithoutOCRIsRefused(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	_, _, err := in.Documents.Upload(t.Context(), a, core.File{Body: bytes.NewReader(fixture.PDF("", ""))}, core.UploadOptions{})
	wantCode(t, "a scan", err, core.CodeUnsupportedMedia)
	if err != nil && !strings.Contains(core.AsError(err).Message, "scan") {
		t.Errorf("got %q, want it to say that it is a scan", core.AsError(err).Message)
	}
}

func TestDocuments_EndedRequestEndsOCR(t *testing.T) {
	t.Parallel()
	scan := fixture.PDF("Sales fell.", "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ocr := &knownScans{texts: map[string][]string{string(scan): {"", ""}}, recognize: func(ctx context.Context, _ []core.PageText) ([]core.PageText, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	in := install(t, func(c *core.Config) { c.OCR = ocr })
	a, _ := in.admin(t, "ann@example.org")
	_, _, err := in.Documents.Upload(ctx, a, core.File{Body: bytes.NewReader(scan)}, core.UploadOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
