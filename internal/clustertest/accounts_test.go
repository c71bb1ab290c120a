//go:build unix

package clustertest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	goredis "github.com/redis/go-redis/v9"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

// once sends a request with an Idempotency-Key.
func (p *server) once(t *testing.T, key, path, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Idempotency-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, string(raw)
}

func TestTwoServers_CarryOutOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := here(t, s, parts{})
	servers := []*server{serve(t, s), serve(t, s)}
	o := register(t, n, servers...)
	answers := make([]string, 50)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			status, text := servers[i%2].once(t, "the same", "/v1/documents", `{"title":"One","content":"Text."}`)
			if status != http.StatusCreated {
				t.Errorf("got %d %s", status, text)
			}
			answers[i] = text
		})
	}
	all.Wait()
	for _, a := range answers {
		if a != answers[0] {
			t.Fatalf("two answers: %s and %s", answers[0], a)
		}
	}
	docs, err := o.Read().Documents.List(t.Context(), core.DocumentFilter{}, core.Seek{Limit: 100})
	if err != nil || len(docs) != 1 {
		t.Errorf("50 equal requests over two servers made %d documents (%v), want 1", len(docs), err)
	}
}

// revoked waits until a server refuses p's token and returns how long that took.
func (p *server) revoked(t *testing.T) time.Duration {
	t.Helper()
	begun, tick := time.Now(), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		got, err := p.call(t.Context(), http.MethodGet, "/v1/me", nil)
		switch took := time.Since(begun); {
		case err != nil:
			t.Fatal(err)
		case got.status == http.StatusUnauthorized:
			return took
		case took > patience:
			t.Fatalf("after %s the other server still answers %d", took, got.status)
		}
	}
}

func TestTwoServers_DeletedOrganizationIsGoneFromPostgresAndRedis(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := here(t, s, parts{})
	one, there := serve(t, s), serve(t, s)
	var o *coretest.Org
	tries := 0
	testenv.Promise(t, "the end of the token on the other server", 5*time.Second, func() time.Duration {
		tries++
		o = registerAs(t, n, fmt.Sprintf("ann%d@example.org", tries), one, there)
		one.wait(t, one.summarize(t))
		there.must(t, http.StatusOK, http.MethodGet, "/v1/me", nil, nil) // what it is worth is known there now
		one.must(t, http.StatusAccepted, http.MethodDelete, "/v1/organization", map[string]string{"confirm": "Acme"}, nil)
		return there.revoked(t)
	})
	if err := n.app.Work.Tidy(t.Context(), 10); err != nil { // a server may have begun it
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), s.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	left := func() (found []string) {
		rows, err := conn.Query(t.Context(), `select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
			where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'org_id' and not a.attisdropped`)
		if err != nil {
			t.Fatal(err)
		}
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(tables) < 15 {
			t.Fatalf("saw the tables %v (%v); there are more", tables, err)
		}
		for _, table := range tables {
			var rows int
			if err := conn.QueryRow(t.Context(), "select count(*) from "+table+" where org_id = $1", string(o.Tenant.OrgID())).Scan(&rows); err != nil {
				t.Fatal(err)
			}
			if rows > 0 {
				found = append(found, table)
			}
		}
		opts, err := goredis.ParseURL(s.Redis)
		if err != nil {
			t.Fatal(err)
		}
		rdb := goredis.NewClient(opts)
		defer rdb.Close()
		keys, err := rdb.Keys(t.Context(), "*").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if strings.Contains(key, string(o.Tenant.OrgID())) {
				found = append(found, key)
			}
		}
		return found
	}
	begun, tick := time.Now(), time.NewTicker(100*time.Millisecond)
	defer tick.Stop()
	for found := left(); len(found) > 0; found = left() {
		if time.Since(begun) > time.Minute+patience { // counters of limits live for a minute
			t.Fatalf("still there: %v", found)
		}
		<-tick.C
	}
}
