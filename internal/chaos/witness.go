package chaos

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// watch makes the witness: a table that only the superuser and the triggers reach.
// Who made a change is told by the connection's application_name.
const watch = `
create table chaos_changes (
    n bigint generated always as identity, kind text not null, at timestamptz not null default clock_timestamp(),
    tx text not null default pg_current_xact_id()::text, by text not null default current_setting('application_name'),
    org uuid not null, job uuid not null, run integer not null default 0, attempt integer not null default 0,
    status text not null default '', due timestamptz
);
create function chaos_job() returns trigger language plpgsql security definer set search_path = public as $$
begin
    insert into chaos_changes (kind, org, job, run, attempt, status, due)
    values ('job', new.org_id, new.id, new.run, new.attempt, new.status, new.next_attempt_at);
    return null;
end $$;
create function chaos_lease() returns trigger language plpgsql security definer set search_path = public as $$
begin
    insert into chaos_changes (kind, org, job) values ('leased', new.org_id, new.job_id);
    return null;
end $$;
create function chaos_summary() returns trigger language plpgsql security definer set search_path = public as $$
begin
    insert into chaos_changes (kind, org, job) values ('summary', new.org_id, new.job_id);
    return null;
end $$;
create trigger chaos_made after insert on jobs for each row execute function chaos_job();
create trigger chaos_changed after update on jobs for each row
    when ((old.status, old.run, old.attempt, old.next_attempt_at) is distinct from (new.status, new.run, new.attempt, new.next_attempt_at))
    execute function chaos_job();
create trigger chaos_leased after insert on job_leases for each row execute function chaos_lease();
create trigger chaos_taken_over after update on job_leases for each row when (old.fence <> new.fence) execute function chaos_lease();
create trigger chaos_changed after update on summaries for each row
    when ((old.status, old.summary_text) is distinct from (new.status, new.summary_text)) execute function chaos_summary();`

// Watch begins to write down what is changed in a migrated database. conn is a
// superuser's.
func Watch(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, watch); err != nil {
		return fmt.Errorf("watch the database: %w", err)
	}
	return nil
}

// Unended returns how many jobs have not ended, and how many have.
func Unended(ctx context.Context, conn *pgx.Conn) (unended, ended int, err error) {
	err = conn.QueryRow(ctx, `select count(*) filter (where status in ('pending', 'in_progress')),
		count(*) filter (where status not in ('pending', 'in_progress')) from jobs`).Scan(&unended, &ended)
	return unended, ended, err
}

// Read reads what Watch has seen, and the event log.
func (h *History) Read(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `select kind, at, tx, by, org::text, job::text, run, attempt, status, coalesce(due, 'epoch') from chaos_changes order by n`)
	if err == nil {
		h.Changes, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Change])
	}
	if err != nil {
		return fmt.Errorf("read the changes: %w", err)
	}
	rows, err = conn.Query(ctx, `
		select type, xid::text, data->>(case when type like 'job.%' then 'id' else 'job_id' end),
			coalesce((data->>'run')::integer, 0), coalesce((data->>'attempt')::integer, 0), coalesce(data->>'status', '')
		from events where type like 'job.%' or type like 'summary.%' order by events.xid, events.id`)
	if err == nil {
		h.Events, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Event])
	}
	if err != nil {
		return fmt.Errorf("read the event log: %w", err)
	}
	return nil
}
