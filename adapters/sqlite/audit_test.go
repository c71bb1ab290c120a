package sqlite

import (
	"context"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestAuditLog_CanBeAddedToOnly(t *testing.T) {
	t.Parallel()
	s := openStore(t, migrated(t))
	o := coretest.NewOrg(t, s)
	o.InTx(t, func(_ context.Context, tx core.Tx) error {
		tx.Audit(core.AuditEntry{ID: core.NewID[string](), At: coretest.Now(), Action: core.AuditSignedIn})
		return nil
	})
	for _, statement := range []string{`UPDATE audit_log SET address = ''`, `DELETE FROM audit_log`} {
		err := s.writer.do(t.Context(), func(c *session) error {
			_, err := c.exec(t.Context(), statement)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: got %v, want it refused", statement, err)
		}
	}
	rows, err := o.Read().Audit.List(t.Context(), core.AuditFilter{}, core.Seek{Limit: 10})
	if err != nil || len(rows) != 1 {
		t.Errorf("afterwards: got %v, %v, want the one entry", rows, err)
	}
}
