package postgres

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// connect opens a connection of the superuser, whom no policy binds.
func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := conn.Close(tb.Context()); err != nil {
			tb.Error(err)
		}
	})
	return conn
}

// texts returns the first column of a query.
func texts(tb testing.TB, conn *pgx.Conn, sql string, args ...any) []string {
	tb.Helper()
	rows, err := conn.Query(tb.Context(), sql, args...)
	if err != nil {
		tb.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

func execSQL(tb testing.TB, conn *pgx.Conn, sql string, args ...any) {
	tb.Helper()
	if _, err := conn.Exec(tb.Context(), sql, args...); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// tenantTables are the tables with a column org_id.
func tenantTables(tb testing.TB, conn *pgx.Conn) []string {
	tb.Helper()
	tables := texts(tb, conn, `select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'org_id' and not a.attisdropped
		order by 1`)
	if len(tables) < 10 {
		tb.Fatalf("saw %d tables with org_id: %v; want at least 10", len(tables), tables)
	}
	return tables
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	conn := connect(t, url)
	roles := openURL(t, url).roles

	t.Run("EveryTenantTableIsForcedAndHasItsPolicy", func(t *testing.T) {
		for _, table := range tenantTables(t, conn) {
			bad := texts(t, conn, `select concat_ws(' ', relrowsecurity, relforcerowsecurity) from pg_class
				where oid = $1::regclass and not (relrowsecurity and relforcerowsecurity)`, table)
			if len(bad) > 0 {
				t.Errorf("%s: row-level security enabled and forced: got %v", table, bad)
			}
			policies := texts(t, conn, `select concat_ws(' | ', policyname, array_to_string(roles, ','), permissive, cmd, qual, with_check)
				from pg_policies where tablename = $1 and policyname = 'tenant'`, table)
			want := "tenant | " + roles.app + " | PERMISSIVE | ALL | (org_id = ( SELECT (NULLIF(current_setting('docsctl.org_id'::text, true), ''::text))::uuid AS \"nullif\"))"
			if len(policies) != 1 || policies[0] != want {
				t.Errorf("%s: policy: got %v, want %s", table, policies, want)
			}
			others := texts(t, conn, `select policyname::text from pg_policies where tablename = $1 and policyname <> 'tenant'
				and not (policyname = 'definer' and roles = array[$2::name] and permissive = 'PERMISSIVE' and qual = 'true')`, table, roles.definer)
			if len(others) > 0 {
				t.Errorf("%s: has other policies: %v", table, others)
			}
		}
	})

	t.Run("EveryOtherTableHasNothingOfATenant", func(t *testing.T) {
		others := texts(t, conn, `select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'm', 'f')
			and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id') order by 1`)
		if got, want := strings.Join(others, " "), "docsctl_meta global_templates goose_db_version"; got != want {
			t.Errorf("tables without org_id: got %s, want %s", got, want)
		}
		writable := texts(t, conn, `select distinct table_name::text from information_schema.role_table_grants
			where grantee in ($1, 'PUBLIC') and table_name = any(array['docsctl_meta', 'global_templates', 'goose_db_version']) and privilege_type <> 'SELECT'`, roles.app)
		if len(writable) > 0 {
			t.Errorf("the application can write %v", writable)
		}
	})

	t.Run("KeysBeginWithTheOrganization", func(t *testing.T) {
		bad := texts(t, conn, `select c.conname::text from pg_constraint c join pg_class r on r.oid = c.conrelid
			join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
			where r.relname = any($1) and c.contype in ('p', 'u', 'f') and a.attname <> 'org_id' and c.conname <> 'gue_jobs_pkey'`, tenantTables(t, conn))
		if len(bad) > 0 {
			t.Errorf("keys that do not begin with org_id: %v", bad)
		}
	})

	t.Run("NoRoleCanPassRowLevelSecurity", func(t *testing.T) {
		bad := texts(t, conn, `select rolname::text from pg_roles where rolname in ($1, $2) and (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole)`, roles.app, roles.definer)
		if len(bad) > 0 {
			t.Errorf("roles with rights they must not have: %v", bad)
		}
		owned := texts(t, conn, `select c.relname::text from pg_class c where c.relowner in ($1::regrole, $2::regrole)
			union all select p.proname::text from pg_proc p where p.proowner = $1::regrole
			union all select n.nspname::text from pg_namespace n where n.nspowner in ($1::regrole, $2::regrole)`, quoteName(roles.app), quoteName(roles.definer))
		if len(owned) > 0 {
			t.Errorf("the roles own %v", owned)
		}
		member := texts(t, conn, `select r.rolname::text from pg_roles r where r.rolname <> $1 and pg_has_role($1, r.oid, 'MEMBER')`, roles.app)
		if len(member) > 0 {
			t.Errorf("the application's role can become %v", member)
		}
	})

	t.Run("DefinerIsGrantedColumnsOnly", func(t *testing.T) {
		whole := texts(t, conn, `select table_name || ' ' || privilege_type from information_schema.role_table_grants where grantee = $1 order by 1`, roles.definer)
		if got, want := strings.Join(whole, ", "), "audit_log DELETE, deliveries DELETE, events DELETE, gue_jobs DELETE, gue_jobs SELECT, idempotency_keys DELETE, job_leases INSERT, job_leases SELECT, "+
			"llm_cache DELETE, sessions DELETE"; got != want {
			t.Errorf("grants on whole tables: got %s, want %s", got, want)
		}
		columns := texts(t, conn, `select distinct table_name || '.' || column_name from information_schema.role_column_grants
			where grantee = $1 and column_name = any(array['content', 'title', 'email', 'prompt', 'summary_text', 'result', 'data', 'url', 'sealed', 'body']) and table_name <> 'document_search'`, roles.definer)
		if len(columns) > 0 {
			t.Errorf("the functions can read %v", columns)
		}
	})

	t.Run("FunctionsHaveAFixedPathAndOneGrantee", func(t *testing.T) {
		functions := texts(t, conn, `select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef`)
		if len(functions) != 16 {
			t.Errorf("functions that act for their owner: got %v, want 16", functions)
		}
		for _, f := range functions {
			bad := texts(t, conn, `select concat_ws(' | ', pg_get_userbyid(proowner), proconfig, proacl) from pg_proc
				where oid = $1::regprocedure and not (proowner = $2::regrole and 'search_path=pg_catalog, pg_temp' = any(proconfig)
					and (select array_agg(a.grantee order by a.grantee = proowner) from aclexplode(proacl) a) = array[$3::regrole::oid, proowner])`,
				f, quoteName(roles.definer), quoteName(roles.app))
			if len(bad) > 0 {
				t.Errorf("%s: owner, settings and grants: got %v", f, bad)
			}
		}
	})

	t.Run("AuditLogCanBeAddedToOnly", func(t *testing.T) {
		granted := texts(t, conn, `select privilege_type::text from information_schema.role_table_grants
			where table_name = 'audit_log' and grantee in ($1, 'PUBLIC') order by 1`, roles.app)
		columns := texts(t, conn, `select distinct privilege_type::text from information_schema.role_column_grants
			where table_name = 'audit_log' and grantee in ($1, 'PUBLIC') order by 1`, roles.app)
		if got := strings.Join(granted, " ") + ", " + strings.Join(columns, " "); got != "INSERT SELECT, INSERT SELECT" {
			t.Errorf("grants on audit_log: got %s, want INSERT and SELECT alone", got)
		}
	})

	t.Run("ViewsActForTheirCaller", func(t *testing.T) {
		bad := texts(t, conn, `select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'
			and not coalesce('security_invoker=true' = any(reloptions), false)`)
		if len(bad) > 0 {
			t.Errorf("views without security_invoker: %v", bad)
		}
	})
}

// TestAuditLog_StaysWhileThereIsAUser calls the one function that deletes its lines.
func TestAuditLog_StaysWhileThereIsAUser(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	s := openURL(t, url)
	o := fill(t, s)
	conn := connect(t, url)
	for name, org := range map[string]string{"its own": string(o.Organization.ID), "none": "", "another": core.NewID[string]()} {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		execSQL(t, conn, `select set_config('role', $1, true), set_config('docsctl.org_id', $2, true)`, s.roles.app, org)
		if gone := texts(t, conn, `select id::text from docsctl_discard_audit(1000)`); len(gone) > 0 {
			t.Errorf("as tenant %s: deleted %v", name, gone)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := texts(t, conn, `select count(*)::text from audit_log`); n[0] != "1" {
		t.Errorf("afterwards: got %s lines, want 1", n[0])
	}
}

// TestNoTenant reads and writes every table under the application's role with no
// tenant, with an empty one and with one that does not exist.
func TestNoTenant(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	s := openURL(t, url)
	fill(t, s)
	if _, err := s.System().Claim(t.Context(), core.ClaimRequest{Queue: core.QueueLLM, Limit: 1, TTL: time.Minute}); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, url)
	tables := tenantTables(t, conn)
	for _, table := range tables {
		if n := texts(t, conn, "select count(*)::text from "+table); n[0] == "0" {
			t.Errorf("%s is empty: the test proves nothing about it", table)
		}
	}
	settings := map[string]string{
		"NeverSet": `select set_config('role', $1, true)`,
		"Empty":    `select set_config('role', $1, true), set_config('docsctl.org_id', '', true)`,
		"Unknown":  `select set_config('role', $1, true), set_config('docsctl.org_id', '` + core.NewID[string]() + `', true)`,
	}
	for _, name := range []string{"NeverSet", "Empty", "NeverSet", "Unknown"} { // a setting once used becomes '' and not NULL
		for _, table := range tables {
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			execSQL(t, conn, settings[name], s.roles.app)
			if table != "gue_jobs" { // which the role can only insert into
				if n := texts(t, conn, "select count(*)::text from "+table); n[0] != "0" {
					t.Errorf("%s: %s shows %s rows", name, table, n[0])
				}
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		execSQL(t, conn, settings[name], s.roles.app)
		if found := texts(t, conn, `select document_id::text from docsctl_search('budget', array['budget'], null, null, null, null, null, null, null, null, 10)`); len(found) > 0 {
			t.Errorf("%s: the search finds %v", name, found)
		}
		if _, err := conn.Exec(t.Context(), `insert into events (org_id, type, at, data) select gen_random_uuid(), 'x', now(), '{}'`); err == nil {
			t.Errorf("%s: a row of any tenant could be inserted", name)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSettingsEndWithTheirTransaction reads the settings of a connection that the
// store has used.
func TestSettingsEndWithTheirTransaction(t *testing.T) {
	t.Parallel()
	s := openWith(t, migrated(t), &Config{MaxConns: 1}, newStatements())
	o := coretest.NewOrg(t, s)
	o.NewDocument(t)
	if _, err := o.Read().Users.Get(t.Context(), o.User.ID); err != nil {
		t.Fatal(err)
	}
	var role, org, timeout string
	err := s.pool.QueryRow(t.Context(), `select current_setting('role'), current_setting('docsctl.org_id', true), current_setting('statement_timeout')`).
		Scan(&role, &org, &timeout)
	if err != nil || role != "none" || org != "" || timeout != "0" {
		t.Errorf("after a transaction: got role %q, tenant %q, timeout %q (%v), want none of them", role, org, timeout, err)
	}
}

// TestDocumentWithSummariesStays deletes a document that a summary points to.
func TestDocumentWithSummariesStays(t *testing.T) {
	t.Parallel()
	o := fill(t, openURL(t, migrated(t)))
	err := o.TryTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Delete(ctx, o.document.ID) })
	if core.CodeOf(err) != core.CodeConflict {
		t.Errorf("delete: got %v, want %s", err, core.CodeConflict)
	}
	if _, err := o.Read().Documents.Get(t.Context(), o.document.ID); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
