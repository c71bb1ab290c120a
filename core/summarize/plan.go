package summarize

// Chunks is how large the parts of a long document are.
type Chunks string

// The sizes. Small chunks make edits cheaper, large ones first runs.
const (
	ChunksForEdits Chunks = "edits"
	ChunksBalanced Chunks = "balanced"
	ChunksForCalls Chunks = "fewer-calls"
)

// sizes are the bounds of a plan in tokens. They depend on the model alone: a
// template, format or length that changed them would change every call.
type sizes struct {
	window      int // of prompt and answer together
	single      int // of a text that one call reads
	chunkWindow int // see Cut
	chunkMax    int
	fanIn       int // children of a merge
	notes       int // of one node
	room        int // of the notes in a prompt
	answer      int // of the final call
}

const (
	singleMax      = 16_000 // longer texts are read in parts: errors grow faster than the text
	promptOverhead = 350
	fanInWindow    = 4 // see Cut, in nodes
	maxFanIn       = 12
	mostNotes      = 400
	fewestNotes    = 120
	mostAnswer     = 4000
	// smallestWindow is the least that a model must be able to read.
	smallestWindow = 2048
	// defaultWindow stands for that of a model of which nothing is known.
	defaultWindow = 8192
)

// sizesFor returns the bounds for a model that reads so many tokens.
func sizesFor(window int, c Chunks) sizes {
	s := sizes{window: window, chunkWindow: 1500, chunkMax: 6000}
	switch c {
	case ChunksForEdits:
		s.chunkWindow, s.chunkMax = 1000, 4000
	case ChunksForCalls:
		s.chunkWindow, s.chunkMax = 3000, 12_000
	}
	s.chunkMax = min(s.chunkMax, window*2/5)
	s.chunkWindow = min(s.chunkWindow, s.chunkMax/4)
	s.answer = min(mostAnswer, window/5)
	s.notes = clamp(window/20, fewestNotes, mostNotes)
	s.room = window * 2 / 5
	s.fanIn = clamp(s.room/(s.notes+noteExtras), 2, maxFanIn)
	s.single = max(min(singleMax, window/2)-min(s.answer, 1500)-promptOverhead, window/10)
	return s
}

// noteExtras is about what sections and quotations add to a node's notes.
const noteExtras = 160

// node is one call of a plan: a leaf reads a part of the document, a merge the
// notes of its children, the root writes the summary. Offsets are bytes of the
// canonical text.
type node struct {
	kind       string
	start, end int
	prio       Prio
	kids       []*node
	pieces     []piece // numbered blocks that the call reads; none for those over notes
	section    string  // of a leaf: the heading that it stands under, see localPath
	answer     int     // tokens that the answer should have

	result *answer // nil until solved
}

// Kinds of nodes, as the cache names them.
const (
	kindMap   = "map"
	kindMerge = "merge"
	kindFinal = "final"
)

// plan is all calls of a summary, known before the first one.
type plan struct {
	text   *Text
	sizes  sizes
	leaves []*node   // in the text's order
	levels [][]*node // leaves, merges, root: the order in which they can be solved
	root   *node
}

// calls returns the number of calls in the plan.
func (p *plan) calls() int {
	n := 0
	for _, l := range p.levels {
		n += len(l)
	}
	return n
}

// newPlan lays out the calls that read a text whole.
func newPlan(t *Text, s sizes) *plan {
	p := &plan{text: t, sizes: s}
	units := t.unitsWithin(min(longestUnit, s.chunkMax))
	pieces := t.pieces(units)
	if room := s.single - numberTokens*len(pieces); cutTokens(t.canon, 0, len(t.canon), room) == len(t.canon) || len(units) == 0 {
		p.root = &node{kind: kindFinal, end: len(t.canon), pieces: pieces, answer: s.answer}
		p.levels = [][]*node{{p.root}}
		return p
	}
	p.leaves = t.leaves(units, pieces, s)
	row := p.leaves
	p.levels = append(p.levels, row)
	for len(row) > s.fanIn {
		next, merges := mergeRow(row, s)
		p.levels = append(p.levels, merges)
		row = next
	}
	p.root = &node{kind: kindFinal, end: len(t.canon), kids: row, answer: s.answer}
	p.levels = append(p.levels, []*node{p.root})
	return p
}

// numberTokens is about what a block's number adds to a prompt.
const numberTokens = 3

// leaves cuts the units into chunks.
func (t *Text) leaves(units []Unit, pieces []piece, s sizes) []*node {
	prios, sizes := make([]Prio, len(units)), make([]int, len(units))
	for i, u := range units {
		prios[i], sizes[i] = u.Prio, u.Tokens
	}
	cuts := Cut(prios, sizes, s.chunkWindow, s.chunkMax)
	out := make([]*node, len(cuts))
	for k, from := range cuts {
		end := len(t.canon)
		if k+1 < len(cuts) {
			end = units[cuts[k+1]].Start
		}
		n := 0
		for n < len(pieces) && pieces[n].start < end {
			n++
		}
		leaf := &node{kind: kindMap, start: units[from].Start, end: end, prio: prios[from]}
		leaf.pieces = clipPieces(pieces[:n], leaf.start, end)
		if n > 0 && pieces[n-1].end > end { // the rest of a block that is cut here
			n--
		}
		pieces = pieces[n:]
		leaf.answer = clamp(EstimateTokens(t.canon[leaf.start:end])/10, fewestNotes, s.notes)
		leaf.section = t.localPath(units[from])
		out[k] = leaf
	}
	return out
}

// mergeRow groups a row of nodes by the same rule as units: the merges depend on
// the source's headings and words, never on what a model wrote. A group of one
// passes through.
func mergeRow(row []*node, s sizes) (next, merges []*node) {
	prios, ones := make([]Prio, len(row)), make([]int, len(row))
	for i, n := range row {
		prios[i], ones[i] = n.prio, 1
	}
	cuts := Cut(prios, ones, min(fanInWindow, s.fanIn), s.fanIn)
	if len(cuts) == len(row) { // cannot shrink the row by its priorities
		cuts = cuts[:0]
		for i := 0; i < len(row); i += s.fanIn {
			cuts = append(cuts, i)
		}
	}
	for k, from := range cuts {
		to := len(row)
		if k+1 < len(cuts) {
			to = cuts[k+1]
		}
		group := row[from:to]
		if len(group) == 1 {
			next = append(next, group[0])
			continue
		}
		m := &node{kind: kindMerge, start: group[0].start, end: group[len(group)-1].end, prio: group[0].prio, kids: group, answer: s.notes}
		next, merges = append(next, m), append(merges, m)
	}
	return next, merges
}
