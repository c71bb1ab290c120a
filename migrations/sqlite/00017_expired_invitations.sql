-- Invitations that nobody accepted are found by when they expired.

-- +goose Up
CREATE INDEX users_invited ON users (invitation_expires_at) WHERE invitation_hash IS NOT NULL AND deleted_at IS NULL;

-- +goose Down
DROP INDEX users_invited;
