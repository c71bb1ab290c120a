-- Requests that are to be carried out once. A row is written by the transaction
-- that does the work, so there is none without the work, and no work without it.

-- +goose Up

create table idempotency_keys (
    org_id      uuid not null,
    user_id     uuid not null,
    route       text not null,
    key_hash    bytea not null,
    fingerprint bytea not null,
    answer      bytea, -- sealed with the key, of which only the hash is kept
    created_at  timestamptz not null,
    primary key (org_id, user_id, route, key_hash),
    foreign key (org_id, user_id) references users
);
create index idempotency_keys_age on idempotency_keys (org_id, created_at);
alter table idempotency_keys enable row level security, force row level security;
create policy tenant on idempotency_keys to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert, update, delete on idempotency_keys to ${app};

-- +goose Down
drop table idempotency_keys;
