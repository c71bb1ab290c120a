package core

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// jobRule is what is fixed for a job type.
type jobRule struct {
	queue       Queue
	maxAttempts int
}

var kindRules = map[JobType]jobRule{
	JobSummarize:     {queue: QueueLLM, maxAttempts: 3},
	JobBulkSummarize: {queue: QueueMaintenance, maxAttempts: 3},
	JobSync:          {queue: QueueIntegration, maxAttempts: 5},
	JobPublish:       {queue: QueueIntegration, maxAttempts: 5},
}

// jobKind is how a job type is worked on. ended and restarted run in the
// transaction in which a run of the job fails or is canceled, or begins anew.
type jobKind struct {
	handle    func(ctx context.Context, r *Run) error
	ended     func(ctx context.Context, tx Tx, j *Job) error
	restarted func(ctx context.Context, tx Tx, j *Job) error
}

func jobKinds(c Config) map[JobType]jobKind {
	return map[JobType]jobKind{
		JobSummarize:     {handle: c.runSummarize, ended: c.failSummary, restarted: c.restartSummary},
		JobBulkSummarize: {handle: c.runBulk, ended: c.cancelBulk, restarted: nothing},
		JobSync:          {handle: c.runSync, ended: c.endSync, restarted: c.restartSync},
		JobPublish:       {handle: c.runPublish, ended: nothing, restarted: nothing},
	}
}

// nothing is what happens to what a job is about when its run ends.
func nothing(context.Context, Tx, *Job) error { return nil }

// Bounds of the pause before the next attempt: 2 s doubled each time, with full
// jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
const (
	backoffBase = 2 * time.Second
	backoffMax  = 5 * time.Minute
)

// backoff returns the pause after the given attempt, 1 being the first, and at
// least what the failed side asked for.
func backoff(attempt int, atLeast time.Duration) time.Duration {
	return max(atLeast, jitter(attempt, backoffBase, backoffMax)).Truncate(time.Microsecond)
}

// jitter returns a span of chance up to base doubled with each attempt after the
// first, but never over most.
func jitter(attempt int, base, most time.Duration) time.Duration {
	ceiling := most
	if attempt < 20 {
		ceiling = min(most, base<<max(attempt-1, 0))
	}
	return rand.N(ceiling).Truncate(time.Microsecond)
}

// kindOf returns how jobs of a type are worked on.
func kindOf(kinds map[JobType]jobKind, t JobType) (jobKind, error) {
	kind, ok := kinds[t]
	if !ok {
		return kind, fmt.Errorf("core: no handler for job type %q", t)
	}
	return kind, nil
}
