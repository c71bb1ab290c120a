package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

// side is one of the things that a benchmark sets beside each other.
type side struct {
	name string
	call func() error
}

// compare calls the sides in turn, so that what else the machine does hits all of
// them, and reports the time of each and its ratio to the first.
func compare(b *testing.B, sides ...side) {
	b.Helper()
	spent := make([]time.Duration, len(sides))
	for _, s := range sides { // statements are prepared, caches filled
		for range 20 {
			if err := s.call(); err != nil {
				b.Fatalf("%s: %v", s.name, err)
			}
		}
	}
	for b.Loop() {
		for i, s := range sides {
			begun := time.Now()
			if err := s.call(); err != nil {
				b.Fatalf("%s: %v", s.name, err)
			}
			spent[i] += time.Since(begun)
		}
	}
	for i, s := range sides {
		b.ReportMetric(float64(spent[i].Microseconds())/float64(b.N), s.name+"-µs")
		if i > 0 {
			b.ReportMetric(float64(spent[i])/float64(spent[0]), s.name+"-ratio")
		}
	}
	b.ReportMetric(0, "ns/op") // of all sides together: says nothing
}

// benchStore is a store with 40 organizations of 500 rows, one of which it returns.
func benchStore(b *testing.B) (s *Store, url string, o filled) {
	b.Helper()
	server := testenv.StartPostgres(b, testenv.PostgresOptions{Fsync: true})
	url = server.Database(b, "postgres.Store", migrateUp)
	s = openURL(b, url)
	o = fill(b, s)
	for range 100 {
		o.NewDocument(b, func(d *core.Document) { d.Content = strings.Repeat("x", 2000) })
	}
	populate(b, connect(b, url))
	return s, url, o
}

// BenchmarkRLS sets a read through the store beside the same statement on a table
// without policies: alone, and in the same batch.
func BenchmarkRLS(b *testing.B) {
	s, url, o := benchStore(b)
	conn := connect(b, url)
	execSQL(b, conn, "create table bare (like documents including all)")
	execSQL(b, conn, "insert into bare select * from documents")
	execSQL(b, conn, "analyze bare")
	execSQL(b, conn, "grant select on bare to "+quoteName(s.roles.app))
	ctx := b.Context()
	get := strings.Replace(s.sql.getDocument, "from documents d", "from bare d", 1)
	list := newList(strings.Replace(s.sql.listDocuments, "from documents d", "from bare d", 1))
	list.page("d", core.Seek{Limit: 50})
	org, id := string(o.Organization.ID), string(o.document.ID)
	alone := func(scan pgx.RowToFunc[core.Document], sql string, args ...any) func() error {
		return func() error {
			rows, err := s.pool.Query(ctx, sql, args...)
			if err != nil {
				return err
			}
			_, err = pgx.CollectRows(rows, scan)
			return err
		}
	}
	batch := func(scan pgx.RowToFunc[core.Document], sql string, args ...any) func() error {
		return func() error {
			_, err := s.single(ctx, org, sql, args, func(rows pgx.Rows) error {
				_, err := pgx.CollectRows(rows, scan)
				return err
			}, true)
			return err
		}
	}
	b.Run("GET", func(b *testing.B) {
		compare(b, side{"bare", alone(scanDocument, get, org, id)}, side{"batch", batch(scanDocument, get, org, id)},
			side{"store", func() error { return second(o.Read().Documents.Get(ctx, o.document.ID)) }})
	})
	b.Run("LIST50", func(b *testing.B) {
		compare(b, side{"bare", alone(scanListed, list.sql.String(), org, 50)}, side{"batch", batch(scanListed, list.sql.String(), org, 50)},
			side{"store", func() error { return second(o.Read().Documents.List(ctx, core.DocumentFilter{}, core.Seek{Limit: 50})) }})
	})
}

