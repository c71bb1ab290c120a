package confluence

import (
	"context"
	"slices"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// mostAsked is how many chosen spaces are asked for at once. Confluence Cloud takes 250
// keys in a listing of spaces, and 100 spaces in one of changes; fewer keep addresses
// below 8 KB, where keys are those of personal spaces, and cursors short.
const mostAsked = 50

type space struct {
	ID   string `json:"i"`
	Key  string `json:"k"`
	Name string `json:"n"`
}

type spaceList struct {
	spaces []space
	next   string
}

// listSpaces finds spaces, whose pages come next: all, or a batch of the chosen keys.
func listSpaces(ctx context.Context, e edition, r core.ListRequest, at listing, chosen []string) (*core.ListPage, error) {
	switch {
	case at.Asked < 0:
		return nil, errCursor()
	case at.Asked > 0 && at.Asked >= len(chosen):
		return &core.ListPage{Incomplete: "other spaces were chosen while they were listed"}, nil
	}
	batch := chosen[at.Asked:min(at.Asked+mostAsked, len(chosen))]
	after := listing{}
	if asked := at.Asked + len(batch); asked < len(chosen) {
		after.Asked = asked
	}
	l, err := e.spaces(ctx, batch, at.Next)
	if err != nil {
		return partial(err, "the spaces could not be listed", after.pack())
	}
	lost := batch
	if at.Next != "" {
		lost = at.Lost
	}
	lost = unseen(lost, l.spaces)
	out := &core.ListPage{}
	next := listing{Stage: stagePages, Spaces: l.spaces, Found: l.next, Asked: after.Asked}
	if l.next != "" {
		next.Asked, next.Lost = at.Asked, lost
	} else if len(lost) > 0 {
		out.Incomplete = "no such space can be seen: " + strings.Join(lost, ", ")
	}
	if !r.Since.IsZero() {
		next.Stage = stageChanged
	}
	out.Next = next.pack()
	return out, nil
}

// unseen returns the keys that have no space among those found.
func unseen(keys []string, found []space) []string {
	var lost []string
	for _, key := range keys {
		if !slices.ContainsFunc(found, func(s space) bool { return strings.EqualFold(s.Key, key) }) {
			lost = append(lost, key)
		}
	}
	return lost
}

// countSpaces finds all spaces, or the chosen ones, up to a bound of answers for each
// time that they are asked for; more says that it was reached.
func countSpaces(ctx context.Context, e edition, chosen []string) (all []space, more bool, err error) {
	if len(chosen) == 0 {
		return someSpaces(ctx, e, nil)
	}
	for batch := range slices.Chunk(chosen, mostAsked) {
		some, goesOn, err := someSpaces(ctx, e, batch)
		if err != nil {
			return nil, false, err
		}
		all, more = append(all, some...), more || goesOn
	}
	return all, more, nil
}

func someSpaces(ctx context.Context, e edition, keys []string) (all []space, more bool, err error) {
	next := ""
	for range mostCounted {
		l, err := e.spaces(ctx, keys, next)
		if err != nil {
			return nil, false, err
		}
		all = append(all, l.spaces...)
		if next = l.next; next == "" {
			return all, false, nil
		}
	}
	return all, true, nil
}

// spaceByKey finds the space of a key, in either version of the API.
func spaceByKey(ctx context.Context, e edition, key string) (space, error) {
	if !spaceKey.MatchString(key) {
		return space{}, vendor.Gone()
	}
	l, err := e.spaces(ctx, []string{key}, "")
	if err != nil {
		return space{}, err
	}
	if len(l.spaces) == 0 {
		return space{}, vendor.Gone()
	}
	return l.spaces[0], nil
}
