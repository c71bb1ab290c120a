package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/internal/coremock"
)

// limited is an App over the store of another, which limits.
func (in *installation) limited(t *testing.T, l core.Limiter) *core.App {
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
	app, err := core.New(core.Config{
		Ports:  core.Ports{Store: in.store, Bus: bus, Summarizer: &coremock.SummarizerMock{}, Hasher: hasher, Tokens: tokens, Limiter: l},
		Logger: slog.New(slog.DiscardHandler), FoldEmail: identity.FoldEmail, RateLimit: 3, SignInLimit: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func TestRate_AccountIsCountedFromEveryAddressInItsFoldedForm(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.admin(t, "ann@example.org")
	app := in.limited(t, inproc.NewLimiter(nil))
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
