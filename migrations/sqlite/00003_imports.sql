-- An organization that has a row here is being imported, and is not there yet. The
-- row is id's until valid_until; then whoever takes it removes what was written.

-- +goose Up

CREATE TABLE imports (
	org_id      TEXT    NOT NULL PRIMARY KEY,
	id          TEXT    NOT NULL,
	valid_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX imports_valid ON imports (valid_until);

-- +goose Down

DROP TABLE imports;
