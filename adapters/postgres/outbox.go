package postgres

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

// outbox is the statements that write what fn left behind, in its order.
func (s *Store) outbox(org string, out *core.Outbox) (*pgx.Batch, error) {
	b := &pgx.Batch{}
	for i := range out.Enqueued {
		j := &out.Enqueued[i]
		if j.NextAttemptAt == nil {
			return nil, errors.New("postgres: an enqueued job has no time at which it is due")
		}
		b.Queue(s.sql.insertJob, append([]any{org}, newJobArgs(j)...)...)
		s.queueDispatch(b, org, core.Dispatch{JobID: j.ID, Queue: j.FirstQueue(), RunAt: *j.NextAttemptAt})
	}
	for _, d := range out.Dispatched {
		s.queueDispatch(b, org, d)
	}
	s.queueEvents(b, org, out.Appended)
	for _, e := range out.Audited {
		s.queueAudit(b, org, e)
	}
	for _, m := range out.Metered {
		b.Queue(s.sql.countDocuments, org, core.UsageMonth(m.At), rand.IntN(usageSlots), m.Documents, m.Bytes)
	}
	for _, q := range b.QueuedQueries {
		if err := checkArgs(q.Arguments); err != nil {
			return nil, outboxRefused(err)
		}
	}
	return b, nil
}

// queueEvents adds the events in their order; several go in one statement.
func (s *Store) queueEvents(b *pgx.Batch, org string, events []core.NewEvent) {
	switch len(events) {
	case 0:
	case 1:
		e := &events[0]
		b.Queue(s.sql.insertEvent, org, string(e.Type), e.At, string(e.Data))
	default:
		types, times, data := make([]string, len(events)), make([]time.Time, len(events)), make([]string, len(events))
		for i, e := range events {
			types[i], times[i], data[i] = string(e.Type), e.At, string(e.Data)
		}
		b.Queue(s.sql.insertEvents, org, types, times, data)
	}
}

// outboxRefused tells of an argument that cannot be stored.
func outboxRefused(err error) error {
	if errors.Is(err, errNoID) {
		return core.NotFound("job")
	}
	return invalidText()
}
