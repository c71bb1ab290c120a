package postgres

import (
	"context"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// recorder keeps each statement that a store sends, with the arguments of its last use.
type recorder struct {
	mu   sync.Mutex // guards sent
	sent map[string][]any
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, b pgx.TraceBatchStartData) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range b.Batch.QueuedQueries {
		r.sent[q.SQL] = slices.Clone(q.Arguments)
	}
	return ctx
}
func (r *recorder) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (r *recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// TestPlans sends every statement of the store, as it sends them itself, to a
// database with rows of many organizations, and refuses a plan that reads a whole
// table of tenants: with the plan for the arguments at hand and with the generic one
// that a prepared statement comes to have.
func TestPlans(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	rec := &recorder{sent: map[string][]any{}}
	s := openWith(t, url, &Config{Tracer: rec}, newStatements())
	o := fill(t, s)
	conn := explaining(t, url)
	big := populate(t, conn.Conn)
	useEverything(t, s, o)
	wantEveryStatement(t, rec.sent, s.sql)

	tables := tenantTables(t, conn.Conn)
	unused := slices.Clone(hotIndexes)
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		execSQL(t, conn.Conn, "set plan_cache_mode = "+mode)
		for sql, args := range rec.sent {
			if slices.Contains([]string{s.sql.begin, s.sql.beginExport, s.sql.commit, s.sql.setScope, s.sql.setTransaction, s.sql.health}, sql) {
				continue
			}
			for i, arg := range args {
				if arg == string(o.Organization.ID) || arg == string(o.imported) {
					args[i] = big
				}
			}
			for _, plan := range conn.plans(t, s.roles.app, big, sql, args) {
				if table := wholeTable(plan, tables); table != "" {
					t.Errorf("%s: reads all of %s:\n%s", mode, table, plan)
				}
				unused = slices.DeleteFunc(unused, func(index string) bool { return strings.Contains(plan, index) })
			}
		}
	}
	if len(unused) > 0 {
		t.Errorf("no plan uses %v", unused)
	}
}

// hotIndexes are made for one statement each; a plan must show that they serve it.
var hotIndexes = []string{
	"users_email", "users_list", "users_invitation", "sessions_token", "sessions_family", "sessions_user", "api_keys_hash", "api_keys_list", "api_keys_user",
	"audit_log_list", "idempotency_keys_age", "documents_list", "documents_hash", "documents_external", "document_search_words",
	"search_pending_order", "summaries_list", "summaries_document", "jobs_list", "jobs_related", "jobs_parent", "job_leases_until",
	"job_leases_pkey", "gue_jobs_claim", "gue_jobs_local", "events_pkey", "templates_list", "llm_cache_pkey", "llm_usage_pkey",
	"job_items_list", "job_items_job", "webhooks_turn", "deliveries_due",
}

// wantEveryStatement reports statements of the table that were not sent.
func wantEveryStatement(t *testing.T, sent map[string][]any, table statements) {
	t.Helper()
	fields := reflect.ValueOf(table)
	for i := range fields.NumField() {
		found := false
		for sql := range sent {
			found = found || strings.HasPrefix(sql, fields.Field(i).String())
		}
		if !found {
			t.Errorf("%s was not sent: use it in useEverything", fields.Type().Field(i).Name)
		}
	}
}

var scanned = regexp.MustCompile(`Seq Scan on (?:public\.)?(\w+)`)

// wholeTable returns the table of tenants that a plan reads from end to end.
func wholeTable(plan string, tables []string) string {
	for _, m := range scanned.FindAllStringSubmatch(plan, -1) {
		if slices.Contains(tables, m[1]) {
			return m[1]
		}
	}
	return ""
}

// explainer is a connection whose server tells the plan of every statement that it
// carries out, those within functions too.
type explainer struct {
	*pgx.Conn
	told []string
}

func explaining(t *testing.T, url string) *explainer {
	t.Helper()
	e := &explainer{}
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if strings.Contains(n.Message, "plan:") {
			e.told = append(e.told, n.Message)
		}
	}
	if e.Conn, err = pgx.ConnectConfig(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	execSQL(t, e.Conn, `load 'auto_explain'; set auto_explain.log_nested_statements = on`)
	return e
}

// plans carries out a statement as the application would, undoes it, and returns the plans.
func (e *explainer) plans(t *testing.T, app, org, sql string, args []any) []string {
	t.Helper()
	tx, err := e.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, e.Conn, `set local auto_explain.log_min_duration = 0`)
	execSQL(t, e.Conn, `set local session_replication_role = replica`) // no foreign key hinders a delete
	execSQL(t, e.Conn, `select set_config('role', $1, true), set_config('docsctl.org_id', $2, true), set_config('client_min_messages', 'log', true)`,
		app, org)
	e.told = nil
	sql = strings.Replace(sql, "select 1 / count(*)", "select count(*)", 1) // the row that was written is another organization's
	_, err = e.Exec(t.Context(), sql, args...)
	if err := tx.Rollback(t.Context()); err != nil { // ends the statement, which then tells its plan
		t.Fatal(err)
	}
	told := slices.DeleteFunc(e.told, func(plan string) bool { return strings.Contains(plan, "client_min_messages") })
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && strings.HasPrefix(pg.Code, "23") && strings.Contains(sql, "insert into"):
		return nil // a plain insert whose row is there, or whose user is not, has no plan worth reading
	case err != nil:
		t.Fatalf("%s: %v", sql, err)
	case len(told) == 0:
		t.Fatalf("%s: no plan was told", sql)
	}
	return told
}

