//go:build unix

package scale

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/worker"
	"github.com/docsctl/docsctl/internal/testenv"
)

// llm is how docsctl serve runs the queue of summaries by default.
var llm = worker.Pool{Queue: core.QueueLLM, Size: 64}

// BenchmarkJobs measures 1,000 summaries of 10 organizations by a model that takes
// no time (S4), from the first request over HTTP to the last job's end, beside the limit.
func BenchmarkJobs(b *testing.B) {
	const jobs, orgs = 1000, 10
	server := testenv.StartPostgres(b, testenv.PostgresOptions{Fsync: true})
	in := install(b, server, instant)
	in.fill(b, orgs)
	limit := in.target(b, "limit", in.limit(), orgs)
	docsctl := in.target(b, "docsctl", in.handler(b), orgs)
	defer in.work(b, llm.Size, llm)()
	var bare, ours []float64
	for n := range turns + 1 {
		sides := [2]float64{jobs / in.bareJobs(b, limit, jobs, orgs).Seconds(), jobs / in.summaries(b, docsctl, jobs, orgs).Seconds()}
		if n == 0 { // what prepares statements; then, as a minute later by itself, the server counts rows
			in.exec(b, `vacuum analyze`)
			continue
		}
		bare, ours = append(bare, sides[0]), append(ours, sides[1])
	}
	b.ReportMetric(median(bare), "limit-jobs/s")
	b.ReportMetric(median(ours), "docsctl-jobs/s")
	b.ReportMetric(median(ours)/median(bare), "of-limit")
	b.ReportMetric(0, "ns/op")
}

// summaries asks for summaries and waits until all jobs have ended.
func (in *installation) summaries(b *testing.B, docsctl *target, jobs, orgs int) time.Duration {
	b.Helper()
	begun := time.Now()
	docsctl.sendAll(b, jobs, orgs, summarize)
	in.awaitRest(b)
	return time.Since(begun)
}

func summarize(org, i int) (line, body string) {
	return "POST /v1/documents/" + numbered[string]("doc", org*perOrg+1+i%perOrg) + "/summaries", "{}"
}

// awaitRest looks 50 times a second whether all jobs have ended.
func (in *installation) awaitRest(b *testing.B) {
	b.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for rest := false; !rest; <-tick.C {
		must(b, in.bare.QueryRow(b.Context(), `select `+atRest).Scan(&rest))
	}
}

// atRest holds when no job waits and none runs.
const atRest = `not exists (select from gue_jobs) and not exists (select from job_leases)`

// BenchmarkStart measures how long after a request its job's model is called, and the
// job seen to have ended by who waits for it, the request's own commit included, while
// nothing else is to be done (S4i), beside a bare commit of one row.
func BenchmarkStart(b *testing.B) {
	const requests = 500
	server := testenv.StartPostgres(b, testenv.PostgresOptions{Fsync: true})
	started := make(chan time.Time, 1)
	in := install(b, server, func(context.Context, core.Tenant) { started <- time.Now() })
	in.fill(b, 1)
	defer in.work(b, llm.Size, llm)()
	in.exec(b, `create table bare (n bigint)`)
	var bare, ours, whole []time.Duration
	for n := range requests {
		begun := time.Now()
		in.exec(b, `insert into bare values ($1)`, n)
		bare = append(bare, time.Since(begun))
		begun = time.Now()
		job, err := in.request(b.Context(), 1, n)
		must(b, err)
		ours = append(ours, (<-started).Sub(begun))
		_, err = in.app.Jobs.Wait(b.Context(), actor(1), job.ID)
		must(b, err)
		whole = append(whole, time.Since(begun))
	}
	report(b, "commit", bare)
	report(b, "start", ours)
	report(b, "completed", whole)
	b.ReportMetric(0, "ns/op")
}

// request asks for a summary of one of an organization's documents.
func (in *installation) request(ctx context.Context, org, n int) (*core.Job, error) {
	d := numbered[core.DocumentID]("doc", org*perOrg+1+n%perOrg)
	_, job, err := in.app.Summaries.Request(ctx, actor(org), core.SummaryRequest{DocumentID: d})
	return job, err
}

func (in *installation) ask(ctx context.Context, org, n int) error {
	_, err := in.request(ctx, org, n)
	return err
}

func report(b *testing.B, name string, all []time.Duration) (p50, p99 time.Duration) {
	p50, p99 = quantiles(all)
	b.ReportMetric(milliseconds(p50), name+"-p50-ms")
	b.ReportMetric(milliseconds(p99), name+"-p99-ms")
	return p50, p99
}

