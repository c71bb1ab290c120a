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
}

// UsageMonth returns the month of at in the form in which stores keep it, such as
// 2026-01.
func UsageMonth(at time.Time) string { return at.UTC().Format("2006-01") }
