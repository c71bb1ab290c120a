package core

import (
	"slices"
	"strings"
	"testing"
)

func TestSearchWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"FoldsCaseAndPunctuation", "Ärger, im Büro-2!", []string{"ärger", "im", "büro", "2"}},
		{"KeepsCombiningMarks", "e\u0301t\u00e9", []string{"e\u0301t\u00e9"}},
		{"PairsUnspacedScripts", "東京都", []string{"東京", "京都"}},
		{"SeparatesScripts", "go言語", []string{"go", "言語"}},
		{"KeepsASingleCharacter", "猫", []string{"猫"}},
		{"HasNothingInSymbols", "+++ --- \"AND\" *", []string{"and"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := searchWords(c.text, false); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSearchEntry_HasEveryWordOfAnyQueryOnItsText(t *testing.T) {
	t.Parallel()
	d := &Document{ID: NewID[DocumentID](), Title: "Die Straße nach 東京", Content: "Über 300 Seiten; ภาษาไทย und mehr."}
	e := newSearchEntry(d)
	for _, query := range []string{"STRAßE", "straße nach", "東", "東京", "300 seiten", "ภาษา", "mehr über"} {
		q, ok := newSearchQuery(query)
		for _, w := range q.Words {
			if _, found := slices.BinarySearch(e.Words, w); !ok || !found {
				t.Errorf("query %q: word %q is not in the entry", query, w)
			}
		}
	}
}

func TestSearchEntry_IsBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 200_000 {
		b.WriteString("w")
		b.WriteString(strings.Repeat("x", i%7))
		b.WriteString(NewID[string]()[24:])
		b.WriteByte(' ')
	}
	e := newSearchEntry(&Document{Title: "t", Content: b.String() + strings.Repeat("y", 100_000)})
	if len(e.Words) > maxSearchWords {
		t.Errorf("got %d words, want at most %d", len(e.Words), maxSearchWords)
	}
	if longest := slices.MaxFunc(e.Words, func(a, b string) int { return len(a) - len(b) }); len(longest) > 4*maxWordRunes {
		t.Errorf("the longest word has %d bytes", len(longest))
	}
}

func TestSearchQuery_OfSymbolsIsNone(t *testing.T) {
	t.Parallel()
	if q, ok := newSearchQuery("?! …"); ok {
		t.Errorf("got %v, want no query", q)
	}
}
