-- An organization that has a row in imports is being imported, and is not there yet.
-- The row is id's until valid_until; then whoever takes it removes what was written.

-- +goose Up

create table imports (
    org_id      uuid primary key,
    id          uuid not null,
    valid_until timestamptz not null -- by this server's clock
);
create index imports_valid on imports (valid_until); -- docsctl_abandoned_imports
alter table imports enable row level security, force row level security;
create policy tenant on imports to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on imports to ${definer} using (true);
grant select, insert, update, delete on imports to ${app};
grant select (org_id, valid_until) on imports to ${definer};

-- What a broken import has written is deleted under its tenant. Rows of the other
-- tables of an organization could be deleted before.
grant delete on organizations, users, sessions, jobs, events to ${app};

grant create on schema public to ${definer};

-- +goose StatementBegin
create function docsctl_abandoned_imports(p_limit integer)
    returns table (org_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select i.org_id from public.imports i where i.valid_until <= clock_timestamp() order by i.valid_until limit p_limit
$$;
-- +goose StatementEnd

revoke all on function docsctl_abandoned_imports from public;
grant execute on function docsctl_abandoned_imports to ${app};
alter function docsctl_abandoned_imports owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_abandoned_imports;
revoke delete on organizations, users, sessions, jobs, events from ${app};
drop table imports;
