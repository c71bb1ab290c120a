package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/docsctl/docsctl/core"
)

// retryAfter is about how long a restarting Redis is away.
const retryAfter = time.Second

// translate returns the product's error for one of the driver's. ctx is the
// caller's; when it has ended its error is the answer.
func translate(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case answered(err) && !passing(err) && !refused(err):
		return fmt.Errorf("%s: %w", what, err)
	}
	return core.Unavailable("a part of the service cannot be reached now; try again in a moment", retryAfter, fmt.Errorf("%s: %w", what, err))
}

// answered reports that the server has answered, with an error.
func answered(err error) bool {
	_, ok := errors.AsType[redis.Error](err)
	return ok
}

// passing reports an answer of a server that is starting, full, or not the one
// that takes writes now.
func passing(err error) bool {
	return redis.IsLoadingError(err) || redis.IsReadOnlyError(err) || redis.IsMasterDownError(err) ||
		redis.IsClusterDownError(err) || redis.IsTryAgainError(err) || redis.IsNoReplicasError(err) ||
		redis.IsMaxClientsError(err) || redis.IsOOMError(err) ||
		redis.HasErrorPrefix(err, "MISCONF ") || redis.HasErrorPrefix(err, "BUSY ")
}

// refused reports an answer to who we are or what we asked for, which the same
// settings will get again.
func refused(err error) bool {
	return redis.IsAuthError(err) || redis.IsPermissionError(err) || redis.HasErrorPrefix(err, "DB index is out of range")
}

func errURL() error {
	return core.Invalid("redis_url", "format", "the Redis URL is not understood; write it as redis://user:password@host:6379/0")
}

func errRefused(err error) error {
	return &core.Error{Code: core.CodeUnavailable, Message: "Redis refused the connection; correct the user, password or database in the Redis URL", Err: err}
}

func errClosed() error {
	return core.Unavailable("the event bus is closed; the process is stopping", retryAfter, nil)
}

// checkTenant refuses what is done for nobody.
func checkTenant(t core.Tenant) error {
	if t.Valid() {
		return nil
	}
	return &core.Error{Code: core.CodeAuthentication, Message: "this is done for an organization only; sign in first"}
}
