package sqlite

import (
	"context"
	"database/sql"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// rowsOf counts the rows of an organization in every table that can have some.
func rowsOf(t *testing.T, s *Store, org core.OrgID) map[string]int {
	t.Helper()
	found := map[string]int{}
	err := s.writer.do(t.Context(), func(c *session) error {
		var tables []string
		err := c.each(t.Context(), func(rows *sql.Rows) error {
			var table string
			err := rows.Scan(&table)
			tables = append(tables, table)
			return err
		}, `SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND (c.name = 'org_id' OR m.name = 'organizations' AND c.name = 'id')`)
		for _, table := range tables {
			column := "org_id"
			if table == "organizations" {
				column = "id"
			}
			err = firstError(err, c.each(t.Context(), func(rows *sql.Rows) error {
				var n int
				err := rows.Scan(&n)
				found[table] = n
				return err
			}, "SELECT count(*) FROM "+table+" WHERE "+column+" = ?", org))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 14 {
		t.Fatalf("saw the tables %v; there are more", found)
	}
	return found
}

// TestDeletedOrganization_LeavesNoRow looks at every table with org_id, also at those
// that will be added.
func TestDeletedOrganization_LeavesNoRow(t *testing.T) {
	t.Parallel()
	s := openStore(t, migrated(t))
	o, other := furnished(t, s), furnished(t, s)
	for table, n := range rowsOf(t, s, o.Organization.ID) {
		if n == 0 && table != "imports" {
			t.Errorf("%s has no row of the organization: the test proves nothing about it", table)
		}
	}
	before := rowsOf(t, s, other.Organization.ID)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		return tx.Imports.Retire(ctx, core.ImportMark{ID: core.NewID[string]()})
	})
	o.NewJob(t) // of a request that was under way
	if err := core.DiscardAbandoned(t.Context(), s.Tenant(o.Tenant)); err != nil {
		t.Fatal(err)
	}
	for table, n := range rowsOf(t, s, o.Organization.ID) {
		if n != 0 {
			t.Errorf("%s still has %d rows of the organization", table, n)
		}
	}
	for table, n := range rowsOf(t, s, other.Organization.ID) {
		if n != before[table] {
			t.Errorf("%s has %d rows of another organization, want its %d", table, n, before[table])
		}
	}
	org, _, err := s.Local(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = s.Tenant(core.TrustTenant(org)).InTx(t.Context(), func(ctx context.Context, tx core.Tx) error {
		return tx.Imports.Retire(ctx, core.ImportMark{ID: core.NewID[string]()})
	})
	if core.CodeOf(err) != core.CodeConflict {
		t.Errorf("the store's own organization: got %v, want %s", err, core.CodeConflict)
	}
}

// furnished is an organization with a row in every table.
func furnished(t *testing.T, s *Store) *coretest.Org {
	t.Helper()
	o := coretest.NewOrg(t, s)
	d := o.NewDocument(t)
	o.NewSummary(t, d)
	o.NewTemplate(t)
	o.NewSession(t)
	o.NewAPIKey(t)
	o.NewPublishedPage(t, o.NewIntegration(t), d)
	o.NewDelivery(t, o.NewWebhook(t))
	job := o.NewJob(t)
	o.PutItems(t, core.JobItem{ID: core.NewID[core.JobItemID](), JobID: job.ID, Item: "one", State: core.JobItemPending, CreatedAt: d.CreatedAt, UpdatedAt: d.CreatedAt})
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		tx.Append(core.EventDocumentCreated, d.CreatedAt, d)
		tx.Audit(core.AuditEntry{ID: core.NewID[string](), At: d.CreatedAt, Action: core.AuditSignedIn})
		request := core.IdempotentRequest{UserID: o.User.ID, Route: "r", KeyHash: []byte("k"), Fingerprint: []byte("f"), CreatedAt: d.CreatedAt}
		r := core.Reservation{ID: core.NewID[string](), JobID: job.ID, CreatedAt: d.CreatedAt}
		return firstError(tx.Usage.Reserve(ctx, r), second(tx.Usage.Warn(ctx, d.CreatedAt, "usd")), second(tx.Idempotency.Claim(ctx, request, d.CreatedAt)),
			tx.Documents.PutSearchEntry(ctx, core.SearchEntry{DocumentID: d.ID, Revision: d.Revision, Title: "budget", TitleWords: []string{"budget"}, Words: []string{"budget"}}))
	})
	err := firstError(
		s.Nodes().Put(t.Context(), o.Tenant, core.Node{Key: []byte("0123456789abcdef0123456789abcdef"), Kind: "map", CreatedAt: d.CreatedAt}),
		s.Meter().Add(t.Context(), o.Tenant, d.CreatedAt, core.ModelUsage{Model: "m", Calls: 1}),
		s.writer.do(t.Context(), func(c *session) error {
			_, err := c.exec(t.Context(), `INSERT INTO event_bounds (org_id, pruned_to) VALUES (?, 0)`, o.Organization.ID)
			return err
		}))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
