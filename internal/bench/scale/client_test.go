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

// sendAll sends n requests, the i-th of organization 1 + i % orgs, over 16 connections.
func (g *target) sendAll(b *testing.B, n, orgs int, r func(org, i int) (line, body string)) {
	b.Helper()
	const connections = 16
	var clients sync.WaitGroup
	for first := range connections {
		clients.Go(func() {
			c, err := g.dial()
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			for i := first; i < n; i += connections {
				org := 1 + i%orgs
				line, body := r(org, i)
				if err := c.send(org, line, body); err != nil {
					b.Errorf("%s: %v", g.name, err)
					return
				}
			}
		})
	}
	clients.Wait()
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
