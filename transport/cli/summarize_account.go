package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
)

// account tells what a reader of the summary should check, and in the last line
// what was read, called and paid.
func (s *summarizing) account(r result) {
	s.warnings(r)
	s.tell(r.input, "%s", r.account())
}

// warnings tells what a reader of the summary should check.
func (s *summarizing) warnings(r result) {
	for _, w := range r.sum.Warnings {
		if w.Code != core.WarnPagesWithoutText || r.reused { // else warnOfPages has told
			s.warn(r.input, w.Message+excerpt(r.sum.Text, w))
		}
	}
	if s.citationsLost(r.sum) {
		s.tell(r.input, "footnotes cannot stand in a JSON text; -o json has the citations")
	}
}

// warnOfPages says what of a document cannot be read, before anything is paid for
// the rest.
func (s *summarizing) warnOfPages(input string, doc *core.Document) {
	if w := doc.Pages.Warning(); w != "" {
		s.warn(input, w)
	}
}

// warn writes a warning about an input, by name where there are several.
func (s *summarizing) warn(input, message string) {
	prefix := ""
	if len(s.opts.Inputs) > 1 {
		prefix = displayName(input) + ": "
	}
	fmt.Fprintln(s.notes, prefix+s.opts.IO.yellow("warning:")+" "+oneLine(message))
}

// excerptChars is how much of the summary a warning quotes.
const excerptChars = 60

// excerpt quotes what a warning is about.
func excerpt(text string, w core.Warning) string {
	if w.Start == nil || w.End == nil {
		return ""
	}
	chars := []rune(text)
	start, end := min(max(*w.Start, 0), len(chars)), min(max(*w.End, 0), len(chars))
	if start >= end {
		return ""
	}
	if end-start > excerptChars {
		return fmt.Sprintf(" (%q…)", string(chars[start:start+excerptChars]))
	}
	return fmt.Sprintf(" (%q)", string(chars[start:end]))
}

// account is the line about what a summary is made of and what it cost this time.
func (r result) account() string {
	c, u := r.sum.Coverage, r.sum.Usage
	parts := []string{fmt.Sprintf("read %s of %s characters (%s)", thousands(c.CharsRead), thousands(c.CharsTotal), percent(c))}
	if c.PagesTotal > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s pages with text", thousands(c.PagesTotal-len(c.PagesWithoutText)), thousands(c.PagesTotal)))
	}
	if c.ChunksFailed > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d parts failed", c.ChunksFailed, c.Chunks))
	}
	switch {
	case r.reused:
		parts = append(parts, "no new calls")
	case u.LLMCalls == 0 && u.CachedCalls == 0:
		parts = append(parts, "no model calls")
	default:
		parts = append(parts, plural(u.LLMCalls, "call"), fmt.Sprintf("%d cached", u.CachedCalls))
	}
	parts = append(parts, "cost "+r.cost(), r.took.Round(time.Millisecond).String())
	return r.sum.ModelUsed + ": " + strings.Join(parts, ", ")
}

// cost is what the summary cost this time; a reused one is free.
func (r result) cost() string {
	if r.reused {
		return dollars(new(float64))
	}
	return dollars(r.sum.Usage.CostUSD)
}

// dollars writes an amount; nil is one that nobody knows.
func dollars(cost *float64) string {
	switch {
	case cost == nil:
		return "unknown"
	case *cost == 0:
		return "$0.00"
	case *cost < 0.0001:
		return "under $0.0001"
	case *cost < 1:
		return "$" + strconv.FormatFloat(*cost, 'f', 4, 64)
	default:
		return "$" + strconv.FormatFloat(*cost, 'f', 2, 64)
	}
}

// percent is the part that was read, rounded down: 100 % is all of it.
func percent(c core.Coverage) string {
	if c.CharsTotal <= 0 {
		return "100 %"
	}
	return strconv.Itoa(c.CharsRead*100/c.CharsTotal) + " %"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// thousands writes n with a comma between groups of three digits.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
