package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

const jobItemColumns = `i.id, i.job_id, i.item, i.title, i.state, i.error_code, i.reason, i.result_id, i.cost_usd, i.created_at, i.updated_at`

func scanJobItem(row pgx.CollectableRow) (i core.JobItem, err error) {
	err = row.Scan(&i.ID, &i.JobID, &i.Item, &i.Title, &i.State, &i.Code, &i.Reason, &i.ResultID, &i.CostUSD, &i.CreatedAt, &i.UpdatedAt)
	return i, err
}

type jobItemReader struct{ scope }

func (r jobItemReader) Get(ctx context.Context, job core.JobID, item string) (*core.JobItem, error) {
	return one(ctx, r.scope, "item", r.sql.getJobItem, scanJobItem, key(job), item)
}

func (r jobItemReader) List(ctx context.Context, job core.JobID, state core.JobItemState, s core.Seek) ([]core.JobItem, error) {
	l := newList(r.sql.listJobItems)
	l.where("i.job_id = ?", key(job))
	if state != "" {
		l.where("i.state = ?", string(state))
	}
	l.page("i", s)
	return many(ctx, r.scope, l.sql.String(), scanJobItem, l.args...)
}

func (r jobItemReader) Count(ctx context.Context, job core.JobID) (map[core.JobItemState]int, error) {
	type count struct {
		State core.JobItemState
		N     int
	}
	rows, err := many(ctx, r.scope, r.sql.countJobItems, pgx.RowToStructByPos[count], key(job))
	counts := map[core.JobItemState]int{}
	for _, c := range rows {
		counts[c.State] = c.N
	}
	return counts, err
}

type jobItemRepo struct {
	jobItemReader
	tx *transaction
}

// jobItemArgs is $2 to $12 of addJobItems and putJobItems: a column each.
func jobItemArgs(items []core.JobItem) []any {
	n := len(items)
	ids, jobs, things, titles := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	states, codes, reasons, results := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	costs, created, updated := make([]float64, n), make([]time.Time, n), make([]time.Time, n)
	for k, i := range items {
		if !core.ValidID(i.ID) || !core.ValidID(i.JobID) {
			return []any{noID{}}
		}
		ids[k], jobs[k], things[k], titles[k] = string(i.ID), string(i.JobID), i.Item, i.Title
		states[k], codes[k], reasons[k], results[k] = string(i.State), string(i.Code), i.Reason, i.ResultID
		costs[k], created[k], updated[k] = i.CostUSD, i.CreatedAt, i.UpdatedAt
	}
	return []any{ids, jobs, things, titles, states, codes, reasons, results, costs, created, updated}
}

func (r jobItemRepo) Add(ctx context.Context, items []core.JobItem) ([]core.JobItem, error) {
	stored, err := r.store(ctx, r.sql.addJobItems, items)
	if err != nil {
		return nil, err
	}
	var added []core.JobItem
	for _, i := range items {
		if stored[i.ID] {
			added = append(added, i)
		}
	}
	return added, nil
}

// store writes items in one statement, which a transaction survives even when it is
// refused only because the rows' job is asked for by it.
func (r jobItemRepo) store(ctx context.Context, sql string, items []core.JobItem) (map[core.JobItemID]bool, error) {
	stored := map[core.JobItemID]bool{}
	if len(items) == 0 {
		return stored, nil
	}
	args := jobItemArgs(items)
	if len(args) == 1 {
		return nil, core.NotFound("job")
	}
	if checkArgs(args) != nil {
		return nil, invalidText()
	}
	ids, err := many(ctx, r.scope, sql, pgx.RowTo[core.JobItemID], args...)
	for _, id := range ids {
		stored[id] = true
	}
	return stored, err
}

func (r jobItemRepo) Put(ctx context.Context, items []core.JobItem) error {
	if len(items) == 0 {
		return nil
	}
	args := jobItemArgs(items)
	if len(args) == 1 {
		return core.NotFound("job")
	}
	return r.writeLater(ctx, r.tx, "job", r.sql.putJobItems, args...)
}

func (r jobItemRepo) Move(ctx context.Context, job core.JobID, from core.JobItemState, to core.JobItem) (int, error) {
	n, err := r.write(ctx, r.sql.moveJobItems, key(job), string(from), string(to.State), string(to.Code), to.Reason, to.UpdatedAt)
	return int(n), err
}
