-- The audit log of an organization goes with the organization, after its last user.

-- +goose Up

DROP TRIGGER audit_log_remains;
-- +goose StatementBegin
CREATE TRIGGER audit_log_remains BEFORE DELETE ON audit_log
	WHEN EXISTS (SELECT 1 FROM users WHERE org_id = OLD.org_id) BEGIN
	SELECT raise(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd

-- +goose Down

DROP TRIGGER audit_log_remains;
-- +goose StatementBegin
CREATE TRIGGER audit_log_remains BEFORE DELETE ON audit_log BEGIN
	SELECT raise(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
