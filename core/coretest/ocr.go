package coretest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// ScanFixture is a file for RunOCR: what its pages show, in pictures only.
type ScanFixture struct {
	File  []byte
	Words []string // a word on each page; "" is a page without text; three pages or more, one of them so
}

// RunOCR checks every promise of core.OCR on files of the kind that the adapter
// reads. The two fixtures show different words.
func RunOCR(t *testing.T, one, other ScanFixture, open func(t *testing.T) core.OCR) {
	runCases(t, "RunOCR", open, map[string]func(*testing.T, core.OCR){
		"PagesWithTextAreRecognized": func(t *testing.T, o core.OCR) {
			wantPages(t, one, allPages(one), recognized(t, o, one, allPages(one)))
		},
		"OnlyThePagesAskedFor": func(t *testing.T, o core.OCR) {
			for _, n := range allPages(one) {
				wantPages(t, one, []int{n}, recognized(t, o, one, []int{n}))
			}
		},
		"PageThatIsNotThereIsLeftOut": func(t *testing.T, o core.OCR) {
			beyond := append(allPages(one), len(one.Words)+1, len(one.Words)+1000)
			wantPages(t, one, allPages(one), recognized(t, o, one, beyond))
		},
		"OtherFilesAreUnsupported": func(t *testing.T, o core.OCR) {
			for _, file := range []string{"", "Some words that are no file of pages."} {
				got, err := filledScan(t, o, ScanFixture{File: []byte(file)}).Recognize(t.Context(), []int{1})
				wantCode(t, "a file of another kind", err, core.CodeUnsupportedMedia)
				if len(got) > 0 {
					t.Errorf("got %+v of no file", got)
				}
			}
		},
		"EndedContextEndsIt": func(t *testing.T, o core.OCR) {
			scan := filledScan(t, o, one)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := scan.Recognize(ctx, allPages(one)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		},
		"WriteKeepsNothingOfItsPiece": ocrCopies(one),
		"ScanMayBeClosedUnread": func(t *testing.T, o core.OCR) {
			filledScan(t, o, one) // closes it with the case
		},
		"ScansDoNotMix": func(t *testing.T, o core.OCR) {
			var wg sync.WaitGroup
			for range 3 {
				for _, f := range []ScanFixture{one, other} {
					wg.Go(func() { wantPages(t, f, allPages(f), recognized(t, o, f, allPages(f))) })
				}
			}
			wg.Wait()
		},
	})
}

// ocrCopies writes a file in small pieces from one buffer.
func ocrCopies(f ScanFixture) func(*testing.T, core.OCR) {
	return func(t *testing.T, o core.OCR) {
		scan := filledScan(t, o, ScanFixture{})
		buf := make([]byte, 7)
		for rest := f.File; len(rest) > 0; {
			n := copy(buf, rest)
			if wrote, err := scan.Write(buf[:n]); wrote != n || err != nil {
				t.Fatalf("write: got %d, %v, want %d", wrote, err, n)
			}
			clear(buf)
			rest = rest[n:]
		}
		got, err := scan.Recognize(t.Context(), allPages(f))
		wantCode(t, "recognize", err, "")
		wantPages(t, f, allPages(f), got)
	}
}

// filled opens a scan of a file, and closes it with the test.
func filledScan(t *testing.T, o core.OCR, f ScanFixture) core.Scan {
	t.Helper()
	scan, err := o.Open(t.Context())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := scan.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if n, err := scan.Write(f.File); n != len(f.File) || err != nil {
		t.Errorf("write: got %d, %v, want %d", n, err, len(f.File))
	}
	return scan
}

// recognized is called by many goroutines, and so it ends no test.
func recognized(t *testing.T, o core.OCR, f ScanFixture, pages []int) []core.PageText {
	t.Helper()
	scan, err := o.Open(t.Context())
	if err != nil {
		t.Errorf("open: %v", err)
		return nil
	}
	_, err = scan.Write(f.File)
	wantCode(t, "write", err, "")
	got, err := scan.Recognize(t.Context(), pages)
	wantCode(t, "recognize", err, "")
	wantCode(t, "close", scan.Close(), "")
	return got
}

// wantPages checks that got are those of the pages asked for that have words.
func wantPages(t *testing.T, f ScanFixture, asked []int, got []core.PageText) {
	t.Helper()
	var want, have []int
	for _, n := range asked {
		if f.Words[n-1] != "" {
			want = append(want, n)
		}
	}
	for _, p := range got {
		have = append(have, p.Page)
		if !utf8.ValidString(p.Markdown) || strings.ContainsRune(p.Markdown, 0) || strings.TrimSpace(p.Markdown) == "" {
			t.Errorf("page %d: got %q, want UTF-8 without NUL that is not blank", p.Page, p.Markdown)
		}
		if slices.Contains(want, p.Page) && !strings.Contains(p.Markdown, f.Words[p.Page-1]) {
			t.Errorf("page %d: got %q, want it to hold %q", p.Page, p.Markdown, f.Words[p.Page-1])
		}
	}
	if !slices.Equal(have, want) {
		t.Errorf("asked for pages %v: got %v, want %v", asked, have, want)
	}
}

func allPages(f ScanFixture) []int {
	var pages []int
	for n := range f.Words {
		pages = append(pages, n+1)
	}
	return pages
}
