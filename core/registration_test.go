package core_test

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/core"
)

// registering returns an App over in's store that takes organizations as r says.
func (in *installation) registering(t *testing.T, r core.Registrations) *core.App {
	t.Helper()
	hasher, err := identity.NewHasher(identity.Params{MemoryKiB: 64, Iterations: 1, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := identity.NewTokens(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	app, err := core.New(core.Config{
		Ports:  core.Ports{Store: in.store, Bus: in.bus, Summarizer: in.model, Hasher: hasher, Tokens: tokens},
		Logger: slog.New(slog.DiscardHandler), Registration: r, DefaultPlan: core.PlanEnterprise,
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func founding() core.Registration {
	return core.Registration{OrganizationName: "Acme", Email: core.NewID[string]() + "@example.org", Password: testPassword, Name: "Ann"}
}

func TestRegister_FirstTakesOne(t *testing.T) {
	t.Parallel()
	app := install(t).registering(t, core.RegistrationFirst)
	var founded, refused atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			pair, err := app.Auth.Register(t.Context(), founding())
			switch {
			case err == nil && pair.Organization.PlanType == core.PlanEnterprise:
				founded.Add(1)
			case core.CodeOf(err) == core.CodeAuthorization:
				refused.Add(1)
			default:
				t.Errorf("got %+v, %v", pair, err)
			}
		})
	}
	all.Wait()
	if founded.Load() != 1 || refused.Load() != 7 {
		t.Errorf("founded %d and refused %d, want 1 and 7", founded.Load(), refused.Load())
	}
}

func TestRegister_ClosedTakesNone(t *testing.T) {
	t.Parallel()
	app := install(t).registering(t, core.RegistrationClosed)
	_, err := app.Auth.Register(t.Context(), founding())
	wantCode(t, "register", err, core.CodeAuthorization)
}
