-- The only ways to look beyond one organization, and the search, whose operator is
-- not leakproof and could not use its index behind a policy. Each belongs to
-- ${definer}, sees the columns granted to it, and can be called by ${app} alone.

-- +goose Up

-- Whoever gives a function away must let the new owner create in its schema for a moment.
grant create on schema public to ${definer};

-- +goose StatementBegin
create function docsctl_logins(p_email text)
    returns table (org_id uuid, organization_name text, user_id uuid, password_hash text)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select u.org_id, o.name, u.id, u.password_hash
    from public.users u join public.organizations o on o.org_id = u.org_id
    where u.email_key = p_email and u.is_active
    order by o.created_at, o.org_id
    limit 16
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function docsctl_session(p_token_hash bytea)
    returns table (org_id uuid, session_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.org_id, s.id from public.sessions s where s.token_hash = p_token_hash limit 1
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function docsctl_unindexed(p_limit integer)
    returns table (org_id uuid, document_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select p.org_id, p.document_id from public.search_pending p order by p.changed_at limit p_limit
$$;
-- +goose StatementEnd

-- docsctl_search returns the documents of the tenant that is set, and of no other,
-- in the order of (tier, created_at descending, id descending) after the given key.
-- +goose StatementBegin
create function docsctl_search(p_title text, p_words text[], p_source_type text, p_status text, p_integration_id uuid,
        p_content_hash text, p_external_id text, p_tier integer, p_created_at timestamptz, p_id uuid, p_limit integer)
    returns table (document_id uuid, tier integer)
    language plpgsql stable security definer rows 50 set search_path = pg_catalog, pg_temp
as $$
declare
    tenant uuid := nullif(current_setting('docsctl.org_id', true), '')::uuid;
begin
    if tenant is null then
        return;
    end if;
    return query
    select m.id, m.tier
    from (
        select s.document_id as id, s.created_at,
            case when s.title = p_title then 0 when s.title_words @> p_words then 1 else 2 end as tier
        from public.document_search s
        where s.org_id = tenant and s.words @> array_prepend('@' || tenant, p_words)
    ) m
    where (p_tier is null or m.tier > p_tier or m.tier = p_tier and (m.created_at, m.id) < (p_created_at, p_id))
        and (coalesce(p_source_type, p_status, p_integration_id::text, p_content_hash, p_external_id) is null or exists (
            select from public.documents d
            where d.org_id = tenant and d.id = m.id
                and (p_source_type is null or d.source_type = p_source_type)
                and (p_status is null or d.status = p_status)
                and (p_integration_id is null or d.integration_id = p_integration_id)
                and (p_content_hash is null or d.content_hash = p_content_hash)
                and (p_external_id is null or d.external_id = p_external_id)))
    order by m.tier, m.created_at desc, m.id desc
    limit p_limit;
end
$$;
-- +goose StatementEnd

-- docsctl_take leases up to p_counts[i] due jobs of p_orgs[i], oldest dispatch first,
-- and deletes their dispatches. A dispatch whose job is locked by someone stays for
-- the next claim; one whose job is not to be run is deleted, and another taken instead.
--
-- The table grows and shrinks faster than its statistics follow, so what must hold
-- for every size, one walk along the index, is not left to the planner's estimate.
-- +goose StatementBegin
create function docsctl_take(p_queue text, p_orgs uuid[], p_counts integer[], p_ttl interval)
    returns table (org_id uuid, job_id uuid, fence bigint)
    language plpgsql set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
    at     timestamptz := clock_timestamp();
    wanted integer[] := p_counts;
    missed integer[];
    r      record;
begin
    loop
        missed := array_fill(0, array[cardinality(p_orgs)]);
        for r in
            with due as (
                select o.place, o.org_id, g.dispatch, g.id, g.status, g.fence
                from unnest(p_orgs, wanted) with ordinality o(org_id, wanted, place), lateral (
                    select g.ctid as dispatch, j.id, j.status, j.fence
                    from public.gue_jobs g join public.jobs j on j.org_id = g.org_id and j.id = g.work_id
                    where g.queue = p_queue and g.org_id = o.org_id and g.run_at <= at
                    order by g.run_at, g.job_id
                    limit o.wanted
                    for update skip locked
                ) g
            ), gone as (
                delete from public.gue_jobs g using due d where g.ctid = d.dispatch -- locked, so it stays where it is
            ), held as ( -- a job that is leased already, or has two dispatches here, is not leased again
                insert into public.job_leases (org_id, job_id, fence, queue, lease_until)
                select d.org_id, d.id, d.fence + 1, p_queue, clock_timestamp() + p_ttl from due d where d.status = 'pending'
                on conflict do nothing
                returning job_leases.org_id, job_leases.job_id
            ), leased as (
                update public.jobs j set fence = j.fence + 1 from held h where j.org_id = h.org_id and j.id = h.job_id
                returning j.org_id, j.id, j.fence
            )
            select d.place, d.org_id, d.id, case when row_number() over (partition by d.place, d.id) = 1 then l.fence end as fence
            from due d left join leased l on l.org_id = d.org_id and l.id = d.id
        loop
            if r.fence is null then
                missed[r.place] := missed[r.place] + 1;
            else
                org_id := r.org_id;
                job_id := r.id;
                fence := r.fence;
                return next;
            end if;
        end loop;
        exit when 0 = all (missed);
        wanted := missed;
    end loop;
end
$$;
-- +goose StatementEnd

-- docsctl_claim goes round the organizations with waiting work, beginning after
-- p_after: by the index from one to the next, however many rows each has. Each with
-- a due job gives one; what is left to p_limit is shared out among them. turn is
-- where the next claim should begin.
-- +goose StatementBegin
create function docsctl_claim(p_queue text, p_limit integer, p_org_limit integer, p_ttl interval, p_after uuid)
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
            if p_org_limit > 0 then
                -- Counted and raised by one claim at a time; another goes on to the next organization.
                continue when not pg_try_advisory_xact_lock(hashtextextended(p_queue || turn, 0));
                select p_org_limit - count(*) into room from public.job_leases l
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

-- docsctl_heartbeat renews the leases that have less than two thirds of p_ttl left
-- and returns those that are lost. A lease that its own handler is about to end is
-- left alone.
-- +goose StatementBegin
create function docsctl_heartbeat(p_orgs uuid[], p_jobs uuid[], p_fences bigint[], p_ttl interval)
    returns table (org_id uuid, job_id uuid, fence bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
    at timestamptz := clock_timestamp();
begin
    with due as (
        select l.org_id, l.job_id
        from unnest(p_orgs, p_jobs, p_fences) h(org_id, job_id, fence)
            join public.job_leases l on l.org_id = h.org_id and l.job_id = h.job_id
        where l.fence = h.fence and l.lease_until > at and l.lease_until < at + p_ttl * 2 / 3
        for update of l skip locked
    )
    update public.job_leases l set lease_until = clock_timestamp() + p_ttl
    from due d where l.org_id = d.org_id and l.job_id = d.job_id;
    return query
    select h.org_id, h.job_id, h.fence from unnest(p_orgs, p_jobs, p_fences) h(org_id, job_id, fence)
    where not exists (
        select from public.job_leases l
        where l.org_id = h.org_id and l.job_id = h.job_id and l.fence = h.fence and l.lease_until > clock_timestamp());
end
$$;
-- +goose StatementEnd

-- docsctl_rescue takes over expired leases, and moves what nobody claimed from local
-- queues for p_ttl to the shared ones. It first locks the jobs, leaving those that
-- someone has locked, and then looks at the leases as they are by then.
-- +goose StatementBegin
create function docsctl_rescue(p_limit integer, p_ttl interval)
    returns table (org_id uuid, job_id uuid, fence bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
    at   timestamptz := clock_timestamp();
    orgs uuid[];
    jobs uuid[];
begin
    with stale as (
        select g.job_id from public.gue_jobs g
        where g.queue like 'local:%' and g.run_at <= at - p_ttl and g.created_at <= at - p_ttl
        order by g.run_at
        limit p_limit
        for update skip locked
    )
    update public.gue_jobs g set queue = j.queue, updated_at = at
    from stale s, public.jobs j
    where g.job_id = s.job_id and j.org_id = g.org_id and j.id = g.work_id;
    with expired as (
        select j.org_id, j.id
        from public.job_leases l join public.jobs j on j.org_id = l.org_id and j.id = l.job_id
        where l.lease_until <= at
        order by l.lease_until
        limit p_limit
        for update of j skip locked
    )
    select array_agg(e.org_id), array_agg(e.id) into orgs, jobs from expired e;
    if orgs is null then
        return;
    end if;
    return query
    with taken as (
        update public.job_leases l set fence = l.fence + 1, lease_until = clock_timestamp() + p_ttl
        from unnest(orgs, jobs) e(org_id, id)
        where l.org_id = e.org_id and l.job_id = e.id and l.lease_until <= at
        returning l.org_id, l.job_id, l.fence
    )
    update public.jobs j set fence = t.fence
    from taken t where j.org_id = t.org_id and j.id = t.job_id
    returning j.org_id, j.id, j.fence;
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
do $$
declare
    f regprocedure;
begin
    for f in select oid::regprocedure from pg_proc
        where pronamespace = 'public'::regnamespace and starts_with(proname, 'docsctl_')
    loop
        execute format('revoke all on function %s from public', f);
        if f::text not like 'docsctl_take(%' then -- which only docsctl_claim calls
            execute format('grant execute on function %s to %I', f, '${app_name}');
        end if;
        execute format('alter function %s owner to %I', f, '${definer_name}');
    end loop;
end
$$;
-- +goose StatementEnd
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_logins, docsctl_session, docsctl_unindexed, docsctl_search, docsctl_claim, docsctl_take, docsctl_heartbeat,
    docsctl_rescue;
