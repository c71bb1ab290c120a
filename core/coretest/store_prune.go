package coretest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

func pruneCases() []storeCase {
	return []storeCase{
		{"ExpiredGoesAndLiveStays", expiredGoesAndLiveStays},
		{"NewestAndYoungEventsStay", newestAndYoungEventsStay},
		{"EventsGoWithoutAGap", eventsGoWithoutAGap},
		{"FollowerIsToldOrMissesNothing", followerIsToldOrMissesNothing},
		{"UnsettledEventIsNotPrunedOver", unsettledEventIsNotPrunedOver},
		{"PrunersAtOnceCountOnce", prunersAtOnceCountOnce},
	}
}

// pruneAll prunes until every organization was visited and returns the sums.
func (s *scene) pruneAll(r core.PruneRequest) core.Pruned {
	s.Helper()
	var sum core.Pruned
	for range 100 {
		gone, err := s.store.System().Prune(s.Context(), r)
		if err != nil {
			s.Fatalf("prune: %v", err)
		}
		if n := gone.Sessions + gone.Requests + gone.Cache + gone.Events; n > r.Limit {
			s.Errorf("rows of one prune: got %d, want at most %d", n, r.Limit)
		}
		sum.Sessions, sum.Requests, sum.Cache, sum.Events = sum.Sessions+gone.Sessions, sum.Requests+gone.Requests, sum.Cache+gone.Cache, sum.Events+gone.Events
		if r.After = gone.Next; r.After == "" {
			return sum
		}
	}
	s.Fatal("100 prunes did not visit every organization")
	return sum
}

// eventsAt appends numbered events that say they are of those times.
func (o *Org) eventsAt(s *scene, at ...time.Time) []core.Event {
	s.Helper()
	o.InTx(s, func(_ context.Context, tx core.Tx) error {
		for n, t := range at {
			tx.Append(core.EventDocumentUpdated, t, n)
		}
		return nil
	})
	return o.awaitEvents(s, len(at))
}

func expiredGoesAndLiveStays(s *scene) {
	at := Now()
	type kept struct {
		org  *Org
		live *core.Session
	}
	var all []kept
	for range 3 {
		o := s.org()
		for range 3 {
			o.NewSession(s, func(x *core.Session) { x.ExpiresAt = at.Add(-time.Hour) })
		}
		old, young := o.onceRequest(), o.onceRequest()
		old.Route, old.CreatedAt = "old", at.Add(-2*time.Hour)
		for _, r := range []core.IdempotentRequest{young, old} {
			if got := o.claimOnce(s, r, at.Add(-3*time.Hour)); got != nil {
				s.Fatalf("claim: got %+v, want nil", got)
			}
		}
		all = append(all, kept{o, o.NewSession(s)})
	}
	r := core.PruneRequest{Organizations: 2, Limit: 2, Sessions: at, Requests: at.Add(-time.Hour), Cache: at, Events: at}
	wantSame(s, "what has gone", s.pruneAll(r), core.Pruned{Sessions: 9, Requests: 3})
	wantSame(s, "what has gone again", s.pruneAll(r), core.Pruned{})
	for _, k := range all {
		if _, err := s.store.System().Session(s.Context(), k.live.TokenHash); err != nil {
			s.Errorf("a live session: %v", err)
		}
		if k.org.claimOnce(s, k.org.onceRequest(), at.Add(-time.Hour)) == nil {
			s.Error("a young idempotency key is free again")
		}
	}
}

func newestAndYoungEventsStay(s *scene) {
	at := Now()
	busy, young, quiet := s.org(), s.org(), s.org()
	log := busy.eventsAt(s, slices.Repeat([]time.Time{at.Add(-2 * time.Hour)}, 12)...)
	young.eventsAt(s, slices.Repeat([]time.Time{at}, 12)...)
	quiet.eventsAt(s, slices.Repeat([]time.Time{at.Add(-2 * time.Hour)}, 5)...)
	got := s.pruneAll(core.PruneRequest{Organizations: 10, Limit: 3, Events: at.Add(-time.Hour), MinEvent: 5})
	wantSame(s, "what has gone", got, core.Pruned{Events: 7})
	state := busy.logState(s)
	if state.First != log[6].ID || state.Last != log[11].ID {
		s.Errorf("bounds: got %+v, want those of %s and %s", state, log[6].ID, log[11].ID)
	}
	wantSame(s, "what stays", busy.eventsAfter(s, state.First, 20), log[7:])
	for name, o := range map[string]*Org{"young": young, "quiet": quiet} {
		if first := o.logState(s).First; first != core.Position(state.Epoch+"-0") {
			s.Errorf("the %s log begins at %s, want at its beginning", name, first)
		}
	}
	s.pruneAll(core.PruneRequest{Organizations: 10, Limit: 30, Events: at.Add(-time.Hour)})
	if state := busy.logState(s); state.First != log[11].ID || state.Last != log[11].ID {
		s.Errorf("bounds of a log that was pruned whole: got %+v, want %s twice", state, log[11].ID)
	}
}

