package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Horizon tells how late the feed is. An event can be read once every transaction with
// a smaller number has ended, in any database of the server, so one that stays open
// holds back the events of everybody.
type Horizon struct {
	store *Store
	now   func() time.Time

	mu     sync.Mutex // guards what follows
	oldest uint64     // number of the oldest transaction that is open
	since  time.Time  // when it was first seen to be
}

// Horizon returns one that has not looked yet.
func (s *Store) Horizon() *Horizon { return &Horizon{store: s, now: time.Now} }

// Look returns for how long the oldest open transaction has held others back, as far as
// calls of Look have seen it: it is to be called every second or so. It is 0 while
// nothing waits. Who the transactions are only a superuser may read; numbers are enough.
func (h *Horizon) Look(ctx context.Context) (time.Duration, error) {
	var oldest, next xid
	_, err := h.store.single(ctx, "", h.store.sql.horizon, nil, func(rows pgx.Rows) error {
		_, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (struct{}, error) {
			return struct{}{}, row.Scan(&oldest, &next)
		})
		return err
	}, true)
	if err != nil {
		return 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.now()
	switch {
	case oldest == next:
		h.oldest = 0
		return 0, nil
	case uint64(oldest) != h.oldest:
		h.oldest, h.since = uint64(oldest), at
	}
	return at.Sub(h.since), nil
}
