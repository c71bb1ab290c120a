package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// check refuses a database of another schema, and one whose roles do not keep
// tenants apart.
func (s *Store) check(ctx context.Context) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return translate(ctx, err)
	}
	defer conn.Release()
	if err := checkSchema(ctx, conn.Conn()); err != nil {
		return err
	}
	return s.checkRoles(ctx, conn.Conn())
}

var (
	errOlder = errors.New("the database has an older schema than this program needs; run docsctl migrate up")
	errNewer = errors.New("the database has a newer schema than this program knows; run the newer version of docsctl")
)

func checkSchema(ctx context.Context, conn *pgx.Conn) error {
	newest, err := newestMigration()
	if err != nil {
		return err
	}
	var current int64
	err = conn.QueryRow(ctx, `select coalesce(max(version_id), 0) from public.goose_db_version where is_applied`).Scan(&current)
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && pg.Code == codeUndefinedTable, err == nil && current < newest:
		return errOlder
	case err != nil:
		return fmt.Errorf("read the version of the schema: %w", translate(ctx, err))
	case current > newest:
		return errNewer
	}
	return nil
}

// checkRoles refuses to work under a role that row-level security does not bind.
func (s *Store) checkRoles(ctx context.Context, conn *pgx.Conn) error {
	r, err := recordedRoles(ctx, conn)
	if err != nil {
		return fmt.Errorf("read the roles of the database: %w", translate(ctx, err))
	}
	var me string
	var may, bound, owns bool
	err = conn.QueryRow(ctx, `select current_user, pg_has_role(current_user, r.oid, 'MEMBER'), not r.rolsuper and not r.rolbypassrls,
			exists (select from pg_class c where c.relowner = r.oid)
		from pg_roles r where r.rolname = $1`, r.app).Scan(&me, &may, &bound, &owns)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("the role %q of the database is missing; have an administrator run this SQL and start again:\n%s",
			r.app, PrintRoles(conn.Config().Database, conn.Config().User))
	case err != nil:
		return fmt.Errorf("check the roles of the database: %w", translate(ctx, err))
	case !may:
		return fmt.Errorf("the user %q may not become the role %q; have an administrator run this SQL and start again:\nGRANT %s TO %s;",
			me, r.app, quoteName(r.app), quoteName(me))
	case !bound || owns:
		return fmt.Errorf("the role %q is a superuser, has BYPASSRLS or owns tables, so it could cross from one organization to another; have an administrator take that from it", r.app)
	}
	s.roles = r
	return nil
}
