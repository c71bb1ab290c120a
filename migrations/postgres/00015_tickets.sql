-- A ticket that an API key was given stands for the key, and whether an
-- installation has an organization can be asked.

-- +goose Up

alter table sessions add column api_key_id uuid; -- without a foreign key: a revoked key's tickets are worth nothing

-- Whoever gives a function away must let the new owner create in its schema for a moment.
grant create on schema public to ${definer};

-- docsctl_founded reports whether there is any organization. Until the transaction
-- ends nobody else is told.
-- +goose StatementBegin
create function docsctl_founded()
    returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('docsctl founding', 0));
    return exists (select from public.organizations o where o.org_id is not null);
end
$$;
-- +goose StatementEnd

revoke all on function docsctl_founded from public;
grant execute on function docsctl_founded to ${app};
alter function docsctl_founded owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_founded;
alter table sessions drop column api_key_id;
