package postgres

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

// empty makes a database without a schema.
func empty(tb testing.TB) (url string) {
	tb.Helper()
	return testenv.Database(tb, "empty", nil)
}

// nameOf returns the database of a URL.
func nameOf(tb testing.TB, text string) string {
	tb.Helper()
	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return u.Path[1:]
}

func TestMigrate(t *testing.T) {
	t.Parallel()

	t.Run("TenNodesAtOnceMigrateOnce", func(t *testing.T) {
		t.Parallel()
		url := empty(t)
		var wg sync.WaitGroup
		var mu sync.Mutex // guards steps
		steps := map[int]int{}
		for range 10 {
			wg.Go(func() {
				n, err := Up(t.Context(), url, "")
				if err != nil {
					t.Errorf("up: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				steps[n]++
			})
		}
		wg.Wait()
		all, err := Status(t.Context(), url)
		if err != nil || len(all) < 6 || steps[len(all)] != 1 || steps[0] != 9 {
			t.Errorf("nodes by the steps that each took: got %v of %d steps (%v), want one that took all", steps, len(all), err)
		}
		fill(t, openURL(t, url))
	})

	t.Run("DownAndUpAgain", func(t *testing.T) {
		t.Parallel()
		url := empty(t)
		want, err := Up(t.Context(), url, "")
		if err != nil {
			t.Fatal(err)
		}
		for range want {
			if err := Down(t.Context(), url); err != nil {
				t.Fatalf("down: %v", err)
			}
		}
		left := texts(t, connect(t, url), `select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
			union all select proname::text from pg_proc where pronamespace = 'public'::regnamespace`)
		if len(left) != 1 {
			t.Errorf("after all steps down: got %v, want goose's table only", left)
		}
		if got, err := Up(t.Context(), url, ""); err != nil || got != want {
			t.Errorf("up again: got %d steps (%v), want %d", got, err, want)
		}
	})

	t.Run("AnOlderSchemaIsRefusedUnlessAsked", func(t *testing.T) {
		t.Parallel()
		url := empty(t)
		if _, err := Open(t.Context(), url, nil); err == nil || !strings.Contains(err.Error(), "migrate up") {
			t.Errorf("open without a schema: got %v, want what to run", err)
		}
		s, err := Open(t.Context(), url, &Config{Migrate: true})
		if err != nil {
			t.Fatalf("open with Migrate: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})

	t.Run("ANewerSchemaIsRefused", func(t *testing.T) {
		t.Parallel()
		url := migrated(t)
		execSQL(t, connect(t, url), `insert into goose_db_version (version_id, is_applied) values (99999, true)`)
		for _, cfg := range []*Config{nil, {Migrate: true}} {
			if _, err := Open(t.Context(), url, cfg); err == nil || !strings.Contains(err.Error(), "newer") {
				t.Errorf("open with %+v: got %v, want a refusal", cfg, err)
			}
		}
	})
}

func TestRoles(t *testing.T) {
	t.Parallel()

	t.Run("AUserWithoutRightsIsToldTheSQLAndItWorks", func(t *testing.T) {
		t.Parallel()
		admin := empty(t)
		name := nameOf(t, admin)
		plain := login(t, admin, name+"_plain", "")
		_, err := Open(t.Context(), plain, &Config{Migrate: true})
		sql := PrintRoles(name, name+"_plain")
		if err == nil || !strings.Contains(err.Error(), sql) {
			t.Fatalf("open: got %v, want an error with the SQL:\n%s", err, sql)
		}
		execSQL(t, connect(t, admin), sql)
		s, err := Open(t.Context(), plain, &Config{Migrate: true})
		if err != nil {
			t.Fatalf("open after the administrator ran the SQL: %v", err)
		}
		closed(t, s)
		worksAlone(t, s)
	})

	t.Run("AUserWhoMayMakesThem", func(t *testing.T) {
		t.Parallel()
		admin := empty(t)
		name := nameOf(t, admin)
		owner := login(t, admin, name+"_owner", "createrole")
		execSQL(t, connect(t, admin), "alter database "+quoteName(name)+" owner to "+quoteName(name+"_owner"))
		s, err := Open(t.Context(), owner, &Config{Migrate: true})
		if err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		worksAlone(t, s)
	})

	t.Run("TheApplicationsUserNeedsNoOtherRight", func(t *testing.T) {
		t.Parallel()
		admin := empty(t)
		name := nameOf(t, admin)
		app := login(t, admin, name+"_web", "")
		if _, err := Open(t.Context(), app, nil); err == nil {
			t.Error("open before the migration: got nil")
		}
		s, err := Open(t.Context(), app, &Config{Migrate: true, DirectURL: admin})
		if err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		worksAlone(t, s)
		execSQL(t, connect(t, admin), "revoke "+quoteName(s.roles.app)+" from "+quoteName(name+"_web"))
		if _, err := Open(t.Context(), app, nil); err == nil || !strings.Contains(err.Error(), "GRANT") {
			t.Errorf("open without being a member: got %v, want what to run", err)
		}
	})

	t.Run("ARoleThatNobodyBindsIsRefused", func(t *testing.T) {
		t.Parallel()
		url := empty(t)
		if _, err := Up(t.Context(), url, ""); err != nil {
			t.Fatal(err)
		}
		execSQL(t, connect(t, url), "alter role "+quoteName(nameOf(t, url)+"_app")+" bypassrls")
		if _, err := Open(t.Context(), url, nil); err == nil || !strings.Contains(err.Error(), "BYPASSRLS") {
			t.Errorf("open: got %v, want a refusal", err)
		}
	})
}

// login makes a user and returns the URL with which it signs in.
func login(t *testing.T, admin, user, options string) string {
	t.Helper()
	execSQL(t, connect(t, admin), "create role "+quoteName(user)+" login "+options)
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(user)
	return u.String()
}

// closed closes a store at the test's end.
func closed(t *testing.T, s *Store) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// worksAlone uses every part of a store as two organizations.
func worksAlone(t *testing.T, s *Store) {
	t.Helper()
	a, b := fill(t, s), fill(t, s)
	if _, err := a.Read().Documents.Get(t.Context(), b.document.ID); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("another organization's document: got %v", err)
	}
	rows, err := a.Read().Documents.Search(t.Context(), core.SearchQuery{Title: "budget", Words: []string{"budget"}}, core.DocumentFilter{}, core.Seek{Limit: 10})
	if err != nil || len(rows) != 1 {
		t.Errorf("search: got %d documents (%v), want 1", len(rows), err)
	}
	leases, err := s.System().Claim(t.Context(), core.ClaimRequest{Queue: core.QueueLLM, Limit: 10, TTL: 1e9})
	if err != nil || len(leases) != 4 {
		t.Errorf("claim: got %v (%v), want 4", leases, err)
	}
	if _, err := s.System().Heartbeat(context.WithoutCancel(t.Context()), leases, 1e9); err != nil {
		t.Errorf("heartbeat: %v", err)
	}
	if logins, err := s.System().Logins(t.Context(), a.User.EmailKey); err != nil || len(logins) != 1 {
		t.Errorf("logins: got %v (%v), want 1", logins, err)
	}
	if refs, err := s.System().Unindexed(t.Context(), 10); err != nil || len(refs) != 2 {
		t.Errorf("unindexed: got %v (%v), want 2", refs, err)
	}
}
