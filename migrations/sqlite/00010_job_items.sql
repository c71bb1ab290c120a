-- Jobs that are about many things, and jobs that wait for more than their turn.

-- +goose Up

ALTER TABLE jobs ADD COLUMN input TEXT;
ALTER TABLE jobs ADD COLUMN waits_for TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN confirmed_at INTEGER;

CREATE TABLE job_items (
	org_id     TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	job_id     TEXT    NOT NULL,
	item       TEXT    NOT NULL,
	title      TEXT    NOT NULL,
	state      TEXT    NOT NULL,
	error_code TEXT    NOT NULL,
	reason     TEXT    NOT NULL,
	result_id  TEXT    NOT NULL,
	cost_usd   REAL    NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, job_id, item),
	FOREIGN KEY (org_id, job_id) REFERENCES jobs (org_id, id)
) STRICT;
CREATE INDEX job_items_newest ON job_items (org_id, job_id, created_at, id);
CREATE INDEX job_items_state ON job_items (org_id, job_id, state, created_at, id);

-- +goose Down

DROP TABLE job_items;
ALTER TABLE jobs DROP COLUMN confirmed_at;
ALTER TABLE jobs DROP COLUMN waits_for;
ALTER TABLE jobs DROP COLUMN input;
