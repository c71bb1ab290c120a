-- Whose account at a provider a user signs in with; '' before the first time.

-- +goose Up
alter table users add column external_issuer text not null default '', add column external_subject text not null default '';

-- +goose Down
alter table users drop column external_issuer, drop column external_subject;
