-- What plans are measured by: documents beside calls, what calls that are under way
-- may use, and who was warned.

-- +goose Up

-- Documents are counted in the rows of the model ''.
alter table llm_usage
    add column documents bigint not null default 0,
    add column bytes     bigint not null default 0;

-- A row counts while its job is leased under its fence.
create table usage_reservations (
    org_id     uuid not null,
    id         uuid not null,
    job_id     uuid not null,
    fence      bigint not null,
    tokens     bigint not null,
    cost_usd   double precision not null,
    created_at timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id, job_id) references jobs on delete cascade
);
create index usage_reservations_job on usage_reservations (org_id, job_id);
alter table usage_reservations enable row level security, force row level security;
create policy tenant on usage_reservations to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert, delete on usage_reservations to ${app};

create table usage_warnings (
    org_id uuid not null references organizations,
    month  text not null,
    quota  text not null,
    primary key (org_id, month, quota)
);
alter table usage_warnings enable row level security, force row level security;
create policy tenant on usage_warnings to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert, delete on usage_warnings to ${app};

-- +goose Down
drop table usage_warnings, usage_reservations;
alter table llm_usage drop column documents, drop column bytes;
