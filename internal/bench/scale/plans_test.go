//go:build unix

package scale

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/docsctl/docsctl/adapters/postgres"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

// BenchmarkPlans prints how Postgres carries out the hot statements at many documents,
// as the application sends them and under its role: EXPLAIN (ANALYZE, BUFFERS) of each,
// and of what its functions do within. Before them stands the table of documents with
// its policy. It measures nothing; -benchtime 1x is enough.
func BenchmarkPlans(b *testing.B) {
	server := testenv.StartPostgres(b, testenv.PostgresOptions{Fsync: true})
	in := install(b, server, instant)
	begun := time.Now()
	orgs := in.fillMany(b)
	in.fillAround(b, orgs)
	fmt.Printf("-- %d documents over %d organizations, made in %s\n", orgs*in.perOrg, orgs, time.Since(begun).Round(time.Second))
	describe(b, os.Stdout, in.url, "documents")
	for _, h := range in.hot(b, orgs) {
		fmt.Printf("\n-- %s\n", h.name)
		for _, q := range h.sent {
			in.explain(b, os.Stdout, h.org, q)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// fillAround gives each organization what stands around its documents: the search
// entry and an event of each, and 100 jobs that wait with their summaries.
func (in *installation) fillAround(b *testing.B, orgs int) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), in.url)
	must(b, err)
	defer conn.Close(context.Background())
	for _, sql := range []string{
		`insert into document_search select org_id, id, 1, created_at, lower(title), array['minutes'],
				array['@' || org_id, 'minutes', 'w' || right(content_hash, 2), 'w' || left(content_hash, 3)]
			from documents`,
		`insert into events (org_id, type, at, data) select org_id, 'document.created', created_at, json_build_object('id', id) from documents`,
		fmt.Sprintf(`create temp table waiting as select numbered('org', i) as org_id, numbered('user', i) as user_id,
				numbered('job', i * 100 + n) as id, numbered('doc', i * %d + 1 + n %% %d) as doc_id, now() - n * interval '1 second' as at
			from generate_series(1, %d) i, generate_series(1, 100) n`, in.perOrg, in.perOrg, orgs),
		`insert into jobs (org_id, id, user_id, job_type, related_id, related_type, status, progress_done, progress_total, progress_message, error_code,
				error_message, run, attempt, max_attempts, queue, local_queue, queued_at, task_id, created_at)
			select org_id, id, user_id, 'summarize_document', id::text, 'summary', 'pending', 0, 0, '', '', '', 1, 0, 3, 'llm', '', at, '', at from waiting`,
		`insert into gue_jobs (job_id, priority, run_at, job_type, args, queue, created_at, updated_at, org_id, work_id)
			select id::text, 0, at, 'x', '', 'llm', now(), now(), org_id, id from waiting`,
		`insert into summaries select org_id, id, doc_id, user_id, doc_id, 1, 'p', null, false, null, false, false, 's', 'markdown', 'medium', 'en', '', '', 1, 'pending',
			id, 1, '', '{}', '{}', '[]', '[]', at, at from waiting`,
		`drop table waiting`, `vacuum analyze`, `checkpoint`,
	} {
		_, err := conn.Exec(b.Context(), sql)
		must(b, err)
	}
}

// sent is a statement as the store sent it.
type sent struct {
	role string
	sql  string
	args []any
}

// hotCall is what a use case sends.
type hotCall struct {
	name string
	org  core.OrgID
	sent []sent
}

// eavesdropper keeps what a store sends.
type eavesdropper struct {
	mu   sync.Mutex // guards what follows
	role string
	all  []sent
}

func (e *eavesdropper) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (e *eavesdropper) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (e *eavesdropper) TraceBatchStart(ctx context.Context, _ *pgx.Conn, b pgx.TraceBatchStartData) context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range b.Batch.QueuedQueries {
		switch {
		case q.SQL == "begin", q.SQL == "commit":
		case strings.HasPrefix(q.SQL, "select set_config('role', $1"):
			e.role = q.Arguments[0].(string)
		default:
			e.all = append(e.all, sent{e.role, q.SQL, q.Arguments})
		}
	}
	return ctx
}
func (e *eavesdropper) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (e *eavesdropper) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func (e *eavesdropper) take() []sent {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.all
	e.all = nil
	return all
}

