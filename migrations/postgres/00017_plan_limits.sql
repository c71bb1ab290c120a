-- A limit of running jobs for each plan.

-- +goose Up

grant select (plan_type) on organizations to ${definer};

-- Whoever gives a function away must let the new owner create in its schema for a moment.
grant create on schema public to ${definer};

-- docsctl_claim goes round the organizations with waiting work, beginning after
-- p_after: by the index from one to the next, however many rows each has. Each with
-- a due job gives one; what is left to p_limit is shared out among them. turn is
-- where the next claim should begin. An organization of the plan p_plans[i] holds at
-- most p_plan_limits[i] leases of all queues; 0 is no limit. The function without plans
-- stays for processes that were not updated yet.
-- +goose StatementBegin
create function docsctl_claim(p_queue text, p_limit integer, p_org_limit integer, p_ttl interval, p_after uuid,
        p_plans text[], p_plan_limits integer[])
    returns table (org_id uuid, job_id uuid, fence bigint, turn uuid)
    language plpgsql security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
    set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
    at      timestamptz := clock_timestamp();
    wrapped boolean := false;
    ended   boolean := false;
    n       integer := 0;
    visited record;
    room    integer;
    batch   uuid[];  -- organizations of this step of the first round
    orgs    uuid[] := '{}'; -- those that gave a job, and how many more each may give
    rooms   integer[] := '{}';
    given   integer[];
    share   integer;
    cap     integer; -- of the plan, over all queues
begin
    turn := p_after;
    while n < p_limit and not ended loop
        batch := '{}';
        while cardinality(batch) < p_limit - n loop
            select g.org_id, g.run_at into visited from public.gue_jobs g
            where g.queue = p_queue and g.org_id > turn order by g.org_id, g.run_at limit 1;
            if not found and not wrapped then
                wrapped := true;
                turn := '00000000-0000-0000-0000-000000000000';
                continue;
            end if;
            if not found or wrapped and visited.org_id > p_after then
                ended := true;
                exit;
            end if;
            turn := visited.org_id;
            continue when visited.run_at > at;
            room := p_limit;
            -- Counted and raised by one claim at a time; another goes on to the next organization.
            if cardinality(p_plans) > 0 then
                select p_plan_limits[array_position(p_plans, o.plan_type)] into cap from public.organizations o where o.org_id = turn;
                if cap > 0 then
                    continue when not pg_try_advisory_xact_lock(hashtextextended(turn::text, 0));
                    select cap - count(*) into room from public.job_leases l where l.org_id = turn and l.lease_until > at;
                    continue when room <= 0;
                end if;
            end if;
            if p_org_limit > 0 then
                continue when not pg_try_advisory_xact_lock(hashtextextended(p_queue || turn, 0));
                select least(room, p_org_limit - count(*)) into room from public.job_leases l
                where l.org_id = turn and l.queue = p_queue and l.lease_until > at;
                continue when room <= 0;
            end if;
            batch := batch || turn;
            orgs := orgs || turn;
            rooms := rooms || room;
        end loop;
        exit when cardinality(batch) = 0;
        for org_id, job_id, fence in
            select t.org_id, t.job_id, t.fence from public.docsctl_take(p_queue, batch, array_fill(1, array[cardinality(batch)]), p_ttl) t
        loop
            return next;
            n := n + 1;
            rooms[array_position(orgs, org_id)] := rooms[array_position(orgs, org_id)] - 1;
        end loop;
    end loop;
    while n < p_limit and cardinality(orgs) > 0 loop
        share := greatest((p_limit - n) / cardinality(orgs), 1);
        select array_agg(o.org), array_agg(o.room), array_agg(least(share, o.room)) into orgs, rooms, given
        from (select u.org, u.room from unnest(orgs, rooms) u(org, room) where u.room > 0 limit p_limit - n) o;
        exit when orgs is null;
        for org_id, job_id, fence in select t.org_id, t.job_id, t.fence from public.docsctl_take(p_queue, orgs, given, p_ttl) t loop
            return next;
            n := n + 1;
            rooms[array_position(orgs, org_id)] := rooms[array_position(orgs, org_id)] - 1;
            given[array_position(orgs, org_id)] := given[array_position(orgs, org_id)] - 1;
        end loop;
        -- Who gave less than was asked for has no more.
        select coalesce(array_agg(u.org), '{}'), coalesce(array_agg(u.room), '{}') into orgs, rooms
        from unnest(orgs, rooms, given) u(org, room, missing) where u.missing = 0;
    end loop;
end
$$;
-- +goose StatementEnd

revoke all on function docsctl_claim(text, integer, integer, interval, uuid, text[], integer[]) from public;
grant execute on function docsctl_claim(text, integer, integer, interval, uuid, text[], integer[]) to ${app};
alter function docsctl_claim(text, integer, integer, interval, uuid, text[], integer[]) owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_claim(text, integer, integer, interval, uuid, text[], integer[]);
revoke select (plan_type) on organizations from ${definer};
