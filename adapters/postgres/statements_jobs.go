package postgres

func (s *statements) jobs() {
	s.getJob = `select ` + jobColumns + ` from jobs j where j.org_id = $1 and j.id = $2`
	s.lockJob = s.getJob + ` for update`
	s.listJobs = `select ` + jobColumns + ` from jobs j where j.org_id = $1`
	// The fence is read from the row as it is once it is locked: whatever ends a lease
	// raises it. Rows are locked in the order in which a bulk job's children are canceled.
	s.lockLease = s.getJob + ` and j.fence = $3 and exists (
			select from job_leases l where l.org_id = $1 and l.job_id = $2 and l.fence = $3 and l.lease_until > clock_timestamp())
		for update of j`
	s.lockLeases = s.listJobs + ` and j.id = any ($2::uuid[]) and exists (
			select from unnest($2::uuid[], $3::bigint[]) h(id, fence), job_leases l
			where h.id = j.id and h.fence = j.fence and l.org_id = $1 and l.job_id = h.id and l.fence = h.fence and l.lease_until > clock_timestamp())
		order by j.created_at desc, j.id desc
		for update of j`
	s.insertJob = `insert into jobs (org_id, id, user_id, status, progress_done, progress_total, progress_message, result, error_code, error_message,
			run, attempt, max_attempts, queue, local_queue, next_attempt_at, queued_at, started_at, finished_at, task_id,
			waits_for, confirmed_at, job_type, related_id, related_type, parent_id, created_at, input)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)`
	s.updateJob = `with stored as (
			update jobs set user_id = $3, status = $4, progress_done = $5, progress_total = $6, progress_message = $7, result = $8,
				error_code = $9, error_message = $10, run = $11, attempt = $12, max_attempts = $13, queue = $14, local_queue = $15,
				next_attempt_at = $16, queued_at = $17, started_at = $18, finished_at = $19, task_id = $20,
				waits_for = $21, confirmed_at = $22,
				fence = case when $4 = 'in_progress' and $21 = '' then fence else fence + 1 end
			where org_id = $1 and id = $2
			returning id, status, waits_for
		), lease as (
			delete from job_leases l using stored s where l.org_id = $1 and l.job_id = s.id and (s.status <> 'in_progress' or s.waits_for <> '')
		), dispatch as (
			delete from gue_jobs g using stored s where g.org_id = $1 and g.work_id = s.id and (s.status <> 'pending' or s.waits_for = 'confirmation')
		)
		select 1 / count(*) from stored`
	s.insertDispatch = insertDispatch
	s.dispatchState = `select g.queue, g.run_at, g.run_at <= clock_timestamp(), (
				select count(*) from (
					select from gue_jobs a
					where a.org_id = $1 and a.queue = g.queue and a.run_at <= clock_timestamp() and (a.run_at, a.job_id) < (g.run_at, g.job_id)
					limit $3) ahead),
			(select count(*) from job_leases l where l.org_id = $1 and l.lease_until > clock_timestamp())
		from gue_jobs g where g.org_id = $1 and g.work_id = $2`

	s.insertEvent = `insert into events (org_id, type, at, data) values ($1, $2, $3, $4)`
	s.insertEvents = `insert into events (org_id, type, at, data)
		select $1, e.type, e.at, e.data from unnest($2::text[], $3::timestamptz[], $4::json[]) with ordinality e(type, at, data, n) order by e.n`
	s.logState = `select m.epoch, coalesce(last.xid::text, '0'), coalesce(last.id, 0),
			coalesce((select e.xid from events e where e.org_id = $1 order by e.xid desc, e.id desc limit 1)::text, '0'),
			coalesce(b.xid::text, '0'), coalesce(b.id, 0)
		from docsctl_meta m left join event_bounds b on b.org_id = $1 left join lateral (
			select e.xid, e.id from events e
			where e.org_id = $1 and e.xid < pg_snapshot_xmin(pg_current_snapshot())
			order by e.xid desc, e.id desc
			limit 1
		) last on true`
	s.eventsAfter = `select m.epoch, coalesce(n.xid::text, '0'), coalesce(n.id, 0), coalesce(n.type, ''), coalesce(n.at, 'epoch'), n.data,
			coalesce(n.xid < pg_snapshot_xmin(pg_current_snapshot()), true),
			coalesce((b.xid, b.id) > ($2::xid8, $3), false)
		from docsctl_meta m left join event_bounds b on b.org_id = $1 left join lateral (
			select e.xid, e.id, e.type, e.at, e.data from events e
			where e.org_id = $1 and (e.xid, e.id) > ($2::xid8, $3)
			order by e.xid, e.id
			limit $4
		) n on true
		order by n.xid, n.id`
}

func (s *statements) jobItems() {
	const columns = `org_id, id, job_id, item, title, state, error_code, reason, result_id, cost_usd, created_at, updated_at`
	const add = `insert into job_items (` + columns + `)
		select $1, * from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::float8[],
			$11::timestamptz[], $12::timestamptz[])`
	s.listJobItems = `select ` + jobItemColumns + ` from job_items i where i.org_id = $1`
	s.getJobItem = s.listJobItems + ` and i.job_id = $2 and i.item = $3`
	s.countJobItems = `select i.state, count(*) from job_items i where i.org_id = $1 and i.job_id = $2 group by i.state`
	s.addJobItems = add + ` on conflict (org_id, job_id, item) do nothing returning id`
	s.putJobItems = add + ` on conflict (org_id, job_id, item) do update set title = excluded.title, state = excluded.state,
			error_code = excluded.error_code, reason = excluded.reason, result_id = excluded.result_id, cost_usd = excluded.cost_usd,
			updated_at = excluded.updated_at
		returning id`
	s.moveJobItems = `update job_items set state = $4, error_code = $5, reason = $6, updated_at = $7
		where org_id = $1 and job_id = $2 and state = $3`
}
