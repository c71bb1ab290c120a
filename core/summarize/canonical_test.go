package summarize

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, stored, want string }{
		{"EmptyStaysEmpty", "", ""},
		{"LineEndsAreLF", "a\r\nb\rc\n", "a\nb\nc\n"},
		{"BlanksAtLineEndsGo", "a \t\n b\t", "a\n b"},
		{"ThreeBlankLinesAreTwo", "a\n\n\n\n\nb", "a\n\n\nb"},
		{"TwoBlankLinesStay", "a\n\n\nb", "a\n\n\nb"},
		{"ZeroWidthGoes", "\ufeffa\u200bb\u2060c", "abc"},
		{"JoinersStay", "می\u200cشود 👩\u200d💻", "می\u200cشود 👩\u200d💻"},
		{"ZeroWidthAtLineEndHidesNoBlank", "a \u200b \nb", "a\nb"},
		{"CombiningMarksStayApart", "e\u0301", "e\u0301"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Canonical(c.stored).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestText_Source(t *testing.T) {
	t.Parallel()
	stored := "\ufeff😀 a\u200bb \r\nc"
	text := Canonical(stored)
	at := strings.Index(text.String(), "ab")
	got := text.Source(at, at+2)
	if want := (Span{Start: 3, End: 6}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := text.Quote(got), "a\u200bb"; got != want {
		t.Errorf("quote is %q, want %q", got, want)
	}
	if got := text.Quote(Span{Start: -4, End: 900}); got != stored {
		t.Errorf("a span over the whole text quotes %q, want all of it", got)
	}
	if got := text.Quote(Span{Start: 5, End: 2}); got != "" {
		t.Errorf("an upside-down span quotes %q, want nothing", got)
	}
}

// pieces are what texts are drawn from: all that has a meaning to this package.
var pieces = []string{
	"a", "Word", "é", "e\u0301", "漢", "字。", "かな", "كلمة", "слово", "😀", "👩\u200d💻", "\u200b", "\ufeff", "\u2060",
	" ", "  ", "\t", "\n", "\n\n", "\r\n", "\r", ". ", "? ", "! ", ".", "Dr. ", "z. B. ", "3.5", "# ", "## ", "- ", "1. ",
	"> ", "```\n", "~~~", "| a | b |\n", "|---|---|\n", "    ", "---\n", "===", "`", "**", "_", "[x](http://a.b)", "[1]: u",
	"<!--", "-->", "<b>", "&amp;", "\\", "Anna: ", ".. ", "<table>", "\x00", "\xff", "\xe2", "\u0e01", "؟ ", "It is ", "{};=", "…",
}

func drawText(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 120).Draw(t, "pieces"), "")
}

func TestCanonical_Properties(t *testing.T) {
	t.Parallel()
	t.Run("CanonicalTwiceIsCanonical", rapid.MakeCheck(func(t *rapid.T) {
		once := Canonical(strings.ToValidUTF8(drawText(t), "?")).String()
		if twice := Canonical(once).String(); twice != once {
			t.Fatalf("got %q, want %q", twice, once)
		}
	}))
	t.Run("EveryCharacterIsFoundAgainInOrder", rapid.MakeCheck(func(t *rapid.T) {
		stored := strings.ToValidUTF8(drawText(t), "?")
		text := Canonical(stored)
		runes, last := []rune(stored), -1
		for i, r := range text.String() {
			s := text.Source(i, i+utf8.RuneLen(r))
			if s.Start <= last || s.End != s.Start+1 || s.End > len(runes) {
				t.Fatalf("span %v of byte %d of %q, after code point %d", s, i, text, last)
			}
			if got := runes[s.Start]; got != r && (r != '\n' || got != '\r') {
				t.Fatalf("code point %d is %q, want %q", s.Start, got, r)
			}
			last = s.Start
		}
	}))
}
