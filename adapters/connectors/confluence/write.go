package confluence

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
	"github.com/docsctl/docsctl/core"
)

// emptyPage is the body of a page that has none yet.
const emptyPage = "<p />"

// Publish implements core.Connector. A parent is a page's id, or a space's id or key.
func (c *Connector) Publish(ctx context.Context, a core.Access, p core.Publication, created func(ctx context.Context, p core.RemotePage) error) (*core.Published, error) {
	e, err := c.edition(a)
	if err != nil {
		return nil, err
	}
	if p.RemoteID != "" {
		return merge(ctx, e, p, p.RemoteID)
	}
	in, err := e.parent(ctx, p.Parent)
	if err != nil {
		return nil, err
	}
	pg, err := find(ctx, e, p, in)
	switch {
	case err != nil:
		return nil, err
	case pg == nil && p.DryRun:
		return tryNew(ctx, p)
	case pg == nil:
		if pg, err = create(ctx, e, p, in); err != nil {
			return nil, err
		}
	}
	if !p.DryRun {
		if err := created(ctx, core.RemotePage{ID: pg.id, URL: pg.url}); err != nil {
			return nil, err
		}
	}
	p.OwnPage = false // its title is what it could have
	return merge(ctx, e, p, pg.id)
}

// part is p as the part of a page.
func part(p core.Publication) provenance.Publication {
	return provenance.Publication{
		Markdown: p.Markdown, Last: p.Last, Retry: p.Retry,
		Footer: provenance.Footer{Key: p.Key, Source: p.Source, URL: p.SourceURL, Version: p.Version, At: p.At},
	}
}

func tryNew(ctx context.Context, p core.Publication) (*core.Published, error) {
	m, err := MergePart(ctx, "", part(p))
	if err != nil {
		return nil, err
	}
	return &core.Published{Outcome: core.PublishCreated, Diff: m.Diff}, nil
}

// mostTitles is how many titles are tried: one is unique in its space, in the trash,
// too.
const mostTitles = 20

// titleAt is the n-th title that a page may get, cut to what Confluence takes: it trims
// titles itself.
func titleAt(title string, n int) string {
	suffix := ""
	if n > 1 {
		suffix = " (" + strconv.Itoa(n) + ")"
	}
	runes := []rune(strings.TrimSpace(title))
	if most := 255 - len(suffix); len(runes) > most {
		runes = runes[:most]
	}
	return strings.TrimSpace(string(runes)) + suffix
}

// find looks for the page that an earlier call made: of our title, and empty or with
// our part.
func find(ctx context.Context, e edition, p core.Publication, in parentPlace) (*page, error) {
	if !p.Retry {
		return nil, nil // there is none, and that is no error
	}
	for n := 1; n <= mostTitles; n++ {
		pg, err := e.titled(ctx, in, titleAt(p.Title, n))
		if err != nil || pg == nil {
			return nil, err
		}
		if pg.state() != core.RemotePresent || pg.storage == nil {
			continue
		}
		ours, err := isOurs(ctx, p, *pg.storage)
		if err != nil {
			return nil, err
		}
		if ours {
			return pg, nil
		}
	}
	return nil, nil // there is none, and that is no error
}

func isOurs(ctx context.Context, p core.Publication, storage string) (bool, error) {
	if isEmpty(storage) {
		return true, nil
	}
	m, err := MergePart(ctx, storage, part(p))
	return err == nil && m.State != provenance.Created, err
}

func isEmpty(storage string) bool {
	switch strings.ReplaceAll(strings.TrimSpace(storage), " ", "") {
	case "", "<p/>", "<p></p>":
		return true
	}
	return false
}

// create makes an empty page, under another title where somebody's page has ours.
func create(ctx context.Context, e edition, p core.Publication, in parentPlace) (*page, error) {
	var refused error
	for n := 1; n <= mostTitles; n++ {
		title := titleAt(p.Title, n)
		pg, err := e.create(ctx, in, title, emptyPage)
		if err == nil {
			return &pg, nil
		}
		if core.ReasonOf(err) != core.ReasonRefused {
			return nil, err
		}
		refused = err
		switch taken, unknown := e.titled(ctx, in, title); {
		case unknown != nil:
			return nil, unknown
		case taken == nil:
			return nil, err // it was not the title
		}
	}
	return nil, refused
}

// mostConflicts is how often a page is read again because somebody saved it
// meanwhile.
const mostConflicts = 5

// merge writes our part of a page, and the title of it, where that is ours.
func merge(ctx context.Context, e edition, p core.Publication, id string) (*core.Published, error) {
	for try := 1; ; try++ {
		pg, err := e.read(ctx, id, true)
		if err != nil {
			return nil, err
		}
		switch {
		case pg.state() == core.RemoteTrashed:
			return nil, vendor.Gone()
		case pg.storage == nil: // what is in it cannot be kept as it is
			return nil, vendor.Broken(errors.New("a page whose storage cannot be rendered"))
		}
		storage := *pg.storage
		if isEmpty(storage) {
			storage = ""
		}
		m, err := MergePart(ctx, storage, part(p))
		if err != nil {
			return nil, err
		}
		out := &core.Published{RemotePage: core.RemotePage{ID: pg.id, URL: pg.url}, Outcome: core.PublishOutcome(m.State), Diff: m.Diff}
		title := pg.title
		if own := titleAt(p.Title, 1); p.OwnPage && own != "" && !isVariant(title, own) {
			title = own
		}
		if p.DryRun || m.State == provenance.Conflict || m.State == provenance.Unchanged && title == pg.title {
			return out, nil
		}
		if m.State == provenance.Unchanged {
			out.Outcome = core.PublishUpdated
		}
		err = e.update(ctx, pg, title, m.Storage)
		if title != pg.title && core.ReasonOf(err) == core.ReasonRefused && statusOf(err) == http.StatusBadRequest {
			err = e.update(ctx, pg, pg.title, m.Storage) // the title is another page's
		}
		if err == nil || statusOf(err) != http.StatusConflict || try == mostConflicts {
			return out, err
		}
	}
}

// isVariant reports whether a title is ours, or ours with the number that it got.
func isVariant(title, own string) bool {
	for n := 1; n <= mostTitles; n++ {
		if title == titleAt(own, n) {
			return true
		}
	}
	return false
}

func statusOf(err error) int {
	e := core.AsError(err)
	if e == nil {
		return 0
	}
	d, _ := e.Details.(core.UpstreamDetails)
	return d.UpstreamStatus
}
