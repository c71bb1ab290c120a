-- Rows that are written again soon, and functions whose plans depend on their arguments.

-- +goose Up

-- A job's row is written by its request, its claim, its start and its end, a summary's
-- by its request and its end. A version that finds room on the page of the one before
-- needs no entry in any index.
alter table jobs set (fillfactor = 50);
alter table summaries set (fillfactor = 50);

-- Connections have statements planned once. These were planned for their arguments and
-- still are: of a search's most are null, others are bounds that nearly nothing is below.
alter function docsctl_search set plan_cache_mode = auto;
alter function docsctl_prune set plan_cache_mode = auto;
alter function docsctl_rescue set plan_cache_mode = auto;
alter function docsctl_heartbeat set plan_cache_mode = auto;
alter function docsctl_webhook_work set plan_cache_mode = auto;

-- +goose Down
alter function docsctl_webhook_work reset plan_cache_mode;
alter function docsctl_heartbeat reset plan_cache_mode;
alter function docsctl_rescue reset plan_cache_mode;
alter function docsctl_prune reset plan_cache_mode;
alter function docsctl_search reset plan_cache_mode;
alter table summaries reset (fillfactor);
alter table jobs reset (fillfactor);
