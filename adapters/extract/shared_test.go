package extract

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/docsctl/docsctl/core"
)

// TestExtract_SharedFiles reads real files that stand beside the repository, each
// with the expectations of a FILE.expect.txt.
func TestExtract_SharedFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "..", "shared", "files")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no shared/files beside the repository")
	}
	seen := 0
	for _, pattern := range []string{"*.html", "*.txt", "*.md", "*.docx", "*.pdf", "*.pptx", "*.xlsx", "*.epub"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			want, err := os.ReadFile(file + ".expect.txt")
			if err != nil {
				continue // an expectation itself, or a file without
			}
			seen++
			t.Run(filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				checkExpectations(t, file, string(want))
			})
		}
	}
	if seen == 0 {
		t.Error("got no file with expectations, want some")
	}
}

func checkExpectations(t *testing.T, file, expectations string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := New(Config{}).Extract(t.Context(), core.File{Name: filepath.Base(file), Body: bytes.NewReader(data)})
	text := ""
	if err == nil {
		text = normalForm(got.Markdown)
	} else if !strings.Contains(expectations, "? refused") {
		t.Fatal(err)
	}
	for line := range strings.Lines(expectations) {
		line = strings.TrimRight(line, "\n")
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") && !holds(line, text) {
			t.Errorf("not met: %s", line)
		}
	}
}

// holds reports whether one line of expectations holds: words that must be there,
// "! " words that must not, "> a >> b" in this order, "? refused" for no text.
func holds(line, text string) bool {
	if strings.HasPrefix(line, "? refused") {
		return text == ""
	}
	if words, ok := strings.CutPrefix(line, "! "); ok {
		return !strings.Contains(text, normalForm(words))
	}
	parts, ok := strings.CutPrefix(line, "> ")
	if !ok {
		return strings.Contains(text, normalForm(line))
	}
	for part := range strings.SplitSeq(parts, ">>") {
		i := strings.Index(text, normalForm(part))
		if i < 0 {
			return false
		}
		text = text[i+1:]
	}
	return true
}

var (
	marks     = regexp.MustCompile("[*_`#|\\\\~]")
	plainer   = strings.NewReplacer("‘", "'", "’", "'", "“", `"`, "”", `"`, "\u2010", "-", "\u2011", "-", "–", "-", "—", "-", "\u2212", "-")
	cjk       = `[\x{2e80}-\x{30ff}\x{31f0}-\x{31ff}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{ac00}-\x{d7af}\x{f900}-\x{faff}\x{ff00}-\x{ffef}]`
	cjkSpaces = regexp.MustCompile("(" + cjk + ") (" + cjk + ")")
	invisible = &unicode.RangeTable{R16: []unicode.Range16{
		{Lo: 0xad, Hi: 0xad, Stride: 1}, {Lo: 0x640, Hi: 0x640, Stride: 1}, {Lo: 0x200b, Hi: 0x200f, Stride: 1},
		{Lo: 0x202a, Hi: 0x202e, Stride: 1}, {Lo: 0x2060, Hi: 0x2069, Stride: 1}, {Lo: 0xfeff, Hi: 0xfeff, Stride: 1},
	}}
)

// normalForm puts a text into the form in which it is compared: NFKC, without
// invisible characters and Markdown marks, in plain quotes and small letters.
func normalForm(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(invisible, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
	s = plainer.Replace(marks.ReplaceAllString(s, " "))
	s = strings.Join(strings.Fields(s), " ")
	// Twice: matches do not overlap.
	s = cjkSpaces.ReplaceAllString(cjkSpaces.ReplaceAllString(s, "$1$2"), "$1$2")
	return strings.ToLower(s)
}
