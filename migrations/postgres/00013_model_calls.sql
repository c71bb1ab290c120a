-- What the models answered, and what their calls used.

-- +goose Up

-- An answer by the hash of all that its call depends on; see core.NodeCache.
create table llm_cache (
    org_id        uuid not null references organizations,
    key           bytea not null,
    kind          text not null,
    model         text not null,
    output        text not null,
    bytes         integer not null,
    input_tokens  bigint not null,
    output_tokens bigint not null,
    created_at    timestamptz not null,
    last_used_at  timestamptz not null, -- to a day
    primary key (org_id, key)
);
create index llm_cache_used on llm_cache (org_id, last_used_at, key) include (bytes);
alter table llm_cache enable row level security, force row level security;
create policy tenant on llm_cache to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert, update, delete on llm_cache to ${app};

-- Counts of an organization, month and model, spread over a few slots: calls that
-- end at the same time do not wait for each other's commit.
create table llm_usage (
    org_id         uuid not null references organizations,
    month          text not null, -- 2026-01
    model          text not null,
    slot           smallint not null,
    calls          bigint not null,
    unpriced_calls bigint not null,
    input_tokens   bigint not null,
    output_tokens  bigint not null,
    prefix_tokens  bigint not null,
    cached_calls   bigint not null,
    cached_tokens  bigint not null,
    cost_usd       double precision not null,
    primary key (org_id, month, model, slot)
);
alter table llm_usage enable row level security, force row level security;
create policy tenant on llm_usage to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert, update, delete on llm_usage to ${app};

-- +goose Down
drop table llm_usage, llm_cache;
