-- Times are microseconds since 1970 in UTC. Text compares byte by byte. Keys,
-- foreign keys and uniques begin with the organization, so that a row cannot point
-- into another tenant and a constraint cannot tell one tenant what another has.

-- +goose Up

CREATE TABLE meta (
	key   TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE organizations (
	id                  TEXT    NOT NULL PRIMARY KEY,
	name                TEXT    NOT NULL,
	plan_type           TEXT    NOT NULL,
	default_template_id TEXT,
	created_at          INTEGER NOT NULL,
	updated_at          INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
	org_id        TEXT    NOT NULL REFERENCES organizations (id),
	id            TEXT    NOT NULL,
	email         TEXT    NOT NULL,
	email_key     TEXT    NOT NULL,
	name          TEXT    NOT NULL,
	role          TEXT    NOT NULL,
	auth_provider TEXT    NOT NULL,
	password_hash TEXT    NOT NULL,
	is_active     INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	last_login_at INTEGER,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, email_key)
) STRICT;
CREATE INDEX users_email ON users (email_key);

CREATE TABLE sessions (
	org_id     TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	family_id  TEXT    NOT NULL,
	user_id    TEXT    NOT NULL,
	token_hash BLOB    NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at    INTEGER,
	revoked_at INTEGER,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, token_hash),
	FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_family ON sessions (org_id, family_id);

