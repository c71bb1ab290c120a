package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

// system calls the functions that look beyond one organization; see the migrations.
type system struct{ store *Store }

// call runs a function and collects its rows. A call that changes something is not
// repeated once it may have been carried out.
func call[T any](ctx context.Context, s *system, sql string, repeatable bool, scan func(pgx.CollectableRow) (T, error), args ...any) ([]T, error) {
	if ctx.Value(openTx{s.store}) != nil {
		return nil, core.ErrOuterRead
	}
	if err := checkArgs(args); err != nil {
		return nil, nil //nolint:nilerr // what no column can hold matches nothing
	}
	var found []T
	_, err := s.store.single(ctx, "", sql, args, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, scan)
		return err
	}, repeatable)
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Logins returns the sign-in data of the active users with an address.
func (s *system) Logins(ctx context.Context, email string) ([]core.Login, error) {
	return call(ctx, s, s.store.sql.logins, true, func(row pgx.CollectableRow) (l core.Login, err error) {
		var org core.OrgID
		err = row.Scan(&org, &l.OrganizationName, &l.UserID, &l.PasswordHash)
		l.Tenant = core.TrustTenant(org)
		return l, err
	}, email)
}

// Session returns whose session a token is.
func (s *system) Session(ctx context.Context, tokenHash []byte) (core.SessionRef, error) {
	found, err := call(ctx, s, s.store.sql.session, true, func(row pgx.CollectableRow) (r core.SessionRef, err error) {
		var org core.OrgID
		err = row.Scan(&org, &r.SessionID)
		r.Tenant = core.TrustTenant(org)
		return r, err
	}, tokenHash)
	if err != nil {
		return core.SessionRef{}, err
	}
	if len(found) == 0 {
		return core.SessionRef{}, core.NotFound("session")
	}
	return found[0], nil
}

// Credential returns whose a secret is.
func (s *system) Credential(ctx context.Context, kind core.CredentialKind, hash []byte) (core.CredentialRef, error) {
	found, err := call(ctx, s, s.store.sql.credential, true, func(row pgx.CollectableRow) (r core.CredentialRef, err error) {
		var org core.OrgID
		err = row.Scan(&org, &r.ID)
		r.Tenant = core.TrustTenant(org)
		return r, err
	}, string(kind), hash)
	if err != nil {
		return core.CredentialRef{}, err
	}
	if len(found) == 0 {
		return core.CredentialRef{}, core.NotFound("credential")
	}
	return found[0], nil
}

// leases calls a function that returns leases.
func (s *system) leases(ctx context.Context, sql string, args ...any) ([]core.Lease, error) {
	return call(ctx, s, sql, false, func(row pgx.CollectableRow) (l core.Lease, err error) {
		var org core.OrgID
		err = row.Scan(&org, &l.JobID, &l.Fence)
		l.Tenant = core.TrustTenant(org)
		return l, err
	}, args...)
}

// Heartbeat renews leases and returns the lost ones.
func (s *system) Heartbeat(ctx context.Context, leases []core.Lease, ttl time.Duration) ([]core.Lease, error) {
	var lost []core.Lease
	orgs, jobs, fences := []string{}, []string{}, []int64{}
	for _, l := range leases {
		if !l.Tenant.Valid() || !core.ValidID(l.JobID) {
			lost = append(lost, l)
			continue
		}
		orgs, jobs, fences = append(orgs, string(l.Tenant.OrgID())), append(jobs, string(l.JobID)), append(fences, l.Fence)
	}
	if len(jobs) == 0 {
		return lost, ctx.Err()
	}
	more, err := s.leases(ctx, s.store.sql.heartbeat, orgs, jobs, fences, ttl.Seconds())
	return append(lost, more...), err
}

// Rescue takes over expired leases.
func (s *system) Rescue(ctx context.Context, limit int, ttl time.Duration) ([]core.Lease, error) {
	if limit < 1 {
		return nil, errors.New("postgres: a rescue must ask for at least one lease")
	}
	return s.leases(ctx, s.store.sql.rescue, limit, ttl.Seconds())
}

// Unindexed returns documents whose search entry is older than they are.
func (s *system) Unindexed(ctx context.Context, limit int) ([]core.DocumentRef, error) {
	return call(ctx, s, s.store.sql.unindexed, true, func(row pgx.CollectableRow) (r core.DocumentRef, err error) {
		var org core.OrgID
		err = row.Scan(&org, &r.DocumentID)
		r.Tenant = core.TrustTenant(org)
		return r, err
	}, limit)
}
