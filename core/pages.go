package core

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Pages says where the pages of a paginated file begin in its text. The zero
// Pages is that of a format without pages.
type Pages struct {
	Starts      []int `json:"starts,omitempty"`       // of page i+1: its first character, in code points
	WithoutText []int `json:"without_text,omitempty"` // numbers of pages that have no text, from 1
}

// Total returns how many pages there are.
func (p Pages) Total() int { return len(p.Starts) }

// At returns the number, from 1, of the page on which a character stands, given by
// its offset in code points; 0 in a text without pages.
func (p Pages) At(offset int) int {
	n, _ := slices.BinarySearchFunc(p.Starts, offset, func(start, offset int) int {
		if start <= offset { // of pages that begin together only the last has text
			return -1
		}
		return 1
	})
	return n
}

func (p Pages) equal(o Pages) bool {
	return slices.Equal(p.Starts, o.Starts) && slices.Equal(p.WithoutText, o.WithoutText)
}

// Warning says in one sentence which pages cannot be read, or is "" when all can.
func (p Pages) Warning() string {
	switch n := len(p.WithoutText); {
	case n == 0:
		return ""
	case n == 1:
		return fmt.Sprintf("page %d of %d has no text and is not read; if it is a scan, send it with a text layer (OCR)", p.WithoutText[0], p.Total())
	default:
		return fmt.Sprintf("%d of %d pages have no text and are not read (%s); if they are scans, send them with a text layer (OCR)", n, p.Total(), ranges(p.WithoutText))
	}
}

// mostRanges bounds what a sentence names.
const mostRanges = 12

// ranges writes ascending numbers as in "1, 3-5, 9".
func ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		if len(parts) == mostRanges {
			return strings.Join(parts, ", ") + ", …"
		}
		one := strconv.Itoa(numbers[i])
		if last > i {
			one += "-" + strconv.Itoa(numbers[last])
		}
		parts = append(parts, one)
		i = last + 1
	}
	return strings.Join(parts, ", ")
}

// locate adds the document's pages to the account of a summary of it: the page of
// each source, the pages that were not read, and a warning of them.
func (r *SummaryResult) locate(p Pages) {
	if p.Total() == 0 {
		return
	}
	for _, c := range r.Citations {
		for i := range c.Sources {
			c.Sources[i].Page = p.At(c.Sources[i].Start)
		}
	}
	r.Coverage.PagesTotal, r.Coverage.PagesWithoutText = p.Total(), append([]int{}, p.WithoutText...)
	if len(p.WithoutText) == 0 {
		return
	}
	severity := SeverityLow // a book has a few blank pages
	if len(p.WithoutText)*10 > p.Total() {
		severity = SeverityHigh
	}
	r.Warnings = append(r.Warnings, Warning{Code: WarnPagesWithoutText, Severity: severity, Message: p.Warning()})
}
