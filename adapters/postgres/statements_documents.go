package postgres

func (s *statements) documents() {
	s.getDocument = `select ` + documentColumns + `, d.content, d.pages from documents d where d.org_id = $1 and d.id = $2`
	s.getDocumentOf = `select ` + documentColumns + `, d.content, d.pages from documents d
		where d.org_id = $1 and d.id = (select s.doc_id from summaries s where s.org_id = $1 and s.id = $2)`
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
	const chosen = `coalesce((select o.default_template_id from organizations o where o.org_id = $1), $2::uuid)`
	s.defaultTemplate = `select ` + templateColumns + ` from templates t where t.org_id = $1 and t.id = ` + chosen + `
		union all ` + global + ` where t.id = ` + chosen
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
