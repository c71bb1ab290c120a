package coretest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/archive"
)

// importedWorkIsStarted imports a job that waits, one that runs and one that has ended.
func importedWorkIsStarted(s *scene) {
	o := s.org()
	running := o.NewJob(s)
	lease := s.lease(running, time.Minute)
	err := s.store.Tenant(o.Tenant).InLease(s.Context(), lease, func(ctx context.Context, tx core.Tx) error {
		running.Status, running.Attempt, running.NextAttemptAt, running.StartedAt = core.JobInProgress, 1, nil, new(Now())
		return tx.Jobs.Update(ctx, running)
	})
	if err != nil {
		s.Fatal(err)
	}
	ended := o.NewJob(s)
	ended.Status, ended.FinishedAt, ended.NextAttemptAt = core.JobCompleted, new(Now()), nil
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Jobs.Update(ctx, ended) })
	waiting := o.NewJob(s, func(j *core.Job) { j.LocalQueue = core.LocalQueue("gone") })
	file := exportFile(s, o)
	target := s.factory.Open(s.T)
	if _, err := archive.Import(s.Context(), target, turning{}, bytes.NewReader(file), nil); err != nil {
		s.Fatalf("import: %v", err)
	}
	leases, err := target.System().Claim(s.Context(), core.ClaimRequest{Queue: core.QueueLLM, Limit: 10, TTL: time.Minute})
	claimed := map[core.JobID]bool{}
	for _, l := range leases {
		claimed[l.JobID] = true
	}
	if err != nil || len(leases) != 2 || !claimed[running.ID] || !claimed[waiting.ID] {
		s.Errorf("claimed %v, %v, want what was running and what was waiting", leases, err)
	}
	got, err := target.Tenant(o.Tenant).Read().Jobs.Get(s.Context(), running.ID)
	if err != nil || got.Status != core.JobPending || got.Attempt != 0 || got.NextAttemptAt == nil || got.StartedAt == nil {
		s.Errorf("what was running: got %+v, %v, want it pending, the attempt not counted", got, err)
	}
}

// lots gives an organization more rows than one batch of an import.
func (s *scene) lots() *Org {
	s.Helper()
	o := s.fullOrg()
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		for range 600 {
			x := o.session()
			if err := tx.Sessions.Create(ctx, &x); err != nil {
				return err
			}
		}
		return nil
	})
	return o
}

// failing reads n bytes and then fails.
type failing struct {
	io.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

func importOfABrokenArchiveLeavesNothing(s *scene) {
	o := s.lots()
	file := exportFile(s, o)
	target := s.factory.Open(s.T)
	flipped := bytes.Clone(file)
	flipped[len(file)*3/4] ^= 0x40
	for name, in := range map[string]io.Reader{
		"cut after a tenth":  bytes.NewReader(file[:len(file)/10]),
		"cut near the end":   bytes.NewReader(file[:len(file)-9]),
		"one bit is another": bytes.NewReader(flipped),
		"more behind it":     bytes.NewReader(append(bytes.Clone(file), "more"...)),
	} {
		_, err := archive.Import(s.Context(), target, turning{}, in, nil)
		wantCode(s, name, err, core.CodeValidation)
		s.wantNothingImported(name, target, o)
	}
	_, err := archive.Import(s.Context(), target, turning{}, failing{bytes.NewReader(file[:len(file)-9]), errOfTest}, nil)
	if !errors.Is(err, errOfTest) {
		s.Errorf("a stream that breaks: got %v, want its error", err)
	}
	s.wantNothingImported("a stream that breaks", target, o)
	ctx, cancel := context.WithCancel(s.Context())
	rows := 0
	_, err = archive.Import(ctx, target, turning{}, bytes.NewReader(file), func(string) {
		if rows++; rows == 501 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		s.Errorf("an interrupt: got %v, want context.Canceled", err)
	}
	s.wantNothingImported("an interrupt", target, o)
	if _, err := archive.Import(s.Context(), target, turning{}, bytes.NewReader(file), nil); err != nil {
		s.Errorf("the whole archive afterwards: %v", err)
	}
}

// wantNothingImported reports what of o can be seen in target.
func (s *scene) wantNothingImported(name string, target core.Store, o *Org) {
	s.Helper()
	ctx := s.Context()
	_, err := target.Tenant(o.Tenant).Read().Organizations.Get(ctx)
	wantCode(s, name+": organization", err, core.CodeNotFound)
	logins, err := target.System().Logins(ctx, o.User.EmailKey)
	if err != nil || len(logins) != 0 {
		s.Errorf("%s: sign-in data: got %v, %v, want none", name, logins, err)
	}
	refs, err := target.System().Unindexed(ctx, 10)
	if err != nil || len(refs) != 0 {
		s.Errorf("%s: documents to be indexed: got %v, %v, want none", name, refs, err)
	}
	leases, err := target.System().Claim(ctx, core.ClaimRequest{Queue: core.QueueLLM, Limit: 10, TTL: time.Minute})
	if err != nil || len(leases) != 0 {
		s.Errorf("%s: claim: got %v, %v, want none", name, leases, err)
	}
	err = target.Tenant(o.Tenant).InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		return tx.Imports.Begin(ctx, core.ImportMark{ID: core.NewID[string](), TTL: -time.Minute})
	})
	wantCode(s, name+": mark", err, "")
	if err := core.DiscardAbandoned(ctx, target.Tenant(o.Tenant)); err != nil {
		s.Errorf("%s: discard: %v", name, err)
	}
}

func importConflicts(s *scene) {
	o := s.fullOrg()
	before := exportRows(s, s.store, o.Tenant)
	file := exportFile(s, o)
	_, err := archive.Import(s.Context(), s.store, turning{}, bytes.NewReader(file), nil)
	wantCode(s, "import of what is there", err, core.CodeConflict)
	wantSame(s, "what was there", exportRows(s, s.store, o.Tenant), before)
	target := s.factory.Open(s.T)
	begun := core.ImportMark{ID: core.NewID[string](), TTL: time.Minute}
	err = target.Tenant(o.Tenant).InTx(s.Context(), func(ctx context.Context, tx core.Tx) error { return tx.Imports.Begin(ctx, begun) })
	wantCode(s, "begin", err, "")
	_, err = archive.Import(s.Context(), target, turning{}, bytes.NewReader(file), nil)
	wantCode(s, "import while another is under way", err, core.CodeConflict)
	err = target.Tenant(o.Tenant).InTx(s.Context(), func(ctx context.Context, tx core.Tx) error { return tx.Imports.Renew(ctx, begun) })
	wantCode(s, "the other import afterwards", err, "")
}
