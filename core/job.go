package core

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// JobType is what a job does.
type JobType string

// The job types.
const (
	JobSummarize     JobType = "summarize_document"
	JobBulkSummarize JobType = "bulk_summarize"
	JobPublish       JobType = "publish_summary"
	JobSync          JobType = "sync_integration"
	JobCleanup       JobType = "cleanup"
)

// JobTypes returns every job type.
func JobTypes() []JobType {
	return []JobType{JobSummarize, JobBulkSummarize, JobPublish, JobSync, JobCleanup}
}

// JobStatus is the state of a job.
type JobStatus string

// The states of a job.
const (
	JobPending    JobStatus = "pending"
	JobInProgress JobStatus = "in_progress"
	JobCompleted  JobStatus = "completed"
	JobFailed     JobStatus = "failed"
	JobCanceled   JobStatus = "canceled"
)

// JobStatuses returns every state.
func JobStatuses() []JobStatus {
	return []JobStatus{JobPending, JobInProgress, JobCompleted, JobFailed, JobCanceled}
}

// Ended reports whether s is an end state.
func (s JobStatus) Ended() bool {
	return s == JobCompleted || s == JobFailed || s == JobCanceled
}

// Queue is where a job waits. Each queue has its own concurrency.
type Queue string

// The shared queues.
const (
	QueueLLM         Queue = "llm"
	QueueLLMBulk     Queue = "llm_bulk"
	QueueIntegration Queue = "integration"
	QueueMaintenance Queue = "maintenance"
)

// Queues returns the shared queues.
func Queues() []Queue { return []Queue{QueueLLM, QueueLLMBulk, QueueIntegration, QueueMaintenance} }

const localPrefix = "local:"

// LocalQueue returns the queue that only the process named by run claims from,
// such as one command line. What nobody claims there falls to the job's shared queue.
func LocalQueue(run string) Queue { return Queue(localPrefix + run) }

// Local reports whether q is a LocalQueue.
func (q Queue) Local() bool { return strings.HasPrefix(string(q), localPrefix) }

// JobWait is what a job waits for besides its turn.
type JobWait string

// What a job may wait for. The first two are for somebody else to end; a job that
// waits for them is in no queue. The others end by themselves at NextAttemptAt.
const (
	WaitConfirmation JobWait = "confirmation" // a person's, by Jobs.Confirm
	WaitChildren     JobWait = "children"     // in progress without a worker: its children are worked on
	WaitRetry        JobWait = "retry"        // its last attempt failed
	WaitBreaker      JobWait = "breaker"      // what it needs failed again and again and is left alone for a while
	WaitQuota        JobWait = "quota"
	WaitBudget       JobWait = "budget" // its parent's money is reserved by its sisters
)

// Progress is how far a job is. Total is 0 while unknown.
type Progress struct {
	Done    int    `json:"done"`
	Total   int    `json:"total"`
	Message string `json:"message"`
}

// Job is work in the background. Its life is one or more runs; a retry by a user
// begins the next. A run has one or more attempts.
type Job struct {
	ID            JobID           `json:"id"`
	OrgID         OrgID           `json:"org_id"`
	UserID        UserID          `json:"user_id"`
	Type          JobType         `json:"job_type"`
	RelatedID     string          `json:"related_id"`
	RelatedType   string          `json:"related_type"` // "summary", …
	Status        JobStatus       `json:"status"`
	Progress      Progress        `json:"progress"`
	Result        json.RawMessage `json:"result,omitempty"`
	ErrorCode     Code            `json:"error_code,omitempty"` // of the last attempt; kept while it waits for the next
	ErrorMessage  string          `json:"error_message,omitempty"`
	Run           int             `json:"run"`     // from 1
	Attempt       int             `json:"attempt"` // of this run; 0 before the first
	MaxAttempts   int             `json:"max_attempts"`
	Queue         Queue           `json:"queue"`           // its shared queue
	LocalQueue    Queue           `json:"-"`               // where it waits first; "": Queue
	NextAttemptAt *time.Time      `json:"next_attempt_at"` // set while pending
	QueuedAt      time.Time       `json:"queued_at"`       // when its present run was
	StartedAt     *time.Time      `json:"started_at"`
	FinishedAt    *time.Time      `json:"finished_at"`
	TaskID        string          `json:"task_id,omitempty"` // the dispatcher's own id of it, if it has one
	ParentID      *JobID          `json:"parent_id"`
	Input         json.RawMessage `json:"-"`                   // what was asked for, by its type; nil: RelatedID says all
	WaitsFor      JobWait         `json:"waits_for,omitempty"` // "": its turn, or nothing
	ConfirmedAt   *time.Time      `json:"confirmed_at"`        // in this run, by a person
	CreatedAt     time.Time       `json:"created_at"`
}

// FirstQueue returns the queue that j is dispatched to: its local one if it has one.
func (j *Job) FirstQueue() Queue {
	if j.LocalQueue != "" {
		return j.LocalQueue
	}
	return j.Queue
}

// Dispatch has a pending job started at RunAt by a worker of Queue.
type Dispatch struct {
	JobID JobID
	Queue Queue
	RunAt time.Time
}

// DispatchState is what Claim sees of a job that waits for its turn.
type DispatchState struct {
	Queue Queue
	RunAt time.Time
	Due   bool // by the store's clock
	Ahead int  // due jobs of the tenant in the queue that are claimed before it, at most MaxAhead
	Held  int  // leases that the tenant holds, of all queues
}

// MaxAhead bounds how far a job's place in its queue is counted.
const MaxAhead = 10_000

// JobFilter narrows a list; zero fields do not.
type JobFilter struct {
	Status    JobStatus
	Type      JobType
	RelatedID string
	ParentID  JobID
}

// JobReader reads the tenant's jobs.
type JobReader interface {
	// Get returns a job, or CodeNotFound.
	Get(ctx context.Context, id JobID) (*Job, error)
	// List returns jobs by (CreatedAt, ID) descending.
	List(ctx context.Context, f JobFilter, s Seek) ([]Job, error)
	// Dispatch returns what Claim sees of a job, or CodeNotFound when it is not to be
	// claimed: it is leased, has ended, or waits for somebody.
	Dispatch(ctx context.Context, id JobID) (*DispatchState, error)
}

// JobRepo is JobReader inside a transaction. New jobs are created by Outbox.Enqueue.
type JobRepo interface {
	JobReader
	// GetForUpdate is Get with the row locked until the transaction ends.
	GetForUpdate(ctx context.Context, id JobID) (*Job, error)
	// Update stores everything of j but its id, organization, type, relation, Input and
	// CreatedAt, or returns CodeNotFound. A job that is then not in progress, or waits for
	// its children, has no lease any more: it is ended and the fence raised, in the same
	// transaction. One that is not pending, or waits for a confirmation, has no dispatch.
	Update(ctx context.Context, j *Job) error
	// Restore stores j as it is, without a lease and without having it started:
	// Outbox.Dispatch does that. It is for imports; work is made by Outbox.Enqueue.
	Restore(ctx context.Context, j *Job) error
}
