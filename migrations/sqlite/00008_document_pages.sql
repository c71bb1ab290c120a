-- Where the pages of a paginated file begin in its text, and which have none.

-- +goose Up

ALTER TABLE documents ADD COLUMN pages TEXT NOT NULL DEFAULT '{}';

-- +goose Down

ALTER TABLE documents DROP COLUMN pages;
