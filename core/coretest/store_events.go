package coretest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/docsctl/docsctl/core"
)

func eventCases() []storeCase {
	return []storeCase{
		{"EmptyLogHasItsBounds", emptyLogHasItsBounds},
		{"EventsAreKeptAsTheyWere", eventsAreKeptAsTheyWere},
		{"EventsHaveOrderWithinATransaction", eventsHaveOrderWithinATransaction},
		{"EventsAreNeverOvertaken", eventsAreNeverOvertaken},
		{"PositionsSortAsText", positionsSortAsText},
		{"AfterRespectsItsLimit", afterRespectsItsLimit},
		{"EpochOfAnotherLogIsConflict", epochOfAnotherLogIsConflict},
	}
}

func (o *Org) logState(s *scene) core.LogState {
	s.Helper()
	state, err := o.Read().Events.State(s.Context())
	return must(s, "state of the log", state, err)
}

func (o *Org) eventsAfter(s *scene, p core.Position, limit int) []core.Event {
	s.Helper()
	events, err := o.Read().Events.After(s.Context(), p, limit)
	return must(s, "events", events, err)
}

func emptyLogHasItsBounds(s *scene) {
	o := s.org()
	state := o.logState(s)
	zero := core.Position(state.Epoch + "-0")
	if state.Epoch == "" || strings.Contains(state.Epoch, "-") || state.First != zero || state.Last != zero {
		s.Errorf("state of an empty log: got %+v, want an epoch without dash and EPOCH-0 twice", state)
	}
	if got := o.eventsAfter(s, state.Last, 10); len(got) != 0 {
		s.Errorf("events of an empty log: got %v", got)
	}
	o.appendEvent(s, "one")
	last := o.awaitEvents(s, 1)[0].ID
	eventually(s, "the state shows the last event", func() bool { return o.logState(s).Last == last })
	if after := o.logState(s); after.First != zero || after.Epoch != state.Epoch || last.Epoch() != state.Epoch {
		s.Errorf("state with one event: got %+v, want First and Epoch as before", after)
	}
}

func eventsAreKeptAsTheyWere(s *scene) {
	o := s.org()
	d := o.NewDocument(s, full)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	raw := []json.RawMessage{
		json.RawMessage(`{"z":1,"a":9007199254740993,"b":null,"c":[]}`), json.RawMessage(`"Käse \u003c\ud83e\uddc0\u2028"`), json.RawMessage(`null`),
	}
	doc, err := json.Marshal(d)
	raw = append(raw, must(s, "encode", doc, err))
	o.InTx(s, func(_ context.Context, tx core.Tx) error {
		for _, r := range raw {
			tx.Appended = append(tx.Appended, core.NewEvent{Type: core.EventDocumentUpdated, At: at, Data: r})
		}
		return nil
	})
	events := o.awaitEvents(s, len(raw))
	for i, e := range events {
		want := core.Event{ID: e.ID, Type: core.EventDocumentUpdated, OrgID: o.Organization.ID, At: at, Data: raw[i]}
		wantSame(s, "event", e, want)
	}
	wantSame(s, "read again", o.awaitEvents(s, len(raw)), events)
}

// numbersOf returns the numbers that the events of a case carry.
func numbersOf(s *scene, events []core.Event) []int {
	s.Helper()
	var got []int
	for _, e := range events {
		var n int
		if err := json.Unmarshal(e.Data, &n); err != nil {
			s.Fatalf("data of event %s: %v", e.ID, err)
		}
		got = append(got, n)
	}
	return got
}

func eventsHaveOrderWithinATransaction(s *scene) {
	o := s.org()
	var want []int
	for i := range 20 {
		o.InTx(s, func(_ context.Context, tx core.Tx) error {
			for j := range 15 {
				tx.Append(core.EventDocumentUpdated, Now(), i*15+j)
			}
			return nil
		})
	}
	for n := range 300 {
		want = append(want, n)
	}
	wantSame(s, "numbers in the log", numbersOf(s, o.awaitEvents(s, 300)), want)
}

