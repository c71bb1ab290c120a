package core

import (
	"context"
	"time"
)

// ModelUsage is what calls of one model used.
type ModelUsage struct {
	Model         string  `json:"model"`
	Calls         int64   `json:"llm_calls"`      // retries and repairs included
	UnpricedCalls int64   `json:"unpriced_calls"` // of those, made without a known price
	InputTokens   int64   `json:"input_tokens"`
	OutputTokens  int64   `json:"output_tokens"`
	PrefixTokens  int64   `json:"prefix_tokens"` // of the input, what the server had cached itself
	CachedCalls   int64   `json:"cached_calls"`  // answered from what was paid for before
	CachedTokens  int64   `json:"cached_tokens"`
	CostUSD       float64 `json:"cost_usd"` // of the calls that have a price
}

// UsageMeter counts what a tenant's calls use, as they come back: paid is paid, also
// when the job that made the call fails, so it is not behind a job's fence.
type UsageMeter interface {
	// Add adds u to the tenant's counts of u.Model in the month of at, in UTC. It may
	// be called concurrently. It refuses the zero Tenant, and returns ctx's error,
	// counting nothing, when ctx has ended, CodeNotFound for an organization that is
	// not there, and ErrOuterRead within an open transaction of its store.
	Add(ctx context.Context, t Tenant, at time.Time, u ModelUsage) error
}

// UsageReader reads what the tenant's calls used.
type UsageReader interface {
	// Month returns the counts of the month of at, in UTC, one a model in order of
	// their names; none for a month without calls.
	Month(ctx context.Context, at time.Time) ([]ModelUsage, error)
	// Totals returns what the tenant used in the month of at, in UTC, of all models,
	// and what is reserved now by jobs that hold their lease.
	Totals(ctx context.Context, at time.Time) (*UsageTotals, error)
}

// UsageTotals is what a tenant used in a month.
type UsageTotals struct {
	Documents      int64 // that were made
	Bytes          int64 // of text that was stored
	Calls          int64
	InputTokens    int64
	OutputTokens   int64
	Tokens         int64 // of both
	CachedCalls    int64
	CachedTokens   int64
	CostUSD        float64
	ReservedTokens int64 // by calls that are under way
	ReservedUSD    float64
}

// UsageRepo is UsageReader inside a transaction, and what sets aside before it is used.
type UsageRepo interface {
	UsageReader
	// Lock has every other Lock of the tenant wait until the transaction ends. What
	// others counted or reserved behind it is seen by reads that follow it.
	Lock(ctx context.Context) error
	// Reserve stores r, and may forget reservations whose job has lost its lease. It
	// returns CodeNotFound when the job does not exist.
	Reserve(ctx context.Context, r Reservation) error
	// Release forgets a reservation; one that is not there is no error.
	Release(ctx context.Context, id string) error
	// Warn notes that the tenant was warned of a quota in the month of at, and
	// reports whether it was not before.
	Warn(ctx context.Context, at time.Time, quota string) (first bool, err error)
	// Restore adds what an archive has of a month and model.
	Restore(ctx context.Context, u UsageOfMonth) error
}

// Reservation is what a call of a job is expected to use. It counts as long as the
// job is leased under Fence.
type Reservation struct {
	ID        string // a UUID
	JobID     JobID
	Fence     int64
	Tokens    int64
	CostUSD   float64
	CreatedAt time.Time
}

// CallEstimate is what a call is expected to use at most.
type CallEstimate struct {
	Tokens  int64   // of prompt and answer
	CostUSD float64 // 0 without a known price
}

// Metered is what a transaction counts for its tenant besides calls.
type Metered struct {
	At        time.Time // whose month it counts in
	Documents int64
	Bytes     int64
}

// UsageOfMonth is the counts of a month and model, as an archive keeps them. Those of
// documents stand under the model "".
type UsageOfMonth struct {
	Month     string // 2026-01
	Documents int64
	Bytes     int64
	Calls     ModelUsage
}

// UsageMonth returns the month of at in the form in which stores keep it, such as
// 2026-01.
func UsageMonth(at time.Time) string { return at.UTC().Format("2006-01") }
