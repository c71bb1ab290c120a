-- +goose Up

create table templates (
    org_id          uuid not null,
    id              uuid not null,
    name            text not null,
    description     text not null,
    prompt_template text not null,
    template_type   text not null,
    format          text not null,
    json_schema     json, -- as json, not jsonb, it is kept byte for byte
    focus           boolean not null,
    version         integer not null,
    created_by      uuid,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    primary key (org_id, id),
    constraint templates_org_name_key unique (org_id, name),
    foreign key (org_id, created_by) references users
);
create index templates_list on templates (org_id, created_at, id);
alter table templates enable row level security, force row level security;
create policy tenant on templates to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert, update, delete on templates to ${app};

-- The template has no foreign key: a summary keeps its id and outlives it.
create table summaries (
    org_id           uuid not null,
    id               uuid not null,
    doc_id           uuid not null,
    created_by       uuid not null,
    template_id      uuid not null,
    template_version integer not null,
    prompt           text not null,
    json_schema      json,
    focus            boolean not null,
    max_cost_usd     double precision,
    allow_partial    boolean not null,
    refresh          boolean not null,
    summary_text     text not null,
    format           text not null,
    length           text not null,
    language         text not null,
    model_requested  text not null,
    model_used       text not null,
    tokens_used      bigint not null,
    status           text not null,
    job_id           uuid not null,
    doc_version      integer not null,
    error_message    text not null,
    usage            json not null,
    coverage         json not null,
    citations        json not null,
    warnings         json not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id, doc_id) references documents,
    foreign key (org_id, created_by) references users
);
create index summaries_list on summaries (org_id, created_at, id);
create index summaries_document on summaries (org_id, doc_id, created_at, id);
alter table summaries enable row level security, force row level security;
create policy tenant on summaries to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert, update, delete on summaries to ${app};

-- +goose Down
drop table summaries, templates;
