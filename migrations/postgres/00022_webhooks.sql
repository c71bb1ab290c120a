-- Webhooks, and what each of them is sent.

-- +goose Up

-- (log_epoch, log_xid, log_id) is the place up to which the log was read for it.
create table webhooks (
    org_id           uuid not null,
    id               uuid not null,
    url              text not null,
    topics           text[] not null,
    is_active        boolean not null,
    sealed           bytea, -- the secrets, under one of the installation's keys
    secret_until     timestamptz,
    disabled_reason  text not null,
    disabled_at      timestamptz,
    failing_since    timestamptz,
    paused_until     timestamptz,
    failures         integer not null,
    events_missed_at timestamptz,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    log_epoch        text not null,
    log_xid          xid8 not null,
    log_id           bigint not null,
    fence            bigint not null default 0,
    lease_until      timestamptz,
    leased_at        timestamptz not null default 'epoch',
    primary key (org_id, id),
    foreign key (org_id) references organizations
);
create index webhooks_list on webhooks (org_id, created_at, id);
create index webhooks_turn on webhooks (leased_at) where is_active; -- docsctl_webhook_work
alter table webhooks enable row level security, force row level security;
create policy tenant on webhooks to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on webhooks to ${definer} using (true);
grant select, insert, update, delete on webhooks to ${app};
grant select (org_id, id, is_active, paused_until, log_epoch, log_xid, log_id, fence, lease_until, leased_at),
    update (fence, lease_until, leased_at) on webhooks to ${definer};

create table deliveries (
    org_id           uuid not null,
    id               uuid not null,
    webhook_id       uuid not null,
    event_id         text collate "C" not null, -- sorts in the log's order
    event_type       text not null,
    subject          text not null,
    status           text not null,
    attempts         integer not null,
    last_status_code integer not null,
    error_message    text not null,
    first_attempt_at timestamptz,
    last_attempt_at  timestamptz,
    next_attempt_at  timestamptz,
    finished_at      timestamptz,
    body             bytea not null,
    created_at       timestamptz not null,
    primary key (org_id, id),
    unique (org_id, webhook_id, event_id),
    foreign key (org_id, webhook_id) references webhooks on delete cascade
);
create index deliveries_list on deliveries (org_id, webhook_id, created_at, id);
create index deliveries_status on deliveries (org_id, webhook_id, status, created_at, id);
create index deliveries_due on deliveries (org_id, webhook_id, next_attempt_at, event_id) where status = 'pending';
create index deliveries_order on deliveries (org_id, webhook_id, subject, event_id) where status = 'pending';
create index deliveries_finished on deliveries (org_id, finished_at) where finished_at is not null; -- docsctl_prune
alter table deliveries enable row level security, force row level security;
create policy tenant on deliveries to ${app}
    using (org_id = (select nullif(current_setting('docsctl.org_id', true), '')::uuid));
create policy definer on deliveries to ${definer} using (true);
grant select, insert, update, delete on deliveries to ${app};
grant select (org_id, id, webhook_id, event_id, subject, status, next_attempt_at, finished_at), delete on deliveries to ${definer};

grant create on schema public to ${definer};

-- docsctl_webhook_work leases webhooks that have something to do. With p_all it leases
-- none and returns every one.
-- +goose StatementBegin
create function docsctl_webhook_work(p_at timestamptz, p_limit integer, p_ttl interval, p_pending integer, p_all boolean)
    returns table (org_id uuid, id uuid, fence bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if p_all then
        return query select w.org_id, w.id, 0::bigint from public.webhooks w order by w.org_id, w.id limit p_limit;
        return;
    end if;
    return query
    with due as (
        select w.org_id, w.id from public.webhooks w
        where w.is_active and (w.lease_until is null or w.lease_until <= clock_timestamp()) and (w.paused_until is null or w.paused_until <= p_at)
            and not exists (select from public.imports i where i.org_id = w.org_id)
            and (exists (select from public.deliveries d
                    where d.org_id = w.org_id and d.webhook_id = w.id and d.status = 'pending' and d.next_attempt_at <= p_at
                        and not exists (select from public.deliveries b
                            where b.org_id = d.org_id and b.webhook_id = d.webhook_id and b.status = 'pending'
                                and b.subject = d.subject and b.event_id < d.event_id))
                or (w.log_epoch <> (select m.epoch from public.docsctl_meta m)
                        or exists (select from public.events e where e.org_id = w.org_id and (e.xid, e.id) > (w.log_xid, w.log_id)
                            and e.xid < pg_snapshot_xmin(pg_current_snapshot())))
                    and (select count(*) from (select from public.deliveries p
                        where p.org_id = w.org_id and p.webhook_id = w.id and p.status = 'pending' limit p_pending) counted) < p_pending)
        order by w.leased_at limit p_limit
        for update of w skip locked
    )
    update public.webhooks w set fence = w.fence + 1, lease_until = clock_timestamp() + p_ttl, leased_at = clock_timestamp()
    from due where w.org_id = due.org_id and w.id = due.id
    returning w.org_id, w.id, w.fence;
end
$$;
-- +goose StatementEnd

-- docsctl_prune also removes deliveries that have ended.
drop function docsctl_prune;
-- +goose StatementBegin
create function docsctl_prune(p_after uuid, p_organizations integer, p_limit integer, p_sessions timestamptz, p_requests timestamptz,
        p_cache timestamptz, p_events timestamptz, p_min_events integer, p_deliveries timestamptz)
    returns table (next_org uuid, sessions integer, requests integer, cached integer, events integer, deliveries integer)
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
    sessions := 0; requests := 0; cached := 0; events := 0; deliveries := 0;
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

        delete from public.deliveries d using (select f.id from public.deliveries f
            where f.org_id = org and f.finished_at < p_deliveries order by f.finished_at limit room) old
        where d.org_id = org and d.id = old.id;
        get diagnostics n = row_count;
        deliveries := deliveries + n; room := room - n;

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

revoke all on function docsctl_webhook_work, docsctl_prune from public;
grant execute on function docsctl_webhook_work, docsctl_prune to ${app};
alter function docsctl_webhook_work owner to ${definer};
alter function docsctl_prune owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
drop function docsctl_webhook_work;
drop function docsctl_prune;
grant create on schema public to ${definer};
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
drop table deliveries, webhooks;
