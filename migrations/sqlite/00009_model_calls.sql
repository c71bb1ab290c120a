-- What the models answered, and what their calls used.

-- +goose Up

-- An answer by the hash of all that its call depends on; see core.NodeCache.
CREATE TABLE llm_cache (
	org_id        TEXT    NOT NULL REFERENCES organizations (id),
	key           BLOB    NOT NULL,
	kind          TEXT    NOT NULL,
	model         TEXT    NOT NULL,
	output        TEXT    NOT NULL,
	bytes         INTEGER NOT NULL,
	input_tokens  INTEGER NOT NULL,
	output_tokens INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	last_used_at  INTEGER NOT NULL, -- to a day
	PRIMARY KEY (org_id, key)
) STRICT;
CREATE INDEX llm_cache_used ON llm_cache (org_id, last_used_at, key, bytes);

-- One row an organization, month and model.
CREATE TABLE llm_usage (
	org_id         TEXT    NOT NULL REFERENCES organizations (id),
	month          TEXT    NOT NULL, -- 2026-01
	model          TEXT    NOT NULL,
	calls          INTEGER NOT NULL,
	unpriced_calls INTEGER NOT NULL,
	input_tokens   INTEGER NOT NULL,
	output_tokens  INTEGER NOT NULL,
	prefix_tokens  INTEGER NOT NULL,
	cached_calls   INTEGER NOT NULL,
	cached_tokens  INTEGER NOT NULL,
	cost_usd       REAL    NOT NULL,
	PRIMARY KEY (org_id, month, model)
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE llm_usage;
DROP TABLE llm_cache;
