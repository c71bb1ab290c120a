-- Who did what, when and from where. The triggers keep its lines as they are.

-- +goose Up

CREATE TABLE audit_log (
	org_id     TEXT    NOT NULL REFERENCES organizations (id),
	id         TEXT    NOT NULL,
	user_id    TEXT,
	api_key_id TEXT,
	action     TEXT    NOT NULL,
	target_id  TEXT    NOT NULL,
	address    TEXT    NOT NULL,
	user_agent TEXT    NOT NULL,
	request_id TEXT    NOT NULL,
	data       TEXT,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX audit_log_newest ON audit_log (org_id, created_at, id);

-- +goose StatementBegin
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log BEGIN
	SELECT raise(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_log_remains BEFORE DELETE ON audit_log BEGIN
	SELECT raise(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd

-- +goose Down

DROP TABLE audit_log;
