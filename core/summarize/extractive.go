package summarize

import (
	"context"
	"slices"
	"strings"
)

// Length is how long a summary shall be.
type Length string

// The lengths of the contract. Medium is the default.
const (
	Short  Length = "short"
	Medium Length = "medium"
	Long   Length = "long"
)

// Budget returns how many words a summary of a text of so many words has.
func (l Length) Budget(words int) int {
	switch l {
	case Short:
		return clamp(words/24, 30, 90)
	case Long:
		return clamp(words/6, 120, 400)
	default:
		return clamp(words/12, 60, 180)
	}
}

func clamp(n, least, most int) int { return min(max(n, least), most) }

// Options of Extractive. The zero value asks for a medium summary.
type Options struct {
	Title  string // the document's; default: its first heading
	Length Length // default Medium
	Words  int    // the budget in words; default Length's
}

// Extract is what Extractive picked: sentences, or facts when the document has
// no sentences, or neither when it has nothing to say.
type Extract struct {
	Title    string     // of Options, else the document's first heading
	Language string     // the document's, BCP 47; "" when unsure
	Picked   []Sentence // in reading order
	Facts    []Fact     // in reading order
	Words    int        // of Picked

	text *Text
	best []int // indexes into Picked, the most important first
}

const (
	// largeDocument is the number of candidates over which they are ranked chunk
	// by chunk first: the work grows with their square.
	largeDocument = 1500
	// maxFinalists of each chunk are ranked again, together; fewer of each when
	// there are so many chunks that all would be a large document again.
	maxFinalists = 8
	// chunkWindow and chunkLimit are the chunks' sizes in tokens, see Cut.
	chunkWindow = 1500
	chunkLimit  = 6000
)

// Extractive picks the sentences that together say most of the document. The
// same text and options always give the same pick. When ctx has
// ended it returns ctx's error, which is the only one; it looks between the
// stages and between the chunks of a large document.
func Extractive(ctx context.Context, t *Text, o Options) (*Extract, error) {
	e := &Extract{text: t, Language: Language(t.canon), Title: strings.TrimSpace(o.Title)}
	titles := t.headingTitles()
	if e.Title == "" && len(titles) > 0 {
		e.Title = titles[0]
	}
	cs := t.candidates(shortest)
	if len(cs) == 0 {
		e.Facts = t.facts(e.Language)
		if len(e.Facts) > 0 {
			return e, nil
		}
		cs = t.candidates(1)
	}
	cs = native(cs, e.Language)
	if len(cs) > largeDocument {
		cs = t.finalists(ctx, cs, e.Title)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(cs) == 0 {
		return e, nil
	}
	limit := limits{words: o.Words}
	if limit.words <= 0 {
		limit.words = o.Length.Budget(wordCount(t.canon))
	}
	e.fill(cs, rank(cs, e.Title, titles).agreed(limit))
	return e, nil
}

// fill takes over what was picked, given most important first.
func (e *Extract) fill(cs []candidate, picked []int) {
	reading := slices.Sorted(slices.Values(picked))
	for _, i := range reading {
		e.Picked = append(e.Picked, cs[i].Sentence)
		e.Words += cs[i].words
	}
	for _, i := range picked {
		at, _ := slices.BinarySearch(reading, i)
		e.best = append(e.best, at)
	}
}

// finalists returns the best candidates of each chunk. It stops early when ctx
// ends; the caller looks.
func (t *Text) finalists(ctx context.Context, cs []candidate, title string) []candidate {
	var out []candidate
	ends := t.chunkEnds()
	each := clamp(largeDocument/len(ends), 1, maxFinalists)
	for _, end := range ends {
		n := 0
		for n < len(cs) && cs[n].Start < end {
			n++
		}
		chunk := cs[:n]
		cs = cs[n:]
		if len(chunk) == 0 {
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		picked := rank(chunk, title, nil).pick(limits{words: chunkLimit, sentences: each}, plainTaste)
		slices.Sort(picked)
		for _, i := range picked {
			out = append(out, chunk[i])
		}
	}
	return out
}

// chunkEnds returns where the chunks of the document end, in bytes.
func (t *Text) chunkEnds() []int {
	units := t.Units()
	prios, sizes := make([]Prio, len(units)), make([]int, len(units))
	for i, u := range units {
		prios[i], sizes[i] = u.Prio, u.Tokens
	}
	var ends []int
	for _, i := range Cut(prios, sizes, chunkWindow, chunkLimit) {
		if i > 0 {
			ends = append(ends, units[i].Start)
		}
	}
	return append(ends, len(t.canon))
}

func (t *Text) headingTitles() []string {
	var out []string
	for _, b := range t.Blocks() {
		if b.Kind == Heading {
			out = append(out, b.Title)
		}
	}
	return out
}
