package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/docsctl/docsctl/core"
)

var (
	errClosed = errors.New("the store is closed")
	errDead   = errors.New("the transaction has ended; its Tx cannot be used any more")
	errLost   = errors.New("the transaction was rolled back because one of its statements had failed")
	// errURL does not quote the URL: it may hold a password.
	errURL = errors.New("the database URL cannot be read; write postgres://user:password@host:5432/database")
)

// The codes of PostgreSQL's errors (its appendix A) that the adapter tells apart.
const (
	codeUniqueViolation     = "23505"
	codeForeignKeyViolation = "23503"
	codeSerialization       = "40001"
	codeDeadlock            = "40P01"
	codeQueryCanceled       = "57014"
	codeLockNotAvailable    = "55P03"
	codeIdleInTransaction   = "25P03"
	codeReadOnly            = "25006" // a server that was demoted
	codePrivilege           = "42501"
	codeUndefinedTable      = "42P01"
	codeDuplicateObject     = "42710"
	codeDivisionByZero      = "22012"
	codeDiskFull            = "53100"
	codeTooLarge            = "54000"
)

// conflicts are the sentences for unique constraints; any other is a key.
var conflicts = map[string]string{
	"users_org_email_key":        "a user with this e-mail address exists; sign in or use another address",
	"sessions_org_token_key":     "this refresh token exists; make another",
	"api_keys_org_hash_key":      "this API key exists; make another",
	"documents_org_external_key": "a document with this external id exists; update it or use another",
	"templates_org_name_key":     "a template of this name exists; choose another name",
	"organizations_pkey":         "the organization exists already; sign in to it",
	"imports_pkey":               "an import of this organization is under way; wait for its end",
}

const idTaken = "this id is in use already; use another"

// references are the kinds of things that foreign keys point to.
var references = map[string]string{
	"users_org_id_fkey":                          "organization",
	"sessions_org_id_user_id_fkey":               "user",
	"api_keys_org_id_user_id_fkey":               "user",
	"audit_log_org_id_fkey":                      "organization",
	"idempotency_keys_org_id_user_id_fkey":       "user",
	"documents_org_id_user_id_fkey":              "user",
	"templates_org_id_created_by_fkey":           "user",
	"summaries_org_id_doc_id_fkey":               "document",
	"summaries_org_id_created_by_fkey":           "user",
	"jobs_org_id_fkey":                           "organization",
	"jobs_org_id_user_id_fkey":                   "user",
	"jobs_org_id_parent_id_fkey":                 "job",
	"job_items_org_id_job_id_fkey":               "job",
	"gue_jobs_org_id_work_id_fkey":               "job",
	"llm_cache_org_id_fkey":                      "organization",
	"llm_usage_org_id_fkey":                      "organization",
	"usage_warnings_org_id_fkey":                 "organization",
	"usage_reservations_org_id_job_id_fkey":      "job",
	"webhooks_org_id_fkey":                       "organization",
	"deliveries_org_id_webhook_id_fkey":          "webhook",
	"integrations_org_id_user_id_fkey":           "user",
	"published_pages_org_id_integration_id_fkey": "integration or document",
	"published_pages_org_id_doc_id_fkey":         "integration or document",
}

// translate turns an error of the driver into the domain's words. An error that is
// nobody's fault but ours stays as it is and becomes CodeInternal.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := errors.AsType[*core.Error](err); ok {
		return err
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && pg.Code == codeUniqueViolation:
		return &core.Error{Code: core.CodeConflict, Message: cmp.Or(conflicts[pg.ConstraintName], idTaken), Err: err}
	case ok && pg.Code == codeForeignKeyViolation && references[pg.ConstraintName] != "":
		missing := core.NotFound(references[pg.ConstraintName])
		missing.Err = err
		return missing
	case ok && conflicted(err):
		return core.Unavailable("others are changing the same things; try again", time.Second, err)
	case ok && (pg.Code == codeQueryCanceled || pg.Code == codeLockNotAvailable || pg.Code == codeIdleInTransaction):
		return core.Unavailable("the database took too long; try again", time.Second, err)
	case ok && pg.Code == codeTooLarge:
		return &core.Error{Code: core.CodePayloadTooLarge, Message: "the text is too long to be stored; shorten it", Err: err}
	case ok && pg.Code == codeDiskFull:
		return core.Unavailable("the disk of the database is full; free some space and try again", 10*time.Second, err)
	case errors.Is(err, errBusy):
		return core.Unavailable("the database is busy; try again", time.Second, err)
	case errors.Is(err, errClosed), lostConnection(err), errors.Is(err, context.DeadlineExceeded):
		return core.Unavailable("the database does not answer; try again in a moment", 2*time.Second, err)
	}
	return fmt.Errorf("postgres: %w", err)
}

// referenced reports whether a row could not be deleted because others point to it.
func referenced(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == codeForeignKeyViolation
}

// changedNothing reports whether a postponed write found no row; see postpone.
func changedNothing(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == codeDivisionByZero
}

// conflicted reports whether the transaction met another and may be run again.
func conflicted(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == codeSerialization || pg.Code == codeDeadlock)
}

// neverSent reports whether nothing of a batch can have been carried out.
func neverSent(err error) bool {
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	return connecting || pgconn.SafeToRetry(err)
}

// lostConnection reports whether the server could not be reached, went away, or
// cannot take the work now: it is starting, stopping, full or read-only.
func lostConnection(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") ||
			strings.HasPrefix(pg.Code, "57P") || strings.HasPrefix(pg.Code, "58") || pg.Code == codeReadOnly || pg.Code == codeIdleInTransaction
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false // it is there and hangs; another try would take as long
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return neverSent(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
