-- Jobs that are about many things, and jobs that wait for more than their turn.

-- +goose Up

alter table jobs
    add column input        json,
    add column waits_for    text not null default '',
    add column confirmed_at timestamptz;

create table job_items (
    org_id     uuid not null,
    id         uuid not null,
    job_id     uuid not null,
    item       text not null,
    title      text not null,
    state      text not null,
    error_code text not null,
    reason     text not null,
    result_id  text not null,
    cost_usd   double precision not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (org_id, id),
    constraint job_items_job unique (org_id, job_id, item),
    foreign key (org_id, job_id) references jobs
);
create index job_items_list on job_items (org_id, job_id, created_at, id);
create index job_items_state on job_items (org_id, job_id, state, created_at, id);
alter table job_items enable row level security, force row level security;
create policy tenant on job_items to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert, update, delete on job_items to ${app};

-- +goose Down
drop table job_items;
alter table jobs drop column input, drop column waits_for, drop column confirmed_at;
