package sqlite

import (
	"context"
	"database/sql"

	"github.com/docsctl/docsctl/core"
)

type jobItemReader struct{ scope }

const (
	jobItemColumns = `org_id, id, job_id, item, title, state, error_code, reason, result_id, cost_usd, created_at, updated_at`
	sqlItems       = `SELECT ` + jobItemColumns + ` FROM job_items WHERE org_id = ?`
	sqlGetItem     = sqlItems + ` AND job_id = ? AND item = ?`
	sqlItemsOfJob  = sqlItems + ` AND job_id = ?`
	sqlCountItems  = `SELECT state, count(*) FROM job_items WHERE org_id = ? AND job_id = ? GROUP BY state`
)

func readJobItem(rows *sql.Rows, i *core.JobItem) error {
	var org core.OrgID
	return rows.Scan(&org, &i.ID, &i.JobID, &i.Item, &i.Title, &i.State, &i.Code, &i.Reason, &i.ResultID, &i.CostUSD,
		(*instant)(&i.CreatedAt), (*instant)(&i.UpdatedAt))
}

func (r jobItemReader) Get(ctx context.Context, job core.JobID, item string) (*core.JobItem, error) {
	return one(ctx, r.q, "item", readJobItem, sqlGetItem, r.org, job, item)
}

func (r jobItemReader) List(ctx context.Context, job core.JobID, state core.JobItemState, k core.Seek) ([]core.JobItem, error) {
	s := newStatement(sqlItemsOfJob, r.org, job).where(` AND state = ?`, string(state)).page(k)
	return list(ctx, r.q, readJobItem, s.text.String(), s.args...)
}

func (r jobItemReader) Count(ctx context.Context, job core.JobID) (map[core.JobItemState]int, error) {
	counts := map[core.JobItemState]int{}
	err := r.q.each(ctx, func(rows *sql.Rows) error {
		var state core.JobItemState
		var n int
		err := rows.Scan(&state, &n)
		counts[state] = n
		return err
	}, sqlCountItems, r.org, job)
	return counts, err
}

type jobItemRepo struct {
	jobItemReader
	tx *tx
}

const (
	sqlAddItem = `INSERT INTO job_items (` + jobItemColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, job_id, item) DO NOTHING`
	sqlPutItem = `INSERT INTO job_items (` + jobItemColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, job_id, item) DO UPDATE SET title = excluded.title, state = excluded.state, error_code = excluded.error_code,
	reason = excluded.reason, result_id = excluded.result_id, cost_usd = excluded.cost_usd, updated_at = excluded.updated_at`
	sqlMoveItems = `UPDATE job_items SET state = ?, error_code = ?, reason = ?, updated_at = ? WHERE org_id = ? AND job_id = ? AND state = ?`
)

// write stores an item and returns how many rows that changed.
func (r jobItemRepo) write(ctx context.Context, statement string, i *core.JobItem) (int64, error) {
	if !core.ValidID(i.JobID) {
		return 0, core.NotFound("job")
	}
	n, err := r.tx.exec(ctx, statement, r.org, i.ID, i.JobID, i.Item, i.Title, i.State, i.Code, i.Reason, i.ResultID, i.CostUSD,
		micros(i.CreatedAt), micros(i.UpdatedAt))
	return n, refused{missing: "job"}.explain(err)
}

func (r jobItemRepo) Add(ctx context.Context, items []core.JobItem) ([]core.JobItem, error) {
	var added []core.JobItem
	for _, i := range items {
		n, err := r.write(ctx, sqlAddItem, &i)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			added = append(added, i)
		}
	}
	return added, nil
}

func (r jobItemRepo) Put(ctx context.Context, items []core.JobItem) error {
	for _, i := range items {
		if _, err := r.write(ctx, sqlPutItem, &i); err != nil {
			return err
		}
	}
	return nil
}

func (r jobItemRepo) Move(ctx context.Context, job core.JobID, from core.JobItemState, to core.JobItem) (int, error) {
	if !core.ValidID(job) {
		return 0, nil
	}
	n, err := r.tx.exec(ctx, sqlMoveItems, to.State, to.Code, to.Reason, micros(to.UpdatedAt), r.org, job, from)
	return int(n), err
}
