-- What happens to summaries when their document changes; see core.Resummarize.

-- +goose Up
alter table organizations add column resummarize text not null default 'off', add column resummarize_max_usd double precision;

-- +goose Down
alter table organizations drop column resummarize, drop column resummarize_max_usd;
