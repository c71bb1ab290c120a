-- Who did what, when and from where. ${app} may add lines and read them, and
-- nothing else.

-- +goose Up

create table audit_log (
    org_id     uuid not null references organizations,
    id         uuid not null,
    user_id    uuid, -- without foreign keys: the log outlives what it tells of
    api_key_id uuid,
    action     text not null,
    target_id  text not null,
    address    text not null,
    user_agent text not null,
    request_id text not null,
    data       json,
    created_at timestamptz not null,
    primary key (org_id, id)
);
create index audit_log_list on audit_log (org_id, created_at, id);
alter table audit_log enable row level security, force row level security;
create policy tenant on audit_log to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert on audit_log to ${app};

-- +goose Down
drop table audit_log;
