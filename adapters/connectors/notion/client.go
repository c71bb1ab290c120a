package notion

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

// apiVersion is the first that has data sources.
const apiVersion = "2025-09-03"

// vendor is Notion. It allows three calls a second on average.
var vendor = &upstream.Vendor{
	Type: core.IntegrationNotion, Name: "Notion", RequestID: "X-Notion-Request-Id",
	Limit: core.Limit{Events: 3, Period: time.Second},
	Read:  readError,
}

// readError takes code and request id out of an error's body.
func readError(status int, _ http.Header, body []byte, d *core.UpstreamDetails) {
	var e struct {
		Code      string
		Error     string // of OAuth2
		RequestID string `json:"request_id"`
	}
	if json.Unmarshal(body, &e) != nil {
		return // a page in HTML, of the network's edge
	}
	d.UpstreamCode = e.Code
	if e.Error != "" {
		upstream.ReadOAuthError(e.Error, d)
	}
	if e.RequestID != "" {
		d.UpstreamRequestID = e.RequestID
	}
	if status == http.StatusConflict && e.Code == "conflict_error" {
		d.Reason = core.ReasonDown // somebody saved at the same moment: it helps to try again
	}
}

func (c *Connector) call(a core.Access, method, path string, body any) upstream.Call {
	return upstream.Call{
		Access: a, Method: method, URL: c.base + path, Body: body,
		Header: http.Header{"Authorization": {"Bearer " + a.Token.Reveal()}, "Notion-Version": {apiVersion}},
	}
}

func (c *Connector) get(ctx context.Context, a core.Access, path string, out any) error {
	_, err := c.client.JSON(ctx, vendor, c.call(a, http.MethodGet, path, nil), out)
	return err
}

func (c *Connector) send(ctx context.Context, a core.Access, method, path string, body, out any) error {
	_, err := c.client.JSON(ctx, vendor, c.call(a, method, path, body), out)
	return err
}

// ask is a POST that only reads.
func (c *Connector) ask(ctx context.Context, a core.Access, path string, body, out any) error {
	call := c.call(a, http.MethodPost, path, body)
	call.Safe = true
	_, err := c.client.JSON(ctx, vendor, call, out)
	return err
}

// list is one page of a listing.
type list struct {
	Results []json.RawMessage
	Next    *string `json:"next_cursor"`
	More    bool    `json:"has_more"`
	Status  struct {
		Type string
	} `json:"request_status"`
}

func (l *list) next() string {
	if l.Next == nil || !l.More {
		return ""
	}
	return *l.Next
}

// check refuses a page that would be asked for again and again, or for no page.
func (l *list) check(sent string) error {
	switch {
	case l.Results == nil:
		return vendor.Broken(errors.New("a list without results"))
	case l.More && l.next() == "":
		return vendor.Broken(errors.New("a list that goes on without a cursor"))
	case l.More && l.next() == sent:
		return vendor.Broken(errors.New("a list whose next cursor is the one that was sent"))
	}
	return nil
}

// mostPages bounds the pages of a block's children or a property's values.
const mostPages = 1000

// all reads a whole list; path is without a query.
func (c *Connector) all(ctx context.Context, a core.Access, path string) ([]json.RawMessage, error) {
	var out []json.RawMessage
	cursor := ""
	for range mostPages {
		query := url.Values{"page_size": {"100"}}
		if cursor != "" {
			query.Set("start_cursor", cursor)
		}
		var l list
		if err := c.get(ctx, a, path+"?"+query.Encode(), &l); err != nil {
			return nil, err
		}
		if err := l.check(cursor); err != nil {
			return nil, err
		}
		out = append(out, l.Results...)
		if cursor = l.next(); cursor == "" {
			return out, nil
		}
	}
	return nil, vendor.Broken(errors.New("a list without an end"))
}

// uuid is what every id of Notion's is, with dashes or without.
var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$`)

// checkID refuses what can be no id, before it becomes part of an address.
func checkID(id string) error {
	if !uuid.MatchString(id) {
		return vendor.Gone()
	}
	return nil
}

// reader is the Source of one conversion.
type reader struct {
	c    *Connector
	a    core.Access
	root string // the page: where it cannot be read the item is gone
}

// Children implements Source.
func (r reader) Children(ctx context.Context, id string) ([]json.RawMessage, error) {
	if checkID(id) != nil {
		return nil, ErrNotReadable
	}
	list, err := r.c.all(ctx, r.a, "/v1/blocks/"+id+"/children")
	return list, r.readable(id, err)
}

// Property implements Source. The id is escaped already.
func (r reader) Property(ctx context.Context, pageID, propertyID string) ([]json.RawMessage, error) {
	if checkID(pageID) != nil || strings.ContainsAny(propertyID, "/?#") {
		return nil, ErrNotReadable
	}
	list, err := r.c.all(ctx, r.a, "/v1/pages/"+pageID+"/properties/"+propertyID)
	return list, r.readable("", err)
}

// readable tells a part that may not be read from a failure. Notion answers 400 for
// blocks that its API does not serve.
func (r reader) readable(id string, err error) error {
	switch core.ReasonOf(err) {
	case core.ReasonGone, core.ReasonForbidden, core.ReasonRefused:
		if id != r.root {
			return errors.Join(ErrNotReadable, err)
		}
	}
	return err
}
