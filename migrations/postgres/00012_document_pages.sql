-- Where the pages of a paginated file begin in its text, and which have none.

-- +goose Up
alter table documents add column pages json not null default '{}';

-- +goose Down
alter table documents drop column pages;
