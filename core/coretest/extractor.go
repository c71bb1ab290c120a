package coretest

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// RunExtractor checks every promise of core.Extractor. open returns an extractor
// whose limit is between 1 and 8 MiB, so that a file over it is made quickly.
func RunExtractor(t *testing.T, open func(t *testing.T) core.Extractor) {
	cases := []struct {
		name string
		fn   func(*testing.T, core.Extractor)
	}{
		{"TextIsKeptAsItIs", extractorKeepsText},
		{"ContentDecidesTheType", extractorDecidesByContent},
		{"BodyIsReadToItsEnd", extractorReadsToTheEnd},
		{"TitleIsTheFilesOwn", extractorFindsTitles},
		{"UnknownKindIsUnsupported", extractorRefusesBinary},
		{"BrokenFileIsUnsupported", extractorRefusesBroken},
		{"TextHasNoPages", extractorFindsNoPages},
		{"FileOverTheLimitIsTooLarge", extractorRefusesLarge},
		{"EmptyFileIsInvalid", extractorRefusesEmpty},
		{"ReadErrorIsReturned", extractorReturnsReadErrors},
		{"EndedContextEndsIt", extractorHonoursContext},
		{"CallsDoNotMix", extractorKeepsNothing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.fn(t, open(t))
		})
	}
	t.Logf("RunExtractor: %d cases", len(cases))
}

const scripts = "e\u0301 is not é; 世界, مرحبا, שלום, नमस्ते, \U0001f469\u200d\U0001f680, می\u200cخواهم.\n"

