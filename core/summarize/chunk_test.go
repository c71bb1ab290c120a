package summarize

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawRow(t *rapid.T) ([]Prio, []int) {
	n := rapid.IntRange(0, 80).Draw(t, "units")
	prios, sizes := make([]Prio, n), make([]int, n)
	for i := range n {
		prios[i] = Prio{Rank: rapid.IntRange(0, 2).Draw(t, "rank"), Hash: rapid.Uint64().Draw(t, "hash")}
		sizes[i] = rapid.IntRange(1, 200).Draw(t, "size")
	}
	return prios, sizes
}

func TestCut(t *testing.T) {
	t.Parallel()
	const window, limit = 300, 1200
	t.Run("ChunksBeginAtZeroGrowAndKeepTheLimit", rapid.MakeCheck(func(t *rapid.T) {
		prios, sizes := drawRow(t)
		cuts := Cut(prios, sizes, window, limit)
		if len(prios) == 0 {
			if len(cuts) != 0 {
				t.Fatalf("got %v of nothing", cuts)
			}
			return
		}
		if cuts[0] != 0 || !slices.IsSorted(cuts) || len(slices.Compact(slices.Clone(cuts))) != len(cuts) {
			t.Fatalf("cuts are %v", cuts)
		}
		for k, from := range cuts {
			to := len(sizes)
			if k+1 < len(cuts) {
				to = cuts[k+1]
			}
			total := 0
			for _, n := range sizes[from:to] {
				total += n
			}
			if total > limit && to-from > 1 {
				t.Fatalf("units %d to %d hold %d, over %d", from, to, total, limit)
			}
		}
	}))
	t.Run("AnEditFarAwayMovesNoCut", rapid.MakeCheck(func(t *rapid.T) {
		left, leftSizes := drawRow(t)
		right, rightSizes := drawRow(t)
		tail, tailSizes := drawRow(t)
		// A heading above all others on both sides of the edit keeps the halves apart.
		wall, wallSizes := []Prio{{Rank: 9}}, []int{window}
		one := Cut(slices.Concat(left, wall, tail), slices.Concat(leftSizes, wallSizes, tailSizes), window, 1<<30)
		two := Cut(slices.Concat(right, wall, tail), slices.Concat(rightSizes, wallSizes, tailSizes), window, 1<<30)
		if a, b := after(one, len(left)), after(two, len(right)); !slices.Equal(a, b) {
			t.Fatalf("cuts after the wall are %v and %v", a, b)
		}
	}))
	t.Run("HeadingsWin", func(t *testing.T) {
		t.Parallel()
		prios := []Prio{{0, 5}, {0, 9}, {2, 1}, {0, 8}, {0, 7}}
		if got, want := Cut(prios, []int{9, 9, 9, 9, 9}, 30, 1000), []int{0, 2}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// after returns the cuts behind index at, counted from there.
func after(cuts []int, at int) []int {
	var out []int
	for _, c := range cuts {
		if c > at {
			out = append(out, c-at)
		}
	}
	return out
}

func TestText_Units(t *testing.T) {
	t.Parallel()
	t.Run("TogetherAreTheText", rapid.MakeCheck(func(t *rapid.T) {
		text := Canonical(drawText(t))
		var all strings.Builder
		for _, u := range text.Units() {
			all.WriteString(text.String()[u.Start:u.End])
		}
		if got := all.String(); got != text.String() {
			t.Fatalf("got %q, want %q", got, text)
		}
	}))
	t.Run("AreNeverTooLong", func(t *testing.T) {
		t.Parallel()
		for name, s := range map[string]string{
			"Prose": strings.Repeat("The harbour keeps its cranes. ", 3000), "Table": strings.Repeat("| a | b |\n", 9000),
			"OneLine": "```\n" + strings.Repeat("x", 60_000) + "\n```", "Han": strings.Repeat("字", 9000),
		} {
			text := Canonical(s)
			if n := len(text.Units()); n < 2 {
				t.Errorf("%s: got %d units, want it cut", name, n)
			}
			for _, u := range text.Units() {
				if u.Tokens > longestUnit+1 {
					t.Errorf("%s: a unit of %d tokens, want at most %d", name, u.Tokens, longestUnit)
				}
			}
		}
	})
	t.Run("HeadingsRankByLevel", func(t *testing.T) {
		t.Parallel()
		var got []int
		for _, u := range Canonical("# A\n\n## B\n\ntext\n\n##### C").Units() {
			got = append(got, u.Prio.Rank)
		}
		if want := []int{4, 3, 0, 1}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
