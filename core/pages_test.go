package core

import (
	"slices"
	"strings"
	"testing"
)

func TestPages_AtFindsThePageOfACharacter(t *testing.T) {
	t.Parallel()
	p := Pages{Starts: []int{0, 10, 10, 25, 30}, WithoutText: []int{2, 5}}
	for offset, want := range map[int]int{0: 1, 9: 1, 10: 3, 24: 3, 25: 4, 29: 4, 30: 5, 1000: 5} {
		if got := p.At(offset); got != want {
			t.Errorf("at %d: got page %d, want %d", offset, got, want)
		}
	}
	if got := (Pages{}).At(7); got != 0 {
		t.Errorf("without pages: got page %d, want 0", got)
	}
}

func TestPages_WarningNamesWhatIsNotRead(t *testing.T) {
	t.Parallel()
	starts := make([]int, 100)
	odd := []int{}
	for i := 1; i < 100; i += 2 {
		odd = append(odd, i)
	}
	for _, tt := range []struct {
		without []int
		want    string
	}{
		{nil, ""},
		{[]int{7}, "page 7 of 100"},
		{[]int{1, 2, 3, 9, 11, 12}, "6 of 100 pages have no text and are not read (1-3, 9, 11-12)"},
		{odd, "19, 21, 23, …)"},
	} {
		got := Pages{Starts: starts, WithoutText: tt.without}.Warning()
		if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%v: got %q, want it to hold %q", tt.without, got, tt.want)
		}
	}
}

func TestSummaryResult_LocateTellsThePageOfEachSource(t *testing.T) {
	t.Parallel()
	r := &SummaryResult{Citations: []Citation{{Sources: []Source{{Start: 3}, {Start: 12}}}}}
	r.locate(Pages{Starts: []int{0, 10, 10}, WithoutText: []int{2}})
	got := []int{r.Citations[0].Sources[0].Page, r.Citations[0].Sources[1].Page}
	if !slices.Equal(got, []int{1, 3}) {
		t.Errorf("got pages %v, want 1 and 3", got)
	}
	if r.Coverage.PagesTotal != 3 || !slices.Equal(r.Coverage.PagesWithoutText, []int{2}) {
		t.Errorf("got coverage %+v", r.Coverage)
	}
	if len(r.Warnings) != 1 || r.Warnings[0].Code != WarnPagesWithoutText || r.Warnings[0].Severity != SeverityHigh {
		t.Errorf("got warnings %+v, want one of the page without text", r.Warnings)
	}
	plain := &SummaryResult{Citations: []Citation{{Sources: []Source{{Start: 3}}}}}
	plain.locate(Pages{})
	if plain.Citations[0].Sources[0].Page != 0 || plain.Coverage.PagesTotal != 0 || plain.Warnings != nil {
		t.Errorf("got %+v of a text without pages", plain)
	}
}
