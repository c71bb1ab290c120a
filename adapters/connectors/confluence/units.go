package confluence

import (
	"encoding/xml"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
)

// unit is an element at the first level of a page, or of a cell of its layout, that
// shows something.
type unit struct {
	markdown   string
	start, end int // its bytes
}

// units returns a body's units in order.
func units(storage string) []unit {
	s := scanner{storage: storage}
	s.scan()
	return s.units
}

// scanner finds the bytes of units.
type scanner struct {
	storage string
	units   []unit
	open    []string // names of open elements
	level   int      // how many of them surround units
	start   int      // of the unit that is open, if any
	layout  int      // where the page's layout ends, 0 if it has none
}

// surrounding are the elements that units stand in.
var surrounding = set("ac:layout", "ac:layout-section", "ac:layout-cell")

func (s *scanner) scan() {
	d := xml.NewDecoder(strings.NewReader(s.storage))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	from := 0
	for {
		t, err := d.RawToken()
		if err != nil {
			if len(s.open) > s.level {
				from = s.start
			}
			s.add(from, len(s.storage)) // broken from here: one unit, so that nothing is out of sight
			return
		}
		to := int(d.InputOffset())
		switch t := t.(type) {
		case xml.StartElement:
			s.begin(qualified(t.Name), from, to)
		case xml.EndElement:
			s.finish(qualified(t.Name), from, to)
		case xml.CharData:
			if len(s.open) == s.level {
				s.add(from, to)
			}
		}
		from = to
	}
}

func (s *scanner) begin(name string, from, to int) {
	if len(s.open) == s.level {
		if surrounding[name] {
			s.level++
		} else {
			s.start = from
		}
	}
	if void[name] {
		if len(s.open) == s.level {
			s.add(from, to)
		}
		return
	}
	s.open = append(s.open, name)
}

// finish closes an element, and what is still open inside of it.
func (s *scanner) finish(name string, from, to int) {
	if void[name] {
		return
	}
	for i := len(s.open) - 1; i >= 0; i-- {
		if s.open[i] != name {
			continue
		}
		s.open = s.open[:i]
		switch {
		case i < s.level:
			s.level = i
			if name == "ac:layout" {
				s.layout = from
			}
		case i == s.level:
			s.add(s.start, to)
		}
		return
	}
}

// add adds what shows something.
func (s *scanner) add(start, end int) {
	text, err := doctree.Write(newStorageReader().read(s.storage[start:end]))
	if err == nil && text != "" {
		s.units = append(s.units, unit{strings.TrimRight(text, "\n"), start, end})
	}
}

func markdowns(units []unit) []string {
	texts := make([]string, len(units))
	for i, u := range units {
		texts[i] = u.markdown
	}
	return texts
}
