-- What happens to summaries when their document changes; see core.Resummarize.

-- +goose Up
ALTER TABLE organizations ADD COLUMN resummarize TEXT NOT NULL DEFAULT 'off';
ALTER TABLE organizations ADD COLUMN resummarize_max_usd REAL;

-- +goose Down
ALTER TABLE organizations DROP COLUMN resummarize_max_usd;
ALTER TABLE organizations DROP COLUMN resummarize;
