package summarize

import (
	"slices"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

const harbourText = `# Harbour report

The harbour of Aldport handled 1,234,567 tons of grain in 2023, which was 12.5 percent more than in the year before. Logs are kept for 30 days, then deleted.

The council approved the new crane on 5 May 2024. The Environmental Protection Agency asked for a study of the eastern pier 🚀 before work begins. The log calls it AUTO_PILOT_2. Mayor Ingrid Solberg signed the contract worth 3.5 million euros.

| berth | length |
|---|---|
| North | 240 |
| South | 310 |
`

func check(t *testing.T, document, summary string) Checked {
	t.Helper()
	got := Check(Canonical(document), summary)
	runes, text := []rune(document), []rune(summary)
	for _, c := range got.Citations {
		if c.Start < 0 || c.End > len(text) || c.Start >= c.End {
			t.Errorf("citation [%d, %d) is outside the summary", c.Start, c.End)
		}
		for _, s := range c.Sources {
			if string(runes[s.Start:s.End]) != s.Quote {
				t.Errorf("quote %q is not the document's [%d, %d)", s.Quote, s.Start, s.End)
			}
		}
	}
	return got
}

// flagged are the codes of warnings with the text that they are about.
func flagged(summary string, ws []core.Warning) []string {
	out := []string{}
	for _, w := range ws {
		out = append(out, w.Code+": "+string([]rune(summary)[*w.Start:*w.End]))
	}
	return out
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		summary string
		want    []string
	}{
		"CopiedSentencesAreClean": {"Logs are kept for 30 days, then deleted. The council approved the new crane on 5 May 2024.", nil},
		"AWrongNumberIsFoundOnce": {"Logs are kept for 90 days, then deleted.", []string{"unsupported_number: 90"}},
		"OffsetsAreCodePoints":    {"🚀🚀 é Logs are kept for 90 days, then deleted.", []string{"unsupported_number: 90"}},
		"OtherDigitsAreTheSame":   {"Logs are kept for ３０ days, then deleted. Logs are kept for ٣٠ days, then deleted.", nil},
		"SpelledNumbersAreToo":    {"Logs are kept for thirty days, then deleted.", nil},
		"GroupingIsByLocale":      {"The harbour of Aldport handled 1.234.567 tons of grain in 2023, 12,5 percent more than in the year before.", nil},
		"AHedgeAllowsRounding":    {"The harbour of Aldport handled about 1.2 million tons of grain in 2023.", nil},
		"WithoutAHedgeItIsWrong":  {"The harbour of Aldport handled 1.2 million tons of grain in 2023.", []string{"unsupported_number: 1.2 million"}},
		"MagnitudesCount":         {"Mayor Ingrid Solberg signed the contract worth 3.5 billion euros.", []string{"unsupported_number: 3.5 billion"}},
		"MagnitudesAreValues":     {"Mayor Ingrid Solberg signed the contract worth 3,500,000 euros.", nil},
		"DatesAreRewritten":       {"On May 5, 2024 the council approved the new crane. On 2024-05-05 the council approved the new crane.", nil},
		"AWrongDateIsFound":       {"The council approved the new crane on 6 May 2024.", []string{"unsupported_date: 6 May 2024"}},
		"AcronymsAreNames":        {"The EPA asked for a study of the eastern pier before work begins.", nil},
		"AWrongNameIsFound":       {"The mayor Ingrid Petersen signed the contract worth 3.5 million euros.", []string{"unsupported_name: Petersen"}},
		"ANumberFromElsewhere":    {"Logs are kept for 310 days, then deleted.", []string{"number_not_in_citation: 310"}},
		"JoinedWordsAreOne":       {"The log calls it AUTO_PILOT_2.", nil},
		"AnInventionIsFound":      {"Penguins organised a splendid underwater concert near frozen volcanoes.", []string{"unsupported_sentence: Penguins organised a splendid underwater concert near frozen volcanoes."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := flagged(c.summary, check(t, harbourText, c.summary).Warnings)
			if !slices.Equal(got, append([]string{}, c.want...)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCheck_CitesWhereItStands(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"Latin": harbourText, "WindowsLineEnds": strings.ReplaceAll(harbourText, "\n", "\r\n"), "ZeroWidth": "\ufeff" + strings.ReplaceAll(harbourText, "Logs", "Lo\u200bgs"),
	} {
		got := check(t, document, "Logs are kept for 30 days.")
		if len(got.Citations) != 1 || !strings.Contains(got.Citations[0].Sources[0].Quote, "for 30 days") {
			t.Errorf("%s: got %+v", name, got.Citations)
		}
	}
	got := check(t, "北京的新图书馆于五月开放。读者人数在一年内翻了一番。市议会批准了额外的预算。", "读者人数在一年内翻了一番。")
	if len(got.Citations) != 1 || got.Citations[0].Sources[0].Quote != "读者人数在一年内翻了一番。" {
		t.Errorf("Chinese: got %+v", got.Citations)
	}
}

func TestPipeline_CitationsFollowTheMerges(t *testing.T) {
	t.Parallel()
	h := newHarness(smallModel)
	r := requestFor(book)
	got := h.summarize(t, r)
	if len(got.Citations) < 5 || strings.ContainsAny(got.Text, "[]") {
		t.Fatalf("%d citations in %q", len(got.Citations), got.Text)
	}
	text, content := []rune(got.Text), []rune(book)
	for _, c := range got.Citations {
		said := strings.TrimRight(string(text[c.Start:c.End]), ".…")
		if s := c.Sources[0]; string(content[s.Start:s.End]) != s.Quote || !strings.Contains(s.Quote, said[:min(len(said), 40)]) {
			t.Errorf("%q is cited from %q", said, s.Quote)
		}
	}
	if ws := codes(got.Warnings); len(ws) != 0 {
		t.Errorf("a copying model got warnings %v", ws)
	}
}

func TestStripMarks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"One [3]. Two [4][5].": "One. Two.", "One. [3] Two.": "One. Two.", "- [2] One": "- One", "[1] One": "One", "One [3, 7] [8-9].": "One.", "a[0] = [x](y) [1](http://a)": "a = [x](y) [1](http://a)",
		"[see 3] [] [-1] [a]": "[see 3] [] [-1] [a]", "no": "no", "「文」[3]。": "「文」。",
	} {
		if got, _ := stripMarks(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestParseAnswer(t *testing.T) {
	t.Parallel()
	s, err := parseSchema([]byte(`{"type":"object","required":["a"],"properties":{"a":{"type":"array","items":{"type":["string","null"]}},"n":{"type":"integer"},"e":{"enum":["x",1]}},"additionalProperties":false}`))
	if err != nil {
		t.Fatal(err)
	}
	for in, ok := range map[string]bool{
		`{"a":["x",null],"n":3,"e":1}`: true, "```json\n{\"a\":[]}\n```": true, `Here it is: {"a":[]}`: true, `{"a":[]} and more`: true, `{}`: false, `[]`: false, `{"a":[1]}`: false,
		`{"a":[],"n":1.5}`: false, `{"a":[],"e":"y"}`: false, `{"a":[],"b":1}`: false, `{"a":`: false, "": false, "no": false,
	} {
		if _, err := parseAnswer(in, s); (err == nil) != ok {
			t.Errorf("%q: got %v, want accepted %v", in, err, ok)
		}
	}
	for _, bad := range []string{`[]`, `{"type":"thing"}`, `{"properties":3}`, `{`, ``} {
		if _, err := parseSchema([]byte(bad)); err == nil {
			t.Errorf("schema %q was accepted", bad)
		}
	}
}

func TestBringInto(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		format   core.Format
		in, want string
	}{
		"MarkdownStays":   {core.FormatMarkdown, "```markdown\n# A\n\n**One** [1].\n```", "# A\n\n**One**."},
		"PlainHasNoMarks": {core.FormatPlain, "# A\n\n**One** [1][2] and `two`.", "A\n\nOne and two."},
		"BulletsAreLines": {core.FormatBullets, "# Points\n\n* One [1]\n  goes on [2]\n\n2. Two\n", "- One goes on\n- Two"},
		"ProseBecomesOne": {core.FormatBullets, "One sentence [1].", "- One sentence."},
		"JSONKeepsItsRow": {core.FormatJSON, `{"b":"One \"two\" [1].","a":[1,"[2] x\n[3] y"]}`, `{"b":"One \"two\".","a":[1,"x\ny"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := bringInto(c.format, c.in); got.text != c.want {
				t.Errorf("got %q, want %q", got.text, c.want)
			}
		})
	}
}
