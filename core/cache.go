package core

import (
	"context"
	"time"
)

// Cache keeps what is dear to find out again, for a while. It is never the truth:
// any entry may be gone at any time, and without it everything works, slower.
type Cache interface {
	// Get returns a value that was set under the tenant's key and has not expired;
	// found is false when there is none. It returns CodeUnavailable when the cache
	// cannot be reached; the caller goes on as if nothing was found.
	Get(ctx context.Context, t Tenant, key string) (value []byte, found bool, err error)
	// Set keeps a copy of value for ttl, replacing what was there. A ttl that is
	// not positive keeps nothing.
	Set(ctx context.Context, t Tenant, key string, value []byte, ttl time.Duration) error
	// Delete forgets keys; one that is not there is no error.
	Delete(ctx context.Context, t Tenant, keys ...string) error
	// Clear forgets everything of the tenant.
	Clear(ctx context.Context, t Tenant) error
}
