package provenance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// Part is a publication as a vendor shows it.
type Part struct {
	// Blocks are what is written: the text, a line, the footer.
	Blocks []doctree.Block
	// Units are its parts as the vendor gives them back, each as Markdown. The line and
	// the footer are the last two.
	Units []string

	stamp stamp
	last  []string // the units of what was published before, if that is known
}

// Compose makes the part that is published. units says how a vendor gives blocks
// back: the Markdown of each of its own parts at the first level, without those that
// show nothing.
func (p Publication) Compose(units func([]doctree.Block) []string) Part {
	body := doctree.Parse(p.Markdown)
	s := stamp{key: p.Footer.key(), units: len(units(body))}
	all := units(append(body, p.Footer.blocks(s)...))
	s.sum = checksum(all)
	blocks := append(body, p.Footer.blocks(s)...)
	return Part{Blocks: blocks, Units: units(blocks), stamp: s, last: units(doctree.Parse(p.Last))}
}

// text is the part without its stamp, for people to compare.
func (p Part) text() string { return unstamped(p.Units) }

// blocks is the line and the footer.
func (f Footer) blocks(s stamp) []doctree.Block {
	const m = doctree.Italic
	var text doctree.Spans
	text.Add("Summarized by docsctl from ", m, "")
	text.Add(f.source(), m, f.URL)
	if f.Version > 0 {
		text.Add(", version "+strconv.Itoa(f.Version), m, "")
	}
	if !f.At.IsZero() {
		text.Add(", "+f.At.UTC().Format(time.DateOnly), m, "")
	}
	text.Add(". ", m, "")
	text.Add(s.String(), doctree.Monospace, "")
	return []doctree.Block{&doctree.Rule{}, &doctree.Paragraph{Text: text}}
}

// source is what the document is called, on one line.
func (f Footer) source() string {
	for _, name := range []string{f.Source, f.URL} {
		if words := strings.Fields(name); len(words) > 0 {
			return strings.Join(words, " ")
		}
	}
	return "a document"
}

var notInKey = regexp.MustCompile(`[^A-Za-z0-9-]+`)

func (f Footer) key() string {
	key := notInKey.ReplaceAllString(f.Key, "-")
	return key[:min(len(key), 64)]
}

// stamp is what a footer says about its part: how many units stand before the line,
// and a checksum of all of them and the footer.
type stamp struct {
	key   string
	units int
	sum   string
}

const noSum = "0000000000000000"

func (s stamp) String() string {
	if s.sum == "" {
		s.sum = noSum
	}
	return fmt.Sprintf("docsctl:%s:%d:%s", s.key, s.units, s.sum)
}

var stampPattern = regexp.MustCompile("`docsctl:([A-Za-z0-9-]{0,64}):([0-9]{1,5}):([0-9a-f]{16})`")

func readStamp(unit string) (stamp, bool) {
	m := stampPattern.FindStringSubmatch(unit)
	if m == nil {
		return stamp{}, false
	}
	n, err := strconv.Atoi(m[2])
	return stamp{key: m[1], units: n, sum: m[3]}, err == nil
}

// checksum is of what a reader sees.
func checksum(units []string) string {
	sum := sha256.Sum256([]byte(unstamped(units)))
	return hex.EncodeToString(sum[:8])
}

func unstamped(units []string) string {
	return strings.TrimRight(stampPattern.ReplaceAllString(strings.Join(units, "\n\n"), ""), " \n") + "\n"
}

// Decision is what publishing does to a page.
type Decision struct {
	Outcome
	// From and To bound our part among the page's units, To not included; both are the
	// number of units where there is none.
	From, To int
	// Former are older copies of the same part, left by an update that broke off.
	Former []Range
}

// Range is a range of units, To not included.
type Range struct{ From, To int }

// Decide compares a page, given as the Markdown of each of its units, with the part
// that is to be there.
func (p Publication) Decide(part Part, page []string) Decision {
	found := findParts(page, part.stamp.key)
	if len(found) == 0 {
		if p.Last != "" {
			return conflict(nil, part, Decision{From: len(page), To: len(page)})
		}
		d := Decision{From: len(page), To: len(page)}
		d.State, d.Diff = Created, difference("", part.text())
		return d
	}
	last := found[len(found)-1]
	d := Decision{From: last.From, To: last.To}
	for _, f := range found[:len(found)-1] {
		if f.intact {
			d.Former = append(d.Former, f.Range)
		}
	}
	now := page[last.From:last.To]
	switch {
	case !last.intact:
		return conflict(now, part, d)
	case last.stamp.sum == part.stamp.sum:
		d.State = Unchanged
	default:
		d.State, d.Diff = Updated, difference(unstamped(now), part.text())
	}
	return d
}

// conflict shows what somebody did to our part; if it is not known what was
// published before, how it differs from what would be.
func conflict(now []string, part Part, d Decision) Decision {
	d.State = Conflict
	if part.last == nil {
		d.Diff = difference(part.text(), unstamped(now))
		return d
	}
	if n := len(now); n > 0 { // the footer, which is no part of what was published before
		now = now[:n-1]
	}
	if n := len(now); n > 0 && now[n-1] == "---" {
		now = now[:n-1]
	}
	d.Diff = difference(unstamped(part.last), unstamped(now))
	if d.Diff == "" { // the words are the same: it is the footer that was changed
		d.Diff = difference(part.text(), unstamped(now))
	}
	return d
}

// difference returns a unified diff.
func difference(old, now string) string {
	return string(diff.Diff("published", []byte(old), "page", []byte(now)))
}

// foundPart is a part of ours in a page.
type foundPart struct {
	Range
	stamp  stamp
	intact bool
}

// findParts finds the parts with a key, by their footers.
func findParts(page []string, key string) []foundPart {
	var found []foundPart
	end := 0 // of the part before: parts do not overlap
	for i, unit := range page {
		s, ok := readStamp(unit)
		if !ok || s.key != key {
			continue
		}
		f := foundPart{Range: Range{From: i - 1 - s.units, To: i + 1}, stamp: s}
		f.intact = f.From >= end && checksum(page[max(f.From, 0):f.To]) == s.sum
		f.From = max(f.From, end)
		found = append(found, f)
		end = f.To
	}
	return found
}
