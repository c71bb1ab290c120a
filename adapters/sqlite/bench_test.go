package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// content is a document of 2 KB.
var content = strings.Repeat("The budget of the next year was approved. ", 50)

func benchStore(b *testing.B, documents int) (*Store, *coretest.Org, *core.Document) {
	b.Helper()
	s := openStore(b, filepath.Join(b.TempDir(), "store.db"))
	o := coretest.NewOrg(b, s)
	var d *core.Document
	for range documents {
		d = o.NewDocument(b, func(d *core.Document) { d.Content = content })
	}
	b.ReportAllocs()
	b.ResetTimer()
	return s, o, d
}

func BenchmarkGet(b *testing.B) {
	_, o, d := benchStore(b, 500)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := o.Read().Documents.Get(b.Context(), d.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkList50(b *testing.B) {
	_, o, _ := benchStore(b, 500)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			rows, err := o.Read().Documents.List(b.Context(), core.DocumentFilter{}, core.Seek{Limit: 50})
			if err != nil || len(rows) != 50 {
				b.Fatal(len(rows), err)
			}
		}
	})
}

// BenchmarkCreate stores a document of 2 KB with an event and a job.
func BenchmarkCreate(b *testing.B) {
	for _, writers := range []int{1, 32} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			_, o, d := benchStore(b, 1)
			b.SetParallelism(writers) // a processor
			create := func() {
				o.InTx(b, func(ctx context.Context, tx core.Tx) error {
					fresh, at := *d, coretest.Now()
					fresh.ID, fresh.CreatedAt = core.NewID[core.DocumentID](), at
					tx.Append(core.EventDocumentCreated, at, &core.Document{ID: fresh.ID, Title: fresh.Title})
					tx.Enqueue(core.Job{
						ID: core.NewID[core.JobID](), UserID: o.User.ID, Type: core.JobSummarize, Status: core.JobPending,
						Queue: core.QueueLLM, NextAttemptAt: &at, QueuedAt: at, CreatedAt: at,
					})
					return tx.Documents.Create(ctx, &fresh)
				})
			}
			if writers == 1 {
				for b.Loop() {
					create()
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					create()
				}
			})
		})
	}
}

// BenchmarkClaim claims 16 jobs and enqueues as many, over 100 organizations.
func BenchmarkClaim(b *testing.B) {
	for _, backlog := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("backlog=%d", backlog), func(b *testing.B) {
			s, _, _ := benchStore(b, 0)
			orgs := make([]*coretest.Org, 100)
			for i := range orgs {
				orgs[i] = coretest.NewOrg(b, s)
			}
			enqueue := func(o *coretest.Org, n int) {
				o.InTx(b, func(_ context.Context, tx core.Tx) error {
					at := coretest.Now()
					for range n {
						tx.Enqueue(core.Job{
							ID: core.NewID[core.JobID](), UserID: o.User.ID, Type: core.JobSummarize, Status: core.JobPending,
							Queue: core.QueueLLM, NextAttemptAt: &at, QueuedAt: at, CreatedAt: at,
						})
					}
					return nil
				})
			}
			for _, o := range orgs {
				enqueue(o, backlog/len(orgs))
			}
			n := 0
			for b.Loop() {
				leases, err := s.System().Claim(b.Context(), core.ClaimRequest{Queue: core.QueueLLM, Limit: 16, TTL: time.Minute})
				if err != nil || len(leases) != 16 {
					b.Fatal(len(leases), err)
				}
				b.StopTimer()
				enqueue(orgs[n%len(orgs)], 16)
				n++
				b.StartTimer()
			}
		})
	}
}
