package guru

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

// vendor is Guru. It does not say how many calls it allows.
var vendor = &upstream.Vendor{
	Type: core.IntegrationGuru, Name: "Guru", RequestID: "X-Request-Id",
	Limit: core.Limit{Events: 5, Period: time.Second},
	Read:  readError,
}

// readError looks for an error of OAuth2; Guru's own have a message and no code.
func readError(_ int, _ http.Header, body []byte, d *core.UpstreamDetails) {
	var e struct {
		Error       string
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &e) == nil && e.Error != "" && e.Description != "" {
		upstream.ReadOAuthError(e.Error, d)
	}
}

func (c *Connector) call(a core.Access, method, address string, body any) upstream.Call {
	req := http.Request{Header: http.Header{}}
	if a.AuthType == core.AuthOAuth2 {
		req.Header.Set("Authorization", "Bearer "+a.Token.Reveal())
	} else {
		req.SetBasicAuth(a.Config.Email, a.Token.Reveal())
	}
	return upstream.Call{Access: a, Method: method, URL: address, Header: req.Header, Body: body}
}

// path returns the address of a route.
func (c *Connector) path(route string) string { return c.base + "/api/v1" + route }

func (c *Connector) get(ctx context.Context, a core.Access, route string, out any) error {
	_, err := c.client.JSON(ctx, vendor, c.call(a, http.MethodGet, c.path(route), nil), out)
	return err
}

func (c *Connector) send(ctx context.Context, a core.Access, method, route string, body, out any) error {
	_, err := c.client.JSON(ctx, vendor, c.call(a, method, c.path(route), body), out)
	return err
}

var cardID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// checkID refuses what can be no id, before it becomes part of an address.
func checkID(id string) error {
	if !cardID.MatchString(id) {
		return vendor.Gone()
	}
	return nil
}

// read returns a card, also one that is archived, which has no extended view.
func (c *Connector) read(ctx context.Context, a core.Access, id string) (card, json.RawMessage, error) {
	if err := checkID(id); err != nil {
		return card{}, nil, err
	}
	var raw json.RawMessage
	err := c.get(ctx, a, "/cards/"+id+"/extended", &raw)
	if core.ReasonOf(err) == core.ReasonGone {
		err = c.get(ctx, a, "/cards/"+id, &raw)
	}
	if err != nil {
		return card{}, nil, err
	}
	k, err := decode(raw)
	return k, raw, err
}

func decode(raw json.RawMessage) (card, error) {
	var k card
	if err := vendor.Decode(raw, &k); err != nil {
		return card{}, err
	}
	if k.ID == "" {
		return card{}, vendor.Broken(nil)
	}
	return k, nil
}
