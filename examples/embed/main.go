// Command embed uses docsctl's core in a program of one's own: no server, no
// accounts, an embedded store, one summary.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
	"github.com/docsctl/docsctl/core/worker"
)

func main() {
	dir, err := os.MkdirTemp("", "embed-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = run(context.Background(), dir)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dir string) error {
	store, err := sqlite.Open(ctx, filepath.Join(dir, "docs.db"), nil)
	if err != nil {
		return err
	}
	defer store.Close()
	app, err := core.New(core.Config{Ports: core.Ports{Store: store, Bus: inproc.NewBus(), Summarizer: summarize.NewExtractive()}})
	if err != nil {
		return err
	}
	w, err := worker.New(worker.Config{Work: app.Work, Pools: []worker.Pool{{Queue: core.QueueLLM, Size: 4}}})
	if err != nil {
		return err
	}
	if err := w.Start(ctx); err != nil {
		return err
	}
	defer w.Stop(ctx)

	org, user, err := store.Local(ctx) // or an organization and a user of your own sign-in
	if err != nil {
		return err
	}
	me := core.NewActor(core.TrustTenant(org), user, core.RoleAdmin)
	doc, err := app.Documents.Create(ctx, me, core.NewDocument{Title: "Retention", Content: text})
	if err != nil {
		return err
	}
	sum, job, err := app.Summaries.Request(ctx, me, core.SummaryRequest{DocumentID: doc.ID})
	if err != nil {
		return err
	}
	if _, err = app.Jobs.Wait(ctx, me, job.ID); err != nil {
		return err
	}
	if sum, err = app.Summaries.Get(ctx, me, sum.ID); err != nil {
		return err
	}
	fmt.Println(sum.Text)
	return nil
}

const text = `# Retention of logs

Access logs are kept for 30 days and then deleted. Audit logs are kept for seven years, because the law asks for it.
Nobody but the security team may read audit logs, and each reading is itself logged.
A request to delete personal data is answered within one month. Backups are overwritten after 35 days.
`
