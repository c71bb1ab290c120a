-- Members: invitations, tombstones and API keys.

-- +goose Up

alter table users
    add column invitation_hash       bytea, -- SHA-256, while the invitation is open
    add column invitation_expires_at timestamptz,
    add column deleted_at            timestamptz;
create index users_list on users (org_id, created_at, id) where deleted_at is null;
create index users_invitation on users (invitation_hash) where invitation_hash is not null; -- docsctl_credential
grant select (invitation_hash) on users to ${definer};

create index sessions_user on sessions (org_id, user_id) where revoked_at is null;

create table api_keys (
    org_id       uuid not null,
    id           uuid not null,
    user_id      uuid not null,
    name         text not null,
    prefix       text not null,
    key_hash     bytea not null,
    role         text not null,
    expires_at   timestamptz,
    last_used_at timestamptz,
    created_at   timestamptz not null,
    primary key (org_id, id),
    constraint api_keys_org_hash_key unique (org_id, key_hash),
    foreign key (org_id, user_id) references users
);
create index api_keys_hash on api_keys (key_hash); -- docsctl_credential
create index api_keys_list on api_keys (org_id, created_at, id);
create index api_keys_user on api_keys (org_id, user_id, created_at, id);
alter table api_keys enable row level security, force row level security;
create policy tenant on api_keys to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on api_keys to ${definer} using (true);
grant select, insert, update, delete on api_keys to ${app};
grant select (org_id, id, key_hash) on api_keys to ${definer};

-- Whoever gives a function away must let the new owner create in its schema for a moment.
grant create on schema public to ${definer};

-- docsctl_credential returns whose an invitation or an API key is.
-- +goose StatementBegin
create function docsctl_credential(p_kind text, p_hash bytea)
    returns table (org_id uuid, id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    (select u.org_id, u.id from public.users u where p_kind = 'invitation' and u.invitation_hash = p_hash)
    union all
    (select k.org_id, k.id from public.api_keys k where p_kind = 'api_key' and k.key_hash = p_hash)
    limit 1
$$;
-- +goose StatementEnd

revoke all on function docsctl_credential from public;
grant execute on function docsctl_credential to ${app};
alter function docsctl_credential owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_credential;
drop table api_keys;
drop index sessions_user, users_invitation, users_list;
alter table users drop column invitation_hash, drop column invitation_expires_at, drop column deleted_at;
