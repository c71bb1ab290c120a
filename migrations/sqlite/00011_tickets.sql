-- A ticket that an API key was given stands for the key.

-- +goose Up

ALTER TABLE sessions ADD COLUMN api_key_id TEXT;

-- +goose Down

ALTER TABLE sessions DROP COLUMN api_key_id;
