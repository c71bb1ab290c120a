// Package chaos judges what an installation did with its jobs while its parts were
// taken away. What happened is taken from two witnesses that know nothing of each
// other: the event log, which the program writes, and a log of every change of a
// job, its lease and its summary, which triggers in Postgres write; see Watch.
package chaos

import (
	"time"

	"github.com/docsctl/docsctl/core"
)

// History is what happened in an installation, from its first job on.
type History struct {
	Accepted  []core.JobID // jobs of which somebody was told that they will be done
	Changes   []Change     // in the order in which they were made to each job
	Events    []Event      // the log's, in its order
	Processes []Process
	Outages   []Span // when the database could not be used, or the machine stood still
}

// Kind says of what a Change was made.
type Kind string

// The kinds of changes.
const (
	ChangedJob     Kind = "job"     // its state, run, attempt or due time
	ChangedSummary Kind = "summary" // its state
	Leased         Kind = "leased"  // a worker has claimed the job, or taken it over from a lost one
)

// Change is one row's change, as a trigger saw it. Of the other kinds than
// ChangedJob only the fields up to Job are set.
type Change struct {
	Kind    Kind
	At      time.Time
	Tx      string // the transaction
	By      string // the process that made it
	Org     core.OrgID
	Job     core.JobID
	Run     int
	Attempt int
	Status  core.JobStatus
	Due     time.Time // when a pending job may start; zero for others
}

// Event is an event of the log that tells of a job or of its summary.
type Event struct {
	Type    core.EventType
	Tx      string
	Job     core.JobID
	Run     int // of a job's event only, as what follows
	Attempt int
	Status  core.JobStatus
}

// Process is a worker process, as its killer knows it. One that was stopped and
// continued is two.
type Process struct {
	Name   string
	Places int // how many jobs it runs at once
	Span
}

// Span is a time from which on, and before whose end, something held. An end of
// zero is the history's.
type Span struct{ From, To time.Time }

func (s Span) contains(at time.Time) bool {
	return !at.Before(s.From) && (s.To.IsZero() || at.Before(s.To))
}
