package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/internal/coremock"
)

// limited is an App over the store of another, which limits.
func (in *installation) limited(t *testing.T, l core.Limiter, opts ...func(*core.Config)) *core.App {
	t.Helper()
	bus := inproc.NewBus()
	t.Cleanup(func() { bus.Close() })
	hasher, err := identity.NewHasher(identity.Params{MemoryKiB: 64, Iterations: 1, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := identity.NewTokens(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	cfg := core.Config{
		Ports:  core.Ports{Store: in.store, Bus: bus, Summarizer: &coremock.SummarizerMock{}, Hasher: hasher, Tokens: tokens, Limiter: l},
		Logger: slog.New(slog.DiscardHandler), FoldEmail: identity.FoldEmail, RateLimit: 3, SignInLimit: 3,
	}
	for _, opt := range opts {
		opt(&cfg)
	}
	app, err := core.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func TestRate_AccountIsCountedFromEveryAddressInItsFoldedForm(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.admin(t, "ann@example.org")
	at := time.Now()
	app := in.limited(t, inproc.NewLimiter(func() time.Time { return at }))
	var errs []error
	for i, email := range []string{"ann@example.org", "ANN@example.org", "ａnn@example.org", "Ann@Example.org"} {
		_, err := app.Auth.Login(t.Context(), core.SignIn{Email: email, Password: "wrong wrong wrong", From: core.Origin{Address: fmt.Sprint("192.0.2.", i)}})
		errs = append(errs, err)
	}
	for _, err := range errs[:3] {
		wantCode(t, "one of three tries", err, core.CodeAuthentication)
	}
	wantCode(t, "the fourth", errs[3], core.CodeRateLimited)
}

// countingHasher counts what costs time and memory.
type countingHasher struct {
	core.PasswordHasher
	times *atomic.Int64
}

func (h countingHasher) Verify(ctx context.Context, password, hash string) (bool, bool, error) {
	h.times.Add(1)
	return h.PasswordHasher.Verify(ctx, password, hash)
}

func TestRate_TenThousandSignInsHashNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.admin(t, "ann@example.org")
	at := time.Now()
	var hashed atomic.Int64
	app := in.limited(t, inproc.NewLimiter(func() time.Time { return at }), func(c *core.Config) { c.Hasher = countingHasher{c.Hasher, &hashed} })
	var wg sync.WaitGroup
	for client := range 10 {
		wg.Go(func() {
			for range 1000 {
				_, err := app.Auth.Login(t.Context(), core.SignIn{
					Email: "ann@example.org", Password: "wrong wrong wrong", From: core.Origin{Address: fmt.Sprint("192.0.2.", client)},
				})
				if c := core.CodeOf(err); c != core.CodeAuthentication && c != core.CodeRateLimited {
					t.Errorf("a try: got %v", err)
				}
			}
		})
	}
	wg.Wait()
	if n := hashed.Load(); n != 3 {
		t.Errorf("10,000 sign-ins hashed %d passwords, want 3", n)
	}
}

type brokenLimiter struct{}

func (brokenLimiter) Allow(context.Context, core.LimitKey, core.Limit, int) (core.LimitState, error) {
	return core.LimitState{}, core.Unavailable("away", 0, errors.New("away"))
}

func TestRate_NothingIsLimitedWhileTheCountersAreAway(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	app := in.limited(t, brokenLimiter{})
	for range 5 {
		state, err := app.Auth.Admit(t.Context(), a)
		wantCode(t, "a request", err, "")
		if state != nil {
			t.Errorf("got %+v, want no state", state)
		}
		_, err = app.Auth.Login(t.Context(), core.SignIn{Email: "ann@example.org", Password: testPassword, From: core.Origin{Address: "192.0.2.1"}})
		wantCode(t, "a sign-in", err, "")
	}
}
