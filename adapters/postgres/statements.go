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

	getIntegration, lockIntegration, listIntegrations, insertIntegration, updateIntegration         string
	detachDocuments, deleteIntegration, dueIntegrations                                             string
	getPublishedPage, publishedPagesByRemoteID, placedPage, claimPublishedPage, updatePublishedPage string

	getWebhook, lockWebhook, listWebhooks, insertWebhook, updateWebhook, deleteWebhook           string
	holdWebhook, renewWebhook, advanceWebhook, webhookWork                                       string
	getDelivery, listDeliveries, dueDeliveries, pendingDeliveries, addDeliveries, updateDelivery string

	getDocument, getDocumentOf, lockDocument, listDocuments, insertDocument, updateDocument, deleteDocument string
	documentsByID, lockDocumentName                                                                         string
	searchDocuments, putSearchEntry                                                                         string

	getSummary, listSummaries, insertSummary, updateSummary, deleteSummary, deleteSummaries string

	getTemplate, defaultTemplate, lockTemplate, listTemplates, insertTemplate, updateTemplate, deleteTemplate string

	getJob, lockJob, listJobs, insertJob, updateJob, lockLease, lockLeases string

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
	s.publishedPagesByRemoteID = pages + ` and p.integration_id = $2 and p.remote_id = any ($3::text[])`
	s.placedPage = pages + ` and p.integration_id = $2 and p.doc_id = $3 and p.template_id = $4
		and md5(p.target)::uuid = md5($5)::uuid and p.target = $5 for update`
	s.claimPublishedPage = `insert into published_pages (org_id, integration_id, doc_id, template_id, target, id, remote_id, url, markdown,
			summary_id, job_id, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (org_id, integration_id, doc_id, template_id, (md5(target)::uuid)) do nothing`
	s.updatePublishedPage = `update published_pages set remote_id = $3, url = $4, markdown = $5, summary_id = $6, job_id = $7, updated_at = $8
		where org_id = $1 and id = $2`
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
