package postgres

// statements is every statement of the adapter, by what it does. $1 is the tenant
// wherever a statement concerns one; the predicates on org_id are a wall of their
// own beside row-level security, which a test proves by striking them out.
type statements struct {
	setScope, setTransaction, begin, commit, health, horizon string

	getOrganization, lockOrganization, founded, insertOrganization, updateOrganization string
	getUser, lockUser, listUsers, countAdmins, insertUser, updateUser                  string

	getSession, liveSession, lockSession, insertSession, useSession, revokeFamily, revokeOfUser string

	getAPIKey, listAPIKeys, insertAPIKey, useAPIKey, deleteAPIKey, deleteAPIKeys string

	getIntegration, lockIntegration, listIntegrations, insertIntegration, updateIntegration string
	detachDocuments, deleteIntegration, dueIntegrations                                     string
	getPublishedPage, placedPage, claimPublishedPage, updatePublishedPage                   string

	getWebhook, lockWebhook, listWebhooks, insertWebhook, updateWebhook, deleteWebhook           string
	holdWebhook, advanceWebhook, releaseWebhook, webhookWork                                     string
	getDelivery, listDeliveries, dueDeliveries, pendingDeliveries, addDeliveries, updateDelivery string

	getDocument, lockDocument, listDocuments, insertDocument, updateDocument, deleteDocument string
	documentsByID, lockDocumentName                                                          string
	searchDocuments, putSearchEntry                                                          string

	getSummary, listSummaries, insertSummary, updateSummary, deleteSummary, deleteSummaries string

	getTemplate, lockTemplate, listTemplates, insertTemplate, updateTemplate, deleteTemplate string

	getJob, lockJob, listJobs, insertJob, updateJob, lockLease, anyLength, lockLeases string

	dispatchState string

	getJobItem, listJobItems, countJobItems, addJobItems, putJobItems, moveJobItems string

	insertDispatch                                   string
	insertEvent, insertEvents, logState, eventsAfter string

	listAudit, insertAudit string

	forgetOnce, claimOnce, getOnce, answerOnce string

	logins, session, credential, claim, heartbeat, rescue, unindexed, prune string
	expiredInvitations                                                      string

	getNodes, useNodes, putNode, evictNodes, addUsage, monthOfUsage              string
	usageTotals, lockUsage, forgetReservations, reserveUsage, releaseUsage       string
	warnUsage, countDocuments, exportUsage, discardReservations, discardWarnings string

	beginExport, exportOrganization, exportUsers, exportSessions, exportTemplates          string
	exportJobItems, discardJobItems                                                        string
	exportIntegrations, exportPublished, discardIntegrations, discardPublished             string
	exportWebhooks, exportDeliveries, discardWebhooks, discardDeliveries                   string
	exportAPIKeys, exportOnce, exportAudit                                                 string
	exportDocuments, exportJobs, exportSummaries, exportEvents                             string
	beginImport, renewImport, takeImport, endImport, activateUsers, abandonedImports       string
	discardEvents, discardSummaries, discardChildren, discardJobs, discardPending          string
	discardDocuments, discardTemplates, discardSessions, discardUsers, discardOrganization string
	retire, discardDispatches, discardLeases                                               string
	discardAPIKeys, discardOnce, discardAudit, discardNodes, discardUsage                  string
}

func newStatements() statements {
	var s statements
	s.setScope = `select set_config('role', $1, true), set_config('docsctl.org_id', $2, true), set_config('statement_timeout', $3, true)`
	s.setTransaction = `select set_config('role', $1, true), set_config('docsctl.org_id', $2, true), set_config('statement_timeout', $3, true),
		set_config('lock_timeout', $4, true), set_config('idle_in_transaction_session_timeout', $5, true)`
	s.begin, s.commit, s.health = `begin`, `commit`, `select 1`
	s.horizon = `select pg_snapshot_xmin(now.s)::text, pg_snapshot_xmax(now.s)::text from (select pg_current_snapshot() s) now`
	s.accounts()
	s.apiKeys()
	s.audit()
	s.idempotency()
	s.integrations()
	s.webhooks()
	s.documents()
	s.summaries()
	s.templates()
	s.jobs()
	s.jobItems()
	s.system()
	s.archives()
	s.modelCalls()
	return s
}