// populate adds 40 organizations with 500 rows in every table, has the server count
// them and returns one of the organizations.
func populate(tb testing.TB, conn *pgx.Conn) (org string) {
	tb.Helper()
	for _, sql := range []string{
		`create temp table new_org as select gen_random_uuid() as org_id, i from generate_series(1, 40) i`,
		`create temp table item as select org_id, gen_random_uuid() as id, n, now() - n * interval '1 minute' as at from new_org, generate_series(1, 500) n`,
		`insert into organizations select org_id, 'o', 'free', null::uuid, now(), now() from new_org
			union all select gen_random_uuid(), 'o', 'free', null::uuid, now(), now() from generate_series(1, 5000)`,
		`insert into users select org_id, id, 'e', id::text, 'n', 'member', 'local', 'h', true, at, at from item`,
		`insert into sessions select org_id, id, id, id, sha256(id::text::bytea), at, at from item`,
		`update users set invitation_hash = sha256(id::text::bytea) where email = 'e' and random() < 0.1`,
		`insert into api_keys select org_id, id, id, 'n', 'p', sha256(id::text::bytea), 'member', null, null, at from item`,
		`insert into documents select org_id, id, id, 't', repeat('x', 500), 'upload', '', id::text, null, null, 'm', md5(id::text), 500, 1, 1, 'active', '', at, at from item`,
		`insert into document_search select org_id, id, 1, at, 'a b', array['a', 'b'], array['@' || org_id, 'a', 'b', 'w' || n % 50] from item`,
		`insert into search_pending select org_id, id, 1, at from item`,
		`insert into templates select org_id, id, id::text, '', 'p', 'summary', 'markdown', null, false, 1, id, at, at from item`,
		`insert into integrations select org_id, id, id, 'notion', 'api_token', 'n', '{}', 'connected', '', null, null, null, null, 60, '{}', null, null,
			case when n % 50 = 0 then at + interval '1 year' end, at, at from item`,
		`insert into published_pages select org_id, id, id, id, id, 'page', 'r', 'u', 'm', id, null, at, at from item`,
		`insert into webhooks select org_id, id, 'u', array['jobs'], true, null, null, '', null, null, null, 0, null, at, at, 'e', '1'::xid8, 1 from item`,
		`insert into deliveries select i.org_id, i.id, w.id, i.id::text, 'x', i.id::text, case when i.n % 9 = 0 then 'delivered' else 'pending' end, 0, 0, '', null, null,
			i.at + case when i.n % 50 = 0 then interval '0' else interval '1 year' end, case when i.n % 9 = 0 then i.at end, 'b', i.at from item i join item w on w.org_id = i.org_id and w.n = 1`,
		`insert into summaries select org_id, id, id, id, id, 1, 'p', null, false, null, false, false, 's', 'markdown', 'medium', 'en', '', '', 1, 'complete',
			id, 1, '', '{}', '{}', '[]', '[]', at, at from item`,
		`insert into jobs (org_id, id, user_id, job_type, related_id, related_type, status, progress_done, progress_total, progress_message, error_code,
				error_message, run, attempt, max_attempts, queue, local_queue, queued_at, task_id, created_at)
			select org_id, id, id, 'summarize_document', id::text, 'summary', 'pending', 0, 0, '', '', '', 1, 0, 3, 'llm', '', at, '', at from item`,
		`insert into job_items select i.org_id, i.id, j.id, i.id::text, 't', case when i.n % 9 = 0 then 'failed' else 'pending' end, '', '', '', 0, i.at, i.at
			from item i join item j on j.org_id = i.org_id and j.n = 1`,
		`insert into job_leases select org_id, id, 0, 'llm', now() + n * interval '1 hour' from item where n % 10 = 0`,
		`insert into gue_jobs (job_id, priority, run_at, job_type, args, queue, created_at, updated_at, org_id, work_id)
			select id::text, 0, at, 'x', '', case when n % 20 = 0 then 'local:x' else 'llm' end, now(), now(), org_id, id from item where n % 10 <> 0`,
		`insert into usage_reservations select org_id, id, id, 0, 1, 1, at from item`,
		`insert into usage_warnings select org_id, n::text, 'usd' from item`,
		`insert into audit_log select org_id, id, id, null, 'user.updated', id::text, '', '', '', null, at from item`,
		`insert into idempotency_keys select org_id, id, 'r', 'k', 'f', null, at from item`,
		`insert into events (org_id, type, at, data) select org_id, 'x', at, '{}' from item`,
		`insert into llm_cache select org_id, id::text::bytea, 'map', 'm', 'x', 100, 1, 1, at, at from item`,
		`insert into llm_usage select org_id, n::text, 'm', 0, 1, 1, 1, 1, 1, 1, 1, 1 from item`,
		`insert into imports select org_id, gen_random_uuid(), now() + i * interval '1 hour' from new_org
			union all select gen_random_uuid(), gen_random_uuid(), now() + i * interval '1 second' from generate_series(1, 5000) i`,
		`insert into event_bounds select org_id, '1'::xid8, 1 from organizations on conflict do nothing`,
		`analyze`,
	} {
		execSQL(tb, conn, sql)
	}
	return texts(tb, conn, `select org_id::text from new_org limit 1`)[0]
}
