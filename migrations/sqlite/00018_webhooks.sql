-- Webhooks, and what each of them is sent.

-- +goose Up

-- (log_epoch, log_seq) is the place up to which the log was read for it.
CREATE TABLE webhooks (
	org_id           TEXT    NOT NULL,
	id               TEXT    NOT NULL,
	url              TEXT    NOT NULL,
	topics           TEXT    NOT NULL,
	is_active        INTEGER NOT NULL,
	sealed           BLOB,
	secret_until     INTEGER,
	disabled_reason  TEXT    NOT NULL,
	disabled_at      INTEGER,
	failing_since    INTEGER,
	paused_until     INTEGER,
	failures         INTEGER NOT NULL,
	events_missed_at INTEGER,
	created_at       INTEGER NOT NULL,
	updated_at       INTEGER NOT NULL,
	log_epoch        TEXT    NOT NULL,
	log_seq          INTEGER NOT NULL,
	fence            INTEGER NOT NULL DEFAULT 0,
	lease_until      INTEGER,
	leased_at        INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (org_id, id),
	FOREIGN KEY (org_id) REFERENCES organizations (id)
) STRICT;
CREATE INDEX webhooks_newest ON webhooks (org_id, created_at, id);
CREATE INDEX webhooks_turn ON webhooks (leased_at) WHERE is_active = 1;

CREATE TABLE deliveries (
	org_id           TEXT    NOT NULL,
	id               TEXT    NOT NULL,
	webhook_id       TEXT    NOT NULL,
	event_id         TEXT    NOT NULL,
	event_type       TEXT    NOT NULL,
	subject          TEXT    NOT NULL,
	status           TEXT    NOT NULL,
	attempts         INTEGER NOT NULL,
	last_status_code INTEGER NOT NULL,
	error_message    TEXT    NOT NULL,
	first_attempt_at INTEGER,
	last_attempt_at  INTEGER,
	next_attempt_at  INTEGER,
	finished_at      INTEGER,
	body             BLOB    NOT NULL,
	created_at       INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, webhook_id, event_id),
	FOREIGN KEY (org_id, webhook_id) REFERENCES webhooks (org_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX deliveries_newest ON deliveries (org_id, webhook_id, created_at, id);
CREATE INDEX deliveries_status ON deliveries (org_id, webhook_id, status, created_at, id);
CREATE INDEX deliveries_due ON deliveries (org_id, webhook_id, next_attempt_at, event_id) WHERE status = 'pending';
CREATE INDEX deliveries_order ON deliveries (org_id, webhook_id, subject, event_id) WHERE status = 'pending';
CREATE INDEX deliveries_finished ON deliveries (org_id, finished_at) WHERE finished_at IS NOT NULL;

-- +goose Down

DROP TABLE deliveries;
DROP TABLE webhooks;
