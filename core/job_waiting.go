package core

import (
	"context"
	"fmt"
	"time"
)

// Besides what Job.WaitsFor says, a pending job may wait for these.
const (
	WaitQueue    JobWait = "queue"    // its turn
	WaitCap      JobWait = "cap"      // the organization runs as many jobs as its plan allows
	WaitStarting JobWait = "starting" // nothing: a worker has taken it and is about to begin
)

// JobWaits returns everything that a pending job may wait for.
func JobWaits() []JobWait {
	return []JobWait{WaitQueue, WaitCap, WaitStarting, WaitRetry, WaitBreaker, WaitQuota, WaitBudget, WaitConfirmation}
}

// Waiting says why a pending job does not run yet.
type Waiting struct {
	Reason   JobWait
	Position int        // in its queue, from 1; 0 when that is not what it waits for
	Until    *time.Time // nil: not known
	Sentence string
}

// Waiting says why a job does not run yet, by what claiming goes by; nil for one
// that is not pending.
func (s *JobService) Waiting(ctx context.Context, a Actor, j *Job) (*Waiting, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	if j.Status != JobPending {
		return nil, nil
	}
	if j.WaitsFor == WaitConfirmation {
		return j.Waiting(), nil
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	d, err := read.Jobs.Dispatch(ctx, j.ID)
	if CodeOf(err) == CodeNotFound {
		return &Waiting{Reason: WaitStarting, Sentence: "A worker has taken it and is about to begin."}, nil
	}
	if err != nil {
		return nil, err
	}
	if !d.Due {
		return j.Waiting(), nil
	}
	if limits := s.cfg.runningJobs(); len(limits) > 0 && !d.Queue.Local() {
		org, err := read.Organizations.Get(ctx)
		if err != nil {
			return nil, err
		}
		if most := limits[org.PlanType]; most > 0 && d.Held >= most {
			return &Waiting{Reason: WaitCap, Position: d.Ahead + 1, Sentence: fmt.Sprintf(
				"Your organization runs %s, as many as its plan allows at once. It begins when one has ended; %s.", jobsInWords(d.Held), turn(d.Ahead))}, nil
		}
	}
	return &Waiting{Reason: WaitQueue, Position: d.Ahead + 1, Sentence: fmt.Sprintf(
		"It is due and waits in the queue %s for a worker that is free; %s.", d.Queue, turn(d.Ahead))}, nil
}

func jobsInWords(n int) string {
	if n == 1 {
		return "one job"
	}
	return fmt.Sprintf("%d jobs", n)
}

func turn(ahead int) string {
	switch ahead {
	case 0:
		return "it is the next of your organization"
	case 1:
		return "one job of your organization is before it"
	default:
		return fmt.Sprintf("%d jobs of your organization are before it", ahead)
	}
}

// Waiting says of j alone why it does not run yet: without its place in the queue
// and whether it is due. It is nil for a job that is not pending.
func (j *Job) Waiting() *Waiting {
	if j.Status != JobPending {
		return nil
	}
	w := &Waiting{Reason: j.WaitsFor, Until: j.NextAttemptAt}
	switch j.WaitsFor {
	case WaitConfirmation:
		w.Sentence = "It waits for a person to confirm it: " + j.Progress.Message + "."
	case WaitBreaker:
		w.Sentence = "What it needs has failed again and again and is left alone for a while: " + j.ErrorMessage + "."
	case WaitQuota:
		w.Sentence = "A quota is used up: " + j.ErrorMessage + "."
	case WaitBudget:
		w.Sentence = "The money of the bulk job that it is part of is reserved for other documents; it goes on when they are done."
	case WaitRetry:
		w.Sentence = fmt.Sprintf("Attempt %d of %d failed, and it is tried again: %s.", j.Attempt, j.MaxAttempts, j.ErrorMessage)
	default:
		w.Reason, w.Sentence = WaitQueue, "It waits for its turn."
	}
	return w
}
