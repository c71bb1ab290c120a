package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/docsctl/docsctl/core"
)

// An event's place in the log is its transaction's number and its own, twenty
// digits each. It is settled, and can be read, once every transaction with a
// smaller number has ended; that is when nothing can come before it any more.
type place struct {
	xid uint64
	id  int64
}

const placeDigits = 20

// position writes p as sortable text. The place before the first event is 0.
func (p place) position(epoch string) core.Position {
	if p == (place{}) {
		return core.Position(epoch + "-0")
	}
	return core.Position(fmt.Sprintf("%s-%0*d%0*d", epoch, placeDigits, p.xid, placeDigits, p.id))
}

// parsePlace reads what position wrote after the epoch and its dash.
func parsePlace(text string) (place, bool) {
	if text == "0" {
		return place{}, true
	}
	if len(text) != 2*placeDigits || strings.Trim(text, "0123456789") != "" {
		return place{}, false
	}
	xid, xidErr := strconv.ParseUint(text[:placeDigits], 10, 64)
	id, idErr := strconv.ParseInt(text[placeDigits:], 10, 64)
	return place{xid: xid, id: id}, xidErr == nil && idErr == nil
}

// eventReader reads the tenant's log.
type eventReader struct {
	scope
	ready func(context.Context) error
}

// settleTries bounds the wait for events that are committed but not yet settled, to
// a quarter of a second in all: other transactions last milliseconds. Without it a
// listener that is told of an event would often look a moment too early and not
// look again for a second. What a longer transaction holds back is read later.
const settleTries = 7

// settle calls look until what its first call saw has settled, or often enough.
// look returns the numbers of the last transaction whose events it saw settled and
// of the last whose it saw at all. It does not wait for what comes later: where
// there is always a writer there is always something unsettled.
func settle(ctx context.Context, look func() (settled, newest uint64, err error)) error {
	var target uint64
	for try := range settleTries {
		settled, newest, err := look()
		if try == 0 {
			target = newest
		}
		if err != nil || settled >= target || settled == newest || try == settleTries-1 {
			return err
		}
		timer := time.NewTimer(2 * time.Millisecond << try)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
	return nil
}

// State returns the log's epoch and bounds.
func (r eventReader) State(ctx context.Context) (core.LogState, error) {
	var state core.LogState
	err := settle(ctx, func() (settled, newest uint64, err error) {
		var last, pruned place
		_, err = r.send(ctx, r.sql.logState, nil, func(rows pgx.Rows) error {
			_, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (struct{}, error) {
				return struct{}{}, row.Scan(&state.Epoch, (*xid)(&last.xid), &last.id, (*xid)(&newest), (*xid)(&pruned.xid), &pruned.id)
			})
			return err
		})
		first := pruned.position(state.Epoch)
		state.First, state.Last = first, max(first, last.position(state.Epoch))
		return last.xid, newest, err
	})
	if err != nil {
		return core.LogState{}, err
	}
	return state, nil
}

// xid reads the text form of an xid8.
type xid uint64

// ScanText implements pgtype.TextScanner.
func (x *xid) ScanText(v pgtype.Text) error {
	n, err := strconv.ParseUint(v.String, 10, 64)
	*x = xid(n)
	return err
}

// After returns the settled events that come after p.
func (r eventReader) After(ctx context.Context, p core.Position, limit int) ([]core.Event, error) {
	epoch, text, _ := strings.Cut(string(p), "-")
	from, ok := parsePlace(text)
	if !ok {
		if err := r.ready(ctx); err != nil {
			return nil, err
		}
		return nil, errReset()
	}
	var events []core.Event
	err := settle(ctx, func() (settled, newest uint64, err error) {
		events, settled, newest, err = r.after(ctx, epoch, from, limit)
		return settled, newest, err
	})
	if err != nil {
		return nil, err
	}
	return events, nil
}

func errReset() error {
	return core.Conflict("the log does not reach back to this position; read its state and begin there")
}

// loggedEvent is a row of eventsAfter.
type loggedEvent struct {
	core.Event
	epoch   string
	place   place
	settled bool
	pruned  bool // events after the position that was asked for are gone
}

// after reads the epoch and the events in one round trip. Without events there is
// one row with the epoch and an empty place.
func (r eventReader) after(ctx context.Context, epoch string, from place, limit int) (events []core.Event, settled, newest uint64, err error) {
	rows, err := many(ctx, r.scope, r.sql.eventsAfter, func(row pgx.CollectableRow) (e loggedEvent, err error) {
		err = row.Scan(&e.epoch, (*xid)(&e.place.xid), &e.place.id, &e.Type, &e.At, (*[]byte)(&e.Data), &e.settled, &e.pruned)
		return e, err
	}, strconv.FormatUint(from.xid, 10), from.id, max(limit, 0))
	for _, e := range rows {
		if e.epoch != epoch || e.pruned {
			return nil, 0, 0, errReset()
		}
		if newest = e.place.xid; !e.settled {
			continue
		}
		if settled = newest; e.place != (place{}) {
			e.ID, e.OrgID = e.place.position(epoch), core.OrgID(r.org)
			events = append(events, e.Event)
		}
	}
	return events, settled, newest, err
}
