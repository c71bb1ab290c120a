-- Requests that are to be carried out once. A row is written by the transaction
-- that does the work, so there is none without the work, and no work without it.

-- +goose Up

CREATE TABLE idempotency_keys (
	org_id      TEXT    NOT NULL,
	user_id     TEXT    NOT NULL,
	route       TEXT    NOT NULL,
	key_hash    BLOB    NOT NULL,
	fingerprint BLOB    NOT NULL,
	answer      BLOB,
	created_at  INTEGER NOT NULL,
	PRIMARY KEY (org_id, user_id, route, key_hash),
	FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (org_id, created_at);

-- +goose Down

DROP TABLE idempotency_keys;
