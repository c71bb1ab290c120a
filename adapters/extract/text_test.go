package extract

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

func TestExtract_DecidesTheKind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ title, name, mediaType, body, want string }{
		{"PageBeatsName", "a.md", "text/markdown", "<!doctype html><html><body>Words</body></html>", "text/html"},
		{"XHTML", "", "", `<?xml version="1.0"?><!-- c --><html xmlns="http://www.w3.org/1999/xhtml"><body>Words</body></html>`, "text/html"},
		{"Fragment", "", "", "<p>Words</p>", "text/html"},
		{"ClaimedHTML", "", "text/html", "Words <b>here</b>", "text/html"},
		{"ClaimedHTMLWithoutTags", "", "text/html", "Words only", "text/plain"},
		{"MarkdownMayBeginWithATag", "README.md", "", "<div align=center>\n\n# Name\n\n</div>", "text/markdown"},
		{"MarkdownByMarks", "", "", "# Name\n\n- one\n- two\n", "text/markdown"},
		{"FrontMatter", "", "", "---\ntitle: Name\n---\nWords\n", "text/markdown"},
		{"Plain", "", "", "Words, 2 * 3 and # 4.\n", "text/plain"},
		{"PlainByName", "a.txt", "", "# Name\n\n- one\n", "text/plain"},
		{"WordsLikeASignature", "", "", "BMW and MZ are makers of motorcycles.\n", "text/plain"},
		{"JSONIsText", "a.json", "application/json", `{"a": "words"}`, "text/plain"},
	} {
		t.Run(tt.title, func(t *testing.T) {
			t.Parallel()
			got := mustExtract(t, core.File{Name: tt.name, MediaType: tt.mediaType, Body: strings.NewReader(tt.body)})
			if got.MediaType != tt.want {
				t.Errorf("got %s, want %s", got.MediaType, tt.want)
			}
		})
	}
}

func TestExtract_RefusesOtherKinds(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"rtf": `{\rtf1\ansi Words}`, "zip": string(zipOf(t, zipPart{"a.txt", "words"})), "old office": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 words",
		"office": string(officeFile(t, "visio/document.xml", "application/vnd.ms-visio.drawing")),
		"gif":    "GIF89a\x01\x00\x01\x00", "control characters": strings.Repeat("a\x01\x02", 50), "postscript": "%!PS-Adobe-3.0\nshowpage\n",
	} {
		_, err := New(Config{}).Extract(t.Context(), core.File{Name: "a.txt", Body: strings.NewReader(body)})
		if core.CodeOf(err) != core.CodeUnsupportedMedia || !strings.Contains(core.AsError(err).Message, "send PDF, DOCX") {
			t.Errorf("%s: got %v, want %s that says what works", name, err, core.CodeUnsupportedMedia)
		}
	}
}

func TestExtract_Titles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"a.md", "---\ntitle: \"From: matter\"\n---\n# Heading\n", "From: matter"},
		{"a.md", "---\ntitle:\nother: 1\n---\n# Heading\n", "Heading"},
		{"a.md", "---\ntitle: [a, b]\n---\n# Heading\n", "Heading"},
		{"a.md", "---\n{{broken: yaml\n---\n## Second **level** of [a link](/x) ##\n", "Second level of a link"},
		{"a.md", "```sh\n# no heading\n```\n\nHeading\n=======\n", "Heading"},
		{"a.md", "Words\n\n---\n\nmore #hash\n", ""},
		{"a.md", "\ufeff# Heading\r\nWords\r\n", "Heading"},
		{"a.txt", "Annual report\n\nWords of it.\n", "Annual report"},
		{"a.txt", "Annual report\n=============\nWords.\n", "Annual report"},
		{"a.txt", "年次報告\n\n本文です。\n", "年次報告"},
		{"a.txt", "Words that end as a sentence.\n\nMore.\n", ""},
		{"a.txt", "Only one line", ""},
		{"a.txt", "- a list\n\n- of items\n", ""},
		{"a.txt", "Two lines of\nrunning text\n", ""},
	} {
		if got := mustExtract(t, core.File{Name: tt.name, Body: strings.NewReader(tt.body)}); got.Title != tt.want {
			t.Errorf("%q: got %q, want %q", tt.body, got.Title, tt.want)
		}
	}
}

func TestExtract_TextOverTheLimitIsTooLarge(t *testing.T) {
	t.Parallel()
	x := New(Config{MaxBytes: 1000, MaxText: 100})
	for n, want := range map[int]core.Code{100: "", 101: core.CodePayloadTooLarge, 1000: core.CodePayloadTooLarge, 1001: core.CodePayloadTooLarge} {
		_, err := x.Extract(t.Context(), core.File{Body: strings.NewReader(strings.Repeat("a", n))})
		if got := core.CodeOf(err); got != want {
			t.Errorf("%d bytes: got %v, want %q", n, err, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, tt := range legacyTexts {
		f.Add([]byte(tt.text), "text/plain; charset="+tt.charsets[0])
	}
	for _, s := range []string{"", "\xff\xfea\x00", "\xfe\xff\xd8", "\xff\xfe\x00\x00a", "\x1b$B", "---\ntitle: &a [*a]\n---\n", "# a\n", "a\x00b", "\xef\xbb\xbf", "~{<:Ky2;"} {
		f.Add([]byte(s), "")
	}
	f.Fuzz(checkInvariants)
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		page, "<html><table><tr><td><table>", "<html><p>&#0;&#xD800;\ufdd0", "<html><a href=':'>x</a><img src='%zz'>", "<html><base href=//x><a href=y>z",
		"<html><pre>\n a", "<html><ul><ol><li><blockquote>a<br>b", "<html><svg><title>x</title></svg>a", "<html><select><b><option>x", "<!doctype html><frameset>",
	} {
		f.Add([]byte(s), "text/html")
	}
	f.Fuzz(checkInvariants)
}

func checkInvariants(t *testing.T, data []byte, mediaType string) {
	got, err := fuzzed.Extract(context.Background(), core.File{MediaType: mediaType, Body: bytes.NewReader(data)})
	mustBeOurs(t, err)
	if err == nil && (!utf8.ValidString(got.Markdown+got.Title) || strings.ContainsRune(got.Markdown+got.Title, 0) || isBlank(got.Markdown)) {
		t.Errorf("got title %q, text %q: no text", got.Title, got.Markdown)
	}
}
