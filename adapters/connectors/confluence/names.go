package confluence

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
)

// How long names are kept: people rename themselves rarely, and a page whose body does
// not change is not read again for it anyway.
const (
	nameKept    = time.Hour
	unknownKept = 10 * time.Minute // it may have been made, or be allowed, since
)

// references are what a body refers to by id or title, each once. It is the Names of a
// first conversion, whose text nobody reads.
type references struct {
	users []string
	pages []pageTitle
}

// pageTitle is a page as a body refers to it; space is "" for the body's own.
type pageTitle struct{ space, title string }

func (r *references) User(_ context.Context, id string) string {
	if !slices.Contains(r.users, id) {
		r.users = append(r.users, id)
	}
	return ""
}

func (r *references) Page(_ context.Context, space, title string) string {
	if p := (pageTitle{space, title}); !slices.Contains(r.pages, p) {
		r.pages = append(r.pages, p)
	}
	return ""
}

// answers are the Names of what was found out.
type answers struct {
	users map[string]string
	pages map[pageTitle]string
}

func (a answers) User(_ context.Context, id string) string { return a.users[id] }

func (a answers) Page(_ context.Context, space, title string) string {
	return a.pages[pageTitle{space, title}]
}

// names finds out what p's body refers to. What the token may not see stays unknown;
// while Confluence does not answer there is an error: a page must not lose its links
// for a while and seem to have changed twice.
func (c *Connector) names(ctx context.Context, a core.Access, e edition, p page) (Names, error) {
	if !strings.Contains(*p.storage, "<ri:user") && !strings.Contains(*p.storage, "<ri:page") {
		return nil, nil // most bodies refer to nothing, and that is no error
	}
	var refs references
	if _, err := ConvertStorage(ctx, *p.storage, &refs); err != nil {
		return nil, err
	}
	known := kept{cache: c.cache, a: a}
	users, err := known.users(ctx, e, refs.users)
	if err != nil {
		return nil, err
	}
	pages := map[pageTitle]string{}
	for _, ref := range refs.pages {
		if pages[ref], err = known.address(ctx, e, p.spaceID, ref); err != nil {
			return nil, err
		}
	}
	return answers{users: users, pages: pages}, nil
}

// kept are the names that were found out before for an access.
type kept struct {
	cache core.Cache // nil: nothing is kept
	a     core.Access
}

func (k kept) key(parts ...string) string {
	// In hex: a title may hold anything.
	return "confluence." + string(k.a.Integration) + "." + hex.EncodeToString([]byte(strings.Join(parts, "\x00")))
}

// get returns what is kept under a key. A cache that fails has nothing.
func (k kept) get(ctx context.Context, key string) (string, bool) {
	if k.cache == nil || k.a.Integration == "" {
		return "", false
	}
	raw, found, err := k.cache.Get(ctx, k.a.Tenant, key)
	return string(raw), found && err == nil
}

func (k kept) set(ctx context.Context, key, value string) {
	if k.cache == nil || k.a.Integration == "" {
		return
	}
	ttl := nameKept
	if value == "" {
		ttl = unknownKept
	}
	_ = k.cache.Set(ctx, k.a.Tenant, key, []byte(value), ttl) // it is asked for again then
}

// users returns display names by id.
func (k kept) users(ctx context.Context, e edition, ids []string) (map[string]string, error) {
	known := map[string]string{}
	var ask []string
	for _, id := range ids {
		if name, found := k.get(ctx, k.key("user", id)); found {
			known[id] = name
		} else {
			ask = append(ask, id)
		}
	}
	if len(ask) == 0 {
		return known, nil
	}
	if _, closed := k.get(ctx, k.key("users", "closed")); closed {
		return known, nil
	}
	found, err := e.users(ctx, ask)
	if isUnknown(err) {
		k.set(ctx, k.key("users", "closed"), "")
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	for _, id := range ask {
		known[id] = found[id]
		k.set(ctx, k.key("user", id), found[id])
	}
	return known, nil
}

// address returns a page's web address; own is the id of the space of the page that
// refers to it.
func (k kept) address(ctx context.Context, e edition, own string, p pageTitle) (string, error) {
	in, err := own, error(nil)
	if p.space != "" {
		in, err = k.find(ctx, k.key("space", p.space), func() (string, error) {
			s, err := spaceByKey(ctx, e, p.space)
			return s.ID, err
		})
	}
	if err != nil || in == "" {
		return "", err
	}
	return k.find(ctx, k.key("page", in, p.title), func() (string, error) { return e.address(ctx, in, p.title) })
}

// find returns what is kept under a key, or asks; "" for what the token does not get to
// know.
func (k kept) find(ctx context.Context, key string, ask func() (string, error)) (string, error) {
	if value, found := k.get(ctx, key); found {
		return value, nil
	}
	value, err := ask()
	if err != nil && !isUnknown(err) {
		return "", err
	}
	k.set(ctx, key, value)
	return value, nil
}

// isUnknown reports whether an error means that the token does not get to know, today
// or in a minute.
func isUnknown(err error) bool {
	switch core.ReasonOf(err) {
	case core.ReasonForbidden, core.ReasonGone, core.ReasonRefused:
		return true
	}
	return false
}