func (s *statements) accounts() {
	s.getOrganization = `select ` + organizationColumns + ` from organizations where org_id = $1`
	s.lockOrganization = s.getOrganization + ` for update`
	// The tenant is $1 for the form's sake; the function looks beyond it.
	s.founded = `select docsctl_founded() where $1::uuid is not null`
	s.insertOrganization = `insert into organizations (` + organizationColumns + `) values ($1, $2, $3, $4, $5, $6, $7, $8)`
	s.updateOrganization = `update organizations set name = $2, plan_type = $3, default_template_id = $4, resummarize = $5,
			resummarize_max_usd = $6, updated_at = $7
		where org_id = $1`

	s.getUser = `select ` + userColumns + ` from users where org_id = $1 and id = $2`
	s.lockUser = s.getUser + ` for update`
	s.listUsers = `select ` + userColumns + ` from users u where u.org_id = $1 and u.deleted_at is null`
	s.countAdmins = `select count(*) from users
		where org_id = $1 and role = 'admin' and is_active and invitation_hash is null and deleted_at is null`
	s.insertUser = `insert into users (` + userColumns + `)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	s.updateUser = `update users set email = $3, email_key = $4, name = $5, role = $6, auth_provider = $7, password_hash = $8,
			is_active = $9, updated_at = $10, last_login_at = $11, invitation_hash = $12, invitation_expires_at = $13, deleted_at = $14,
			external_issuer = $15, external_subject = $16
		where org_id = $1 and id = $2`

	s.getSession = `select ` + sessionColumns + ` from sessions where org_id = $1 and id = $2`
	s.liveSession = `select 1 from sessions where org_id = $1 and family_id = $2 and user_id = $3 and revoked_at is null limit 1`
	s.lockSession = s.getSession + ` for update`
	s.insertSession = `insert into sessions (org_id, ` + sessionColumns + `) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	s.useSession = `update sessions set used_at = $3 where org_id = $1 and id = $2`
	s.revokeFamily = `update sessions set revoked_at = $3 where org_id = $1 and family_id = $2 and revoked_at is null`
	s.revokeOfUser = `update sessions set revoked_at = $4
		where org_id = $1 and user_id = $2 and family_id is distinct from $3::uuid and revoked_at is null`
}

