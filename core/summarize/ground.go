package summarize

import (
	"slices"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// Codes of the warnings that a check against the document gives.
const (
	WarnUnsupportedNumber   = "unsupported_number"
	WarnUnsupportedDate     = "unsupported_date"
	WarnUnsupportedName     = "unsupported_name"
	WarnUnsupportedSentence = "unsupported_sentence"
	WarnNumberNotInCitation = "number_not_in_citation"
	// WarnNotAligned says that the summary is in another language than the document,
	// so that its citations name the parts that the model worked from, unchecked.
	WarnNotAligned = "citations_not_aligned"
)

const (
	// supported is the share of a sentence's words that its source must have.
	supported = 0.5
	// farFetched is the share under which little of a sentence is in the document.
	farFetched = 0.25
	// supportedTogether is the share for several sources that the model cited.
	supportedTogether = 0.6
	// addedShare is what a further source must add.
	addedShare = 0.2
	maxSources = 3
	// maxAround bounds the passages of cited blocks that are looked at.
	maxAround = 600
	// fewestTerms is how many words a sentence must have to be judged.
	fewestTerms = 3
)

// Checked is what a check of a summary against its document found.
type Checked struct {
	Citations []core.Citation
	Warnings  []core.Warning
	Sentences int
	Worst     float64 // how much of the least supported sentence the document says, 0 to 1; 1 without sentences
}

// Check compares a summary in Markdown or plain text with its document: citations
// say where each sentence stands, warnings what does not stand there.
func Check(document *Text, summary string) Checked {
	w := written{text: summary}
	g := grounder{evidence: newEvidence(document), language: Language(summary)}
	return g.check(summary, w.claims(false, nil))
}

// grounder checks summaries of one document.
type grounder struct {
	evidence   *evidence
	language   string // of the summary
	translated bool   // the document is in another one
}

func (g grounder) check(summary string, claims []claim) Checked {
	out := Checked{Citations: []core.Citation{}, Warnings: []core.Warning{}, Worst: 1}
	at := &codePoints{text: summary}
	for _, c := range claims {
		windows, score, judged := g.find(c)
		if judged && !c.label {
			out.Sentences++
			out.Worst = min(out.Worst, g.trust(c, score))
		}
		if sources := g.sources(c, windows); len(sources) > 0 {
			start := at.of(c.start)
			out.Citations = append(out.Citations, core.Citation{Start: start, End: at.of(c.end), Sources: sources})
		} else if judged && !c.label && !g.translated {
			out.Warnings = append(out.Warnings, sentenceWarning(at, c, score))
		}
		out.Warnings = append(out.Warnings, g.figures(at, c, windows)...)
		out.Warnings = append(out.Warnings, g.names(at, c)...)
	}
	if g.translated && len(out.Citations) > 0 {
		out.Warnings = append(out.Warnings, core.Warning{
			Code: WarnNotAligned, Severity: core.SeverityLow,
			Message: "the summary is in another language than the document, so its citations are the parts that the model named, not checked word by word",
		})
	}
	return out
}

// find returns the windows that a claim is from, the best first, none when it is
// not supported; and how much of it the best one says. Very short claims are not
// judged.
func (g grounder) find(c claim) (windows []window, score float64, judged bool) {
	terms := g.evidence.terms(c.text)
	if len(terms) < fewestTerms {
		return nil, 0, false
	}
	cited := g.evidence.within(c.cited)
	cited = cited[:min(len(cited), maxAround)]
	if g.translated {
		return nil, 0, true
	}
	windows, together := g.evidence.several(terms, cited)
	score = g.score(c, windows)
	if score >= supported || len(windows) > 1 && together >= supportedTogether {
		return windows, max(score, supported), true
	}
	anywhere, _ := g.evidence.several(terms, g.evidence.anywhere(terms))
	if other := g.score(c, anywhere); other > score {
		windows, score = anywhere, other
	}
	if score < supported {
		return nil, score, true
	}
	return windows, score, true
}

const (
	// orderWeight is how much of a score the order of the words is.
	orderWeight = 0.25
	// numberless is what is left of a score when a number is not in the document.
	numberless = 0.6
)

// score returns how much of a claim its best window says: the share of its words,
// a little less when they stand there in another order.
func (g grounder) score(c claim, windows []window) float64 {
	if len(windows) == 0 {
		return 0
	}
	return max(0, (1-orderWeight)*windows[0].score+orderWeight*g.evidence.inOrder(c.text, windows[0]))
}

// trust returns a claim's score, far less when a number of it stands nowhere.
func (g grounder) trust(c claim, score float64) float64 {
	for _, f := range figures(c.text) {
		if f.matters() && !g.evidence.facts.has(f) {
			return score * numberless
		}
	}
	for _, d := range dates(c.text) {
		if !g.evidence.facts.hasDate(d) {
			return score * numberless
		}
	}
	return score
}

// several returns the best window around the passages, and others that say what it
// does not; with the share of the terms that they have together.
func (e *evidence) several(terms []term, around []int) ([]window, float64) {
	var out []window
	total, together := 0.0, 0.0
	for _, t := range terms {
		total += t.weight
	}
	left := terms
	for len(out) < maxSources && len(left) > 0 {
		w := e.best(left, around)
		share := e.covered(left, w) / total
		if w.score < 0 || len(out) > 0 && share < addedShare {
			break
		}
		if len(out) == 0 {
			w.score = share - widthPenalty*float64(w.to-w.from-1)
		}
		out, together = append(out, w), together+share
		left = slices.DeleteFunc(slices.Clone(left), func(t term) bool { return e.has(w, t) })
	}
	return out, together
}

// sources returns the places in the stored document: the windows, or for a
// translation the blocks that were cited.
func (g grounder) sources(c claim, windows []window) []core.Source {
	text := g.evidence.text
	var out []core.Source
	add := func(start, end int) {
		span := text.Source(start, end)
		if quote := text.Quote(span); quote != "" {
			out = append(out, core.Source{Start: span.Start, End: span.End, Quote: quote})
		}
	}
	for _, w := range windows {
		add(g.evidence.passages[w.from].start, g.evidence.passages[w.to-1].end)
	}
	if g.translated {
		for _, p := range c.cited[:min(len(c.cited), maxSources)] {
			add(p.start, p.end)
		}
	}
	return out
}

func sentenceWarning(at *codePoints, c claim, score float64) core.Warning {
	w := warningAt(at, c.start, c.end, WarnUnsupportedSentence, core.SeverityLow, "little of this sentence stands in one place of the document; check it")
	if score < farFetched {
		w.Severity, w.Message = core.SeverityHigh, "this sentence was not found in the document; check it"
	}
	return w
}

func warningAt(at *codePoints, start, end int, code string, s core.Severity, message string) core.Warning {
	from := at.of(start)
	return core.Warning{Code: code, Severity: s, Message: message, Start: new(from), End: new(at.of(end))}
}

// figures returns warnings of numbers and dates that are not where the claim is
// from, one passage around included, or nowhere in the document.
func (g grounder) figures(at *codePoints, c claim, windows []window) []core.Warning {
	var out []core.Warning
	near := g.near(c, windows)
	days := dates(c.text)
	for _, d := range days {
		start, end := c.start+d.start, c.start+d.end
		switch {
		case near != nil && near.hasDate(d):
		case !g.evidence.facts.hasDate(d):
			out = append(out, warningAt(at, start, end, WarnUnsupportedDate, core.SeverityHigh, "this date is not in the document; check it"))
		case near != nil:
			out = append(out, warningAt(at, start, end, WarnNumberNotInCitation, core.SeverityLow, "this date is in the document, but not where the sentence is from"))
		}
	}
	for _, f := range figures(c.text) {
		inDate := slices.ContainsFunc(days, func(d date) bool { return f.start < d.end && f.end > d.start })
		if inDate || !f.matters() {
			continue
		}
		start, end := c.start+f.start, c.start+f.end
		switch {
		case near != nil && near.has(f):
		case !g.evidence.facts.has(f):
			out = append(out, warningAt(at, start, end, WarnUnsupportedNumber, core.SeverityHigh, "this number is not in the document; check it"))
		case near != nil:
			out = append(out, warningAt(at, start, end, WarnNumberNotInCitation, core.SeverityLow, "this number is in the document, but not where the sentence is from"))
		}
	}
	return out
}

// near returns the facts around the windows, nil without any.
func (g grounder) near(c claim, windows []window) *factBase {
	e := g.evidence
	var texts []string
	for _, w := range windows {
		from, to := max(0, w.from-1), min(len(e.passages), w.to+1)
		texts = append(texts, e.text.canon[e.passages[from].start:e.passages[to-1].end])
	}
	if g.translated {
		for _, p := range c.cited {
			texts = append(texts, e.text.canon[p.start:p.end])
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return newFactBase(strings.Join(texts, "\n"))
}

func (g grounder) names(at *codePoints, c claim) []core.Warning {
	var out []core.Warning
	for _, p := range g.evidence.unsupportedNames(c.text, g.language) {
		if g.translated && !namedInLatin(g.evidence.text.canon) {
			break
		}
		out = append(out, warningAt(at, c.start+p.start, c.start+p.end, WarnUnsupportedName, core.SeverityLow, "this name is not in the document; check it"))
	}
	return out
}

// namedInLatin reports whether a text's names can be compared with those of a
// translation: whether it is written in Latin letters.
func namedInLatin(text string) bool {
	counts := scripts(sampleOf(text))
	for name, n := range counts {
		if name != "Latin" && n > counts["Latin"] {
			return false
		}
	}
	return true
}
