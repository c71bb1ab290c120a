package confluence

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

// listing is where a listing stands. A full one goes space by space, so that a space
// that may not be read is known; one of changes asks for those of all spaces.
type listing struct {
	Stage  stage   `json:"s,omitempty"`
	Next   string  `json:"c,omitempty"` // within what the stage reads
	Spaces []space `json:"d,omitempty"` // still to be listed, the present one first; of changes: within these
	Found  string  `json:"f,omitempty"` // where more spaces are found; "": that were all
	// Of spaces that were chosen: where in their list the present batch begins, or with
	// nothing more Found the next one, 0 being none; and the batch's keys that no answer
	// had yet.
	Asked int      `json:"a,omitempty"`
	Lost  []string `json:"l,omitempty"`
}

// stage is what a listing reads.
type stage string

const (
	stageSpaces  stage = ""
	stagePages   stage = "p" // of a space
	stageChanged stage = "c" // pages that were edited
	stageTrash   stage = "t" // pages in the trash
)

// mostListed is how many pages with their bodies are asked for at once.
const mostListed = 100

// List implements core.Connector.
func (c *Connector) List(ctx context.Context, a core.Access, r core.ListRequest) (*core.ListPage, error) {
	var at listing
	if err := upstream.Unpack(r.Cursor, &at); err != nil {
		return nil, err
	}
	e, err := c.edition(a)
	if err != nil {
		return nil, err
	}
	if at.Stage == stageSpaces && r.Query != "" {
		return listMatches(ctx, e, r, at, a.Config.Spaces)
	}
	switch at.Stage {
	case stageSpaces:
		if len(a.Config.Spaces) == 0 && !r.Since.IsZero() {
			return listChanged(ctx, e, r, listing{Stage: stageChanged})
		}
		return listSpaces(ctx, e, r, at, a.Config.Spaces)
	case stagePages:
		if len(at.Spaces) > 0 {
			return listPages(ctx, e, r, at)
		}
	case stageChanged, stageTrash:
		return listChanged(ctx, e, r, at)
	}
	return nil, errCursor()
}

// pack returns the cursor of a place among spaces, or of what comes after them.
func (l listing) pack() string {
	switch {
	case len(l.Spaces) > 0:
		return upstream.Pack(l)
	case l.Found != "":
		return upstream.Pack(listing{Next: l.Found, Asked: l.Asked, Lost: l.Lost})
	case l.Asked > 0:
		return upstream.Pack(listing{Asked: l.Asked})
	}
	return ""
}

// without is l when the first n of its spaces are done.
func (l listing) without(n int) listing {
	l.Next, l.Spaces = "", l.Spaces[n:]
	return l
}

func errCursor() error {
	return core.Invalid("cursor", "cursor", "the cursor is not one of this listing; begin without")
}

// partial makes a part that may not be listed a page that says so; other errors
// stay errors.
func partial(err error, why, next string) (*core.ListPage, error) {
	switch core.ReasonOf(err) {
	case core.ReasonGone, core.ReasonForbidden:
		return &core.ListPage{Incomplete: why, Next: next}, nil
	}
	return nil, err
}

func limit(r core.ListRequest) int {
	if r.Limit <= 0 || r.Limit > mostListed {
		return mostListed
	}
	return r.Limit
}

// listPages reads pages of the first space.
func listPages(ctx context.Context, e edition, r core.ListRequest, at listing) (*core.ListPage, error) {
	here := at.Spaces[0]
	rest := at.without(1)
	l, err := e.pages(ctx, pageQuery{space: &here, limit: limit(r)}, at.Next)
	if err != nil {
		return partial(err, "the space “"+here.Name+"” could not be listed", rest.pack())
	}
	out := &core.ListPage{Next: rest.pack()}
	for _, p := range l.pages {
		p.space = here.Name
		out.Items = append(out.Items, p.item())
	}
	if l.next != "" {
		at.Next = l.next
		out.Next = upstream.Pack(at)
	}
	return out, nil
}

// listChanged reads pages that were edited since, last edited first, and then all
// that are in the trash: when they were put there Confluence does not say.
func listChanged(ctx context.Context, e edition, r core.ListRequest, at listing) (*core.ListPage, error) {
	inTrash := at.Stage == stageTrash
	q := pageQuery{within: at.Spaces, since: r.Since, trashed: inTrash, limit: limit(r)}
	after := at.without(len(at.Spaces)).pack()
	if !inTrash {
		trash := at.without(0)
		trash.Stage = stageTrash
		after = upstream.Pack(trash)
	}
	l, err := e.pages(ctx, q, at.Next)
	if err != nil {
		return partial(err, "the changed pages could not be listed", after)
	}
	out := &core.ListPage{Next: after}
	for _, p := range l.pages {
		if inTrash || !p.edited.Before(r.Since) {
			out.Items = append(out.Items, p.item())
		}
	}
	if l.next != "" {
		at.Next = l.next
		out.Next = upstream.Pack(at)
	}
	return out, nil
}

// listMatches reads pages by words of their title, and keeps those of the chosen spaces:
// there may be more than a query can name.
func listMatches(ctx context.Context, e edition, r core.ListRequest, at listing, chosen []string) (*core.ListPage, error) {
	l, err := e.pages(ctx, pageQuery{words: r.Query, limit: limit(r)}, at.Next)
	if err != nil {
		return partial(err, "the pages could not be searched", "")
	}
	out := &core.ListPage{}
	for _, p := range l.pages {
		if len(chosen) == 0 || slices.ContainsFunc(chosen, func(key string) bool { return strings.EqualFold(key, p.spaceKey) }) {
			out.Items = append(out.Items, p.item())
		}
	}
	if l.next != "" {
		out.Next = upstream.Pack(listing{Next: l.next})
	}
	return out, nil
}

// listed is the part of a page that Fetch does not need to ask for again.
type listed struct {
	Title   string `json:"title"`
	SpaceID string `json:"space"`
	Storage string `json:"storage"`
}

// body keeps a page's storage for Fetch; nil when the list had none.
func (p page) body() json.RawMessage {
	if p.storage == nil || p.status != "current" {
		return nil
	}
	raw, err := json.Marshal(listed{Title: p.title, SpaceID: p.spaceID, Storage: *p.storage})
	if err != nil {
		return nil // it is asked for then
	}
	return raw
}
