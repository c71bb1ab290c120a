package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func applied(states []MigrationStatus) int {
	n := 0
	for _, s := range states {
		if s.AppliedAt != nil {
			n++
		}
	}
	return n
}

func TestMigrate_UpDownUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	states, err := Status(t.Context(), path)
	if err != nil || len(states) < 2 || applied(states) != 0 {
		t.Fatalf("status of no store: got %v, %v, want every migration, none applied", states, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("Status made the store")
	}
	all := len(states)
	if states, err = Up(t.Context(), path); err != nil || applied(states) != all {
		t.Fatalf("up: got %v, %v, want all applied", states, err)
	}
	if s := states[0]; s.Version != 1 || s.Name != "initial" || time.Since(*s.AppliedAt) > time.Hour {
		t.Errorf("the first migration: got %+v, want version 1, initial, applied now", s)
	}
	for left := all - 1; left >= 0; left-- {
		if states, err = Down(t.Context(), path); err != nil || applied(states) != left {
			t.Fatalf("down: got %v, %v, want %d applied", states, err, left)
		}
	}
	if _, err := Down(t.Context(), path); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("down of nothing: got %v, want %s", err, core.CodeConflict)
	}
	s := openStore(t, path)
	if _, err := s.Tenant(coretest.NewOrg(t, s).Tenant).Read().Templates.Get(t.Context(), core.DefaultTemplateID); err != nil {
		t.Errorf("the default template after up again: %v", err)
	}
}

func TestMigrate_WaitsForNobodyWhoUsesAnOlderSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	_, end := openInProcess(t, path)
	if _, err := Down(t.Context(), path); core.CodeOf(err) != core.CodeConflict || !strings.Contains(err.Error(), "uses the store") {
		t.Errorf("down of a store in use: got %v, want that it is in use", err)
	}
	m, err := newMigrator(path) // as if this program knew one migration more than the other
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.db.ExecContext(t.Context(), `DELETE FROM goose_db_version WHERE version_id = ?`, m.latest); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path, &Config{BusyTimeout: 50 * time.Millisecond})
	if core.CodeOf(err) != core.CodeConflict || !strings.Contains(err.Error(), "older schema") {
		t.Errorf("open: got %v, want that another program uses an older schema", err)
	}
	end()
}

func TestMigrate_SeedsTheGlobalTemplates(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "store.db"))
	org, user, err := s.Local(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read := s.Tenant(core.TrustTenant(org)).Read()
	all, err := read.Templates.List(t.Context(), core.Seek{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range all {
		names = append(names, x.Name)
		prompt, err := core.RenderPrompt(x.PromptTemplate, map[string]string{"title": "T", "content": "C", "format": "F", "language": "L"})
		if err != nil || !strings.HasSuffix(prompt, "\n\nDocument:\nC") || !strings.Contains(prompt, "Format: F\n") {
			t.Errorf("%s: got the prompt %q, %v, want it to end with the content", x.Name, prompt, err)
		}
	}
	if got, want := strings.Join(names, ", "), "Executive summary, Key points, Action items, TL;DR, Technical abstract"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	admin, err := read.Users.Get(t.Context(), user)
	if err != nil || admin.Role != core.RoleAdmin || admin.PasswordHash != "" || !admin.IsActive {
		t.Errorf("the local admin: got %+v, %v, want an active admin without a password", admin, err)
	}
	if o, err := read.Organizations.Get(context.Background()); err != nil || o.Name != "local" {
		t.Errorf("the local organization: got %+v, %v", o, err)
	}
}
