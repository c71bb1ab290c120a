-- Members: invitations, tombstones and API keys.

-- +goose Up

ALTER TABLE users ADD COLUMN invitation_hash BLOB;
ALTER TABLE users ADD COLUMN invitation_expires_at INTEGER;
ALTER TABLE users ADD COLUMN deleted_at INTEGER;
CREATE INDEX users_newest ON users (org_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX users_invitation ON users (invitation_hash) WHERE invitation_hash IS NOT NULL;

CREATE INDEX sessions_user ON sessions (org_id, user_id) WHERE revoked_at IS NULL;

CREATE TABLE api_keys (
	org_id       TEXT    NOT NULL,
	id           TEXT    NOT NULL,
	user_id      TEXT    NOT NULL,
	name         TEXT    NOT NULL,
	prefix       TEXT    NOT NULL,
	key_hash     BLOB    NOT NULL,
	role         TEXT    NOT NULL,
	expires_at   INTEGER,
	last_used_at INTEGER,
	created_at   INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, key_hash),
	FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
) STRICT;
CREATE INDEX api_keys_hash ON api_keys (key_hash);
CREATE INDEX api_keys_newest ON api_keys (org_id, created_at, id);
CREATE INDEX api_keys_user ON api_keys (org_id, user_id, created_at, id);

-- +goose Down

DROP TABLE api_keys;
DROP INDEX sessions_user;
DROP INDEX users_invitation;
DROP INDEX users_newest;
ALTER TABLE users DROP COLUMN deleted_at;
ALTER TABLE users DROP COLUMN invitation_expires_at;
ALTER TABLE users DROP COLUMN invitation_hash;
