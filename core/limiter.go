package core

import (
	"context"
	"time"
)

// LimitKey is what a limit is counted by. Keys are made by the functions below,
// so that a tenant's counters are apart from everybody else's.
type LimitKey struct{ name string }

// String returns the key's name for a limiter to count by.
func (k LimitKey) String() string { return k.name }

// TenantLimit counts what an organization does, by what is limited.
func TenantLimit(t Tenant, what string) LimitKey {
	return LimitKey{name: "org:" + string(t.OrgID()) + ":" + what}
}

// PublicLimit counts what is done before a tenant is known, by what is limited
// and by whom: an address, a folded e-mail.
func PublicLimit(what, by string) LimitKey { return LimitKey{name: "public:" + what + ":" + by} }

// Limit allows Events per Period on average, and as many at once.
type Limit struct {
	Events int // at least 1
	Period time.Duration
}

// LimitState is the answer of a Limiter.
type LimitState struct {
	Allowed    bool
	Remaining  int           // events that would be allowed now
	RetryAfter time.Duration // until the asked events would be allowed; 0 when Allowed
	ResetAfter time.Duration // until the whole of Events is there again
}

// Limiter counts events against limits by the generic cell rate algorithm
// (GCRA, ITU-T I.371): no more than Events are ever allowed in a burst, and they
// come back evenly over Period.
type Limiter interface {
	// Allow takes n events of key's limit, all or none, in one atomic step for all
	// nodes. n of 0 only asks. More than l.Events is never allowed. It returns
	// CodeUnavailable when the counters cannot be reached.
	Allow(ctx context.Context, key LimitKey, l Limit, n int) (LimitState, error)
}
