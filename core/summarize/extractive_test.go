package summarize

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func extract(t testing.TB, text string, o Options) (*Text, *Extract) {
	t.Helper()
	x := Canonical(text)
	e, err := Extractive(context.Background(), x, o)
	if err != nil {
		t.Fatal(err)
	}
	return x, e
}

// pickedTexts returns what was picked as it stands in the canonical text.
func pickedTexts(x *Text, e *Extract) []string {
	var out []string
	for _, s := range e.Picked {
		out = append(out, collapse(x.String()[s.Start:s.End]))
	}
	return out
}

func TestExtractive_Properties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		stored := drawText(rt)
		budget := rapid.IntRange(0, 60).Draw(rt, "words")
		text := Canonical(stored)
		e, err := Extractive(context.Background(), text, Options{Words: budget})
		if err != nil {
			rt.Fatal(err)
		}
		last := 0
		for _, s := range e.Picked {
			if s.Start < last || s.End <= s.Start || s.End > len(text.String()) {
				rt.Fatalf("sentence %d to %d after %d of %d", s.Start, s.End, last, len(text.String()))
			}
			last = s.End
		}
		again, err := Extractive(context.Background(), Canonical(stored), Options{Words: budget})
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(e, again, cmpopts.IgnoreUnexported(Extract{}, Sentence{})); diff != "" {
			rt.Fatalf("two runs differ:\n%s", diff)
		}
	})
}

func TestExtractive_KeepsItsBudget(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("The harbour keeps its cranes. Ships bring wood and grain from far away every week. ", 40) + longText(3000)
	for _, words := range []int{20, 60, 150} {
		_, e := extract(t, text, Options{Words: words})
		if e.Words > words || e.Words < words/2 {
			t.Errorf("got %d words, want at most %d and half at least", e.Words, words)
		}
	}
}

func TestExtractive_Lengths(t *testing.T) {
	t.Parallel()
	var got []int
	for _, l := range []Length{Short, Medium, Long} {
		_, e := extract(t, longText(2000), Options{Length: l})
		got = append(got, e.Words)
	}
	if !(got[0] < got[1] && got[1] < got[2]) {
		t.Errorf("short, medium and long have %v words, want them to grow", got)
	}
}

func TestExtractive_PronounsFollowWhatTheyPointAt(t *testing.T) {
	t.Parallel()
	text := "# Harbour\n\nThe old harbour crane lifts wood from ships at the harbour. It lifts forty tons of wood each day from the ships. " +
		"Ships bring wood from the northern islands to the harbour. This is the harbour's most important trade in wood and grain. " +
		"Grain arrives by rail from the southern plains instead."
	x := Canonical(text)
	for words := 8; words < 60; words += 3 {
		e, err := Extractive(context.Background(), x, Options{Words: words})
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range e.Picked {
			opening := x.String()[s.Start:s.End]
			if !strings.HasPrefix(opening, "It ") && !strings.HasPrefix(opening, "This is") {
				continue
			}
			all := x.Sentences()
			at := 0
			for all[at].Start != s.Start {
				at++
			}
			if i == 0 || e.Picked[i-1].Start != all[at-1].Start {
				t.Errorf("%d words: %q stands without the sentence before it", words, opening)
			}
		}
	}
}

func TestExtractive_CodeNeverAppears(t *testing.T) {
	t.Parallel()
	text := "# Tool\n\nThe tool copies files between two machines over a slow line.\n\n```\ncopy the files between machines quickly now.\n```\n\n" +
		"    for f := range files { copy(f, machine); }\n    done()\n\nx = copy(files, machines); y = {1: files, 2: machines};\n\n" +
		"| files | machines |\n|---|---|\n| copy of files | two machines here |\n\nFiles that exist on both machines are compared first."
	_, e := extract(t, text, Options{Words: 400})
	x := Canonical(text)
	want := []string{
		"The tool copies files between two machines over a slow line.",
		"Files that exist on both machines are compared first.",
	}
	if diff := cmp.Diff(want, pickedTexts(x, e)); diff != "" {
		t.Errorf("picked (-want +got):\n%s", diff)
	}
}

func TestExtractive_SomethingIsSaidOfAnyText(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"OneWord": "Hello", "ShortLines": "Yes.\n\nNo.", "OverBudget": strings.Repeat("many words without an end ", 20),
		"OnlyPronouns": "He came home late at night. She saw him at once there.",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, e := extract(t, text, Options{Words: 10}); len(e.Picked)+len(e.Facts) == 0 {
				t.Errorf("nothing picked of %q", text)
			}
		})
	}
	if _, e := extract(t, " \n\n ", Options{}); len(e.Picked)+len(e.Facts) != 0 {
		t.Errorf("got %v of a blank text, want nothing", e)
	}
}

func TestExtractive_ForeignPassagesStayOut(t *testing.T) {
	t.Parallel()
	text := "島の住民は今年、波の力で電気を作る発電所を完成させた。発電所は三百世帯分の電気を作ることができる。\n\n" +
		"The power station was completed by the people of the island this year.\n\n建設には五年かかり、費用の多くは寄付でまかなわれた。"
	x, e := extract(t, text, Options{Words: 300})
	for _, s := range pickedTexts(x, e) {
		if strings.HasPrefix(s, "The") {
			t.Errorf("picked %q in a Japanese text", s)
		}
	}
}

func TestExtractive_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, words := range []int{500, 60_000} {
		if _, err := Extractive(ctx, Canonical(longText(words)), Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%d words: got %v, want context.Canceled", words, err)
		}
	}
}

func TestExtractive_LongTexts(t *testing.T) {
	t.Parallel()
	text := longText(60_000)
	x, e := extract(t, text, Options{})
	if n := len(x.candidates(shortest)); n <= largeDocument {
		t.Fatalf("the text has %d candidates, too few to be ranked in chunks", n)
	}
	if e.Words < 90 || e.Words > 180 {
		t.Errorf("got %d words, want about 180", e.Words)
	}
	_, again := extract(t, text, Options{})
	if diff := cmp.Diff(e.Picked, again.Picked, cmpopts.IgnoreUnexported(Sentence{})); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
}
