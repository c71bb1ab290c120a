package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"
	"github.com/oklog/ulid/v2"
	"github.com/vgarvardt/gue/v5"

	"github.com/docsctl/docsctl/core"
)

// A dispatch is a row of gue's table, which gue's own client could list, lock and
// delete. gue's client writes one row a call and claims one row a transaction that
// stays open, with its connection, until the handler has returned; so rows are
// written here, in the batch of the commit, and claimed by docsctl_claim, which
// hands many over to leases and deletes them at once. gue's retries are unused: a
// job that is to be tried again is dispatched again.
const gueJobType = "docsctl.job"

// insertDispatch makes work that is due now due by the server's clock, and later
// work as much later by that clock, so that a node's wrong clock neither hurries
// nor delays it. A job waits in one place: the last dispatch counts. $5 is how much
// later, in seconds.
const insertDispatch = `insert into gue_jobs (org_id, work_id, job_id, priority, run_at, job_type, args, queue, created_at, updated_at)
	values ($1, $2, $3, $4,
		case when $5::float8 > 0 then clock_timestamp() + make_interval(secs => $5::float8) else least($6::timestamptz, clock_timestamp()) end,
		$7, $8, $9, clock_timestamp(), clock_timestamp())
	on conflict (org_id, work_id) do update set queue = excluded.queue, run_at = excluded.run_at, updated_at = excluded.updated_at`

// dispatchArgs is what gue's row says of the work.
type dispatchArgs struct {
	OrgID string     `json:"org_id"`
	JobID core.JobID `json:"job_id"`
}

// queueDispatch adds the row that has a job started.
func (s *Store) queueDispatch(b *pgx.Batch, org string, d core.Dispatch) {
	args, err := json.Marshal(dispatchArgs{OrgID: org, JobID: d.JobID})
	if err != nil { // two strings
		args = nil
	}
	row := &gue.Job{
		ID: ulid.Make(), Queue: string(d.Queue), Priority: gue.JobPriorityDefault, RunAt: d.RunAt, Type: gueJobType, Args: args,
	}
	b.Queue(s.sql.insertDispatch, org, key(d.JobID), row.ID.String(), int16(row.Priority), row.RunAt.Sub(s.cfg.Now()).Seconds(), row.RunAt,
		row.Type, row.Args, row.Queue)
}

// Claim leases due jobs, beginning with the organization after the one at which the
// last claim of this process ended. Where an organization's limit is given, claims
// that meet at one organization do not wait for each other: the later goes on.
func (s *system) Claim(ctx context.Context, r core.ClaimRequest) ([]core.Lease, error) {
	if r.Limit < 1 {
		return nil, core.Invalid("limit", "range", "a claim must ask for at least one job")
	}
	turn := s.store.turn(r.Queue)
	plans, limits := []string{}, []int{}
	for plan, limit := range r.PlanLimits {
		plans, limits = append(plans, string(plan)), append(limits, limit)
	}
	leases, err := call(ctx, s, s.store.sql.claim, false, func(row pgx.CollectableRow) (l core.Lease, err error) {
		var org core.OrgID
		err = row.Scan(&org, &l.JobID, &l.Fence, &turn)
		l.Tenant = core.TrustTenant(org)
		return l, err
	}, string(r.Queue), r.Limit, r.OrgLimit, r.TTL.Seconds(), turn, plans, limits)
	if err == nil && !r.Queue.Local() { // which has one organization and needs no turns
		s.store.setTurn(r.Queue, turn)
	}
	return leases, err
}

// noOrganization sorts before every organization's id.
const noOrganization = "00000000-0000-0000-0000-000000000000"

func (s *Store) turn(q core.Queue) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after, ok := s.turns[q]; ok {
		return after
	}
	return noOrganization
}

func (s *Store) setTurn(q core.Queue, after string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns[q] = after
}
