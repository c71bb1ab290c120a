-- The audit log of an organization goes with the organization, after its last user.
-- ${app} still cannot change or delete a line of one that has any.

-- +goose Up

create policy definer on audit_log to ${definer} using (true);
grant select (org_id, id), delete on audit_log to ${definer};

-- Whoever gives a function away must let the new owner create in its schema for a moment.
grant create on schema public to ${definer};

-- docsctl_discard_audit deletes up to p_limit lines of the tenant that is set, if it
-- has no user, and returns their ids.
-- +goose StatementBegin
create function docsctl_discard_audit(p_limit integer)
    returns table (id uuid)
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    delete from public.audit_log a
    where a.org_id = nullif(current_setting('docsctl.org_id', true), '')::uuid
        and not exists (select from public.users u where u.org_id = a.org_id)
        and a.id in (
            select p.id from public.audit_log p
            where p.org_id = nullif(current_setting('docsctl.org_id', true), '')::uuid
            order by p.id limit p_limit)
    returning a.id
$$;
-- +goose StatementEnd

revoke all on function docsctl_discard_audit from public;
grant execute on function docsctl_discard_audit to ${app};
alter function docsctl_discard_audit owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_discard_audit;
revoke select (org_id, id), delete on audit_log from ${definer};
drop policy definer on audit_log;
