package summarize

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestText_Sentences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text string }{ // "¦" is where a sentence ends
		{"EnglishTitles", "Dr. Marsh met Mr. and Mrs. Lee on Oct. 5 in St. Ives.¦ They left at noon."},
		{"EnglishInitials", "The letters of J. R. Holt and A.B. Young were sold.¦ Nobody knew why."},
		{"EnglishInitialBeforeAnArticle", "They took plan B.¦ The mayor agreed."},
		{"EnglishAbbreviations", "Use a solvent, e.g. Acetone, or see Fig. 3 and No. 7.¦ It costs approx. 4.50 dollars."},
		{"EnglishCompany", "Acme Inc. sold the U.S. business in May.¦ The buyer lives in the U.S.¦ The price is secret."},
		{"EnglishQuotedQuestion", "\"Are you sure?\" she asked.¦ \"Of course!\"¦ He nodded."},
		{"EnglishName", "Yahoo! is a company.¦ It is old."},
		{"EnglishEtc", "Bring pens, paper, etc. and a coat.¦ We leave at 7 a.m. sharp."},
		{"GermanAbbreviations", "Er sammelt z. B. Münzen, d. h. alte Stücke, vgl. Kap. 4.¦ Das kostet ca. 30 Euro."},
		{"GermanOrdinals", "Am 3. Oktober begann im 19. Jahrhundert der Bau.¦ Er endete spät."},
		{"GermanDoctors", "Prof. Dr. Anna K. Weber sprach.¦ Alle hörten zu."},
		{"GermanQuotes", "„Wir gehen!“, rief sie.¦ „Jetzt?“¦ Niemand kam."},
		{"French", "M. Petit et Mme Roy arrivent à 9 h.¦ « Enfin ! » dit-il.¦ Voir p. ex. la page 3."},
		{"Spanish", "La Sra. Gil y el Dr. Paz llegaron.¦ ¿Quién los vio?¦ ¡Nadie!"},
		{"Russian", "Музей им. А. П. Чехова открыт, т. е. готов.¦ Его построили в 1950 г. на ул. Садовой."},
		{"Arabic", "هل وصل القطار؟¦ نعم وصل في الصباح.¦ ثم رحل."},
		{"Chinese", "他说：今天下雨。¦我们不去！¦为什么？"},
		{"Japanese", "今日は雨です。¦傘を持って行きますか？¦はい。"},
		{"JapaneseQuotation", "雨が降る。¦「傘がない。」と彼は言った。¦『本当か。』¦返事はない。"},
		{"GermanMillions", "Der Bau kostete 12,5 Mio. Euro.¦ Er steht."},
		{"Hindi", "यह पहला वाक्य है।¦ यह दूसरा है।"},
		{"Decimals", "Version 1.2.3 costs 4.50.¦ See example.com for more."},
		{"Emphasis", "**Scope.**¦ This part is _short._¦ Next one."},
		{"HardWrap", "One sentence over\ntwo lines.¦ Another on\nthree\nlines."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := Canonical(strings.ReplaceAll(c.text, "¦", ""))
			var want, got []string
			for s := range strings.SplitSeq(c.text, "¦") {
				want = append(want, strings.TrimSpace(s))
			}
			for _, s := range text.Sentences() {
				got = append(got, text.String()[s.Start:s.End])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("sentences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestText_Sentences_LongRunsAreCut(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"Words": strings.Repeat("word ", 900), "Clauses": strings.Repeat("some words, ", 400),
		"Thai": strings.Repeat("ภาษาไทย", 400), "OneWord": strings.Repeat("字", 2000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := Canonical(text)
			if len(x.Sentences()) < 3 {
				t.Fatalf("got %d sentences, want the run cut", len(x.Sentences()))
			}
			for _, s := range x.Sentences() {
				if n := wordCount(x.String()[s.Start:s.End]); n > longestSentence {
					t.Errorf("a sentence has %d words, want at most %d", n, longestSentence)
				}
			}
		})
	}
}
