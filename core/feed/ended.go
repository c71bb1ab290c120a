package feed

import (
	"encoding/json"

	"github.com/docsctl/docsctl/core"
)

// endedJobs remembers which runs have ended, so that progress and text that the
// bus brings late are not told after a job's end event. It forgets the oldest:
// what is late is late by moments.
type endedJobs struct{ young, old map[core.JobID]int } // the run that ended

// maxEnded bounds each of the two generations.
const maxEnded = 512

// note looks at a stored event.
func (j *endedJobs) note(e core.Event) {
	switch e.Type {
	case core.EventJobCompleted, core.EventJobFailed, core.EventJobCanceled:
	default:
		return
	}
	var job struct {
		ID  core.JobID `json:"id"`
		Run int        `json:"run"`
	}
	if json.Unmarshal(e.Data, &job) != nil {
		return
	}
	if j.young == nil || len(j.young) >= maxEnded {
		j.old, j.young = j.young, make(map[core.JobID]int)
	}
	j.young[job.ID] = job.Run
}

// outlived reports whether an ephemeral event is of a run that has ended.
func (j *endedJobs) outlived(e core.Event) bool {
	var data struct {
		ID    core.JobID `json:"id"`     // of job.progress
		JobID core.JobID `json:"job_id"` // of summary.delta
		Run   int        `json:"run"`
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return true
	}
	id := data.ID
	if e.Type == core.EventSummaryDelta {
		id = data.JobID
	}
	run, ok := j.young[id]
	if !ok {
		run, ok = j.old[id]
	}
	return ok && data.Run <= run
}
