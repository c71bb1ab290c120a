package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// Events are numbered by their row, in the order of the commits: there is one
// writer, so a number that is seen has none before it that is not.

type eventReader struct{ scope }

// logBounds is where an organization's log begins and ends.
type logBounds struct {
	epoch          string
	pruned, newest int64
}

const sqlLogBounds = `SELECT (SELECT value FROM meta WHERE key = '` + metaEpoch + `'),
	coalesce((SELECT pruned_to FROM event_bounds WHERE org_id = ?), 0), coalesce((SELECT max(seq) FROM events WHERE org_id = ?), 0)`

func (r eventReader) bounds(ctx context.Context) (*logBounds, error) {
	return one(ctx, r.q, "event log", func(rows *sql.Rows, b *logBounds) error {
		return rows.Scan(&b.epoch, &b.pruned, &b.newest)
	}, sqlLogBounds, r.org, r.org)
}

func (r eventReader) State(ctx context.Context) (core.LogState, error) {
	b, err := r.bounds(ctx)
	if err != nil {
		return core.LogState{}, err
	}
	return core.LogState{Epoch: b.epoch, First: position(b.epoch, b.pruned), Last: position(b.epoch, max(b.pruned, b.newest))}, nil
}

const sqlEventsAfter = `SELECT seq, org_id, type, at, data FROM events WHERE org_id = ? AND seq > ? ORDER BY seq LIMIT ?`

// After reads the events first and the bounds then, so that what is pruned in
// between shows as a conflict and not as a gap.
func (r eventReader) After(ctx context.Context, p core.Position, limit int) ([]core.Event, error) {
	epoch, place, ok := parsePosition(p)
	events, err := list(ctx, r.q, func(rows *sql.Rows, e *core.Event) error {
		var seq int64
		err := rows.Scan(&seq, &e.OrgID, &e.Type, (*instant)(&e.At), (*raw)(&e.Data))
		e.ID = position(epoch, seq)
		return err
	}, sqlEventsAfter, r.org, place, max(limit, 0))
	if err != nil {
		return nil, err
	}
	b, err := r.bounds(ctx)
	if err != nil {
		return nil, err
	}
	if !ok || epoch != b.epoch || place < b.pruned {
		return nil, core.Conflict("the log does not reach back to this position; read its state and begin there")
	}
	return events, nil
}

// placeDigits hold every row number, so that positions sort as text.
const placeDigits = 20

// position writes a place; 0, before every event, is its one digit.
func position(epoch string, place int64) core.Position {
	if place == 0 {
		return core.Position(epoch + "-0")
	}
	return core.Position(fmt.Sprintf("%s-%0*d", epoch, placeDigits, place))
}

func parsePosition(p core.Position) (epoch string, place int64, ok bool) {
	epoch, digits, ok := strings.Cut(string(p), "-")
	place, err := strconv.ParseInt(digits, 10, 64)
	return epoch, place, ok && err == nil && position(epoch, place) == p
}

const sqlAppendEvent = `INSERT INTO events (org_id, type, at, data) VALUES (?, ?, ?, ?)`

// append writes an event of the outbox.
func (t *tx) append(ctx context.Context, e core.NewEvent) error {
	_, err := t.exec(ctx, sqlAppendEvent, t.org, e.Type, micros(e.At), string(e.Data))
	return refused{missing: "organization"}.explain(err)
}
