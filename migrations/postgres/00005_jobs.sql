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
    fence            bigint not null default 0, -- rises when the job is leased, taken over, or its lease ended
    primary key (org_id, id),
    foreign key (org_id, user_id) references users,
    foreign key (org_id, parent_id) references jobs
) with (fillfactor = 80); -- a job's row is updated several times in its life
create index jobs_list on jobs (org_id, created_at, id);
create index jobs_related on jobs (org_id, related_id);
create index jobs_parent on jobs (org_id, parent_id) where parent_id is not null;
alter table jobs enable row level security, force row level security;
create policy tenant on jobs to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on jobs to ${definer} using (true);
grant select, insert, update on jobs to ${app};
grant select (org_id, id, status, queue, fence), update (fence) on jobs to ${definer};

-- Who works on a job, by this server's clock. It is a table of its own so that the
-- updates in a job's life touch no index of jobs. Whoever changes a lease has locked
-- the job's row first, or skips rows that are locked. It has no foreign key: its
-- rows are made from rows of jobs and deleted with the job's end.
create table job_leases (
    org_id      uuid not null,
    job_id      uuid not null,
    fence       bigint not null,
    queue       text not null, -- from which the job was claimed
    lease_until timestamptz not null,
    primary key (org_id, job_id)
);
create index job_leases_until on job_leases (lease_until); -- docsctl_rescue
alter table job_leases enable row level security, force row level security;
create policy tenant on job_leases to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on job_leases to ${definer} using (true);
grant select, delete on job_leases to ${app};
grant select, insert, update (fence, lease_until) on job_leases to ${definer};

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
    constraint gue_jobs_work unique (org_id, work_id), -- a job waits in one place
    foreign key (org_id, work_id) references jobs
);
create index gue_jobs_claim on gue_jobs (queue, org_id, run_at, job_id);
create index gue_jobs_local on gue_jobs (run_at) where queue like 'local:%'; -- docsctl_rescue
alter table gue_jobs enable row level security, force row level security;
create policy tenant on gue_jobs to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on gue_jobs to ${definer} using (true);
grant select, insert, delete, update (queue, run_at, updated_at) on gue_jobs to ${app};
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
drop table events, gue_jobs, job_leases, jobs;
