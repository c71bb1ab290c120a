-- +goose Up

create table documents (
    org_id                uuid not null,
    id                    uuid not null,
    user_id               uuid not null,
    title                 text not null,
    content               text not null,
    source_type           text not null,
    source_url            text not null,
    external_id           text not null,
    external_last_updated timestamptz,
    integration_id        uuid,
    mime_type             text not null,
    content_hash          text not null,
    content_bytes         bigint not null,
    version               integer not null,
    revision              bigint not null,
    status                text not null,
    error_message         text not null,
    created_at            timestamptz not null,
    updated_at            timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id, user_id) references users
);
create index documents_list on documents (org_id, created_at, id);
create index documents_hash on documents (org_id, content_hash);
-- An external id of 1,000 characters can be too long for an index, so its digest is indexed.
create unique index documents_org_external_key on documents (org_id, integration_id, (md5(external_id)::uuid))
    nulls not distinct where external_id <> '';
create index documents_external on documents (org_id, (md5(external_id)::uuid)) where external_id <> '';
alter table documents enable row level security, force row level security;
create policy tenant on documents to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on documents to ${definer} using (true);
grant select, insert, update, delete on documents to ${app};
grant select (org_id, id, source_type, status, integration_id, content_hash, external_id) on documents to ${definer};

-- What a search looks through. words begins with '@' and the organization's id, so
-- that the index itself finds the words of one organization only: no word has an '@'.
create table document_search (
    org_id      uuid not null,
    document_id uuid not null,
    revision    bigint not null,
    created_at  timestamptz not null, -- of the document; it never changes
    title       text not null,
    title_words text[] not null,
    words       text[] not null,
    primary key (org_id, document_id),
    foreign key (org_id, document_id) references documents on delete cascade
);
create index document_search_words on document_search using gin (words) with (gin_pending_list_limit = 1024);
alter table document_search enable row level security, force row level security;
create policy tenant on document_search to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on document_search to ${definer} using (true);
grant select, insert, update, delete on document_search to ${app};
grant select (org_id, document_id, created_at, title, title_words, words) on document_search to ${definer};

-- The documents whose search entry is older than they are. It has no foreign key:
-- its rows are written and deleted by the document's own statements.
create table search_pending (
    org_id      uuid not null,
    document_id uuid not null,
    revision    bigint not null,
    changed_at  timestamptz not null,
    primary key (org_id, document_id)
);
create index search_pending_order on search_pending (changed_at); -- docsctl_unindexed
alter table search_pending enable row level security, force row level security;
create policy tenant on search_pending to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on search_pending to ${definer} using (true);
grant select, insert, update, delete on search_pending to ${app};
grant select (org_id, document_id, changed_at) on search_pending to ${definer};

-- +goose Down
drop table search_pending, document_search, documents;
