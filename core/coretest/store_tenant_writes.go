package coretest

import (
	"context"
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/core"
)

func writesTouchNothingOfOthers(s *scene) {
	if diff := s.writeAboutOthers(false); diff != "" {
		s.Errorf("a write changed another tenant's rows (-after +before):\n%s", diff)
		s.writeAboutOthers(true) // which one
	}
}

// writeAboutOthers calls every write about things of another tenant and returns by
// what it changed them. each looks after each write, which takes long.
func (s *scene) writeAboutOthers(each bool) (diff string) {
	s.Helper()
	b := s.org()
	theirs := newThings(s, b)
	before := stateOf(s, b, theirs)
	shared := s.org()
	for name, op := range writeOperations() {
		a := shared
		if op.answer == answersAny || op.answer == answersOwn { // what it makes of its own is not another's to find
			a = s.org()
		}
		try := func(x things) error {
			return a.TryTx(s, func(ctx context.Context, tx core.Tx) error { return op.call(ctx, tx, x) })
		}
		err := try(theirs)
		s.wantNotTheirs(name, op.answer, 0, err)
		s.wantSameError(name, op.answer, err, try(unknownThings(b)))
		if !each {
			continue
		}
		if diff := cmp.Diff(stateOf(s, b, theirs), before); diff != "" {
			s.Fatalf("%s changed another tenant's rows (-after +before):\n%s", name, diff)
		}
	}
	return cmp.Diff(stateOf(s, b, theirs), before)
}

// referencesToOthersAreRefused writes rows of a that point to rows of b.
func referencesToOthersAreRefused(s *scene) {
	a, b := s.org(), s.org()
	theirs := newThings(s, b)
	mine := a.NewDocument(s)
	refs := map[string]func(ctx context.Context, tx core.Tx) error{
		"a document of their user": func(ctx context.Context, tx core.Tx) error {
			return tx.Documents.Create(ctx, a.document(func(d *core.Document) { d.UserID = theirs.user.ID }))
		},
		"a summary of their document": func(ctx context.Context, tx core.Tx) error {
			return tx.Summaries.Create(ctx, a.summary(&theirs.document))
		},
		"a summary of their user": func(ctx context.Context, tx core.Tx) error {
			return tx.Summaries.Create(ctx, a.summary(mine, func(x *core.Summary) { x.CreatedBy = theirs.user.ID }))
		},
		"a template of their user": func(ctx context.Context, tx core.Tx) error {
			return tx.Templates.Create(ctx, a.template(func(x *core.Template) { x.CreatedBy = &theirs.user.ID }))
		},
		"a session of their user": func(ctx context.Context, tx core.Tx) error {
			x := a.session()
			x.UserID = theirs.user.ID
			return tx.Sessions.Create(ctx, &x)
		},
		"an API key of their user": func(ctx context.Context, tx core.Tx) error {
			x := a.apiKey()
			x.UserID = theirs.user.ID
			return tx.APIKeys.Create(ctx, &x)
		},
		"a job of their user": func(_ context.Context, tx core.Tx) error {
			tx.Enqueue(*a.job(func(j *core.Job) { j.UserID = theirs.user.ID }))
			return nil
		},
		"a child of their job": func(_ context.Context, tx core.Tx) error {
			tx.Enqueue(*a.job(func(j *core.Job) { j.ParentID = &theirs.job.ID }))
			return nil
		},
	}
	for name, write := range refs {
		if err := a.TryTx(s, write); err == nil {
			s.Errorf("%s was stored, want an error", name)
		}
	}
}

func outboxReachesNothingOfOthers(s *scene) {
	a, b := s.org(), s.org()
	later := b.NewJob(s, inOwnQueue, func(j *core.Job) { j.NextAttemptAt = new(Now().Add(time.Hour)) })
	err := a.TryTx(s, func(_ context.Context, tx core.Tx) error {
		tx.Dispatch(core.Dispatch{JobID: later.ID, Queue: later.Queue, RunAt: Now()})
		return nil
	})
	if err == nil {
		s.Error("dispatching another tenant's job: got nil, want an error")
	}
	a.InTx(s, func(_ context.Context, tx core.Tx) error { tx.Audit(b.auditEntry()); return nil }) // it names b
	if got := b.audited(s, core.AuditFilter{}); len(got) != 0 {
		s.Errorf("another tenant's audit log: got %v, want it empty", got)
	}
	if got := s.claim(core.ClaimRequest{Queue: later.Queue, Limit: 10, TTL: time.Minute}); len(got) != 0 {
		s.Errorf("claim: got %v, want none: another tenant started the job", got)
	}
	a.appendEvent(s, "of a")
	a.awaitEvents(s, 1)
	b.appendEvent(s, "of b")
	if events := b.awaitEvents(s, 1); len(events) != 1 || events[0].OrgID != b.Organization.ID || string(events[0].Data) != `"of b"` {
		s.Errorf("another tenant's log: got %v, want only its own event", events)
	}
}

func leaseOfAnotherTenantIsLost(s *scene) {
	a, b := s.org(), s.org()
	job := b.NewJob(s, inOwnQueue)
	lease := s.lease(job, time.Minute)
	ran := func(context.Context, core.Tx) error { s.Error("ran behind another tenant's lease"); return nil }
	stolen := lease
	stolen.Tenant = a.Tenant
	for name, l := range map[string]core.Lease{"as it is": lease, "with the own tenant": stolen} {
		if err := s.store.Tenant(a.Tenant).InLease(s.Context(), l, ran); !errors.Is(err, core.ErrLeaseLost) {
			s.Errorf("InLease with another tenant's lease %s: got %v, want ErrLeaseLost", name, err)
		}
		own := s.lease(a.NewJob(s, inOwnQueue), time.Minute)
		err := s.store.Tenant(a.Tenant).InLeases(s.Context(), []core.Lease{l, own}, func(_ context.Context, _ core.Tx, held []core.Lease) error {
			wantSame(s, "the leases that are held beside another tenant's "+name, held, []core.Lease{own})
			return nil
		})
		if err != nil {
			s.Errorf("InLeases with another tenant's lease %s beside an own: %v", name, err)
		}
	}
	twin := s.lease(a.NewJob(s, inOwnQueue, func(j *core.Job) { j.ID = job.ID }), time.Minute) // under the same id, and often the same fence
	twin.Tenant = b.Tenant
	s.wantLeaseLost("InLease with a lease that names another tenant", s.store.Tenant(a.Tenant).InLease(s.Context(), twin, ran))
	if err := s.store.Tenant(b.Tenant).InLease(s.Context(), lease, nothing); err != nil {
		s.Errorf("the holder's InLease afterwards: %v", err)
	}
}

func nothing(context.Context, core.Tx) error { return nil }

func nothingHeld(context.Context, core.Tx, []core.Lease) error { return nil }
