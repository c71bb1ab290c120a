package postgres

// archives is the statements of exports and imports. An export's order is that of
// an index, so that no row waits for a sort; jobs are small.
func (s *statements) archives() {
	const from = ` from summaries s join documents d on d.org_id = $1 and d.id = s.doc_id where s.org_id = $1`
	s.beginExport = `begin isolation level repeatable read, read only`
	s.exportOrganization = s.getOrganization + ` and not exists (select from imports i where i.org_id = $1)`
	s.exportUsers = `select ` + userColumns + ` from users where org_id = $1 order by id`
	s.exportSessions = `select ` + sessionColumns + ` from sessions where org_id = $1 order by id`
	s.exportAPIKeys = s.listAPIKeys + ` order by k.id`
	s.exportIntegrations = s.listIntegrations + ` order by i.id`
	s.exportWebhooks = s.listWebhooks + ` order by w.id`
	s.exportPublished = `select ` + publishedPageColumns + ` from published_pages p where p.org_id = $1 order by p.id`
	s.exportTemplates = `select ` + templateColumns + ` from templates t where t.org_id = $1 order by t.id`
	s.exportDocuments = `select ` + documentColumns + `, d.content, d.pages from documents d where d.org_id = $1 order by d.id`
	s.exportJobs = `select ` + jobColumns + ` from jobs j where j.org_id = $1 order by j.parent_id is not null, j.created_at, j.id`
	s.exportJobItems = s.listJobItems + ` order by i.id`
	s.exportSummaries = `select ` + summaryColumns + from + ` order by s.id`
	s.exportOnce = `select user_id, route, key_hash, fingerprint, answer, created_at from idempotency_keys
		where org_id = $1 order by user_id, route, key_hash`
	s.exportAudit = s.listAudit + ` order by a.created_at, a.id`
	s.exportEvents = `select e.type, e.at, e.data from events e where e.org_id = $1 order by e.xid, e.id`

	s.exportUsage = `select month, model, sum(documents)::bigint, sum(bytes)::bigint, sum(calls)::bigint, sum(unpriced_calls)::bigint,
			sum(input_tokens)::bigint, sum(output_tokens)::bigint, sum(prefix_tokens)::bigint, sum(cached_calls)::bigint,
			sum(cached_tokens)::bigint, sum(cost_usd)
		from llm_usage where org_id = $1 group by month, model order by month, model`
	s.beginImport = `insert into imports (org_id, id, valid_until) values ($1, $2, clock_timestamp() + make_interval(secs => $3))`
	s.renewImport = `update imports set valid_until = clock_timestamp() + make_interval(secs => $3) where org_id = $1 and id = $2`
	s.takeImport = `update imports set id = $2, valid_until = clock_timestamp() + make_interval(secs => $3)
		where org_id = $1 and valid_until <= clock_timestamp()`
	s.endImport = `delete from imports where org_id = $1 and id = $2`
	// One statement: the parts of it do not depend on each other.
	s.retire = `with idle as (
			update users set is_active = false where org_id = $1
		), waiting as (
			delete from gue_jobs where org_id = $1
		), running as (
			delete from job_leases where org_id = $1
		)
		insert into imports (org_id, id, valid_until) values ($1, $2, clock_timestamp())`
	s.activateUsers = `update users set is_active = true where org_id = $1 and id <> all ($2::uuid[])`
	s.abandonedImports = `select org_id from docsctl_abandoned_imports($1)`

	s.discardEvents = `delete from events e where e.org_id = $1 and (e.xid, e.id) in (
			select p.xid, p.id from events p where p.org_id = $1 order by p.xid, p.id limit $2)`
	s.discardDispatches = `delete from gue_jobs where org_id = $1 and work_id in (
			select p.work_id from gue_jobs p where p.org_id = $1 order by p.work_id limit $2)`
	s.discardLeases = `delete from job_leases where org_id = $1 and job_id in (
			select p.job_id from job_leases p where p.org_id = $1 order by p.job_id limit $2)`
	s.discardReservations = discard("usage_reservations")
	s.discardWarnings = `delete from usage_warnings where org_id = $1 and (month, quota) in (
			select w.month, w.quota from usage_warnings w where w.org_id = $1 order by w.month, w.quota limit $2)`
	s.discardChildren = `delete from jobs where org_id = $1 and id in (
			select p.id from jobs p where p.org_id = $1 and p.parent_id is not null order by p.created_at desc, p.id desc limit $2)`
	s.discardPending = `delete from search_pending where org_id = $1 and document_id in (
			select p.document_id from search_pending p where p.org_id = $1 order by p.document_id limit $2)`
	s.discardSummaries, s.discardJobItems, s.discardJobs = discard("summaries"), discard("job_items"), discard("jobs")
	s.discardDocuments, s.discardTemplates = discard("documents"), discard("templates")
	s.discardSessions, s.discardUsers = discard("sessions"), discard("users")
	s.discardIntegrations, s.discardPublished = discard("integrations"), discard("published_pages")
	s.discardWebhooks, s.discardDeliveries = discard("webhooks"), discard("deliveries")
	s.discardAPIKeys = discard("api_keys")
	s.discardOnce = `delete from idempotency_keys where org_id = $1 and (user_id, route, key_hash) in (
			select p.user_id, p.route, p.key_hash from idempotency_keys p where p.org_id = $1 order by p.user_id, p.route, p.key_hash limit $2)`
	// The tenant is $1 for the rows; the function takes it from the setting.
	s.discardAudit = `select d.id from docsctl_discard_audit($2) d where $1::uuid is not null`
	s.discardNodes = `delete from llm_cache where org_id = $1 and key in (
			select c.key from llm_cache c where c.org_id = $1 order by c.key limit $2)`
	s.discardUsage = `delete from llm_usage where org_id = $1 and (month, model, slot) in (
			select u.month, u.model, u.slot from llm_usage u where u.org_id = $1 order by u.month, u.model, u.slot limit $2)`
	s.discardOrganization = `delete from organizations where org_id = $1 and $2 > 0`
}

// discard deletes up to $2 rows of a table.
func discard(table string) string {
	return `delete from ` + table + ` where org_id = $1 and id in (select p.id from ` + table + ` p where p.org_id = $1 order by p.id limit $2)`
}
