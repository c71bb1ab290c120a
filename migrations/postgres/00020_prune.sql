-- Pruning: what has expired goes, and how far an organization's log has gone is kept.

-- +goose Up
create index sessions_expiry on sessions (org_id, expires_at);

-- (xid, id) is the place of the last event of an organization that was pruned.
create table event_bounds (
    org_id uuid primary key references organizations on delete cascade,
    xid    xid8 not null,
    id     bigint not null
);
alter table event_bounds enable row level security, force row level security;
create policy tenant on event_bounds to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on event_bounds to ${definer} using (true);
grant select on event_bounds to ${app};
grant select (org_id, xid, id), insert (org_id, xid, id), update (xid, id) on event_bounds to ${definer};

create policy definer on events to ${definer} using (true);
create policy definer on idempotency_keys to ${definer} using (true);
create policy definer on llm_cache to ${definer} using (true);
grant select (org_id, xid, id, at), delete on events to ${definer};
grant select (org_id, user_id, route, key_hash, created_at), delete on idempotency_keys to ${definer};
grant select (org_id, key, last_used_at), delete on llm_cache to ${definer};
grant select (expires_at), delete on sessions to ${definer};

grant create on schema public to ${definer};

-- docsctl_prune visits organizations in the order of their ids and removes up to
-- p_limit rows. It returns where to go on: at the organization whose rows reached
-- the limit again. One transaction prunes at a time; others find nothing to do.
-- +goose StatementBegin
create function docsctl_prune(p_after uuid, p_organizations integer, p_limit integer, p_sessions timestamptz, p_requests timestamptz,
        p_cache timestamptz, p_events timestamptz, p_min_events integer)
    returns table (next_org uuid, sessions integer, requests integer, cached integer, events integer)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    org uuid;
    last_org uuid := p_after;
    visited integer := 0;
    room integer := p_limit;
    n integer;
    settled xid8;
    cut_xid xid8;
    cut_id bigint;
begin
    sessions := 0; requests := 0; cached := 0; events := 0;
    if not pg_try_advisory_xact_lock(hashtextextended('docsctl_prune', 0)) then
        return next;
        return;
    end if;
    for org in select o.org_id from public.organizations o where p_after is null or o.org_id > p_after order by o.org_id limit p_organizations loop
        delete from public.sessions d using (select s.id from public.sessions s
            where s.org_id = org and s.expires_at < p_sessions order by s.expires_at limit room) old
        where d.org_id = org and d.id = old.id;
        get diagnostics n = row_count;
        sessions := sessions + n; room := room - n;

        delete from public.idempotency_keys d using (select k.user_id, k.route, k.key_hash from public.idempotency_keys k
            where k.org_id = org and k.created_at < p_requests order by k.created_at limit room) old
        where d.org_id = org and (d.user_id, d.route, d.key_hash) = (old.user_id, old.route, old.key_hash);
        get diagnostics n = row_count;
        requests := requests + n; room := room - n;

        delete from public.llm_cache d using (select c.key from public.llm_cache c
            where c.org_id = org and c.last_used_at < p_cache order by c.last_used_at limit room) old
        where d.org_id = org and d.key = old.key;
        get diagnostics n = row_count;
        cached := cached + n; room := room - n;

        -- The newest event that need not be kept for the number's sake.
        select e.xid, e.id into cut_xid, cut_id from public.events e
        where e.org_id = org order by e.xid desc, e.id desc offset p_min_events limit 1;
        if found and room > 0 then
            settled := pg_snapshot_xmin(pg_current_snapshot());
            select o.xid, o.id, o.place into cut_xid, cut_id, n from (
                select f.xid, f.id, row_number() over w as place, bool_and(f.at < p_events and f.xid < settled) over w as past
                from (select e.xid, e.id, e.at from public.events e
                    where e.org_id = org and (e.xid, e.id) <= (cut_xid, cut_id) order by e.xid, e.id limit room) f
                window w as (order by f.xid, f.id)) o
            where o.past order by o.place desc limit 1;
            if found then
                delete from public.events e where e.org_id = org and (e.xid, e.id) <= (cut_xid, cut_id);
                insert into public.event_bounds as b (org_id, xid, id) values (org, cut_xid, cut_id)
                on conflict (org_id) do update set xid = excluded.xid, id = excluded.id;
                events := events + n; room := room - n;
            end if;
        end if;

        if room = 0 then
            next_org := coalesce(last_org, '00000000-0000-0000-0000-000000000000');
            return next;
            return;
        end if;
        last_org := org; visited := visited + 1;
    end loop;
    if visited = p_organizations then
        next_org := last_org;
    end if;
    return next;
end
$$;
-- +goose StatementEnd

revoke all on function docsctl_prune from public;
grant execute on function docsctl_prune to ${app};
alter function docsctl_prune owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_prune;
revoke select (org_id, xid, id, at), delete on events from ${definer};
revoke select (org_id, user_id, route, key_hash, created_at), delete on idempotency_keys from ${definer};
revoke select (org_id, key, last_used_at), delete on llm_cache from ${definer};
revoke select (expires_at), delete on sessions from ${definer};
drop policy definer on events;
drop policy definer on idempotency_keys;
drop policy definer on llm_cache;
drop table event_bounds;
drop index sessions_expiry;
