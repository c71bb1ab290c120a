// Package expect checks the text of real files against what must come out of them.
// The files stand in shared/files beside the repository, each with the expectations
// of a FILE.expect.txt, and are no part of it.
package expect

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// File is a file with what must come out of it.
type File struct {
	Path         string
	Expectations string
}

// Files returns the files, or skips the test where there are none.
func Files(t *testing.T) []File {
	t.Helper()
	dir := filepath.Join(moduleRoot(t), "..", "shared", "files")
	names, err := filepath.Glob(filepath.Join(dir, "*.expect.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Skip("no shared/files beside the repository")
	}
	var files []File
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{Path: strings.TrimSuffix(name, ".expect.txt"), Expectations: string(text)})
	}
	return files
}

// moduleRoot is the folder above the test's own that has the go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// Refused reports whether the file holds no readable text.
func (f File) Refused() bool { return strings.Contains(f.Expectations, "? refused") }

// NotMet returns the expectations that text, "" for a refused file, does not meet.
func (f File) NotMet(text string) []string {
	text = normalForm(text)
	var lines []string
	for line := range strings.Lines(f.Expectations) {
		line = strings.TrimRight(line, "\n")
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") && !holds(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
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
