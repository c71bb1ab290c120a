-- Integrations: connections with vendors, and the pages that were published there.

-- +goose Up

create table integrations (
    org_id                uuid not null,
    id                    uuid not null,
    user_id               uuid not null,
    integration_type      text not null,
    auth_type             text not null,
    name                  text not null,
    config                json not null,
    status                text not null,
    error_message         text not null,
    sealed                bytea, -- the tokens, under one of the installation's keys
    token_expires_at      timestamptz,
    last_sync             timestamptz,
    last_result           json,
    sync_interval_minutes integer not null,
    sync_state            json not null,
    next_sync_at          timestamptz,
    refresh_until         timestamptz,
    due_at                timestamptz,
    created_at            timestamptz not null,
    updated_at            timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id, user_id) references users
);
create index integrations_list on integrations (org_id, created_at, id);
create index integrations_due on integrations (due_at) where due_at is not null; -- docsctl_due_integrations
alter table integrations enable row level security, force row level security;
create policy tenant on integrations to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on integrations to ${definer} using (true);
grant select, insert, update, delete on integrations to ${app};
grant select (org_id, id, due_at) on integrations to ${definer};

create table published_pages (
    org_id         uuid not null,
    id             uuid not null,
    integration_id uuid not null,
    doc_id         uuid not null,
    template_id    uuid not null,
    target         text not null,
    remote_id      text not null,
    url            text not null,
    markdown       text not null,
    summary_id     uuid not null, -- which may be gone
    job_id         uuid,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id, integration_id) references integrations on delete cascade,
    foreign key (org_id, doc_id) references documents on delete cascade
);
-- A target of 1,000 characters can be too long for an index, so its digest is indexed.
create unique index published_pages_place on published_pages (org_id, integration_id, doc_id, template_id, (md5(target)::uuid));
create index published_pages_document on published_pages (org_id, doc_id); -- its foreign key
alter table published_pages enable row level security, force row level security;
create policy tenant on published_pages to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
grant select, insert, update, delete on published_pages to ${app};

alter table documents
    add column external_version    text not null default '',
    add column conversion_warnings json not null default '[]';
create index documents_integration on documents (org_id, integration_id, created_at, id) where integration_id is not null;

grant create on schema public to ${definer};

-- docsctl_due_integrations returns the integrations that are to be looked at.
-- +goose StatementBegin
create function docsctl_due_integrations(p_at timestamptz, p_limit integer)
    returns table (org_id uuid, id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select i.org_id, i.id from public.integrations i where i.due_at <= p_at order by i.due_at limit p_limit
$$;
-- +goose StatementEnd

revoke all on function docsctl_due_integrations from public;
grant execute on function docsctl_due_integrations to ${app};
alter function docsctl_due_integrations owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_due_integrations;
drop index documents_integration;
alter table documents drop column external_version, drop column conversion_warnings;
drop table published_pages, integrations;
