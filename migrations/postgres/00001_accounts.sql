-- The schema of docsctl on PostgreSQL 15 or newer. ${app} is the role under which
-- every statement of the application runs, ${definer} owns the functions that
-- look beyond one organization; both are made, or asked for, before this file runs.
--
-- Every table with org_id has row-level security enabled and forced. The policy
-- "tenant" compares with the setting docsctl.org_id, which is NULL before and ''
-- after its first use on a connection: both compare to nothing. The policy
-- "definer" is for ${definer} alone, whose grants name single columns.

-- +goose Up

-- What is true of this database as a whole.
create table docsctl_meta (
    only_row     boolean primary key default true check (only_row),
    app_role     text not null,
    definer_role text not null,
    epoch        text not null -- the life of the event log; new after a restore or an import
);
insert into docsctl_meta (app_role, definer_role, epoch)
values ('${app_name}', '${definer_name}', left(replace(gen_random_uuid()::text, '-', ''), 12));
grant select on docsctl_meta, goose_db_version to public; -- role names, epoch, versions: nothing of a tenant

create table organizations (
    org_id              uuid primary key,
    name                text not null,
    plan_type           text not null,
    default_template_id uuid,
    created_at          timestamptz not null,
    updated_at          timestamptz not null
);
alter table organizations enable row level security, force row level security;
create policy tenant on organizations to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on organizations to ${definer} using (true);
grant select, insert, update on organizations to ${app};
grant select (org_id, name, created_at) on organizations to ${definer};

create table users (
    org_id        uuid not null references organizations,
    id            uuid not null,
    email         text not null,
    email_key     text not null,
    name          text not null,
    role          text not null,
    auth_provider text not null,
    password_hash text not null,
    is_active     boolean not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    last_login_at timestamptz,
    primary key (org_id, id),
    constraint users_org_email_key unique (org_id, email_key)
);
create index users_email on users (email_key); -- docsctl_logins
alter table users enable row level security, force row level security;
create policy tenant on users to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on users to ${definer} using (true);
grant select, insert, update on users to ${app};
grant select (org_id, id, email_key, is_active, password_hash) on users to ${definer};

create table sessions (
    org_id     uuid not null,
    id         uuid not null,
    family_id  uuid not null,
    user_id    uuid not null,
    token_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    revoked_at timestamptz,
    primary key (org_id, id),
    constraint sessions_org_token_key unique (org_id, token_hash),
    foreign key (org_id, user_id) references users
);
create index sessions_token on sessions (token_hash); -- docsctl_session
create index sessions_family on sessions (org_id, family_id);
alter table sessions enable row level security, force row level security;
create policy tenant on sessions to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on sessions to ${definer} using (true);
grant select, insert, update on sessions to ${app};
grant select (org_id, id, token_hash) on sessions to ${definer};

-- +goose Down
drop table sessions, users, organizations, docsctl_meta;
