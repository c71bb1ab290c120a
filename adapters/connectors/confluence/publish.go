package confluence

import (
	"context"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
)

// Merge is what publishing does to a page.
type Merge struct {
	provenance.Outcome
	// Storage is the new body; for Unchanged and Conflict the body as it is.
	Storage string
}

// MergePart decides what publishing does to a page with this body in storage
// format, "" for a new page. All that is not ours is in Storage byte for byte.
// It returns ctx's error.
func MergePart(ctx context.Context, storage string, p provenance.Publication) (Merge, error) {
	s := scanner{storage: storage}
	s.scan()
	if err := ctx.Err(); err != nil {
		return Merge{}, err
	}
	part := p.Compose(func(blocks []doctree.Block) []string { return markdowns(units(render(blocks))) })
	d := p.Decide(part, markdowns(s.units))
	m := Merge{Outcome: d.Outcome, Storage: storage}
	switch d.State {
	case provenance.Created:
		m.Storage = s.appended(render(part.Blocks))
	case provenance.Updated:
		m.Storage = storage[:s.units[d.From].start] + render(part.Blocks) + storage[s.units[d.To-1].end:]
	case provenance.Unchanged, provenance.Conflict:
	}
	return m, nil
}

// appended returns the body with more at its end; a page with a layout has all its
// content in the layout.
func (s *scanner) appended(more string) string {
	if s.layout > 0 {
		section := `<ac:layout-section ac:type="fixed-width" ac:breakout-mode="default"><ac:layout-cell>` + more + `</ac:layout-cell></ac:layout-section>`
		return s.storage[:s.layout] + section + s.storage[s.layout:]
	}
	if s.storage != "" {
		more = "\n" + more
	}
	return s.storage + more
}
