package httpapi

import (
	"context"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestTickets_AreForBrowsersOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.admin("Owner")
	browser := &person{w: w, org: p.org}
	for _, connect := range []func(query string) (int, error){
		func(query string) (int, error) {
			c, resp, err := browser.tryDial(t.Context(), query)
			if err == nil {
				defer c.conn.CloseNow()
			}
			return resp.StatusCode, nil
		},
		func(query string) (int, error) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c, err := browser.stream(ctx, query, "")
			if err != nil {
				return 0, err
			}
			defer c.resp.Body.Close()
			return c.resp.StatusCode, nil
		},
	} {
		got := p.do("POST", "/v1/ws/tickets", "").want(201)
		if got.at("expires_in") != 30.0 {
			t.Errorf("got %s, want 30 s", got.body)
		}
		query := "?ticket=" + got.str("ticket")
		for i, want := range []int{0, 401} {
			status, err := connect(query)
			if good := status == 200 || status == 101; err != nil || good != (i == 0) || i == 1 && status != want {
				t.Errorf("use %d: got %d, %v", i+1, status, err)
			}
		}
		browser.do("GET", "/v1/me"+query, "").fails(401, core.CodeAuthentication, "", "")
	}
}
