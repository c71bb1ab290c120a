-- Integrations: connections with vendors, and the pages that were published there.

-- +goose Up

CREATE TABLE integrations (
	org_id                TEXT    NOT NULL,
	id                    TEXT    NOT NULL,
	user_id               TEXT    NOT NULL,
	integration_type      TEXT    NOT NULL,
	auth_type             TEXT    NOT NULL,
	name                  TEXT    NOT NULL,
	config                TEXT    NOT NULL,
	status                TEXT    NOT NULL,
	error_message         TEXT    NOT NULL,
	sealed                BLOB,
	token_expires_at      INTEGER,
	last_sync             INTEGER,
	last_result           TEXT,
	sync_interval_minutes INTEGER NOT NULL,
	sync_state            TEXT    NOT NULL,
	next_sync_at          INTEGER,
	refresh_until         INTEGER,
	due_at                INTEGER,
	created_at            INTEGER NOT NULL,
	updated_at            INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX integrations_newest ON integrations (org_id, created_at, id);
CREATE INDEX integrations_due ON integrations (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX integrations_sealed ON integrations (org_id) WHERE sealed IS NOT NULL; -- whether the keys are needed

CREATE TABLE published_pages (
	org_id         TEXT    NOT NULL,
	id             TEXT    NOT NULL,
	integration_id TEXT    NOT NULL,
	doc_id         TEXT    NOT NULL,
	template_id    TEXT    NOT NULL,
	target         TEXT    NOT NULL,
	remote_id      TEXT    NOT NULL,
	url            TEXT    NOT NULL,
	markdown       TEXT    NOT NULL,
	summary_id     TEXT    NOT NULL,
	job_id         TEXT,
	created_at     INTEGER NOT NULL,
	updated_at     INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, integration_id, doc_id, template_id, target),
	FOREIGN KEY (org_id, integration_id) REFERENCES integrations (org_id, id) ON DELETE CASCADE,
	FOREIGN KEY (org_id, doc_id) REFERENCES documents (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX published_pages_document ON published_pages (org_id, doc_id);

ALTER TABLE documents ADD COLUMN external_version TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN conversion_warnings TEXT NOT NULL DEFAULT '[]';
CREATE INDEX documents_integration ON documents (org_id, integration_id, created_at, id) WHERE integration_id IS NOT NULL;

-- +goose Down

DROP INDEX documents_integration;
ALTER TABLE documents DROP COLUMN conversion_warnings;
ALTER TABLE documents DROP COLUMN external_version;
DROP TABLE published_pages;
DROP TABLE integrations;
