package summarize

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// Codes of the warnings that the reading and writing itself give.
const (
	WarnOutputTruncated = "output_truncated"
	WarnSectionFailed   = "section_failed"
	WarnPartialCoverage = "partial_coverage"
)

// result writes the summary down, with what of the source it rests on and what to
// beware of.
func (r *pass) result(ctx context.Context, source *evidence) (*core.SummaryResult, error) {
	root := r.plan.root
	w := bringInto(r.final.format, root.result.output)
	if wordCount(w.text) == 0 {
		return nil, finalError(errRefused)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	language := r.final.language
	if language == "" || root.result.wrong {
		language = Language(w.text)
	}
	g := grounder{evidence: source, language: language}
	g.translated = r.document != "" && language != "" && primary(language) != primary(r.document)
	checked := g.check(w.text, w.claims(r.final.format == core.FormatJSON, placesOf(root)))
	coverage, left := r.coverage()
	return &core.SummaryResult{
		Text: w.text, Language: language, Model: r.model.Name, Citations: checked.Citations,
		Warnings: append(r.warnings(left), checked.Warnings...), Coverage: coverage, Usage: r.purse.total(),
	}, nil
}

// coverage accounts for the characters of the stored text: each belongs to the part
// that it was read in. It also returns the sections of which something was left out.
func (r *pass) coverage() (core.Coverage, []string) {
	text := r.plan.text
	parts := r.plan.leaves
	if len(parts) == 0 {
		parts = []*node{r.plan.root}
	}
	c := core.Coverage{CharsTotal: utf8.RuneCountInString(text.stored), Chunks: len(parts), PagesWithoutText: []int{}}
	var left []string
	for i, n := range parts {
		from, to := text.Source(n.start, n.start).Start, c.CharsTotal
		if i == 0 {
			from = 0
		}
		if i+1 < len(parts) {
			to = text.Source(n.end, n.end).Start
		}
		unread := 0
		for _, p := range n.pieces {
			if _, bytes := text.pieceText(p, r.request.AllowPartial); bytes > 0 {
				span := text.Source(p.end-bytes, p.end)
				unread += span.End - span.Start
				left = append(left, text.sectionOf(&node{pieces: []piece{p}}))
			}
		}
		c.CharsRead += to - from - unread
		if n.result.failed {
			c.ChunksFailed++
		}
	}
	return c, left
}

// warnings tell what went wrong on the way, and what was left out.
func (r *pass) warnings(left []string) []core.Warning {
	out := []core.Warning{}
	warn := func(code string, s core.Severity, message string) {
		out = append(out, core.Warning{Code: code, Severity: s, Message: message})
	}
	for _, level := range r.plan.levels {
		for _, n := range level {
			switch {
			case n.result.failed:
				warn(WarnSectionFailed, core.SeverityHigh, "the model would not read "+r.sectionName(n)+"; sentences picked from it stand in for its notes")
			case n.result.cut && n.kind != kindFinal:
				warn(WarnOutputTruncated, core.SeverityLow, "the notes on "+r.sectionName(n)+" were not finished by the model; some of it may be missing")
			case n.result.cut:
				warn(WarnOutputTruncated, core.SeverityHigh, "the model did not finish the summary; ask for a shorter one or choose another model")
			}
		}
	}
	if r.plan.root.result.wrong {
		warn(core.WarnWrongLanguage, core.SeverityHigh, "the summary is not in the language that was asked for; choose another model for it")
	}
	if len(left) > 0 {
		warn(WarnPartialCoverage, core.SeverityLow, "long tables or listings were read by their first lines only: "+nameList(left))
	}
	return out
}

// sectionName names a part of the document for people.
func (r *pass) sectionName(n *node) string {
	first := n
	for len(first.kids) > 0 {
		first = first.kids[0]
	}
	if name := r.plan.text.sectionOf(first); name != "" {
		return "the section “" + name + "”"
	}
	span := r.plan.text.Source(n.start, n.end)
	return fmt.Sprintf("characters %d to %d", span.Start, span.End)
}

// maxNamed is how many sections a message names.
const maxNamed = 10

func nameList(names []string) string {
	var out []string
	for _, n := range names {
		if n == "" {
			n = "the beginning"
		}
		if len(out) == 0 || out[len(out)-1] != n {
			out = append(out, n)
		}
	}
	if len(out) > maxNamed {
		out = append(out[:maxNamed], fmt.Sprintf("and %d more", len(out)-maxNamed))
	}
	return strings.Join(out, "; ")
}