// BenchmarkMakespan runs 500 jobs of one second (S5) with 64 and with 500 in flight
// and reports their time beside the ideal, and the most connections that were open.
func BenchmarkMakespan(b *testing.B) {
	const jobs = 500
	server := testenv.StartPostgres(b, testenv.PostgresOptions{Fsync: true})
	for _, size := range []int{64, jobs} {
		b.Run(fmt.Sprintf("InFlight%d", size), func(b *testing.B) {
			in := install(b, server, func(ctx context.Context, _ core.Tenant) {
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			})
			in.fill(b, 1)
			spread(b, jobs, func(_, n int) error { return in.ask(b.Context(), 1, n) })
			in.exec(b, `vacuum analyze`)
			in.bare.Reset() // so that what is counted is docsctl's
			begun := time.Now()
			stop := in.work(b, 0, worker.Pool{Queue: core.QueueLLM, Size: size})
			most, rest := 0, false
			for tick := time.NewTicker(20 * time.Millisecond); !rest; <-tick.C {
				var open int
				must(b, in.bare.QueryRow(b.Context(), `select `+atRest+`,
					(select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid())`).Scan(&rest, &open))
				most = max(most, open)
			}
			took := time.Since(begun)
			stop()
			ideal := time.Duration((jobs+size-1)/size) * time.Second
			b.ReportMetric(took.Seconds(), "s")
			b.ReportMetric(took.Seconds()/ideal.Seconds(), "of-ideal")
			b.ReportMetric(float64(most), "connections")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkFairness queues 10,000 jobs of one organization and measures how soon a
// single request of another starts, beside the same with an empty queue. The jobs
// wait in the bulk queue, as those of bulk requests do; then in the same queue, where
// one organization may have all places of this process, and where it may have half.
func BenchmarkFairness(b *testing.B) {
	server := testenv.StartPostgres(b, testenv.PostgresOptions{Fsync: true})
	bulk := worker.Pool{Queue: core.QueueLLMBulk, Size: 8}
	for _, c := range []struct {
		name     string
		queue    core.Queue
		orgLimit int
	}{{"BulkQueue", bulk.Queue, llm.Size}, {"SameQueueAllPlaces", llm.Queue, llm.Size}, {"SameQueueHalf", llm.Queue, llm.Size / 2}} {
		b.Run(c.name, func(b *testing.B) {
			const busy, single, backlog = 1, 2, 10_000
			started := make(chan time.Time, 1)
			in := install(b, server, func(ctx context.Context, t core.Tenant) {
				if t == actor(single).Tenant() {
					started <- time.Now()
					return
				}
				select {
				case <-ctx.Done():
				case <-time.After(500 * time.Millisecond): // long enough that the backlog does not take all of the processor
				}
			})
			in.fill(b, 2)
			stop := in.work(b, c.orgLimit, llm, bulk)
			empty := in.singles(b, single, started)
			stop()
			spread(b, backlog, func(_, n int) error { return in.ask(b.Context(), busy, n) })
			in.exec(b, `update gue_jobs set queue = $1`, string(c.queue))
			in.exec(b, `vacuum analyze`)
			stop = in.work(b, c.orgLimit, llm, bulk)
			defer stop()
			full := in.singles(b, single, started)
			var left bool
			must(b, in.bare.QueryRow(b.Context(), `select exists (select from gue_jobs where queue = $1)`, string(c.queue)).Scan(&left))
			if !left {
				b.Fatal("the backlog is done; nothing was proven")
			}
			idle, _ := report(b, "empty", empty)
			behind, _ := report(b, "behind", full)
			b.ReportMetric(float64(behind)/float64(idle), "of-empty")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// singles asks for one summary after the other and returns how long each took to start.
func (in *installation) singles(b *testing.B, org int, started <-chan time.Time) (all []time.Duration) {
	b.Helper()
	for n := range 100 {
		begun := time.Now()
		must(b, in.ask(b.Context(), org, n))
		all = append(all, (<-started).Sub(begun))
	}
	return all
}

func (in *installation) exec(b *testing.B, sql string, args ...any) {
	b.Helper()
	_, err := in.bare.Exec(b.Context(), sql, args...)
	must(b, err)
}

func median(all []float64) float64 { return slices.Sorted(slices.Values(all))[len(all)/2] }
