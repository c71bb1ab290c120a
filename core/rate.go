package core

import (
	"context"
	"log/slog"
	"time"
)

// RateState is what a limit allows: how many requests in a minute, how many of
// them remain, and when all of them do again. It is also the Details of
// CodeRateLimited.
type RateState struct {
	Limit      int           `json:"limit"`
	Remaining  int           `json:"remaining"`
	ResetAfter time.Duration `json:"-"`
}

// Admit counts a request of the actor's organization. It returns CodeRateLimited
// when there were too many, and nil when nothing is limited. While the counters
// cannot be reached nothing is.
func (s *AuthService) Admit(ctx context.Context, a Actor) (*RateState, error) {
	if err := a.may(permRead, ""); err != nil {
		return nil, err
	}
	perMinute := s.cfg.RateLimit
	if s.cfg.limits(func(q Quota) bool { return q.Requests > 0 }) {
		q, err := s.cfg.cachedQuota(ctx, a.tenant)
		if err != nil {
			return nil, err
		}
		if q.Requests > 0 {
			perMinute = q.Requests
		}
	}
	return s.cfg.count(ctx, TenantLimit(a.tenant, "requests"), perMinute)
}

// count takes one of perMinute events of key.
func (c Config) count(ctx context.Context, key LimitKey, perMinute int) (*RateState, error) {
	if perMinute == 0 {
		return nil, nil
	}
	l, err := c.Limiter.Allow(ctx, key, Limit{Events: perMinute, Period: time.Minute}, 1)
	if err != nil {
		if ctx.Err() == nil {
			c.Logger.WarnContext(ctx, "a limit was not counted", slog.Any("error", err))
		}
		return nil, ctx.Err()
	}
	state := &RateState{Limit: perMinute, Remaining: l.Remaining, ResetAfter: l.ResetAfter}
	if l.Allowed {
		return state, nil
	}
	return state, &Error{Code: CodeRateLimited, Message: "too many requests; wait as long as Retry-After says", Details: *state, RetryAfter: l.RetryAfter}
}

// countSignIn bounds how often passwords can be tried: from an address, and for an
// account, whether or not anybody has it. An empty string is not counted.
func (c Config) countSignIn(ctx context.Context, from Origin, account string) error {
	for _, k := range [...]struct{ what, by string }{{"sign-in from", from.Address}, {"sign-in of", account}} {
		if k.by == "" {
			continue
		}
		if _, err := c.count(ctx, PublicLimit(k.what, k.by), c.SignInLimit); err != nil {
			return err
		}
	}
	return nil
}
