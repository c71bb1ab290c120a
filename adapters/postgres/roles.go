package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/docsctl/docsctl/core"
)

// roles are the two roles of a database. They are named after it when they are
// made, and afterwards known by docsctl_meta, so that a database can be renamed or
// copied.
type roles struct {
	app     string // under which every statement runs; row-level security binds it
	definer string // owns the functions that look beyond one organization
}

func rolesOf(database string) roles {
	return roles{app: database + "_app", definer: database + "_definer"}
}

// maxDatabaseName leaves room for the longer suffix in a name of 63 bytes.
const maxDatabaseName = 63 - len("_definer")

func quoteName(name string) string { return pgx.Identifier{name}.Sanitize() }

// PrintRoles returns the SQL with which an administrator makes the roles of a
// database where the user who migrates it may not, and hands them to that user.
func PrintRoles(database, loginUser string) string {
	r := rolesOf(database)
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE ROLE %s NOLOGIN;\n", quoteName(r.app))
	fmt.Fprintf(&b, "CREATE ROLE %s NOLOGIN;\n", quoteName(r.definer))
	fmt.Fprintf(&b, "GRANT %s, %s TO %s;\n", quoteName(r.app), quoteName(r.definer), quoteName(loginUser))
	fmt.Fprintf(&b, "ALTER DATABASE %s OWNER TO %s;\n", quoteName(database), quoteName(loginUser))
	return b.String()
}

// ensureRoles makes the roles and the migrating user their member, and the
// application's user a member of the first, as far as that is not so already.
// Several nodes may do it at once, also for other databases of the server.
func ensureRoles(ctx context.Context, conn *pgx.Conn, database, appUser string) (roles, error) {
	if len(database) > maxDatabaseName {
		return roles{}, fmt.Errorf("the name of the database is longer than %d bytes, so its roles cannot be named after it; use a shorter one", maxDatabaseName)
	}
	r, err := knownRoles(ctx, conn, database)
	if err != nil {
		return roles{}, err
	}
	var me string
	if err := conn.QueryRow(ctx, "select current_user").Scan(&me); err != nil {
		return roles{}, err
	}
	for _, step := range []func() error{
		func() error { return ensureRole(ctx, conn, r.app) },
		func() error { return ensureRole(ctx, conn, r.definer) },
		func() error { return ensureMember(ctx, conn, me, r.app) },
		func() error { return ensureMember(ctx, conn, me, r.definer) },
		func() error { return ensureMember(ctx, conn, appUser, r.app) },
	} {
		if err := step(); err != nil {
			return roles{}, explainRoles(err, database, me)
		}
	}
	return r, nil
}

// explainRoles says what an administrator has to run when the user may not.
func explainRoles(err error, database, user string) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == codePrivilege {
		return &core.Error{Code: core.CodeUnavailable, Err: err, Message: fmt.Sprintf(
			"the user %q may not make the roles of the database; have an administrator run this SQL and start again:\n%s", user, PrintRoles(database, user))}
	}
	return fmt.Errorf("make the roles of the database: %w", err)
}

// knownRoles returns the recorded roles, or those that a new database will have.
func knownRoles(ctx context.Context, conn *pgx.Conn, database string) (roles, error) {
	r, err := recordedRoles(ctx, conn)
	if err == nil && r == (roles{}) {
		r = rolesOf(database)
	}
	return r, err
}

// recordedRoles returns the roles of a database that has been migrated before.
func recordedRoles(ctx context.Context, conn *pgx.Conn) (r roles, err error) {
	var migrated bool
	if err := conn.QueryRow(ctx, "select to_regclass('public.docsctl_meta') is not null").Scan(&migrated); err != nil || !migrated {
		return roles{}, err
	}
	err = conn.QueryRow(ctx, "select app_role, definer_role from public.docsctl_meta").Scan(&r.app, &r.definer)
	return r, err
}

func ensureRole(ctx context.Context, conn *pgx.Conn, role string) error {
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_roles where rolname = $1)", role).Scan(&exists); err != nil || exists {
		return err
	}
	_, err := conn.Exec(ctx, "create role "+quoteName(role)+" nologin")
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == codeDuplicateObject || pg.Code == codeUniqueViolation) {
		return nil // another node was faster
	}
	return err
}

// ensureMember lets user become role. From PostgreSQL 16 on it does so without
// having the role's rights all the time.
func ensureMember(ctx context.Context, conn *pgx.Conn, user, role string) error {
	var version int
	var may bool
	if err := conn.QueryRow(ctx, "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		return err
	}
	right, options := "MEMBER", ""
	if version >= 160000 {
		right, options = "SET", " with inherit false, set true"
	}
	if err := conn.QueryRow(ctx, "select pg_has_role($1, $2, $3)", user, role, right).Scan(&may); err != nil || may {
		return err
	}
	_, err := conn.Exec(ctx, "grant "+quoteName(role)+" to "+quoteName(user)+options)
	return err
}
