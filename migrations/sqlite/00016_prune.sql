-- Pruning: what has expired goes, and how far an organization's log has gone is kept.

-- +goose Up
CREATE INDEX sessions_expiry ON sessions (org_id, expires_at);

-- +goose Down
DROP INDEX sessions_expiry;
