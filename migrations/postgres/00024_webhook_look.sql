-- A look for webhooks that have something to do reads no table whole.

-- +goose Up

-- With "exists" for "is not null" the planner hashed all pending deliveries of all
-- organizations, once a second, as soon as there were many; a limit keeps it to one
-- look into deliveries_due for each webhook. Of the few that are found each is leased
-- by its key: a plan for any limit would read the whole table to join them. To compile
-- the statement anew for each look takes longer than to carry it out.
grant create on schema public to ${definer};
drop function docsctl_webhook_work;
-- +goose StatementBegin
create function docsctl_webhook_work(p_at timestamptz, p_limit integer, p_ttl interval, p_pending integer, p_all boolean)
    returns table (org_id uuid, id uuid, fence bigint)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    set enable_hashjoin = off set enable_mergejoin = off set jit = off
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
            and ((select d.id from public.deliveries d
                    where d.org_id = w.org_id and d.webhook_id = w.id and d.status = 'pending' and d.next_attempt_at <= p_at
                        and not exists (select from public.deliveries b
                            where b.org_id = d.org_id and b.webhook_id = d.webhook_id and b.status = 'pending'
                                and b.subject = d.subject and b.event_id < d.event_id)
                    order by d.next_attempt_at, d.event_id limit 1) is not null
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
revoke all on function docsctl_webhook_work from public;
grant execute on function docsctl_webhook_work to ${app};
alter function docsctl_webhook_work owner to ${definer};
revoke create on schema public from ${definer};

-- +goose Down
grant create on schema public to ${definer};
drop function docsctl_webhook_work;
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
revoke all on function docsctl_webhook_work from public;
grant execute on function docsctl_webhook_work to ${app};
alter function docsctl_webhook_work owner to ${definer};
revoke create on schema public from ${definer};
