package core_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/internal/coremock"
	"github.com/docsctl/docsctl/internal/testenv"
)

// node is one of several processes of an installation, with a cache of its own
// whose clock a test moves.
type node struct {
	*core.App
	store *sqlite.Store
	at    time.Time
}

func openNode(t *testing.T, path string, bus core.EventBus) *node {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // a test may have closed it
	hasher, err := identity.NewHasher(identity.Params{MemoryKiB: 64, Iterations: 1, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := identity.NewTokens(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{store: store, at: time.Now()}
	n.App, err = core.New(core.Config{
		Ports: core.Ports{
			Store: store, Bus: bus, Summarizer: &coremock.SummarizerMock{}, Hasher: hasher, Tokens: tokens,
			Cache: inproc.NewCache(inproc.CacheConfig{Now: func() time.Time { return n.at }}),
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// credentials founds an organization on a node and returns an admin, another
// user, and that user's access token and API key.
func (n *node) credentials(t *testing.T) (admin core.Actor, bob core.UserID, tokens []string) {
	t.Helper()
	pair, err := n.Auth.Register(t.Context(), core.Registration{OrganizationName: "Acme", Email: "ann@example.org", Password: testPassword, Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	admin, err = n.Auth.Authenticate(t.Context(), pair.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	u, _, err := n.Users.Create(t.Context(), admin, core.NewUser{Email: "bob@example.org", Name: "Bob", Password: testPassword})
	if err != nil {
		t.Fatal(err)
	}
	in, err := n.Auth.Login(t.Context(), core.SignIn{Email: "bob@example.org", Password: testPassword})
	if err != nil {
		t.Fatal(err)
	}
	a, err := n.Auth.Authenticate(t.Context(), in.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := n.Keys.Create(t.Context(), a, core.NewAPIKey{Name: "k"})
	if err != nil {
		t.Fatal(err)
	}
	return admin, u.ID, []string{in.AccessToken, key}
}

func (n *node) wantAccess(t *testing.T, what string, tokens []string, want core.Code) {
	t.Helper()
	for i, token := range tokens {
		_, err := n.Auth.Authenticate(t.Context(), token)
		if core.CodeOf(err) != want {
			t.Errorf("%s, credential %d: got %v, want code %q", what, i, err, want)
		}
	}
}

func TestAuthenticate_ReadsNothingThatItKnows(t *testing.T) {
	t.Parallel()
	bus := inproc.NewBus()
	defer bus.Close()
	n := openNode(t, testenv.File(t, "sqlite.Store", migrate), bus)
	_, _, tokens := n.credentials(t)
	n.wantAccess(t, "at first", tokens, "")
	if err := n.store.Close(); err != nil {
		t.Fatal(err)
	}
	n.wantAccess(t, "without a store", tokens, "")
	n.at = n.at.Add(4 * time.Second)
	n.wantAccess(t, "when it has forgotten", tokens, core.CodeUnavailable)
}

func TestAuthenticate_RevocationBitesOnEveryNode(t *testing.T) {
	t.Parallel()
	for _, withBus := range []bool{true, false} {
		t.Run(map[bool]string{true: "AtOnceByTheBus", false: "WithinFiveSecondsWithoutIt"}[withBus], func(t *testing.T) {
			t.Parallel()
			path, bus := testenv.File(t, "sqlite.Store", migrate), inproc.NewBus()
			defer bus.Close()
			watched := watchedBus{bus, make(chan struct{})}
			one, other := openNode(t, path, bus), openNode(t, path, watched)
			admin, bob, tokens := one.credentials(t)
			other.wantAccess(t, "before", tokens, "")
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			if withBus {
				go func() { ended <- other.Auth.Watch(ctx) }() // ended by stop
				<-watched.listened
			} else {
				ended <- nil
			}
			off := false
			if _, err := one.Users.Update(t.Context(), admin, bob, core.UserPatch{IsActive: &off}); err != nil {
				t.Fatal(err)
			}
			one.wantAccess(t, "on the node itself", tokens, core.CodeAuthentication)
			if withBus {
				eventually(t, func() bool {
					_, session := other.Auth.Authenticate(t.Context(), tokens[0])
					_, key := other.Auth.Authenticate(t.Context(), tokens[1])
					return core.CodeOf(session) == core.CodeAuthentication && core.CodeOf(key) == core.CodeAuthentication
				})
			} else {
				other.wantAccess(t, "elsewhere at first", tokens, "")
				other.at = other.at.Add(4 * time.Second)
			}
			other.wantAccess(t, "elsewhere", tokens, core.CodeAuthentication)
			stop()
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// watchedBus tells when somebody listens.
type watchedBus struct {
	core.EventBus
	listened chan struct{}
}

func (b watchedBus) Listen(ctx context.Context, topics ...core.Topic) (core.Listener, error) {
	defer close(b.listened)
	return b.EventBus.Listen(ctx, topics...)
}

// patience bounds waits for what happens in milliseconds on an idle machine.
const patience = time.Minute

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("it did not come to pass within %v", patience)
		case <-time.After(2 * time.Millisecond):
		}
	}
}
