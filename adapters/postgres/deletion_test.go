package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// TestDeletedOrganization_LeavesNoRow looks at every table with org_id, also at those
// that will be added.
func TestDeletedOrganization_LeavesNoRow(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	s := openURL(t, url)
	o, other := fill(t, s), fill(t, s)
	conn := connect(t, url)
	if _, err := s.System().Claim(t.Context(), core.ClaimRequest{Queue: core.QueueLLM, Limit: 2, TTL: time.Minute}); err != nil {
		t.Fatal(err)
	}
	count := func(table string, org core.OrgID) string {
		return texts(t, conn, "select count(*)::text from "+table+" where org_id = $1", string(org))[0]
	}
	for _, table := range tenantTables(t, conn) {
		if count(table, o.Organization.ID) == "0" {
			t.Errorf("%s has no row of the organization: the test proves nothing about it", table)
		}
	}
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Imports.End(ctx, o.mark, nil); err != nil { // which fill has set
			return err
		}
		return tx.Imports.Retire(ctx, core.ImportMark{ID: core.NewID[string]()})
	})
	if err := core.DiscardAbandoned(t.Context(), s.Tenant(o.Tenant)); err != nil {
		t.Fatal(err)
	}
	for _, table := range tenantTables(t, conn) {
		if n := count(table, o.Organization.ID); n != "0" {
			t.Errorf("%s still has %s rows of the organization", table, n)
		}
		if count(table, other.Organization.ID) == "0" {
			t.Errorf("%s has lost the rows of another organization", table)
		}
	}
}
