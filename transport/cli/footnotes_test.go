package cli

import (
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// cite cites the first place of passage in text, in code points.
func cite(t *testing.T, text, passage string, sources ...core.Source) core.Citation {
	t.Helper()
	at := strings.Index(text, passage)
	if at < 0 {
		t.Fatalf("%q is not in the text", passage)
	}
	start := len([]rune(text[:at]))
	return core.Citation{Start: start, End: start + len([]rune(passage)), Sources: sources}
}

func TestWithFootnotes(t *testing.T) {
	t.Parallel()
	one := core.Source{Start: 0, End: 9, Quote: "The first"}
	two := core.Source{Start: 10, End: 20, Quote: "A second\n  line", Page: 3}
	const text = "Café 🎉🎉 opens. It \u2028 closes."
	tests := []struct {
		name      string
		text      string
		citations []core.Citation
		want      string
	}{
		{"NoneLeavesTheText", "Alone.", nil, "Alone.\n"},
		{"OffsetsAreCodePoints", text, []core.Citation{cite(t, text, "Café 🎉🎉 opens.", one), cite(t, text, "It \u2028 closes.", two)},
			"Café 🎉🎉 opens.[^1] It \u2028 closes.[^2]\n\n[^1]: \"The first\"\n[^2]: \"A second line\" (page 3)\n"},
		{"OrderIsTheTexts", text, []core.Citation{cite(t, text, "closes.", two), cite(t, text, "opens.", one)},
			"Café 🎉🎉 opens.[^1] It \u2028 closes.[^2]\n\n[^1]: \"The first\"\n[^2]: \"A second line\" (page 3)\n"},
		{"OverlapsKeepTheirEnds", text, []core.Citation{cite(t, text, "Café 🎉🎉 opens. It", two), cite(t, text, "🎉 opens.", one)},
			"Café 🎉🎉 opens.[^1] It[^2] \u2028 closes.\n\n[^1]: \"The first\"\n[^2]: \"A second line\" (page 3)\n"},
		{"SameEndIsMarkedOnce", text, []core.Citation{cite(t, text, "🎉 opens.", one, two), cite(t, text, "opens.", two, one)},
			"Café 🎉🎉 opens.[^1][^2] It \u2028 closes.\n\n[^1]: \"The first\"\n[^2]: \"A second line\" (page 3)\n"},
		{"SourceKeepsItsNumber", text, []core.Citation{cite(t, text, "opens.", one), cite(t, text, "closes.", one)},
			"Café 🎉🎉 opens.[^1] It \u2028 closes.[^1]\n\n[^1]: \"The first\"\n"},
		{"MarkStandsBeforeWhiteSpace", "A.\n\nB.\n", []core.Citation{{Start: 0, End: 4, Sources: []core.Source{one}}},
			"A.[^1]\n\nB.\n\n[^1]: \"The first\"\n"},
		{"BadOffsetsDoNotPanic", "A.", []core.Citation{{Start: -9, End: -3, Sources: []core.Source{one}}, {Start: 5, End: 99, Sources: []core.Source{two}}, {Start: 1, End: 2}},
			"[^1]A.[^2]\n\n[^1]: \"The first\"\n[^2]: \"A second line\" (page 3)\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := withFootnotes(tt.text, tt.citations); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
