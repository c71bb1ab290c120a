package wire_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

// docsctl runs the program and returns what it prints to standard output.
func docsctl(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "XDG_CONFIG_HOME="+t.TempDir())
	cmd.Env = append(cmd.Env, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("docsctl %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout.String()
}

// TestArchive_RoundTripKeepsEveryRow moves an organization from SQLite to Postgres
// and on to another SQLite through the command line, and compares every table that
// has its rows, read past the adapters.
func TestArchive_RoundTripKeepsEveryRow(t *testing.T) {
	t.Parallel()
	here, there := t.TempDir(), t.TempDir()
	url := testenv.Database(t, "wire.empty", func(context.Context, string) error { return nil })
	embedded, other := []string{"DOCSCTL_DATA_DIR=" + here}, []string{"DOCSCTL_DATA_DIR=" + there}
	server := []string{"DOCSCTL_DATA_DIR=" + t.TempDir(), "DOCSCTL_DATABASE_URL=" + url, "DOCSCTL_JWT_SECRETS=" + rand.Text() + rand.Text(),
		"DOCSCTL_ENCRYPTION_KEYS=" + rand.Text() + rand.Text(),
	}
	org := furnish(t, filepath.Join(here, "docsctl.db"))
	first, second, third := filepath.Join(here, "a.docsctl"), filepath.Join(here, "b.docsctl"), filepath.Join(here, "c.docsctl")

	docsctl(t, embedded, "export", "--org", org, first)
	docsctl(t, server, "import", first)
	docsctl(t, server, "export", "--org", org, second)
	docsctl(t, other, "import", second, "--local")
	docsctl(t, other, "export", third)

	want := sqliteTables(t, filepath.Join(here, "docsctl.db"), org)
	got := sqliteTables(t, filepath.Join(there, "docsctl.db"), org)
	if len(want) < 9 {
		t.Fatalf("saw the tables %v; there are more", want)
	}
	for table, rows := range want {
		if len(rows) == 0 {
			t.Errorf("%s has no rows: nothing was compared", table)
		}
		if diff := cmp.Diff(got[table], rows); diff != "" {
			t.Errorf("%s (-got +want):\n%s", table, diff)
		}
	}
	wantFeedReset(t, url, filepath.Join(here, "docsctl.db"), filepath.Join(there, "docsctl.db"))
	if info, err := os.Stat(first); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive's mode: got %v, %v, want that only its owner can read it", info.Mode(), err)
	}
}

// furnish stores an organization with rows of every noun.
func furnish(t *testing.T, path string) string {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := coretest.NewOrg(t, s)
	o.NewUser(t, func(u *core.User) { u.IsActive = false })
	o.NewSession(t)
	k := o.NewAPIKey(t)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		tx.Audit(core.AuditEntry{ID: core.NewID[string](), At: k.CreatedAt, APIKeyID: &k.ID, Action: core.AuditSignedIn, Data: json.RawMessage(`{ "a" : 1 }`)})
		request := core.IdempotentRequest{UserID: o.User.ID, Route: "r", KeyHash: []byte("k"), Fingerprint: []byte("f"), CreatedAt: k.CreatedAt}
		_, err := tx.Idempotency.Claim(ctx, request, k.CreatedAt)
		tx.Meter(core.Metered{At: k.CreatedAt, Documents: 3, Bytes: 1 << 40})
		return err
	})
	o.PutItems(t, core.JobItem{ID: core.NewID[core.JobItemID](), JobID: o.NewJob(t).ID, Item: "one", State: core.JobItemPending, CreatedAt: k.CreatedAt, UpdatedAt: k.CreatedAt})
	o.NewTemplate(t, func(x *core.Template) { x.JSONSchema = json.RawMessage(`{ "type" : "object" }`) })
	// Without tokens, which are sealed anew on the way; the archive's suite has some.
	vendor := o.NewIntegration(t, func(i *core.Integration) { i.Sealed = nil })
	o.NewPublishedPage(t, vendor, o.NewDocument(t))
	o.NewDelivery(t, o.NewWebhook(t, func(w *core.Webhook) { w.Sealed = nil }))
	for i := range 700 { // more than a batch
		d := o.NewDocument(t, func(d *core.Document) { d.Title = fmt.Sprint("Number ", i) })
		if i%100 == 0 {
			sum := o.NewSummary(t, d)
			o.InTx(t, func(_ context.Context, tx core.Tx) error {
				tx.Append(core.EventJobQueued, sum.CreatedAt, sum)
				return nil
			})
		}
	}
	return string(o.Organization.ID)
}

// perStore are the columns that a store gives anew: an event's place, how far it was
// read, and when a dispatch was made.
var perStore = map[string]bool{"events.seq": true, "dispatches.since": true, "webhooks.log_epoch": true, "webhooks.log_seq": true}

// rebuilt are the tables that are no part of an archive.
var rebuilt = map[string]bool{
	"search_entries": true, "event_bounds": true, "imports": true, "llm_cache": true, "usage_reservations": true, "usage_warnings": true,
}

// sqliteTables reads every row of an organization, table by table.
func sqliteTables(t *testing.T, path, org string) map[string][]string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables := map[string][]string{}
	columns := map[string][]string{}
	rows, err := db.QueryContext(t.Context(), `SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		columns[table] = append(columns[table], column)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for table, names := range columns {
		key := "org_id"
		if table == "organizations" {
			key = "id"
		} else if names[0] != "org_id" && table != "events" || rebuilt[table] {
			continue
		}
		var kept []string
		for _, c := range names {
			if !perStore[table+"."+c] {
				kept = append(kept, c)
			}
		}
		order := "2, 1"
		if table == "events" {
			order = "seq"
		}
		tables[table] = texts(t, db, "SELECT "+quoted(kept)+" FROM "+table+" WHERE "+key+" = ? ORDER BY "+order, org)
	}
	return tables
}

// quoted writes a row as one text.
func quoted(columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = "'" + c + "=' || quote(" + c + ")"
	}
	return strings.Join(parts, " || ' ' || ") + ", " + columns[min(1, len(columns)-1)]
}

func texts(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text, new(any)); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// wantFeedReset checks that the three logs have lives of their own, so that a
// position of one is answered by a reset in another.
func wantFeedReset(t *testing.T, url string, paths ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var epoch string
	if err := conn.QueryRow(t.Context(), `select epoch from docsctl_meta`).Scan(&epoch); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{epoch: true}
	for _, path := range paths {
		s, err := sqlite.Open(t.Context(), path, nil)
		if err != nil {
			t.Fatal(err)
		}
		org, _, err := s.Local(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		state, err := s.Tenant(core.TrustTenant(org)).Read().Events.State(t.Context())
		if err != nil || seen[state.Epoch] {
			t.Errorf("the log's epoch: got %+v, %v, want one of its own", state, err)
		}
		seen[state.Epoch] = true
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
