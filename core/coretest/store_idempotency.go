package coretest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/docsctl/docsctl/core"
)

func idempotencyCases() []storeCase {
	return []storeCase{
		{"ClaimedTwiceGivesTheFirst", claimedTwice},
		{"KeysBelongToUserAndRoute", keysBelong},
		{"OldClaimIsClaimedAnew", oldClaim},
		{"ClaimOfARolledBackTxIsFree", claimIsRolledBack},
		{"OneOfManyClaimsAtOnceIsFirst", manyClaims},
	}
}

func (o *Org) onceRequest() core.IdempotentRequest {
	return core.IdempotentRequest{
		UserID: o.User.ID, Route: "createDocument", KeyHash: []byte("\x00\xff a hash"), Fingerprint: []byte("\x00 a fingerprint"), CreatedAt: Now(),
	}
}

// claimOnce claims in a transaction of its own and, when it was the first, answers.
func (o *Org) claimOnce(s *scene, r core.IdempotentRequest, expired time.Time) *core.IdempotentRequest {
	s.Helper()
	var earlier *core.IdempotentRequest
	o.InTx(s, func(ctx context.Context, tx core.Tx) (err error) {
		if earlier, err = tx.Idempotency.Claim(ctx, r, expired); err != nil || earlier != nil {
			return err
		}
		return tx.Idempotency.Answer(ctx, r)
	})
	return earlier
}

func claimedTwice(s *scene) {
	o := s.org()
	first := o.onceRequest()
	first.Answer = []byte("\x00\xff an answer")
	if got := o.claimOnce(s, first, first.CreatedAt.Add(-time.Hour)); got != nil {
		s.Errorf("the first claim: got %+v, want nil", got)
	}
	again := o.onceRequest()
	again.Fingerprint, again.Answer = []byte("another"), []byte("another")
	wantSame(s, "the second claim", o.claimOnce(s, again, first.CreatedAt.Add(-time.Hour)), &first)
	wantSame(s, "the third claim", o.claimOnce(s, again, first.CreatedAt), &first)
}

func keysBelong(s *scene) {
	o, other := s.org(), s.org()
	colleague := o.NewUser(s)
	for what, r := range map[string]func(*core.IdempotentRequest){
		"the first": func(*core.IdempotentRequest) {}, "another route": func(r *core.IdempotentRequest) { r.Route = "createTemplate" },
		"another key": func(r *core.IdempotentRequest) { r.KeyHash = []byte("k") }, "another user": func(r *core.IdempotentRequest) { r.UserID = colleague.ID },
	} {
		request := o.onceRequest()
		r(&request)
		if got := o.claimOnce(s, request, Now().Add(-time.Hour)); got != nil {
			s.Errorf("%s: got %+v, want nil", what, got)
		}
	}
	if got := other.claimOnce(s, other.onceRequest(), Now().Add(-time.Hour)); got != nil {
		s.Errorf("another organization: got %+v, want nil", got)
	}
}

func oldClaim(s *scene) {
	o := s.org()
	old, fresh := o.onceRequest(), o.onceRequest()
	old.CreatedAt, old.Answer = Now().Add(-25*time.Hour), []byte("old")
	expired := Now().Add(-24 * time.Hour)
	o.claimOnce(s, old, old.CreatedAt.Add(-time.Hour))
	fresh.Fingerprint, fresh.Answer = []byte("new"), []byte("new")
	if got := o.claimOnce(s, fresh, expired); got != nil {
		s.Errorf("an old key: got %+v, want nil", got)
	}
	wantSame(s, "the key afterwards", o.claimOnce(s, old, expired), &fresh)
}

func claimIsRolledBack(s *scene) {
	o := s.org()
	r, broke := o.onceRequest(), errors.New("broke")
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		if _, err := tx.Idempotency.Claim(ctx, r, Now().Add(-time.Hour)); err != nil {
			return err
		}
		return broke
	})
	if !errors.Is(err, broke) {
		s.Fatalf("got %v, want the error of the closure", err)
	}
	if got := o.claimOnce(s, r, Now().Add(-time.Hour)); got != nil {
		s.Errorf("a key whose transaction failed: got %+v, want nil", got)
	}
}

// manyClaims has each of many transactions store a document when it is the first.
func manyClaims(s *scene) {
	o := s.org()
	var first, replayed atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			r := o.onceRequest()
			r.Answer = []byte("the answer")
			var earlier *core.IdempotentRequest
			err := o.TryTx(s, func(ctx context.Context, tx core.Tx) (err error) {
				if earlier, err = tx.Idempotency.Claim(ctx, r, Now().Add(-time.Hour)); err != nil || earlier != nil {
					return err
				}
				if err := tx.Documents.Create(ctx, o.document()); err != nil {
					return err
				}
				return tx.Idempotency.Answer(ctx, r)
			})
			switch {
			case err != nil:
				s.Errorf("claim: %v", err)
			case earlier == nil:
				first.Add(1)
			case string(earlier.Answer) == "the answer":
				replayed.Add(1)
			}
		})
	}
	wg.Wait()
	docs, err := o.Read().Documents.List(s.Context(), core.DocumentFilter{}, everything)
	if must(s, "documents", docs, err); first.Load() != 1 || replayed.Load() != 19 || len(docs) != 1 {
		s.Errorf("20 at once: %d were first, %d were given its answer, %d documents; want 1, 19 and 1", first.Load(), replayed.Load(), len(docs))
	}
}