// BenchmarkCreate sets a document of 2 KB with its event beside a bare insert.
func BenchmarkCreate(b *testing.B) {
	s, url, o := benchStore(b)
	conn := connect(b, url)
	execSQL(b, conn, "create table bare (like documents including all)")
	content := strings.Repeat("x", 2000)
	document := func() *core.Document {
		at := coretest.Now()
		return &core.Document{
			ID: core.NewID[core.DocumentID](), UserID: o.User.ID, Title: "t", Content: content, SourceType: core.SourceUpload,
			Version: 1, Revision: 1, Status: core.DocumentActive, CreatedAt: at, UpdatedAt: at,
		}
	}
	bare := s.sql.insertDocument[strings.Index(s.sql.insertDocument, "insert into documents"):strings.Index(s.sql.insertDocument, "returning")]
	bare = strings.Replace(bare, "documents", "bare", 1)
	ctx := b.Context()
	compare(b, side{"bare", func() error {
		d := document()
		args, err := documentArgs(d)
		if err != nil {
			return err
		}
		args = append([]any{string(o.Organization.ID), string(d.ID), string(d.UserID)}, args...)
		_, err = s.pool.Exec(ctx, bare, append(args, d.CreatedAt)...)
		return err
	}}, side{"store", func() error {
		d := document()
		return s.Tenant(o.Tenant).InTx(ctx, func(ctx context.Context, tx core.Tx) error {
			tx.Append(core.EventDocumentCreated, d.CreatedAt, d)
			return tx.Documents.Create(ctx, d)
		})
	}})
}

// BenchmarkClaim claims 16 jobs from a backlog of 1,000 and from one of 1,000,000,
// over 100 organizations, and puts as many back.
func BenchmarkClaim(b *testing.B) {
	server := testenv.StartPostgres(b, testenv.PostgresOptions{Fsync: true, Settings: map[string]string{"shared_buffers": "512MB"}})
	for _, limit := range []int{0, 1000} {
		var sides []side
		for _, backlog := range []int{1_000, 1_000_000} {
			url := server.Database(b, "postgres.Store", migrateUp)
			s := openURL(b, url)
			conn := connect(b, url)
			queueUp(b, conn, backlog)
			ctx := b.Context()
			sides = append(sides, side{fmt.Sprint("of", backlog), func() error {
				leases, err := s.System().Claim(ctx, core.ClaimRequest{Queue: core.QueueLLM, Limit: 16, OrgLimit: limit, TTL: time.Minute})
				if err == nil && len(leases) != 16 {
					err = fmt.Errorf("claimed %d jobs, want 16", len(leases))
				}
				return err
			}}, side{fmt.Sprint("refill", backlog), func() error {
				_, err := conn.Exec(ctx, `with again as (
						delete from job_leases returning org_id, job_id as id
					)
					insert into gue_jobs (job_id, priority, run_at, job_type, args, queue, created_at, updated_at, org_id, work_id)
					select lpad(nextval('refilled')::text, 26, '0'), 0, now(), 'x', '', 'llm', now(), now(), org_id, id from again`)
				return err
			}})
		}
		name := "NoOrgLimit"
		if limit > 0 {
			name = "OrgLimit"
		}
		b.Run(name, func(b *testing.B) { compare(b, sides[0], sides[1], sides[2], sides[3]) })
	}
}

// queueUp makes 100 organizations with n due jobs together.
func queueUp(b *testing.B, conn *pgx.Conn, n int) {
	b.Helper()
	execSQL(b, conn, `create temp table new_org as select gen_random_uuid() as org_id, i from generate_series(0, 99) i`)
	execSQL(b, conn, `insert into organizations select org_id, 'o', 'free', null, now(), now() from new_org`)
	execSQL(b, conn, `insert into users select org_id, org_id, 'e', 'e', 'n', 'member', 'local', 'h', true, now(), now() from new_org`)
	// ids that rise with time, as ours do
	execSQL(b, conn, fmt.Sprintf(`create temp table item as
		select o.org_id, (lpad(to_hex(n), 12, '0') || right(md5(n::text), 20))::uuid as id, now() - interval '1 hour' + n * interval '1 ms' as at
		from generate_series(1, %d) n join new_org o on o.i = n %% 100`, n))
	execSQL(b, conn, `insert into jobs (org_id, id, user_id, job_type, related_id, related_type, status, progress_done, progress_total, progress_message, error_code,
			error_message, run, attempt, max_attempts, queue, local_queue, queued_at, task_id, created_at)
		select org_id, id, org_id, 'summarize_document', '', 'summary', 'pending', 0, 0, '', '', '', 1, 0, 3, 'llm', '', at, '', at from item`)
	execSQL(b, conn, `insert into gue_jobs (job_id, priority, run_at, job_type, args, queue, created_at, updated_at, org_id, work_id)
		select lpad(row_number() over ()::text, 26, '0'), 0, at, 'x', '', 'llm', now(), now(), org_id, id from item`)
	execSQL(b, conn, `create sequence refilled start 1000000000`)
	execSQL(b, conn, `vacuum analyze`)
	execSQL(b, conn, `checkpoint`)
}
