package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// patience is how long a command waits for a model's server that does not work. A
// job waits for as long as that lasts; somebody at a terminal, or a script, would
// never hear the end of it. It is shared by the jobs of a command, and one call that
// went well begins it anew.
type patience struct {
	most time.Duration

	mu    sync.Mutex // guards since
	since time.Time  // when a job first had to wait; zero: none does
}

// worked notes that the server answered.
func (p *patience) worked() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = time.Time{}
}

// end returns what a job failed with whose next attempt is later than is waited for,
// else nil.
func (p *patience) end(j *core.Job, now time.Time) error {
	if !waitsForServer(j, now) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		p.since = now
	}
	if !j.NextAttemptAt.After(p.since.Add(p.most)) {
		return nil
	}
	return &core.Error{Code: j.ErrorCode, Message: fmt.Sprintf("%s; the command waits no longer than %s for it (--wait)", j.ErrorMessage, p.most)}
}

// countedPause is the longest pause between attempts that are counted, which end by
// themselves; a server that asks for more is waited for without an end.
const countedPause = time.Minute

// waitsForServer reports whether a job waits in a way that uses no attempt up.
func waitsForServer(j *core.Job, now time.Time) bool {
	if j.Status != core.JobPending || j.NextAttemptAt == nil {
		return false
	}
	return j.WaitsFor == core.WaitBreaker || j.WaitsFor == core.WaitRetry && j.NextAttemptAt.Sub(now) > countedPause
}

// answered reports whether a call went well between two looks at a job.
func answered(before, after core.Progress) bool {
	return before.Total > 0 && before.Total == after.Total && before.Done < after.Done
}