func extractorKeepsText(t *testing.T, x core.Extractor) {
	got, err := x.Extract(t.Context(), core.File{Name: "a.txt", MediaType: "text/plain; charset=utf-8", Body: strings.NewReader(scripts)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Markdown != scripts {
		t.Errorf("got %q, want %q", got.Markdown, scripts)
	}
	page := "<!DOCTYPE html><html><body><p>" + strings.TrimSpace(scripts) + "</p></body></html>"
	if got, err = x.Extract(t.Context(), core.File{Body: strings.NewReader(page)}); err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(scripts); !strings.Contains(got.Markdown, want) {
		t.Errorf("got %q, want it to hold %q", got.Markdown, want)
	}
}

func extractorDecidesByContent(t *testing.T, x core.Extractor) {
	page := "<!DOCTYPE html><html><body><p>Some words.</p></body></html>"
	got, err := x.Extract(t.Context(), core.File{Name: "a.pdf", MediaType: "application/pdf", Body: strings.NewReader(page)})
	if err != nil {
		t.Fatal(err)
	}
	if got.MediaType != "text/html" || strings.Contains(got.Markdown, "<p>") {
		t.Errorf("got %s %q, want it read as text/html", got.MediaType, got.Markdown)
	}
	_, err = x.Extract(t.Context(), core.File{Name: "a.txt", MediaType: "text/plain", Body: strings.NewReader("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00")})
	mustFailWith(t, err, core.CodeUnsupportedMedia)
}

func extractorReadsToTheEnd(t *testing.T, x core.Extractor) {
	text := strings.Repeat("Some words in a line.\n", 10000) + "The end."
	r := strings.NewReader(text)
	got, err := x.Extract(t.Context(), core.File{Body: iotest.OneByteReader(r)})
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() != 0 || got.Markdown != text {
		t.Errorf("got %d bytes with %d unread, want all %d", len(got.Markdown), r.Len(), len(text))
	}
}

func extractorFindsTitles(t *testing.T, x core.Extractor) {
	for name, tt := range map[string]struct{ body, want string }{
		"a.html": {"<html><head><title>A page</title></head><body><p>Words.</p></body></html>", "A page"},
		"a.md":   {"# A heading\n\nWords.\n", "A heading"},
		"a.txt":  {"only some words, without a heading.\n", ""},
	} {
		got, err := x.Extract(t.Context(), core.File{Name: name, Body: strings.NewReader(tt.body)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Title != tt.want {
			t.Errorf("%s: got title %q, want %q", name, got.Title, tt.want)
		}
	}
}

func extractorRefusesBinary(t *testing.T, x core.Extractor) {
	for name, body := range map[string]string{
		"image":        "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01",
		"NUL in text":  "Some words\x00 and more.",
		"noise":        strings.Repeat("\x00\x01\x02\xff\xfe\x81", 100),
		"broken UTF-8": "\xff\x81\x8d\x90\x9d\xc0\x01\x02",
		"no text":      "<!DOCTYPE html><html><body><script>var a</script></body></html>",
	} {
		got, err := x.Extract(t.Context(), core.File{Name: "a.txt", MediaType: "text/plain", Body: strings.NewReader(body)})
		if core.CodeOf(err) != core.CodeUnsupportedMedia {
			t.Errorf("%s: got %+v, %v, want %s", name, got, err, core.CodeUnsupportedMedia)
		}
	}
}

func extractorRefusesBroken(t *testing.T, x core.Extractor) {
	for name, body := range map[string]string{
		"archive": "PK\x03\x04\x14\x00\x00\x00\x08\x00words that are no archive",
		"PDF":     "%PDF-1.7\n1 0 obj\nwords that are no PDF",
	} {
		_, err := x.Extract(t.Context(), core.File{Name: "a.txt", MediaType: "text/plain", Body: strings.NewReader(body)})
		if got := core.CodeOf(err); got != core.CodeUnsupportedMedia {
			t.Errorf("%s: got %v, want %s", name, err, core.CodeUnsupportedMedia)
		}
	}
}

func extractorFindsNoPages(t *testing.T, x core.Extractor) {
	got, err := x.Extract(t.Context(), core.File{Body: strings.NewReader("Some words.\f\nMore of them.\n")})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Pages.Starts)+len(got.Pages.WithoutText) > 0 {
		t.Errorf("got pages %+v in plain text, want none", got.Pages)
	}
}

// endless repeats a line of text for ever and counts what was read.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	const line = "words and more words\n"
	for i := range p {
		p[i] = line[(e.n+int64(i))%int64(len(line))]
	}
	e.n += int64(len(p))
	return len(p), nil
}

func extractorRefusesLarge(t *testing.T, x core.Extractor) {
	var r endless
	_, err := x.Extract(t.Context(), core.File{Body: &r})
	mustFailWith(t, err, core.CodePayloadTooLarge)
	if most := int64(16 << 20); r.n > most {
		t.Errorf("got %d bytes read, want at most %d", r.n, most)
	}
}

func extractorRefusesEmpty(t *testing.T, x core.Extractor) {
	for _, body := range []string{"", " \n\t\r\n", "\ufeff", "\ufeff \n", "\u00a0\u3000"} {
		_, err := x.Extract(t.Context(), core.File{Name: "a.txt", Body: strings.NewReader(body)})
		mustRefuseField(t, err, "file", "")
	}
}

func extractorReturnsReadErrors(t *testing.T, x core.Extractor) {
	broken := errors.New("the line broke")
	_, err := x.Extract(t.Context(), core.File{Body: io.MultiReader(strings.NewReader("Some words."), iotest.ErrReader(broken))})
	if err != broken { //nolint:errorlint // the promise is the error as it is
		t.Errorf("got %v, want %v", err, broken)
	}
}

func extractorHonoursContext(t *testing.T, x core.Extractor) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := x.Extract(ctx, core.File{Body: strings.NewReader("Some words.")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func extractorKeepsNothing(t *testing.T, x core.Extractor) {
	var wg sync.WaitGroup
	for _, word := range []string{"one", "two", "three", "four", "five", "six"} {
		wg.Go(func() {
			for _, body := range []string{
				strings.Repeat(word+" word.\n", 200),
				"<html><head><title>" + word + "</title></head><body><p>" + strings.Repeat(word+" ", 200) + "</p></body></html>",
			} {
				got, err := x.Extract(t.Context(), core.File{Body: strings.NewReader(body)})
				if err != nil {
					t.Error(err)
					return
				}
				if n := strings.Count(got.Markdown, word); n != 200 || !utf8.ValidString(got.Markdown) {
					t.Errorf("got %q %d times, want 200", word, n)
				}
			}
		})
	}
	wg.Wait()
}

func mustFailWith(t *testing.T, err error, want core.Code) {
	t.Helper()
	if got := core.CodeOf(err); got != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// mustRefuseField checks that err is about one field; an empty constraint is any.
func mustRefuseField(t *testing.T, err error, field, constraint string) {
	t.Helper()
	mustFailWith(t, err, core.CodeValidation)
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return
	}
	details, _ := e.Details.(core.FieldErrors)
	if len(details) != 1 || details[0].Field != field || constraint != "" && details[0].Constraint != constraint {
		t.Errorf("got details %+v, want field %q, constraint %q", e.Details, field, constraint)
	}
}
