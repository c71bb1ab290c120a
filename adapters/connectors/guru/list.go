package guru

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

// place is where a listing stands: among cards, and where only changes are asked
// for among archived ones after them.
type place struct {
	Archived bool   `json:"a,omitempty"`
	Next     string `json:"n,omitempty"` // path and query that Guru names
}

// mostCards is the most cards that Guru answers at once.
const mostCards = 50

// List implements core.Connector.
func (c *Connector) List(ctx context.Context, a core.Access, r core.ListRequest) (*core.ListPage, error) {
	var at place
	if err := upstream.Unpack(r.Cursor, &at); err != nil {
		return nil, err
	}
	if at.Next != "" && !strings.HasPrefix(at.Next, "/api/v1/search/") {
		return nil, core.Invalid("cursor", "cursor", "the cursor is not one of this listing; begin without")
	}
	address := c.base + at.Next
	if at.Next == "" {
		address = c.path("/search/query?" + query(r, at.Archived).Encode())
	}
	var cards []json.RawMessage
	answer, err := c.client.JSON(ctx, vendor, c.call(a, http.MethodGet, address, nil), &cards)
	switch core.ReasonOf(err) {
	case core.ReasonGone, core.ReasonForbidden:
		return &core.ListPage{Incomplete: "Guru does not let the token list cards", Next: at.after(r)}, nil
	}
	if err != nil {
		return nil, err
	}
	out := &core.ListPage{}
	for _, raw := range cards {
		k, err := decode(raw)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, k.item(raw))
	}
	next, more, err := nextOf(answer.Header)
	switch {
	case err != nil:
		return nil, err
	case !more:
		out.Next = at.after(r)
	case next == at.Next:
		return nil, vendor.Broken(errors.New("a list whose next page is the one that was asked for"))
	default:
		out.Next = upstream.Pack(place{Archived: at.Archived, Next: next})
	}
	return out, nil
}

// after returns the cursor of what comes after a whole list.
func (p place) after(r core.ListRequest) string {
	if p.Archived || r.Since.IsZero() {
		return ""
	}
	return upstream.Pack(place{Archived: true})
}

// query asks for cards. The + of a zone is escaped by Encode, as it must be.
func query(r core.ListRequest, archived bool) url.Values {
	size := mostCards
	if r.Limit > 0 {
		size = min(size, r.Limit)
	}
	q := url.Values{"queryType": {"cards"}, "maxResults": {strconv.Itoa(size)}, "sortField": {"lastModified"}, "sortOrder": {"DESC"}}
	if archived {
		q.Set("queryType", "archived")
	}
	if !r.Since.IsZero() {
		q.Set("q", "lastModified >= "+r.Since.UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000-07:00"))
	}
	if r.Query != "" {
		q.Set("searchTerms", r.Query)
	}
	return q
}

// link is one of a Link header's. Guru writes a blank after <, and one relation or another.
var link = regexp.MustCompile(`<\s*([^>]*?)\s*>\s*(?:;[^,]*?rel="?([^",;]*)"?)?`)

// nextOf reads where a list goes on: path and query only, so that no other host is
// ever asked with our credentials.
func nextOf(h http.Header) (next string, more bool, err error) {
	for _, m := range link.FindAllStringSubmatch(strings.Join(h.Values("Link"), ","), -1) {
		if rel := m[2]; rel != "" && rel != "next-page" && rel != "next" {
			continue
		}
		u, err := url.Parse(m[1])
		if err != nil || !strings.HasPrefix(u.Path, "/api/v1/search/") || u.Query().Get("token") == "" {
			return "", false, vendor.Broken(errors.New("a list that goes on without saying where"))
		}
		return u.RequestURI(), true, nil
	}
	return "", false, nil
}
