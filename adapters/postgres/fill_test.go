package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// filled is an organization with a row in every table.
type filled struct {
	*coretest.Org
	document *core.Document // with a search entry
	pending  *core.Document // without one
	summary  *core.Summary
	template *core.Template
	session  *core.Session
	job      *core.Job
	mark     core.ImportMark // under which an import could go on
	imported core.OrgID      // of an import that a test may begin
}

func fill(tb testing.TB, s core.Store) filled {
	tb.Helper()
	o := coretest.NewOrg(tb, s)
	f := filled{Org: o, document: o.NewDocument(tb), pending: o.NewDocument(tb), template: o.NewTemplate(tb), session: o.NewSession(tb), job: o.NewJob(tb)}
	f.imported = core.NewID[core.OrgID]()
	f.mark = core.ImportMark{ID: core.NewID[string](), TTL: time.Hour}
	f.summary = o.NewSummary(tb, f.document)
	o.InTx(tb, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Imports.Begin(ctx, f.mark); err != nil { // so that imports has a row
			return err
		}
		tx.Append(core.EventDocumentCreated, f.document.CreatedAt, f.document)
		return tx.Documents.PutSearchEntry(ctx, core.SearchEntry{
			DocumentID: f.document.ID, Revision: f.document.Revision, Title: "budget", TitleWords: []string{"budget"}, Words: []string{"budget"},
		})
	})
	return f
}
