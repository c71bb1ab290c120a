-- How many jobs of an organization run, for the limit of its plan.

-- +goose Up

CREATE INDEX jobs_leased ON jobs (org_id, lease_until) WHERE lease_until IS NOT NULL;

-- +goose Down

DROP INDEX jobs_leased;
