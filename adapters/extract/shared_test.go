package extract

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/docsctl/docsctl/core"
)

// TestExtract_SharedFiles reads real files that stand beside the repository, each
// with the expectations of a FILE.expect.txt, in this process and in a child.
func TestExtract_SharedFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "..", "shared", "files")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no shared/files beside the repository")
	}
	expectations, err := filepath.Glob(filepath.Join(dir, "*.expect.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(expectations) == 0 {
		t.Error("got no file with expectations, want some")
	}
	inProcess := testExtractor(t)
	temp := t.TempDir()
	t.Cleanup(func() { mustBeEmpty(t, temp) })
	sandboxed := NewSandboxed(SandboxConfig{Config: Config{TempDir: temp}})
	for _, name := range expectations {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file := strings.TrimSuffix(name, ".expect.txt")
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			checkExpectations(t, inProcess, file, string(want))
			checkExpectations(t, sandboxed, file, string(want))
		})
	}
}

func checkExpectations(t *testing.T, x core.Extractor, file, expectations string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.Extract(t.Context(), core.File{Name: filepath.Base(file), Body: bytes.NewReader(data)})
	text := ""
	if err == nil {
		text = normalForm(got.Markdown)
		checkPages(t, got)
	} else if !strings.Contains(expectations, "? refused") || core.CodeOf(err) != core.CodeUnsupportedMedia {
		t.Fatal(err)
	}
	for line := range strings.Lines(expectations) {
		line = strings.TrimRight(line, "\n")
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "# ") && !holds(line, text) {
			t.Errorf("%T: not met: %s", x, line)
		}
	}
}

// checkPages checks that pages begin inside the text, one after the other.
func checkPages(t *testing.T, got *core.Extracted) {
	t.Helper()
	last, length := 0, utf8.RuneCountInString(got.Markdown)
	for i, start := range got.Pages.Starts {
		if start < last || start > length {
			t.Errorf("got page %d starting at %d, after %d, in %d characters", i+1, start, last, length)
		}
		last = start
	}
	for _, n := range got.Pages.WithoutText {
		if n < 1 || n > len(got.Pages.Starts) {
			t.Errorf("got page %d of %d without text", n, len(got.Pages.Starts))
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