// hot calls what requests and workers call most and returns what each sends.
func (in *installation) hot(b *testing.B, orgs int) (all []hotCall) {
	b.Helper()
	ctx, ears, org := b.Context(), &eavesdropper{}, 1+orgs/2
	store, err := postgres.Open(ctx, in.url, &postgres.Config{Logger: slog.New(slog.DiscardHandler), Tracer: ears})
	must(b, err)
	b.Cleanup(func() { must(b, store.Close()) })
	app, err := core.New(core.Config{Ports: core.Ports{Store: store, Bus: in.bus, Summarizer: model(instant), Tokens: in.tokens}, Logger: slog.New(slog.DiscardHandler)})
	must(b, err)
	a, doc := actor(org), numbered[core.DocumentID]("doc", org*in.perOrg+1)
	tenant := store.Tenant(a.Tenant())
	call := func(name string, do func() error) {
		ears.take()
		must(b, do())
		all = append(all, hotCall{name, a.Tenant().OrgID(), ears.take()})
	}
	call("GET a document", func() error { return second(app.Documents.Get(ctx, a, doc)) })
	call("LIST 50 documents", func() error {
		return second(tenant.Read().Documents.List(ctx, core.DocumentFilter{}, core.Seek{Limit: 50}))
	})
	call("LIST 50 documents, a later page", func() error {
		after := &core.Key{At: time.Now().Add(-time.Duration(in.perOrg/2) * time.Minute), ID: string(doc)}
		return second(tenant.Read().Documents.List(ctx, core.DocumentFilter{}, core.Seek{Limit: 50, After: after}))
	})
	call("search documents", func() error {
		q := core.SearchQuery{Title: "minutes", Words: []string{"minutes", "w0a"}}
		return second(tenant.Read().Documents.Search(ctx, q, core.DocumentFilter{}, core.Seek{Limit: 50}))
	})
	call("POST a document", func() error {
		return second(app.Documents.Create(ctx, a, core.NewDocument{Title: "Minutes", Content: "words"}))
	})
	call("read the feed after a position", func() error {
		state, err := tenant.Read().Events.State(ctx)
		must(b, err)
		return second(tenant.Read().Events.After(ctx, state.First, 100))
	})
	call("request a summary", func() error {
		_, _, err := app.Summaries.Request(ctx, a, core.SummaryRequest{DocumentID: doc})
		return err
	})
	call("LIST 50 jobs of a status", func() error {
		return second(tenant.Read().Jobs.List(ctx, core.JobFilter{Status: core.JobPending}, core.Seek{Limit: 50}))
	})
	var leases []core.Lease
	call("claim 16 jobs", func() (err error) { leases, err = app.Work.Claim(ctx, core.QueueLLM, 16, 64); return err })
	a = core.NewActor(leases[0].Tenant, a.User(), core.RoleAdmin)
	var run *core.Run
	call("start a job", func() (err error) { run, err = app.Work.Start(ctx, leases[0]); return err })
	call("run and end it", func() error { return run.Execute(ctx) })
	call("renew the leases", func() error { return second(app.Work.Heartbeat(ctx, leases)) })
	return all
}

func second[T any](_ T, err error) error { return err }

// explain prints the plan of a statement with the time and blocks of each step, and
// undoes it.
func (in *installation) explain(b *testing.B, w io.Writer, org core.OrgID, q sent) {
	b.Helper()
	cfg, err := pgx.ParseConfig(in.url)
	must(b, err)
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if text := n.Message; strings.Contains(text, "plan:") && !strings.Contains(text, "client_min_messages") {
			fmt.Fprintln(w, text)
		}
	}
	conn, err := pgx.ConnectConfig(b.Context(), cfg)
	must(b, err)
	defer conn.Close(context.Background())
	for _, sql := range []string{
		`load 'auto_explain'`, `begin`, `set local auto_explain.log_nested_statements = on`, `set local auto_explain.log_analyze = on`,
		`set local plan_cache_mode = force_generic_plan`, `set local auto_explain.log_buffers = on`, `set local auto_explain.log_min_duration = 0`, `set local session_replication_role = replica`,
	} {
		_, err := conn.Exec(b.Context(), sql)
		must(b, err)
	}
	_, err = conn.Exec(b.Context(), `select set_config('role', $1, true), set_config('docsctl.org_id', $2, true), set_config('client_min_messages', 'log', true)`, q.role, string(org))
	must(b, err)
	if _, err := conn.Exec(b.Context(), q.sql, another(q)...); err != nil {
		fmt.Fprintf(w, "%s\n-- no plan: %v\n", q.sql, err)
	}
	_, err = conn.Exec(b.Context(), `rollback`)
	must(b, err)
}

// another is a statement's arguments, for a row of its own where it inserts one: the
// row that was sent is there by now.
func another(q sent) []any {
	args := slices.Clone(q.args)
	switch {
	case strings.HasPrefix(q.sql, "insert into gue_jobs"):
		args[1], args[2] = core.NewID[string](), core.NewID[string]()
	case strings.Contains(q.sql, "insert into documents ("), strings.HasPrefix(q.sql, "insert into summaries"), strings.HasPrefix(q.sql, "insert into jobs"):
		args[1] = core.NewID[string]()
	}
	return args
}

// describe prints a table as psql does, with its indexes and policies.
func describe(b *testing.B, w io.Writer, url, table string) {
	b.Helper()
	psql, err := exec.LookPath("psql")
	if err != nil {
		fmt.Fprintf(w, "-- psql is not on the PATH: \\d+ %s is left out\n", table)
		return
	}
	cmd := exec.CommandContext(b.Context(), psql, url, "-X", "-c", `\d+ `+table)
	cmd.Stdout, cmd.Stderr = w, os.Stderr
	must(b, cmd.Run())
}
