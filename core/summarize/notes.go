package summarize

import (
	"slices"
	"strings"
)

// place is a part of the canonical text, in bytes.
type place struct{ start, end int }

// note is one line of a node's answer.
type note struct {
	text   string  // without the numbers that it cites
	places []place // that it rests on
	label  string  // the heading over the first of them
	quote  string  // the sentence in them that supports it best
}

// line returns a note as the prompt above shows it, behind one of the section before.
func (n note) line(quoted bool, before string) string {
	line := n.text
	if n.label != "" && n.label != before {
		line = "(" + n.label + ") " + line
	}
	if quoted && n.quote != "" {
		line += " — source: “" + n.quote + "”"
	}
	return line
}

// answer is what a node's call gave.
type answer struct {
	output string
	notes  []note // of a map or merge
	hash   []byte // of the notes: what the call above depends on
	failed bool   // the model gave none; notes picked from the text stand in
	cut    bool   // the model did not come to its end
	cached bool
	wrong  bool  // not in the language that was asked for
	read   int64 // tokens of the prompt when it was paid for
	wrote  int64 // tokens of the answer, likewise
}

const (
	// maxNotes bounds what is taken from one answer.
	maxNotes = 24
	// maxPlaces bounds what one note rests on: more says nothing.
	maxPlaces = 12
	// maxNoteChars bounds a note; a model that writes on without a line end is cut.
	maxNoteChars = 1200
)

// parseNotes reads a model's notes, one a line; of tells what a number stands for.
func parseNotes(output string, of func(number int) []place) []note {
	var out []note
	for line := range strings.SplitSeq(output, "\n") {
		line = strings.TrimSpace(line)
		if n := listMark(line); n > 0 {
			line = line[n:]
		}
		text, marks := stripMarks(line)
		text = strings.TrimSpace(text)
		if wordCount(text) == 0 {
			continue
		}
		n := note{text: clipText(text, maxNoteChars)}
		for _, m := range marks {
			for _, number := range m.numbers {
				n.places = append(n.places, of(number)...)
			}
		}
		n.places = mergePlaces(n.places)
		if out = append(out, n); len(out) == maxNotes {
			break
		}
	}
	return out
}

// mergePlaces sorts places, joins those that touch and keeps the first ones.
func mergePlaces(all []place) []place {
	slices.SortFunc(all, func(a, b place) int { return a.start - b.start })
	var out []place
	for _, p := range all {
		if k := len(out) - 1; k >= 0 && p.start <= out[k].end {
			out[k].end = max(out[k].end, p.end)
			continue
		}
		out = append(out, p)
	}
	return out[:min(len(out), maxPlaces)]
}

// placesOf returns what the numbers in the prompt of n stand for: pieces of the
// text for a call that reads it, else the children's notes, numbered in a row.
func placesOf(n *node) func(number int) []place {
	if len(n.kids) == 0 {
		return func(number int) []place {
			if number < 1 || number > len(n.pieces) {
				return nil
			}
			p := n.pieces[number-1]
			return []place{{p.start, p.end}}
		}
	}
	var rows [][]place
	for _, kid := range n.kids {
		for _, one := range kid.result.notes {
			rows = append(rows, one.places)
		}
	}
	return func(number int) []place {
		if number < 1 || number > len(rows) {
			return nil
		}
		return rows[number-1]
	}
}

// standIn returns what is used for a node whose call gave nothing: the sentences
// that say most of a leaf's part of the text, or the first notes of each child.
func (r *pass) standIn(n *node) *answer {
	a := &answer{failed: true}
	if len(n.kids) > 0 {
		each := max(1, maxFanIn/len(n.kids))
		for _, kid := range n.kids {
			a.notes = append(a.notes, kid.result.notes[:min(each, len(kid.result.notes))]...)
		}
		return a
	}
	text := r.plan.text
	for _, s := range text.best(n.start, n.end, 8) {
		a.notes = append(a.notes, note{text: collapse(text.canon[s.Start:s.End]), places: []place{{s.Start, s.End}}})
	}
	for _, p := range n.pieces {
		if len(a.notes) > 0 {
			break
		}
		a.notes = append(a.notes, note{text: clipText(collapse(text.canon[p.start:p.end]), maxNoteChars/4), places: []place{{p.start, p.end}}})
	}
	return a
}

// best returns the sentences of a part of the text that say most of it, in order.
func (t *Text) best(start, end, most int) []Sentence {
	cs := t.candidatesBetween(shortest, start, end)
	if len(cs) == 0 {
		return nil
	}
	picked := rank(cs, "", nil).pick(limits{words: chunkLimit, sentences: most}, plainTaste)
	slices.Sort(picked)
	out := make([]Sentence, len(picked))
	for k, i := range picked {
		out[k] = cs[i].Sentence
	}
	return out
}

// settle takes an answer as that of n and prepares its notes for the call above.
// Each carries the sentence of the text that supports it best, which keeps merges
// from drifting away from it.
func (r *pass) settle(n *node, a *answer) {
	if n.kind != kindFinal && a.notes == nil {
		a.notes = parseNotes(a.output, placesOf(n))
	}
	k := newKeyer("notes")
	for i := range a.notes {
		one := &a.notes[i]
		if len(one.places) > 0 {
			one.label = r.plan.text.labelAt(one.places[0].start)
			one.quote = r.plan.text.quoteFor(one.text, one.places)
		}
		k.text(one.text, one.label, one.quote)
	}
	a.hash = k.key()
	n.result = a
}
