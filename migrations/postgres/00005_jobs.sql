-- +goose Up

create table jobs (
    org_id           uuid not null references organizations,
    id               uuid not null,
    user_id          uuid not null,
    job_type         text not null,
    related_id       text not null,
    related_type     text not null,
    status           text not null,
    progress_done    integer not null,
    progress_total   integer not null,
    progress_message text not null,
    result           json,
    error_code       text not null,
    error_message    text not null,
    run              integer not null,
    attempt          integer not null,
    max_attempts     integer not null,
    queue            text not null,
    local_queue      text not null,
    next_attempt_at  timestamptz,
    queued_at        timestamptz not null,
    started_at       timestamptz,
    finished_at      timestamptz,
    task_id          text not null,
    parent_id        uuid,
    created_at       timestamptz not null,
    -- The lease: a claim or a rescue raises fence and sets the other two, the job's
    -- leaving the state in_progress raises fence and clears them.
    fence            bigint not null default 0,
    lease_until      timestamptz, -- by this server's clock
    lease_queue      text,        -- the queue from which it was claimed
    primary key (org_id, id),
    foreign key (org_id, user_id) references users,
    foreign key (org_id, parent_id) references jobs
) with (fillfactor = 80); -- a job's row is updated several times in its life
create index jobs_list on jobs (org_id, created_at, id);
create index jobs_related on jobs (org_id, related_id);
create index jobs_parent on jobs (org_id, parent_id) where parent_id is not null;
create index jobs_leases on jobs (lease_until) where lease_until is not null; -- docsctl_rescue
create index jobs_org_leases on jobs (org_id, lease_queue, lease_until) where lease_queue is not null; -- docsctl_claim
alter table jobs enable row level security, force row level security;
create policy tenant on jobs to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on jobs to ${definer} using (true);
grant select, insert, update on jobs to ${app};
grant select (org_id, id, status, queue, fence, lease_until, lease_queue),
    update (fence, lease_until, lease_queue) on jobs to ${definer};

-- The dispatcher's table: gue v5's own columns, then what docsctl claims by. gue's
-- index by (queue, run_at, priority) is missing because nothing here claims by it.
create table gue_jobs (
    job_id      text        not null primary key,
    priority    smallint    not null,
    run_at      timestamptz not null,
    job_type    text        not null,
    args        bytea       not null,
    error_count integer     not null default 0,
    last_error  text,
    queue       text        not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    org_id      uuid        not null,
    work_id     uuid        not null, -- the row of jobs that is to be started
    foreign key (org_id, work_id) references jobs
);
create index gue_jobs_claim on gue_jobs (queue, org_id, run_at, job_id);
create index gue_jobs_local on gue_jobs (run_at) where queue like 'local:%'; -- docsctl_rescue
alter table gue_jobs enable row level security, force row level security;
create policy tenant on gue_jobs to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on gue_jobs to ${definer} using (true);
grant insert on gue_jobs to ${app};
grant select, delete, update (queue, updated_at) on gue_jobs to ${definer};

-- The event log. Its order is (xid, id), and a row can be read once no transaction
-- with a smaller xid is open, so that nothing can appear before what was read.
create table events (
    org_id uuid not null,
    xid    xid8 not null default pg_current_xact_id(),
    id     bigint generated always as identity,
    type   text not null,
    at     timestamptz not null,
    data   json not null,
    primary key (org_id, xid, id)
);
alter table events enable row level security, force row level security;
create policy tenant on events to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert on events to ${app};

-- +goose Down
drop table events, gue_jobs, jobs;
