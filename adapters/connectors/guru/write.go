package guru

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
	"github.com/docsctl/docsctl/core"
)

// emptyCard is the content of a card that has none yet: Guru wants some.
const emptyCard = "<p></p>"

// Publish implements core.Connector. A parent is a collection; without one the card
// goes where Guru puts it.
func (c *Connector) Publish(ctx context.Context, a core.Access, p core.Publication, created func(ctx context.Context, p core.RemotePage) error) (*core.Published, error) {
	if p.RemoteID != "" {
		k, _, err := c.read(ctx, a, p.RemoteID)
		if err != nil {
			return nil, err
		}
		if k.Archived {
			return nil, vendor.Gone()
		}
		return c.merge(ctx, a, p, k)
	}
	k, err := c.find(ctx, a, p)
	switch {
	case err != nil:
		return nil, err
	case k == nil && p.DryRun:
		return c.tryNew(ctx, p)
	case k == nil:
		if k, err = c.create(ctx, a, p); err != nil {
			return nil, err
		}
	}
	if !p.DryRun {
		if err := created(ctx, core.RemotePage{ID: k.ID, URL: k.url()}); err != nil {
			return nil, err
		}
	}
	return c.merge(ctx, a, p, *k)
}

// part is p as the part of a card.
func part(p core.Publication) provenance.Publication {
	return provenance.Publication{
		Markdown: p.Markdown, Last: p.Last, Retry: p.Retry,
		Footer: provenance.Footer{Key: p.Key, Source: p.Source, URL: p.SourceURL, Version: p.Version, At: p.At},
	}
}

func (c *Connector) tryNew(ctx context.Context, p core.Publication) (*core.Published, error) {
	m, err := MergePart(ctx, "", part(p))
	if err != nil {
		return nil, err
	}
	return &core.Published{Outcome: core.PublishCreated, Diff: m.Diff}, nil
}

// create makes an empty card that the whole team sees: without a share status Guru
// would make it private.
func (c *Connector) create(ctx context.Context, a core.Access, p core.Publication) (*card, error) {
	body := map[string]any{"preferredPhrase": p.Title, "content": emptyCard, "shareStatus": "TEAM"}
	if p.Parent != "" {
		if err := checkID(p.Parent); err != nil {
			return nil, err
		}
		body["collection"] = map[string]string{"id": p.Parent}
	}
	var raw json.RawMessage
	if err := c.send(ctx, a, http.MethodPost, "/cards/extended", body, &raw); err != nil {
		return nil, err
	}
	k, err := decode(raw)
	return &k, err
}

// find looks for the card that an earlier call made: of our title, and empty or with
// our part.
func (c *Connector) find(ctx context.Context, a core.Access, p core.Publication) (*card, error) {
	if !p.Retry {
		return nil, nil // there is none, and that is no error
	}
	cursor := ""
	for {
		page, err := c.List(ctx, a, core.ListRequest{Query: p.Title, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for _, it := range page.Items {
			k, err := decode(it.Body)
			if err != nil {
				return nil, err
			}
			if k.PreferredPhrase != p.Title || p.Parent != "" && k.Collection.ID != p.Parent {
				continue
			}
			m, err := MergePart(ctx, k.Content, part(p))
			if err != nil {
				return nil, err
			}
			if isEmpty(k.Content) || m.State != provenance.Created {
				return &k, nil
			}
		}
		if cursor = page.Next; cursor == "" {
			return nil, nil // there is none, and that is no error
		}
	}
}

func isEmpty(content string) bool {
	content = strings.TrimSpace(content)
	return content == "" || content == emptyCard
}

// merge writes our part of a card. PATCH leaves tags, sharing and verification alone,
// which PUT would not.
func (c *Connector) merge(ctx context.Context, a core.Access, p core.Publication, k card) (*core.Published, error) {
	content := k.Content
	if isEmpty(content) {
		content = ""
	}
	m, err := MergePart(ctx, content, part(p))
	if err != nil {
		return nil, err
	}
	out := &core.Published{RemotePage: core.RemotePage{ID: k.ID, URL: k.url()}, Outcome: core.PublishOutcome(m.State), Diff: m.Diff}
	retitle := p.OwnPage && p.Title != "" && k.PreferredPhrase != p.Title
	if p.DryRun || m.State == provenance.Conflict || m.State == provenance.Unchanged && !retitle {
		return out, nil
	}
	title := k.PreferredPhrase
	if retitle {
		title = p.Title
	}
	if m.State == provenance.Unchanged {
		out.Outcome = core.PublishUpdated
	}
	body := map[string]any{"preferredPhrase": title, "content": m.Content}
	route := "/cards/" + k.ID + "?" + url.Values{"keepVerificationState": {"true"}}.Encode()
	return out, c.send(ctx, a, http.MethodPatch, route, body, &struct{}{})
}
