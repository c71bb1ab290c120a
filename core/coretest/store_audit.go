package coretest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/docsctl/docsctl/core"
)

func auditCases() []storeCase {
	return []storeCase{
		{"AuditEntryIsKept", auditEntryIsKept},
		{"AuditEntryOfARolledBackTxIsNotThere", auditIsRolledBack},
		{"AuditIsListedInPages", auditIsListedInPages},
		{"AuditIsFilteredByEveryCombination", auditIsFiltered},
		{"AuditOutlivesWhatItTellsOf", auditOutlives},
	}
}

func (o *Org) auditEntry(opts ...func(*core.AuditEntry)) core.AuditEntry {
	e := core.AuditEntry{
		ID: core.NewID[string](), OrgID: o.Organization.ID, At: Now(), UserID: new(o.User.ID), Action: core.AuditUserUpdated,
		TargetID: string(o.User.ID), Address: "192.0.2.7", UserAgent: "curl/8", RequestID: core.NewID[string](),
	}
	apply(&e, opts)
	return e
}

// NewAuditEntry stores a line of the audit log.
func (o *Org) NewAuditEntry(s *scene, opts ...func(*core.AuditEntry)) core.AuditEntry {
	s.Helper()
	e := o.auditEntry(opts...)
	o.InTx(s, func(_ context.Context, tx core.Tx) error { tx.Audit(e); return nil })
	return e
}

func (o *Org) audited(s *scene, f core.AuditFilter) []core.AuditEntry {
	s.Helper()
	rows, err := o.Read().Audit.List(s.Context(), f, everything)
	return must(s, "audit log", rows, err)
}

func auditEntryIsKept(s *scene) {
	o := s.org()
	want := []core.AuditEntry{o.NewAuditEntry(s), o.NewAuditEntry(s, func(e *core.AuditEntry) { e.UserID, e.Address = nil, "" })}
	for _, text := range strangeTexts() {
		want = append(want, o.NewAuditEntry(s, func(e *core.AuditEntry) {
			e.UserAgent, e.APIKeyID = text, new(core.NewID[core.APIKeyID]())
			e.Data = json.RawMessage(`{"b": 1, "a":  9007199254740993}`)
		}))
	}
	key := func(e core.AuditEntry) core.Key { return core.Key{At: e.At, ID: e.ID} }
	slices.SortFunc(want, func(a, b core.AuditEntry) int { return newestFirst(key(a), key(b)) })
	wantSame(s, "the log", o.audited(s, core.AuditFilter{}), want)
	err := o.TryTx(s, func(_ context.Context, tx core.Tx) error {
		tx.Audit(o.auditEntry(func(e *core.AuditEntry) { e.UserAgent = "\x00" }))
		return nil
	})
	if err == nil {
		s.Error("text with a NUL was stored")
	}
}

func auditIsRolledBack(s *scene) {
	o := s.org()
	broke := errors.New("broke")
	err := o.TryTx(s, func(_ context.Context, tx core.Tx) error { tx.Audit(o.auditEntry()); return broke })
	if !errors.Is(err, broke) || len(o.audited(s, core.AuditFilter{})) != 0 {
		s.Errorf("after a failed transaction (%v): got %v, want an empty log", err, o.audited(s, core.AuditFilter{}))
	}
}

func auditIsListedInPages(s *scene) {
	o := s.org()
	key := func(e core.AuditEntry) core.Key { return core.Key{At: e.At, ID: e.ID} }
	var want, got []core.Key
	for i := range 21 {
		want = append(want, key(o.NewAuditEntry(s, func(e *core.AuditEntry) { e.ID, e.At = randomID(), keyTimes()[i%7] })))
	}
	slices.SortFunc(want, newestFirst)
	for _, e := range paged(s, 4, key, func(k core.Seek) ([]core.AuditEntry, error) {
		return o.Read().Audit.List(s.Context(), core.AuditFilter{}, k)
	}) {
		got = append(got, key(e))
	}
	wantSame(s, "entries in pages", got, want)
}

func auditIsFiltered(s *scene) {
	o := s.org()
	at, bob := Now(), core.NewID[core.UserID]()
	var all []core.AuditEntry
	for mask := range 1 << 4 {
		all = append(all, o.NewAuditEntry(s, func(e *core.AuditEntry) {
			if mask&1 != 0 {
				e.Action = core.AuditSignedIn
			}
			if mask&2 != 0 {
				e.UserID = &bob
			}
			if mask&4 != 0 {
				e.TargetID = "it"
			}
			if e.At = at; mask&8 != 0 {
				e.At = at.Add(time.Hour)
			}
		}))
	}
	for mask := range 1 << 5 {
		var f core.AuditFilter
		if mask&1 != 0 {
			f.Action = core.AuditSignedIn
		}
		if mask&2 != 0 {
			f.UserID = bob
		}
		if mask&4 != 0 {
			f.TargetID = "it"
		}
		if mask&8 != 0 {
			f.Since = at.Add(time.Hour)
		}
		if mask&16 != 0 {
			f.Until = at.Add(time.Hour)
		}
		want, got := map[string]bool{}, map[string]bool{}
		for _, e := range all {
			if (f.Action == "" || e.Action == f.Action) && (f.UserID == "" || *e.UserID == f.UserID) && (f.TargetID == "" || e.TargetID == f.TargetID) &&
				(f.Since.IsZero() || !e.At.Before(f.Since)) && (f.Until.IsZero() || e.At.Before(f.Until)) {
				want[e.ID] = true
			}
		}
		for _, e := range o.audited(s, f) {
			got[e.ID] = true
		}
		wantSame(s, "entries by part of a filter", got, want)
	}
	for _, f := range []core.AuditFilter{{UserID: "x"}, {TargetID: "\x00"}, {Action: "\xff"}} {
		if got := o.audited(s, f); len(got) != 0 {
			s.Errorf("filter %q: got %d entries, want none", f, len(got))
		}
	}
}

func auditOutlives(s *scene) {
	o := s.org()
	k := o.NewAPIKey(s)
	e := o.NewAuditEntry(s, func(e *core.AuditEntry) { e.APIKeyID, e.UserID = &k.ID, new(core.NewID[core.UserID]()) })
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.APIKeys.Delete(ctx, k.ID) })
	wantSame(s, "the log", o.audited(s, core.AuditFilter{}), []core.AuditEntry{e})
}
