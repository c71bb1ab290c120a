-- What plans are measured by: documents beside calls, what calls that are under way
-- may use, and who was warned.

-- +goose Up

-- Documents are counted in the row of the model ''.
ALTER TABLE llm_usage ADD COLUMN documents INTEGER NOT NULL DEFAULT 0;
ALTER TABLE llm_usage ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;

-- A row counts while its job is leased under its fence.
CREATE TABLE usage_reservations (
	org_id     TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	job_id     TEXT    NOT NULL,
	fence      INTEGER NOT NULL,
	tokens     INTEGER NOT NULL,
	cost_usd   REAL    NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id, job_id) REFERENCES jobs (org_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_reservations_job ON usage_reservations (org_id, job_id);

CREATE TABLE usage_warnings (
	org_id TEXT NOT NULL REFERENCES organizations (id),
	month  TEXT NOT NULL,
	quota  TEXT NOT NULL,
	PRIMARY KEY (org_id, month, quota)
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE usage_warnings;
DROP TABLE usage_reservations;
ALTER TABLE llm_usage DROP COLUMN bytes;
ALTER TABLE llm_usage DROP COLUMN documents;