// eventsAreNeverOvertaken has 32 writers whose transactions overlap where the
// store lets them, begin in one order and commit in another. A reader follows the
// log; what it has passed must never get an event in between later.
func eventsAreNeverOvertaken(s *scene) {
	const writers, rounds, each = 32, 4, 3
	o, other := s.org(), s.org()
	start := o.logState(s).First
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for r := range rounds {
				if err := o.slowAppend(s, (w*rounds+r)*each, each); err != nil {
					s.Errorf("writer: %v", err)
				}
			}
		})
	}
	wg.Go(func() { // a neighbour's log takes no part in this one
		for i := range 20 {
			if err := other.slowAppend(s, -i, 1); err != nil {
				s.Errorf("neighbour: %v", err)
			}
		}
	})
	var written atomic.Bool
	go func() { wg.Wait(); written.Store(true) }()
	defer wg.Wait()
	followed := o.follow(s, start, func() bool {
		return written.Load() && len(o.eventsAfter(s, start, 10_000)) == writers*rounds*each
	})
	wantSame(s, "the log as it was followed, against the log read at once", followed, o.eventsAfter(s, start, 10_000))
	s.wantAllTogether(numbersOf(s, followed), writers*rounds*each, each)
}

// follow reads the log from p, a few events at a time, until it has nothing new
// and whole says that all of it was there to be read.
func (o *Org) follow(s *scene, p core.Position, whole func() bool) []core.Event {
	s.Helper()
	var followed []core.Event
	eventually(s, "the reader has followed the log to its end", func() bool {
		complete := whole()
		got := o.eventsAfter(s, p, 7)
		if followed = append(followed, got...); len(got) > 0 {
			p = got[len(got)-1].ID
		}
		return complete && len(got) == 0
	})
	return followed
}

// slowAppend writes a row first, so that the transaction has its place, and lets
// others pass before it commits its events.
func (o *Org) slowAppend(s *scene, first, n int) error {
	u := o.newUser()
	return o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Users.Create(ctx, &u); err != nil {
			return err
		}
		pause(nil, rand.N(4*time.Millisecond))
		for i := range n {
			tx.Append(core.EventDocumentUpdated, Now(), first+i)
		}
		return nil
	})
}

// wantAllTogether reports numbers that are missing, doubled, or not next to those
// of their transaction.
func (s *scene) wantAllTogether(got []int, total, each int) {
	s.Helper()
	for i := 0; i+each <= len(got); i += each {
		for j := range each {
			if got[i+j] != got[i]+j || got[i]%each != 0 {
				s.Fatalf("events %v stand together, want those of one transaction", got[i:i+each])
			}
		}
	}
	slices.Sort(got)
	if len(slices.Compact(got)) != total || got[0] != 0 {
		s.Errorf("the log has %d different events, want %d", len(got), total)
	}
}

func positionsSortAsText(s *scene) {
	o := s.org()
	for i := range 120 {
		o.appendEvent(s, i)
	}
	events := o.awaitEvents(s, 120)
	last := o.logState(s).First
	for _, e := range events {
		if e.ID <= last || e.ID.Epoch() != last.Epoch() {
			s.Fatalf("position %s follows %s in the log and not as text", e.ID, last)
		}
		last = e.ID
	}
}

func afterRespectsItsLimit(s *scene) {
	o := s.org()
	for i := range 10 {
		o.appendEvent(s, i)
	}
	events := o.awaitEvents(s, 10)
	wantSame(s, "the first three", o.eventsAfter(s, o.logState(s).First, 3), events[:3])
	wantSame(s, "after the third", o.eventsAfter(s, events[2].ID, 4), events[3:7])
	if got := o.eventsAfter(s, events[9].ID, 4); len(got) != 0 {
		s.Errorf("after the last: got %v, want none", got)
	}
}

func epochOfAnotherLogIsConflict(s *scene) {
	o := s.org()
	o.appendEvent(s, "one")
	id := string(o.awaitEvents(s, 1)[0].ID)
	epoch := o.logState(s).Epoch
	place := strings.TrimPrefix(id, epoch+"-")
	for _, p := range []string{
		"", "-", "0", place, "x-" + place, epoch, epoch + "-", epoch + "-x", epoch + "x-" + place, strings.Repeat("9", 1000) + "-0",
		epoch + "--1", "\x00-0", epoch + "-' OR 1=1", fmt.Sprint(epoch, "-", strings.Repeat("f", 200)),
	} {
		_, err := o.Read().Events.After(s.Context(), core.Position(p), 10)
		wantCode(s, fmt.Sprintf("events after %.50q", p), err, core.CodeConflict)
	}
}
