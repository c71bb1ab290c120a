//go:build unix

package scale

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// connections is how many clients ask at a time.
const connections = 32

// target is a server under load.
type target struct {
	name   string
	addr   string
	perOrg int
	tokens []string // by organization, from 1
}

func (in *installation) target(b *testing.B, name string, h http.Handler, orgs int) *target {
	b.Helper()
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	g := &target{name: name, addr: server.Listener.Addr().String(), perOrg: in.perOrg, tokens: make([]string, orgs+1)}
	for i := 1; i <= orgs; i++ {
		token, err := in.tokens.Issue(core.AccessClaims{
			OrgID: numbered[core.OrgID]("org", i), UserID: numbered[core.UserID]("user", i), Role: core.RoleAdmin,
			TokenID: core.NewID[string](), IssuedAt: time.Now().Truncate(time.Second), ExpiresAt: time.Now().Add(time.Hour),
		})
		must(b, err)
		g.tokens[i] = token
	}
	return g
}

// request writes a request of the organization of that number.
type request func(org, perOrg int) (line, body string)

func getDocument(org, perOrg int) (string, string) {
	return "GET /v1/documents/" + numbered[string]("doc", org*perOrg+1+rand.IntN(perOrg)), ""
}

func listDocuments(int, int) (string, string) { return "GET /v1/documents?limit=50", "" }

func postDocument(int, int) (string, string) { return "POST /v1/documents", newDocument }

// pass is what a target did in one turn.
type pass struct {
	perSecond float64
	p50, p99  time.Duration
}

// load sends requests over all connections for a while.
func (g *target) load(b *testing.B, r request, orgs int, while time.Duration) pass {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), while)
	defer cancel()
	var mu sync.Mutex // guards all
	var all []time.Duration
	var clients sync.WaitGroup
	begun := time.Now()
	for range connections {
		clients.Go(func() {
			took, err := g.ask(ctx, r, orgs)
			if err != nil {
				b.Errorf("%s: %v", g.name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
		})
	}
	clients.Wait()
	p := pass{perSecond: float64(len(all)) / time.Since(begun).Seconds()}
	p.p50, p.p99 = quantiles(all)
	return p
}

func quantiles(all []time.Duration) (p50, p99 time.Duration) {
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100]
}

// ask sends one request after the other over one connection.
func (g *target) ask(ctx context.Context, r request, orgs int) (took []time.Duration, err error) {
	c, err := g.dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for ctx.Err() == nil {
		org := 1 + rand.IntN(orgs)
		line, body := r(org, g.perOrg)
		begun := time.Now()
		if err := c.send(org, line, body); err != nil {
			return took, err
		}
		took = append(took, time.Since(begun))
	}
	return took, nil
}

// sendAll sends n requests, the i-th of organization 1 + i % orgs, each client over a
// connection of its own.
func (g *target) sendAll(b *testing.B, n, orgs int, r func(org, i int) (line, body string)) {
	b.Helper()
	var conns [askers]*connection
	for i := range conns {
		var err error
		conns[i], err = g.dial()
		must(b, err)
		defer conns[i].Close()
	}
	spread(b, n, func(client, i int) error {
		org := 1 + i%orgs
		line, body := r(org, i)
		return conns[client].send(org, line, body)
	})
}

// askers is how many clients ask for jobs side by side.
const askers = 16

// spread has the askers do n things.
func spread(b *testing.B, n int, do func(client, n int) error) {
	b.Helper()
	var all sync.WaitGroup
	for client := range askers {
		all.Go(func() {
			for i := client; i < n; i += askers {
				if err := do(client, i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// connection is a client. It writes and reads with little ceremony: its time is the
// same for both sides of a ratio and hides their difference.
type connection struct {
	net.Conn
	answers *bufio.Reader
	tokens  []string
}

func (g *target) dial() (*connection, error) {
	conn, err := net.Dial("tcp", g.addr)
	if err != nil {
		return nil, err
	}
	return &connection{conn, bufio.NewReader(conn), g.tokens}, nil
}

// send sends a request of an organization and reads its answer.
func (c *connection) send(org int, line, body string) error {
	_, err := fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		line, c.tokens[org], len(body), body)
	if err != nil {
		return err
	}
	answer, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		return fmt.Errorf("%s: %s %s (%w)", line, answer.Status, text, err)
	}
	return nil
}