func eventsGoWithoutAGap(s *scene) {
	at := Now()
	old := at.Add(-2 * time.Hour)
	o := s.org()
	log := o.eventsAt(s, old, old, at, old, old)
	wantSame(s, "what has gone", s.pruneAll(core.PruneRequest{Organizations: 10, Limit: 50, Events: at.Add(-time.Hour)}), core.Pruned{Events: 2})
	wantSame(s, "what stays", o.awaitEvents(s, 3), log[2:])
}

func followerIsToldOrMissesNothing(s *scene) {
	at := Now()
	o := s.org()
	log := o.eventsAt(s, slices.Repeat([]time.Time{at.Add(-2 * time.Hour)}, 10)...)
	zero := o.logState(s).First
	s.pruneAll(core.PruneRequest{Organizations: 10, Limit: 2, Events: at.Add(-time.Hour), MinEvent: 6})
	for n, p := range append([]core.Position{zero}, positionsOf(log)...) {
		got, err := o.Read().Events.After(s.Context(), p, 20)
		if n < 4 { // event number 4 has gone, and this follower has not seen it
			wantCode(s, fmt.Sprintf("after %d events", n), err, core.CodeConflict)
			continue
		}
		if err != nil || len(got) != len(log)-n {
			s.Errorf("after %d events: got %d, %v, want the other %d", n, len(got), err, len(log)-n)
		}
	}
}

func positionsOf(events []core.Event) []core.Position {
	all := make([]core.Position, len(events))
	for i, e := range events {
		all[i] = e.ID
	}
	return all
}

// unsettledEventIsNotPrunedOver prunes while a transaction is open whose events may
// come before those that others commit meanwhile.
func unsettledEventIsNotPrunedOver(s *scene) {
	at := Now()
	old := at.Add(-2 * time.Hour)
	o := s.org()
	log := o.eventsAt(s, slices.Repeat([]time.Time{old}, 4)...)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			o.InTx(s, func(_ context.Context, tx core.Tx) error {
				tx.Append(core.EventDocumentUpdated, old, 100+n)
				return nil
			})
		})
		wg.Go(func() {
			_, err := s.store.System().Prune(s.Context(), core.PruneRequest{Organizations: 10, Limit: 2, Events: at, MinEvent: 4})
			if err != nil {
				s.Errorf("prune: %v", err)
			}
		})
	}
	// A follower that kept up: it is never told of an event before where it is.
	p, seen := log[3].ID, 0
	eventually(s, "the follower has all 8, or was told that some have gone", func() bool {
		events, err := o.Read().Events.After(s.Context(), p, 20)
		if core.CodeOf(err) == core.CodeConflict {
			return true
		}
		if err != nil {
			s.Fatalf("read: %v", err)
		}
		if seen += len(events); len(events) > 0 {
			p = events[len(events)-1].ID
		}
		return seen == 8
	})
	wg.Wait()
}

func prunersAtOnceCountOnce(s *scene) {
	at := Now()
	o := s.org()
	for range 20 {
		o.NewSession(s, func(x *core.Session) { x.ExpiresAt = at.Add(-time.Hour) })
	}
	o.eventsAt(s, slices.Repeat([]time.Time{at.Add(-2 * time.Hour)}, 20)...)
	there := s.elsewhere(o)
	r := core.PruneRequest{Organizations: 10, Limit: 3, Sessions: at, Requests: at, Cache: at, Events: at.Add(-time.Hour), MinEvent: 5}
	var mu sync.Mutex
	var sum core.Pruned
	round := func() {
		var wg sync.WaitGroup
		for _, store := range []core.Store{s.store, there.Store, s.store, there.Store} {
			wg.Go(func() {
				gone, err := store.System().Prune(s.Context(), r)
				if err != nil {
					s.Errorf("prune: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				sum.Sessions, sum.Events = sum.Sessions+gone.Sessions, sum.Events+gone.Events
			})
		}
		wg.Wait()
	}
	eventually(s, "everything that has expired is gone", func() bool { round(); return sum.Sessions >= 20 && sum.Events >= 15 })
	round()
	wantSame(s, "what has gone, counted once", sum, core.Pruned{Sessions: 20, Events: 15})
	o.awaitEvents(s, 5)
}