func (s *statements) apiKeys() {
	s.listAPIKeys = `select ` + apiKeyColumns + ` from api_keys k where k.org_id = $1`
	s.getAPIKey = s.listAPIKeys + ` and k.id = $2`
	s.insertAPIKey = `insert into api_keys (org_id, id, user_id, name, prefix, key_hash, role, expires_at, last_used_at, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	s.useAPIKey = `update api_keys set last_used_at = $3 where org_id = $1 and id = $2`
	s.deleteAPIKey = `delete from api_keys where org_id = $1 and id = $2`
	s.deleteAPIKeys = `delete from api_keys where org_id = $1 and user_id = $2`
}

func (s *statements) audit() {
	s.listAudit = `select ` + auditColumns + ` from audit_log a where a.org_id = $1`
	s.insertAudit = `insert into audit_log (org_id, id, user_id, api_key_id, action, target_id, address, user_agent, request_id, data, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
}

func (s *statements) idempotency() {
	const it = ` where org_id = $1 and user_id = $2 and route = $3 and key_hash = $4`
	s.forgetOnce = `delete from idempotency_keys where org_id = $1 and (user_id, route, key_hash) in (
			select o.user_id, o.route, o.key_hash from idempotency_keys o where o.org_id = $1 and o.created_at < $2
			order by o.created_at limit 100 for update skip locked)`
	s.claimOnce = `insert into idempotency_keys (org_id, user_id, route, key_hash, fingerprint, created_at) values ($1, $2, $3, $4, $5, $6)
		on conflict (org_id, user_id, route, key_hash) do update
			set fingerprint = excluded.fingerprint, answer = null, created_at = excluded.created_at
			where idempotency_keys.created_at < $7`
	s.getOnce = `select user_id, route, key_hash, fingerprint, answer, created_at from idempotency_keys` + it
	s.answerOnce = `update idempotency_keys set answer = $5` + it
}

func (s *statements) integrations() {
	s.listIntegrations = `select ` + integrationColumns + ` from integrations i where i.org_id = $1`
	s.getIntegration = s.listIntegrations + ` and i.id = $2`
	s.lockIntegration = s.getIntegration + ` for update`
	s.insertIntegration = `insert into integrations (org_id, id, name, config, status, error_message, sealed, token_expires_at, last_sync, last_result,
			sync_interval_minutes, sync_state, next_sync_at, refresh_until, due_at, updated_at, user_id, integration_type, auth_type, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`
	s.updateIntegration = `update integrations set name = $3, config = $4, status = $5, error_message = $6, sealed = $7, token_expires_at = $8,
			last_sync = $9, last_result = $10, sync_interval_minutes = $11, sync_state = $12, next_sync_at = $13, refresh_until = $14,
			due_at = $15, updated_at = $16
		where org_id = $1 and id = $2`
	s.detachDocuments = `update documents set integration_id = null, external_id = '', external_version = '', revision = revision + 1
		where org_id = $1 and integration_id = $2`
	s.deleteIntegration = `delete from integrations where org_id = $1 and id = $2`
	s.dueIntegrations = `select org_id, id from docsctl_due_integrations($1, $2)`

	const pages = `select ` + publishedPageColumns + ` from published_pages p where p.org_id = $1`
	s.getPublishedPage = pages + ` and p.id = $2`
	s.placedPage = pages + ` and p.integration_id = $2 and p.doc_id = $3 and p.template_id = $4
		and md5(p.target)::uuid = md5($5)::uuid and p.target = $5 for update`
	s.claimPublishedPage = `insert into published_pages (org_id, integration_id, doc_id, template_id, target, id, remote_id, url, markdown,
			summary_id, job_id, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (org_id, integration_id, doc_id, template_id, (md5(target)::uuid)) do nothing`
	s.updatePublishedPage = `update published_pages set remote_id = $3, url = $4, markdown = $5, summary_id = $6, job_id = $7, updated_at = $8
		where org_id = $1 and id = $2`
}

func (s *statements) documents() {
	s.getDocument = `select ` + documentColumns + `, d.content, d.pages from documents d where d.org_id = $1 and d.id = $2`
	s.lockDocument = s.getDocument + ` for update`
	s.listDocuments = `select ` + documentColumns + ` from documents d where d.org_id = $1`
	s.documentsByID = s.listDocuments + ` and d.id = any ($2::uuid[])`
	// The statements that follow see what the holder before has committed.
	s.lockDocumentName = `select pg_advisory_xact_lock(hashtextextended('docsctl document ' || $1 || ' ' || $2, 0))`
	s.insertDocument = `with stored as (
			insert into documents (org_id, id, user_id, title, content, source_type, source_url, external_id, external_last_updated,
				integration_id, mime_type, content_hash, content_bytes, version, revision, status, error_message, updated_at, pages,
				external_version, conversion_warnings, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
			returning org_id, id, revision, updated_at
		)
		insert into search_pending (org_id, document_id, revision, changed_at)
		select org_id, id, revision, updated_at from stored`
	s.updateDocument = `with stored as (
			update documents set title = $3, content = $4, source_type = $5, source_url = $6, external_id = $7, external_last_updated = $8,
				integration_id = $9, mime_type = $10, content_hash = $11, content_bytes = $12, version = $13, revision = $14,
				status = $15, error_message = $16, updated_at = $17, pages = $18,
				external_version = $19, conversion_warnings = $20
			where org_id = $1 and id = $2
			returning org_id, id, revision, updated_at
		), pending as (
			insert into search_pending (org_id, document_id, revision, changed_at)
			select d.org_id, d.id, d.revision, d.updated_at from stored d
			where not exists (select from document_search s where s.org_id = $1 and s.document_id = d.id and s.revision >= d.revision)
			on conflict (org_id, document_id) do update set revision = excluded.revision, changed_at = excluded.changed_at
		)
		select 1 / count(*) from stored`
	// The search entry goes with the document by its foreign key.
	s.deleteDocument = `with pending as (
			delete from search_pending where org_id = $1 and document_id = $2
		)
		delete from documents where org_id = $1 and id = $2`
	// The tenant is $1 for the rows; the function takes it from the setting.
	s.searchDocuments = `select ` + documentColumns + `, f.tier
		from docsctl_search($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) with ordinality as f(document_id, tier, place)
			join documents d on d.org_id = $1 and d.id = f.document_id
		order by f.place`
	s.putSearchEntry = `with present as (
			select d.org_id, d.id, d.revision, d.created_at from documents d
			where d.org_id = $1 and d.id = $2 and d.revision = $3
			for key share
		), entry as (
			insert into document_search (org_id, document_id, revision, created_at, title, title_words, words)
			select org_id, id, revision, created_at, $4, $5, $6 from present
			on conflict (org_id, document_id) do update
				set revision = excluded.revision, title = excluded.title, title_words = excluded.title_words, words = excluded.words
		)
		delete from search_pending p using present d
		where p.org_id = $1 and p.document_id = d.id and p.revision = d.revision`
}

func (s *statements) summaries() {
	const from = ` from summaries s join documents d on d.org_id = $1 and d.id = s.doc_id where s.org_id = $1`
	s.getSummary = `select ` + summaryColumns + from + ` and s.id = $2`
	s.listSummaries = `select ` + summaryColumns + from
	s.insertSummary = `insert into summaries (org_id, id, doc_id, job_id, created_by, template_id, template_version, prompt, json_schema, focus,
			max_cost_usd, allow_partial, refresh, summary_text, format, length, language, model_requested, model_used, tokens_used,
			status, doc_version, error_message, usage, coverage, citations, warnings, updated_at, created_at)
		values ($1, $2, $27, $28, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $29)`
	s.updateSummary = `with stored as (
			update summaries set created_by = $3, template_id = $4, template_version = $5, prompt = $6, json_schema = $7, focus = $8,
			max_cost_usd = $9, allow_partial = $10, refresh = $11, summary_text = $12, format = $13, length = $14, language = $15,
			model_requested = $16, model_used = $17, tokens_used = $18, status = $19, doc_version = $20, error_message = $21,
			usage = $22, coverage = $23, citations = $24, warnings = $25, updated_at = $26
			where org_id = $1 and id = $2
			returning id
		)
		select 1 / count(*) from stored`
	s.deleteSummary = `delete from summaries where org_id = $1 and id = $2`
	s.deleteSummaries = `delete from summaries where org_id = $1 and doc_id = $2`
}

func (s *statements) templates() {
	const global = `select ` + globalTemplateColumns + ` from global_templates t`
	s.getTemplate = `select ` + templateColumns + ` from templates t where t.org_id = $1 and t.id = $2
		union all ` + global + ` where t.id = $2`
	s.lockTemplate = `select ` + templateColumns + ` from templates t where t.org_id = $1 and t.id = $2 for update`
	s.listTemplates = `select t.* from (
			select ` + templateColumns + ` from templates t where t.org_id = $1
			union all ` + global + `
		) t where true`
	s.insertTemplate = `insert into templates (org_id, id, name, description, prompt_template, template_type, format, json_schema, focus, version,
			updated_at, created_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	s.updateTemplate = `update templates set name = $3, description = $4, prompt_template = $5, template_type = $6, format = $7, json_schema = $8,
			focus = $9, version = $10, updated_at = $11
		where org_id = $1 and id = $2`
	s.deleteTemplate = `delete from templates where org_id = $1 and id = $2`
}

func (s *statements) jobs() {
	s.getJob = `select ` + jobColumns + ` from jobs j where j.org_id = $1 and j.id = $2`
	s.lockJob = s.getJob + ` for update`
	s.listJobs = `select ` + jobColumns + ` from jobs j where j.org_id = $1`
	// The fence is read from the row as it is once it is locked: whatever ends a lease
	// raises it. Rows are locked in the order in which a bulk job's children are canceled.
	s.lockLease = s.getJob + ` and j.fence = $3 and exists (
			select from job_leases l where l.org_id = $1 and l.job_id = $2 and l.fence = $3 and l.lease_until > clock_timestamp())
		for update of j`
	// Else lockLeases is planned anew for each length of its arrays, which takes longer than it.
	s.anyLength = `set local plan_cache_mode = force_generic_plan`
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

func (s *statements) system() {
	s.logins = `select org_id, organization_name, user_id, password_hash from docsctl_logins($1)`
	s.session = `select org_id, session_id from docsctl_session($1)`
	s.credential = `select org_id, id from docsctl_credential($1, $2)`
	s.claim = `select org_id, job_id, fence, turn from docsctl_claim($1, $2, $3, make_interval(secs => $4), $5, $6, $7)`
	s.heartbeat = `select org_id, job_id, fence from docsctl_heartbeat($1, $2, $3, make_interval(secs => $4))`
	s.rescue = `select org_id, job_id, fence from docsctl_rescue($1, make_interval(secs => $2))`
	s.prune = `select coalesce(next_org::text, ''), sessions, requests, cached, deliveries, events
		from docsctl_prune($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	s.expiredInvitations = `select org_id, id from docsctl_expired_invitations($1, $2)`
	s.unindexed = `select org_id, document_id from docsctl_unindexed($1)`
}

func (s *statements) modelCalls() {
	s.getNodes = `select key, kind, model, output, input_tokens, output_tokens, created_at, last_used_at from llm_cache
		where org_id = $1 and key = any ($2::bytea[])`
	s.useNodes = `update llm_cache set last_used_at = $3 where org_id = $1 and key = any ($2::bytea[])`
	s.putNode = `insert into llm_cache (org_id, key, kind, model, output, bytes, input_tokens, output_tokens, created_at, last_used_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`
	s.evictNodes = `delete from llm_cache where org_id = $1 and key in (
			select h.key from (
				select c.key, c.last_used_at, sum(c.bytes) over (order by c.last_used_at desc, c.key desc) as held
				from llm_cache c where c.org_id = $1
			) h where h.last_used_at < $2 or h.held > $3)`
	s.addUsage = `insert into llm_usage as u (org_id, month, model, slot, calls, unpriced_calls, input_tokens, output_tokens, prefix_tokens,
			cached_calls, cached_tokens, cost_usd)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (org_id, month, model, slot) do update set calls = u.calls + excluded.calls,
			unpriced_calls = u.unpriced_calls + excluded.unpriced_calls, input_tokens = u.input_tokens + excluded.input_tokens,
			output_tokens = u.output_tokens + excluded.output_tokens, prefix_tokens = u.prefix_tokens + excluded.prefix_tokens,
			cached_calls = u.cached_calls + excluded.cached_calls, cached_tokens = u.cached_tokens + excluded.cached_tokens,
			cost_usd = u.cost_usd + excluded.cost_usd`
	s.monthOfUsage = `select model, sum(calls)::bigint, sum(unpriced_calls)::bigint, sum(input_tokens)::bigint, sum(output_tokens)::bigint,
			sum(prefix_tokens)::bigint, sum(cached_calls)::bigint, sum(cached_tokens)::bigint, sum(cost_usd)
		from llm_usage where org_id = $1 and month = $2 and model <> ''
		group by model order by model`
	// Reservations of a job whose lease is lost do not count.
	const held = ` exists (
			select from job_leases l where l.org_id = $1 and l.job_id = r.job_id and l.fence = r.fence and l.lease_until > clock_timestamp())`
	s.usageTotals = `select coalesce(sum(u.documents), 0)::bigint, coalesce(sum(u.bytes), 0)::bigint, coalesce(sum(u.calls), 0)::bigint,
			coalesce(sum(u.input_tokens), 0)::bigint, coalesce(sum(u.output_tokens), 0)::bigint, coalesce(sum(u.cached_calls), 0)::bigint,
			coalesce(sum(u.cached_tokens), 0)::bigint, coalesce(sum(u.cost_usd), 0),
			coalesce((select sum(r.tokens) from usage_reservations r where r.org_id = $1 and` + held + `), 0)::bigint,
			coalesce((select sum(r.cost_usd) from usage_reservations r where r.org_id = $1 and` + held + `), 0)
		from llm_usage u where u.org_id = $1 and u.month = $2`
	s.lockUsage = `select pg_advisory_xact_lock(hashtextextended('docsctl usage ' || $1, 0))`
	s.forgetReservations = `delete from usage_reservations r where r.org_id = $1 and not` + held
	s.reserveUsage = `insert into usage_reservations (org_id, id, job_id, fence, tokens, cost_usd, created_at) values ($1, $2, $3, $4, $5, $6, $7)`
	s.releaseUsage = `delete from usage_reservations where org_id = $1 and id = $2`
	s.warnUsage = `insert into usage_warnings (org_id, month, quota) values ($1, $2, $3) on conflict do nothing`
	s.countDocuments = `insert into llm_usage as u (org_id, month, model, slot, calls, unpriced_calls, input_tokens, output_tokens, prefix_tokens,
			cached_calls, cached_tokens, cost_usd, documents, bytes)
		values ($1, $2, '', $3, 0, 0, 0, 0, 0, 0, 0, 0, $4, $5)
		on conflict (org_id, month, model, slot) do update set documents = u.documents + excluded.documents, bytes = u.bytes + excluded.bytes`
}
