package core

import (
	"sync"
	"time"
)

// tellPace keeps a bulk's progress from being told more often than anybody can
// look: hundreds of children may end in a second.
type tellPace struct {
	mu   sync.Mutex // guards told
	told map[JobID]time.Time
}

// maxPaced bounds what is remembered; a job that is forgotten is told once more.
const maxPaced = 1000

// due reports whether the progress of j may be told at that time, and notes that it is.
func (p *tellPace) due(j *Job, at time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last, ok := p.told[j.ID]; ok && at.Sub(last) < tellEvery && j.Progress.Done != j.Progress.Total {
		return false
	}
	if len(p.told) >= maxPaced {
		clear(p.told)
	}
	p.told[j.ID] = at
	return true
}
