package coretest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

func pruneCases() []storeCase {
	return []storeCase{
		{"ExpiredGoesAndLiveStays", expiredGoesAndLiveStays},
		{"UnusedAnswersGo", unusedAnswersGo},
		{"ExpiredInvitationsAreFoundOldestFirst", expiredInvitationsAreFound},
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
		if n := gone.Sessions + gone.Requests + gone.Cache + gone.Deliveries + gone.Events; n > r.Limit {
			s.Errorf("rows of one prune: got %d, want at most %d", n, r.Limit)
		}
		sum.Sessions, sum.Requests, sum.Cache, sum.Events = sum.Sessions+gone.Sessions, sum.Requests+gone.Requests, sum.Cache+gone.Cache, sum.Events+gone.Events
		sum.Deliveries += gone.Deliveries
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

func expiredInvitationsAreFound(s *scene) {
	at := Now()
	a, b := s.org(), s.org()
	invited := func(hash string, expires time.Time) func(*core.User) {
		return func(u *core.User) { u.InvitationHash, u.InvitationExpiresAt = []byte(hash), &expires }
	}
	second := a.NewUser(s, invited("second", at.Add(-time.Hour)))
	first := b.NewUser(s, invited("first", at.Add(-2*time.Hour)))
	a.NewUser(s, invited("open", at.Add(time.Hour)))
	a.NewUser(s, invited("just now", at))
	b.NewUser(s, func(u *core.User) { u.InvitationExpiresAt = new(at.Add(-time.Hour)) }) // was accepted
	b.NewUser(s, invited("of a tombstone", at.Add(-time.Hour)), func(u *core.User) { u.DeletedAt = &at })
	want := []core.UserRef{{Tenant: b.Tenant, UserID: first.ID}, {Tenant: a.Tenant, UserID: second.ID}}
	for _, limit := range []int{1, 2, 10} {
		got, err := s.store.System().ExpiredInvitations(s.Context(), at, limit)
		wantSame(s, "who did not accept", must(s, "expired invitations", got, err), want[:min(limit, 2)])
	}
	got, err := s.store.System().ExpiredInvitations(s.Context(), at, 0)
	if err != nil || len(got) > 0 {
		s.Errorf("with no room: got %v, %v, want none", got, err)
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
// come before those that others have committed meanwhile. Where one transaction
// writes at a time the others wait instead.
func unsettledEventIsNotPrunedOver(s *scene) {
	old := Now().Add(-2 * time.Hour)
	o := s.org()
	p := o.eventsAt(s, slices.Repeat([]time.Time{old}, 4)...)[3].ID
	began, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	opened := sync.OnceFunc(func() { close(began) }) // the store may repeat fn
	go func() {                                      // ended by release
		ended <- o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			if err := tx.Users.Update(ctx, &o.User); err != nil { // it is a writer from here on
				return err
			}
			opened()
			<-release
			tx.Append(core.EventDocumentUpdated, old, "of the open transaction")
			return nil
		})
	}()
	<-began
	pruned := make(chan error, 1)
	go func() { // ended by release, if not before
		err := o.TryTx(s, func(_ context.Context, tx core.Tx) error {
			for range 4 {
				tx.Append(core.EventDocumentUpdated, old, "committed meanwhile")
			}
			return nil
		})
		if err == nil {
			_, err = s.store.System().Prune(s.Context(), core.PruneRequest{Organizations: 100, Limit: 100, Events: Now(), MinEvent: 1})
		}
		pruned <- err
	}()
	waited := time.NewTimer(time.Second)
	defer waited.Stop()
	var err error
	meanwhile := false
	select {
	case err = <-pruned:
		meanwhile = true
	case <-waited.C:
	}
	close(release)
	if !meanwhile {
		err = <-pruned
	}
	if err := errors.Join(err, <-ended); err != nil {
		s.Fatal(err)
	}
	o.wantFive(s, p, meanwhile)
}

// wantFive checks that a follower at p gets the five events that came later. It is
// told of a gap only when they had all settled before they were pruned.
func (o *Org) wantFive(s *scene, p core.Position, unsettled bool) {
	s.Helper()
	seen := 0
	eventually(s, "the follower has all 5, or was told that some have gone", func() bool {
		events, err := o.Read().Events.After(s.Context(), p, 20)
		if core.CodeOf(err) == core.CodeConflict && !unsettled {
			return true
		}
		if err != nil {
			s.Fatalf("read after an event that an open transaction may have come before: %v", err)
		}
		if seen += len(events); len(events) > 0 {
			p = events[len(events)-1].ID
		}
		return seen == 5
	})
}

// unusedAnswersGo is for stores that keep the answers of models themselves.
func unusedAnswersGo(s *scene) {
	if s.factory.Nodes == nil {
		s.Skip("StoreFactory.Nodes is nil: this store keeps no answers of models")
	}
	nodes, at := s.factory.Nodes(s.store), Now()
	o, other := s.org(), s.org()
	one, two := nodeFor("one"), nodeFor("two")
	for _, of := range []core.Tenant{o.Tenant, other.Tenant} {
		for _, n := range []core.Node{one, two} {
			if err := nodes.Put(s.Context(), of, n); err != nil {
				s.Fatalf("put: %v", err)
			}
		}
	}
	r := core.PruneRequest{Organizations: 1, Limit: 3, Cache: at.Add(-48 * time.Hour)} // uses are noted to a day
	wantSame(s, "what has gone of answers that were just used", s.pruneAll(r), core.Pruned{})
	r.Cache = at.Add(48 * time.Hour)
	wantSame(s, "what has gone of answers that were not used since", s.pruneAll(r), core.Pruned{Cache: 4})
	for _, of := range []core.Tenant{o.Tenant, other.Tenant} {
		if got, err := nodes.Get(s.Context(), of, [][]byte{one.Key, two.Key}); err != nil || len(got) > 0 {
			s.Errorf("got %d answers, %v, want none", len(got), err)
		}
	}
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
