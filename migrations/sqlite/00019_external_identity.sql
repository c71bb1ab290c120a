-- Whose account at a provider a user signs in with; '' before the first time.

-- +goose Up
ALTER TABLE users ADD COLUMN external_issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN external_subject TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE users DROP COLUMN external_issuer;
ALTER TABLE users DROP COLUMN external_subject;
