package summarize

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawPlan returns a plan of a text of some chapters and a model that reads little.
func drawPlan(t *rapid.T) *plan {
	text := longText(rapid.IntRange(0, 6000).Draw(t, "words")) + drawText(t)
	return newPlan(Canonical(text), sizesFor(rapid.SampledFrom([]int{2048, 4096, 8192, 32_000}).Draw(t, "window"), ""))
}

func TestNewPlan(t *testing.T) {
	t.Parallel()
	t.Run("LeavesTogetherAreTheText", rapid.MakeCheck(func(t *rapid.T) {
		p := drawPlan(t)
		at := 0
		for _, n := range p.leaves {
			if n.start != at {
				t.Fatalf("a leaf begins at %d, want %d", n.start, at)
			}
			at = n.end
			for _, piece := range n.pieces {
				if piece.start < n.start || piece.end > n.end || piece.start >= piece.end {
					t.Fatalf("piece %v stands outside its leaf [%d, %d)", piece, n.start, n.end)
				}
			}
		}
		if len(p.leaves) > 0 && at != len(p.text.canon) {
			t.Fatalf("leaves end at %d, want %d", at, len(p.text.canon))
		}
	}))
	t.Run("NothingButWhiteSpaceStandsOutsidePieces", rapid.MakeCheck(func(t *rapid.T) {
		p := drawPlan(t)
		at := 0
		for _, piece := range allPieces(p) {
			if strings.TrimSpace(p.text.canon[at:piece.start]) != "" {
				t.Fatalf("%q is in no piece", p.text.canon[at:piece.start])
			}
			at = piece.end
		}
		if strings.TrimSpace(p.text.canon[at:]) != "" {
			t.Fatalf("%q is in no piece", p.text.canon[at:])
		}
	}))
	t.Run("NoLeafIsOverTheMaximum", rapid.MakeCheck(func(t *rapid.T) {
		p := drawPlan(t)
		for _, n := range p.leaves {
			if got := EstimateTokens(p.text.canon[n.start:n.end]); got > p.sizes.chunkMax+1 {
				t.Fatalf("a leaf has %d tokens, want at most %d", got, p.sizes.chunkMax)
			}
		}
	}))
	t.Run("IsATreeOfBoundedFanIn", rapid.MakeCheck(func(t *rapid.T) {
		p := drawPlan(t)
		parents := map[*node]int{}
		for _, level := range p.levels {
			for _, n := range level {
				if n.kind == kindMerge && (len(n.kids) < 2 || len(n.kids) > p.sizes.fanIn) {
					t.Fatalf("a merge has %d children", len(n.kids))
				}
				for i, kid := range n.kids {
					parents[kid]++
					if i > 0 && kid.start != n.kids[i-1].end {
						t.Fatal("children do not follow each other")
					}
				}
			}
		}
		for _, level := range p.levels {
			for _, n := range level {
				if want := 1; n != p.root && parents[n] != want {
					t.Fatalf("a node has %d parents, want 1", parents[n])
				}
			}
		}
		if len(p.root.kids) > p.sizes.fanIn {
			t.Fatalf("the root has %d children", len(p.root.kids))
		}
	}))
	t.Run("IsTheSameEachTime", rapid.MakeCheck(func(t *rapid.T) {
		text := longText(rapid.IntRange(0, 4000).Draw(t, "words"))
		s := sizesFor(4096, "")
		if diff := cmp.Diff(shape(newPlan(Canonical(text), s)), shape(newPlan(Canonical(text), s))); diff != "" {
			t.Fatalf("two plans differ:\n%s", diff)
		}
	}))
	t.Run("SizesShrinkWithTheWindow", func(t *testing.T) {
		t.Parallel()
		for _, window := range []int{2048, 3000, 4096, 8192, 16_384, 128_000, 1_000_000} {
			for _, c := range []Chunks{ChunksForEdits, ChunksBalanced, ChunksForCalls} {
				s := sizesFor(window, c)
				if s.chunkMax+s.notes*3/2+500 > window*9/10 || s.room+s.answer+window/5 > window*9/10 || s.single+s.answer > window*3/4 || s.chunkWindow*2 > s.chunkMax {
					t.Errorf("window %d, %s: %+v does not fit", window, c, s)
				}
			}
		}
	})
}

func allPieces(p *plan) []piece {
	if len(p.leaves) == 0 {
		return p.root.pieces
	}
	var out []piece
	for _, n := range p.leaves {
		out = append(out, n.pieces...)
	}
	return out
}

// shape tells a plan's nodes.
func shape(p *plan) []string {
	var out []string
	for _, level := range p.levels {
		for _, n := range level {
			out = append(out, fmt.Sprint(n.kind, n.start, n.end, n.section, len(n.kids), n.answer))
		}
	}
	return out
}

func TestNewPlan_AnEditStaysLocal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := longText(12_000)
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		insert := rapid.SampledFrom([]string{"x", "edited word ", "\n\nA paragraph that is new.\n\n", "\n\n## A new heading\n\n"}).Draw(t, "insert")
		s := sizesFor(128_000, "")
		before := leafTexts(newPlan(Canonical(text), s))
		after := leafTexts(newPlan(Canonical(text[:at]+insert+text[at:]), s))
		changed := 0
		for _, leaf := range after {
			if !slices.Contains(before, leaf) {
				changed++
			}
		}
		// A cut that comes or goes within the window parts or joins chunks around it.
		if changed > 4 {
			t.Fatalf("%d of %d leaves changed", changed, len(after))
		}
	})
}

func leafTexts(p *plan) []string {
	var out []string
	for _, n := range p.leaves {
		out = append(out, n.section+"|"+p.text.canon[n.start:n.end])
	}
	return out
}
