package summarize

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// checkCitations reports a citation that is not what it promises.
func checkCitations(t interface{ Fatalf(string, ...any) }, stored string, s Summary) {
	source, text := []rune(stored), []rune(s.Text)
	last := 0
	for i, c := range s.Citations {
		if c.Start < last || c.End < c.Start || c.End > len(text) {
			t.Fatalf("citation %d is %d to %d of %d, after %d", i, c.Start, c.End, len(text), last)
		}
		last = c.End
		if c.Source.Start < 0 || c.Source.End > len(source) || c.Source.Start > c.Source.End {
			t.Fatalf("citation %d is of %v of %d code points", i, c.Source, len(source))
		}
		if got := string(source[c.Source.Start:c.Source.End]); got != string([]rune(c.Quote)) {
			t.Fatalf("citation %d quotes %q, the document has %q", i, c.Quote, got)
		}
	}
}

func TestRender_CitationsAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		stored := drawText(rt)
		e, err := Extractive(context.Background(), Canonical(stored), Options{Words: 40})
		if err != nil {
			rt.Fatal(err)
		}
		for _, f := range []Format{Markdown, Plain, Bullets, JSON} {
			s := Render(e, f)
			checkCitations(rt, stored, s)
			if len(s.Citations) < len(e.Picked)+len(e.Facts) {
				rt.Fatalf("%s: %d citations of %d sentences and %d facts", f, len(s.Citations), len(e.Picked), len(e.Facts))
			}
			if f == JSON && !json.Valid([]byte(s.Text)) {
				rt.Fatalf("not JSON: %s", s.Text)
			}
		}
	})
}

const renderSource = "# Tool\r\n\r\nThe **fast** tool copies [all\r\nfiles](https://a.example/x) with `cp_all`. See the [manual](manual.md) for more about it.\r\n\r\n" +
	"## Limits\r\n\r\n- Files over *4 GB are cut \"in two\" by default."

func TestRender(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format Format
		want   string
	}{
		{Markdown, "The **fast** tool copies [all files](https://a.example/x) with `cp_all`. See the manual for more about it.\n\nFiles over \\*4 GB are cut \"in two\" by default."},
		{"", "The **fast** tool copies [all files](https://a.example/x) with `cp_all`. See the manual for more about it.\n\nFiles over \\*4 GB are cut \"in two\" by default."},
		{Plain, "The fast tool copies all files with cp_all. See the manual for more about it.\n\nFiles over *4 GB are cut \"in two\" by default."},
		{Bullets, "- The **fast** tool copies [all files](https://a.example/x) with `cp_all`.\n- See the manual for more about it.\n- Files over \\*4 GB are cut \"in two\" by default."},
		{JSON, `{"title":"Tool","summary":"The fast tool copies all files with cp_all. See the manual for more about it. Files over *4 GB are cut \"in two\" by default.","key_points":["The fast tool copies all files with cp_all.","See the manual for more about it.","Files over *4 GB are cut \"in two\" by default."]}`},
	} {
		t.Run("Format"+string(c.format), func(t *testing.T) {
			t.Parallel()
			_, e := extract(t, renderSource, Options{Words: 100})
			s := Render(e, c.format)
			if diff := cmp.Diff(c.want, s.Text); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			checkCitations(t, renderSource, s)
			if got, want := s.Citations[0].Quote, "The **fast** tool copies [all\r\nfiles](https://a.example/x) with `cp_all`."; got != want {
				t.Errorf("the first quote is %q, want %q", got, want)
			}
		})
	}
}

func TestRender_NoSpaceBetweenSentencesOfScriptsWithoutAny(t *testing.T) {
	t.Parallel()
	_, e := extract(t, "今日は朝から雨が降っています。明日は晴れる予定だと聞きました。", Options{Words: 100})
	if got, want := Render(e, Plain).Text, "今日は朝から雨が降っています。明日は晴れる予定だと聞きました。"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a **b** _c_ `d_e`":               "a b c d_e",
		"snake_case and 2 * 3 * 4":        "snake_case and 2 * 3 * 4",
		"[a [b]](u) ![alt](p.png) x[^1]":  "a [b] alt x",
		"<b>bold</b> 1 < 2 <http://x.y>":  "bold 1 < 2 http://x.y",
		`\*not\* &amp; ~~gone~~ ~5`:       `*not* & gone ~5`,
		"[open and `unclosed **":          "[open and `unclosed **",
		"array[0] and f(x)[1] [ref][one]": "array[0] and f(x)[1] ref",
	} {
		if got := plainText(in); got != want {
			t.Errorf("plainText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMarkdownText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a **b** _c_ `d`":               "a **b** _c_ `d`",
		"**cut off":                     `\*\*cut off`,
		"[x](http://a.b) [y](z.md)":     "[x](http://a.b) y",
		"<b>bold</b> and 1 < 2":         `bold and 1 \< 2`,
		"note[^1] and ![alt](http://p)": "note and alt",
	} {
		if got := markdownText(in); got != want {
			t.Errorf("markdownText(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"# one": `\# one`, "1. two": `1\. two`, "- three": `\- three`, "four": "four"} {
		if got := escapeStart(in); got != want {
			t.Errorf("escapeStart(%q) = %q, want %q", in, got, want)
		}
	}
	if strings.Contains(markdownText("plain words"), `\`) {
		t.Error("plain words were escaped")
	}
}