-- The content stands last: SQLite reads a row from its front, so lists do not touch it.
CREATE TABLE documents (
	org_id                TEXT    NOT NULL,
	id                    TEXT    NOT NULL,
	user_id               TEXT    NOT NULL,
	title                 TEXT    NOT NULL,
	source_type           TEXT    NOT NULL,
	source_url            TEXT    NOT NULL,
	external_id           TEXT    NOT NULL,
	external_last_updated INTEGER,
	integration_id        TEXT,
	mime_type             TEXT    NOT NULL,
	content_hash          TEXT    NOT NULL,
	content_bytes         INTEGER NOT NULL,
	version               INTEGER NOT NULL,
	revision              INTEGER NOT NULL,
	indexed_revision      INTEGER NOT NULL DEFAULT 0,
	status                TEXT    NOT NULL,
	error_message         TEXT    NOT NULL,
	created_at            INTEGER NOT NULL,
	updated_at            INTEGER NOT NULL,
	content               TEXT    NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX documents_newest ON documents (org_id, created_at, id);
CREATE INDEX documents_hash ON documents (org_id, content_hash, created_at, id);
CREATE INDEX documents_external_newest ON documents (org_id, external_id, created_at, id) WHERE external_id <> '';
CREATE UNIQUE INDEX documents_external ON documents (org_id, external_id, coalesce(integration_id, '')) WHERE external_id <> '';
CREATE INDEX documents_unindexed ON documents (updated_at) WHERE indexed_revision < revision;

-- The words of an entry are the row of the same number in search_words.
CREATE TABLE search_entries (
	entry       INTEGER PRIMARY KEY,
	org_id      TEXT    NOT NULL,
	document_id TEXT    NOT NULL,
	title       TEXT    NOT NULL,
	created_at  INTEGER NOT NULL,
	UNIQUE (org_id, document_id),
	FOREIGN KEY (org_id, document_id) REFERENCES documents (org_id, id)
) STRICT;

-- Only the index is kept, not its text. Words come encoded as ASCII letters and
-- digits that begin with their organization, so a search of one tenant reads the
-- lists of no other.
CREATE VIRTUAL TABLE search_words USING fts5(title, words, content='', contentless_delete=1, detail=column, tokenize='ascii');

CREATE TABLE templates (
	org_id          TEXT    NOT NULL REFERENCES organizations (id),
	id              TEXT    NOT NULL,
	name            TEXT    NOT NULL,
	description     TEXT    NOT NULL,
	prompt_template TEXT    NOT NULL,
	template_type   TEXT    NOT NULL,
	format          TEXT    NOT NULL,
	json_schema     TEXT,
	focus           INTEGER NOT NULL,
	version         INTEGER NOT NULL,
	created_by      TEXT,
	created_at      INTEGER NOT NULL,
	updated_at      INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, name),
	FOREIGN KEY (org_id, created_by) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX templates_newest ON templates (org_id, created_at, id);

CREATE TABLE global_templates (
	id              TEXT    NOT NULL PRIMARY KEY,
	name            TEXT    NOT NULL UNIQUE,
	description     TEXT    NOT NULL,
	prompt_template TEXT    NOT NULL,
	template_type   TEXT    NOT NULL,
	format          TEXT    NOT NULL,
	json_schema     TEXT,
	focus           INTEGER NOT NULL,
	version         INTEGER NOT NULL,
	created_at      INTEGER NOT NULL,
	updated_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX global_templates_newest ON global_templates (created_at, id);

-- A job is leased while lease_until is set; lease_queue is the queue it was claimed from.
CREATE TABLE jobs (
	org_id           TEXT    NOT NULL,
	id               TEXT    NOT NULL,
	user_id          TEXT    NOT NULL,
	job_type         TEXT    NOT NULL,
	related_id       TEXT    NOT NULL,
	related_type     TEXT    NOT NULL,
	status           TEXT    NOT NULL,
	progress_done    INTEGER NOT NULL,
	progress_total   INTEGER NOT NULL,
	progress_message TEXT    NOT NULL,
	result           TEXT,
	error_code       TEXT    NOT NULL,
	error_message    TEXT    NOT NULL,
	run              INTEGER NOT NULL,
	attempt          INTEGER NOT NULL,
	max_attempts     INTEGER NOT NULL,
	queue            TEXT    NOT NULL,
	local_queue      TEXT    NOT NULL,
	next_attempt_at  INTEGER,
	queued_at        INTEGER NOT NULL,
	started_at       INTEGER,
	finished_at      INTEGER,
	task_id          TEXT    NOT NULL,
	parent_id        TEXT,
	created_at       INTEGER NOT NULL,
	fence            INTEGER NOT NULL DEFAULT 0,
	lease_until      INTEGER,
	lease_queue      TEXT,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
	FOREIGN KEY (org_id, parent_id) REFERENCES jobs (org_id, id)
) STRICT;
CREATE INDEX jobs_newest ON jobs (org_id, created_at, id);
CREATE INDEX jobs_related ON jobs (org_id, related_id, created_at, id);
CREATE INDEX jobs_parent ON jobs (org_id, parent_id, created_at, id) WHERE parent_id IS NOT NULL;
CREATE INDEX jobs_expiry ON jobs (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX jobs_held ON jobs (lease_queue, org_id, lease_until) WHERE lease_until IS NOT NULL;

-- What is to be started, and when; a job is here once at most. since is when it
-- was put into its queue.
CREATE TABLE dispatches (
	org_id TEXT    NOT NULL,
	job_id TEXT    NOT NULL,
	queue  TEXT    NOT NULL,
	run_at INTEGER NOT NULL,
	since  INTEGER NOT NULL,
	PRIMARY KEY (org_id, job_id),
	FOREIGN KEY (org_id, job_id) REFERENCES jobs (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dispatches_fair ON dispatches (queue, org_id, run_at);
CREATE INDEX dispatches_due ON dispatches (queue, run_at);

-- The job of a summary is written after it, with the outbox.
CREATE TABLE summaries (
	org_id           TEXT    NOT NULL,
	id               TEXT    NOT NULL,
	doc_id           TEXT    NOT NULL,
	created_by       TEXT    NOT NULL,
	template_id      TEXT    NOT NULL,
	template_version INTEGER NOT NULL,
	prompt           TEXT    NOT NULL,
	json_schema      TEXT,
	focus            INTEGER NOT NULL,
	max_cost_usd     REAL,
	allow_partial    INTEGER NOT NULL,
	refresh          INTEGER NOT NULL,
	text             TEXT    NOT NULL,
	format           TEXT    NOT NULL,
	length           TEXT    NOT NULL,
	language         TEXT    NOT NULL,
	model_requested  TEXT    NOT NULL,
	model_used       TEXT    NOT NULL,
	tokens_used      INTEGER NOT NULL,
	status           TEXT    NOT NULL,
	job_id           TEXT    NOT NULL,
	doc_version      INTEGER NOT NULL,
	error_message    TEXT    NOT NULL,
	usage            TEXT    NOT NULL,
	coverage         TEXT    NOT NULL,
	citations        TEXT    NOT NULL,
	warnings         TEXT    NOT NULL,
	created_at       INTEGER NOT NULL,
	updated_at       INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, doc_id) REFERENCES documents (org_id, id),
	FOREIGN KEY (org_id, created_by) REFERENCES users (org_id, id),
	FOREIGN KEY (org_id, job_id) REFERENCES jobs (org_id, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX summaries_newest ON summaries (org_id, created_at, id);
CREATE INDEX summaries_document ON summaries (org_id, doc_id, created_at, id);

-- AUTOINCREMENT: the place of a pruned event is never given again.
CREATE TABLE events (
	seq    INTEGER PRIMARY KEY AUTOINCREMENT,
	org_id TEXT    NOT NULL REFERENCES organizations (id),
	type   TEXT    NOT NULL,
	at     INTEGER NOT NULL,
	data   TEXT    NOT NULL
) STRICT;
CREATE INDEX events_log ON events (org_id, seq);

-- pruned_to is the place of the last event of an organization that was pruned.
CREATE TABLE event_bounds (
	org_id    TEXT    NOT NULL PRIMARY KEY REFERENCES organizations (id),
	pruned_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE event_bounds;
DROP TABLE events;
DROP TABLE summaries;
DROP TABLE dispatches;
DROP TABLE jobs;
DROP TABLE global_templates;
DROP TABLE templates;
DROP TABLE search_words;
DROP TABLE search_entries;
DROP TABLE documents;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE organizations;
DROP TABLE meta;
