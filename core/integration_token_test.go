package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/secrets"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

// issuer is a vendor with OAuth2 whose refresh tokens are good once.
type issuer struct {
	*vendor

	mu        sync.Mutex    // guards what follows
	issued    int           // tokens
	refreshed []string      // the refresh tokens that were used, in turn
	used      []string      // the tokens that calls were made with
	hold      chan struct{} // refreshing waits for it; nil: it does not
	entered   chan struct{} // a refresh has begun
	refusal   error         // of a code, a refresh or a revocation
	opened    string        // address of the site that users agree for
	revoked   []string
	life      time.Duration
	now       func() time.Time
}

func (i *issuer) Authorizer() core.Authorizer { return i }

func (i *issuer) AuthorizeURL(r core.AuthorizeRequest) string {
	return "https://vendor.example.com/?state=" + r.State
}

func (i *issuer) Exchange(_ context.Context, r core.ExchangeRequest) (*core.Grant, error) {
	if i.refusal != nil {
		return nil, i.refusal
	}
	g := i.grant()
	g.Config = core.IntegrationConfig{BaseURL: i.opened, Account: "from " + r.RedirectURL}
	return g, nil
}

func (i *issuer) grant() *core.Grant {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.issued++
	return &core.Grant{
		Token: core.NewSecret(fmt.Sprint("token-", i.issued)), RefreshToken: core.NewSecret(fmt.Sprint("refresh-", i.issued)), ExpiresAt: i.now().Add(i.life),
	}
}

func (i *issuer) Refresh(ctx context.Context, a core.Access) (*core.Grant, error) {
	i.mu.Lock()
	i.refreshed = append(i.refreshed, a.RefreshToken.Reveal())
	hold, refusal := i.hold, i.refusal
	i.mu.Unlock()
	if hold != nil {
		close(i.entered)
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if refusal != nil {
		return nil, refusal
	}
	return i.grant(), nil
}

func (i *issuer) Revoke(_ context.Context, a core.Access) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked = append(i.revoked, a.Token.Reveal())
	return i.refusal
}

func (i *issuer) List(ctx context.Context, a core.Access, r core.ListRequest) (*core.ListPage, error) {
	i.mu.Lock()
	i.used = append(i.used, a.Token.Reveal())
	i.mu.Unlock()
	return i.vendor.List(ctx, a, r)
}

func (i *issuer) lastUsed() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.used) == 0 {
		return ""
	}
	return i.used[len(i.used)-1]
}

// cluster is some nodes over one store, connected to an issuer whose tokens end after
// an hour.
type cluster struct {
	*installation
	*issuer
	nodes []*core.App
	admin core.Actor
	pair  *core.TokenPair // the admin's
	id    core.IntegrationID
	clock *testenv.Clock
}

const (
	oldKey = "the former key of the tests, which nobody would ever use"
	newKey = "the newer key of the tests, which nobody would ever use"
)

func join(t *testing.T, nodes int) *cluster {
	t.Helper()
	c := &cluster{clock: testenv.NewClock(time.Now().Truncate(time.Second))}
	c.installation = install(t)
	c.issuer = &issuer{vendor: newVendor(2), life: time.Hour, now: c.clock.Now, entered: make(chan struct{})}
	for range nodes {
		c.nodes = append(c.nodes, c.node(t, oldKey))
	}
	c.admin, c.pair = c.installation.admin(t, "ann@example.org")
	g := c.grant()
	made, err := c.nodes[0].Integrations.Connect(t.Context(), c.admin, core.NewIntegration{
		Type: core.IntegrationNotion, AuthType: core.AuthOAuth2, Token: g.Token, RefreshToken: g.RefreshToken, ExpiresAt: &g.ExpiresAt,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.id = made.Integration.ID
	return c
}

// node is one more process, with a cache of its own.
func (c *cluster) node(t *testing.T, keys ...string) *core.App {
	t.Helper()
	sealer, err := secrets.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	app, err := core.New(core.Config{
		Ports: core.Ports{
			Store: c.store, Bus: c.bus, Summarizer: c.model, Sealer: sealer, Cache: inproc.NewCache(inproc.CacheConfig{Now: c.clock.Now}),
			Connectors: core.Connectors{core.IntegrationNotion: c.issuer, core.IntegrationConfluence: c.issuer},
		},
		Logger: slog.New(slog.DiscardHandler), JobLease: time.Minute, Now: c.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// call has a node ask the vendor for something.
func (c *cluster) call(t *testing.T, node *core.App) error {
	t.Helper()
	_, err := node.Integrations.Items(t.Context(), c.admin, c.id, "", core.PageRequest{})
	return err
}

func (c *cluster) integration(t *testing.T) *core.Integration {
	t.Helper()
	i, err := c.store.Tenant(c.admin.Tenant()).Read().Integrations.Get(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestTokens_OneNodeRefreshesAhead(t *testing.T) {
	t.Parallel()
	c := join(t, 2)
	keep := func(n int) {
		t.Helper()
		if _, err := c.nodes[n].Work.KeepIntegrations(t.Context(), 10); err != nil {
			t.Error(err)
		}
	}
	keep(0)
	if len(c.refreshed) != 0 {
		t.Fatal("a token that lasts an hour was refreshed")
	}
	c.clock.Pass(51 * time.Minute) // it lasts nine more
	c.hold = make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() { keep(0) })
	<-c.entered
	keep(1) // while the first one is at it
	if err := c.call(t, c.nodes[1]); err != nil || c.lastUsed() != "token-1" {
		t.Errorf("meanwhile a call got %v with %s, want it to go on with the token that lasts", err, c.lastUsed())
	}
	close(c.hold)
	first.Wait()
	c.hold = nil
	keep(0)
	keep(1)
	if !slices.Equal(c.refreshed, []string{"refresh-1"}) {
		t.Errorf("refreshed with %v, want once", c.refreshed)
	}
	c.clock.Pass(time.Minute) // as long as a node may go by what it has cached
	for n, node := range c.nodes {
		if err := c.call(t, node); err != nil || c.lastUsed() != "token-2" {
			t.Errorf("node %d calls with %s, %v, want the new token", n, c.lastUsed(), err)
		}
	}
	c.clock.Pass(50 * time.Minute)
	if err := c.call(t, c.nodes[1]); err != nil || c.lastUsed() != "token-3" || !slices.Equal(c.refreshed, []string{"refresh-1", "refresh-2"}) {
		t.Errorf("then %v, token %s after %v, want the rotated refresh token used", err, c.lastUsed(), c.refreshed)
	}
}

func TestTokens_NodeThatDiesWhileRefreshingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	c := join(t, 2)
	c.clock.Pass(51 * time.Minute)
	c.refusal = errors.New("the node died")
	_ = c.call(t, c.nodes[0]) // it took the turn, and stored nothing
	c.refusal = nil
	if err := c.call(t, c.nodes[1]); err != nil || c.lastUsed() != "token-1" {
		t.Errorf("got %v with %s, want the token that still lasts", err, c.lastUsed())
	}
	c.clock.Pass(2 * time.Minute)
	if err := c.call(t, c.nodes[1]); err != nil || c.lastUsed() != "token-2" {
		t.Errorf("got %v with %s, want the other node to refresh after the first one's turn", err, c.lastUsed())
	}
}

func TestTokens_RevokedIsShownAndTold(t *testing.T) {
	t.Parallel()
	c := join(t, 1)
	c.clock.Pass(51 * time.Minute)
	c.refusal = upstream(core.ReasonToken)
	if _, err := c.nodes[0].Work.KeepIntegrations(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if i := c.integration(t); i.Status != core.IntegrationRevoked || i.ErrorMessage != "the vendor answered token; connect it anew with a token that works" {
		t.Errorf("got %s %q, want it revoked, and once what to do", i.Status, i.ErrorMessage)
	}
	events := c.events(t, c.admin)
	if n := len(events); n == 0 || events[n-1] != core.EventIntegrationUpdate {
		t.Errorf("got %v, want its followers told last", events)
	}
	if _, err := c.nodes[0].Integrations.Sync(t.Context(), c.admin, c.id, core.SyncRequest{}); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("a sync: %v, want a conflict until it is connected anew", err)
	}
	c.clock.Pass(24 * time.Hour)
	if _, err := c.nodes[0].Work.KeepIntegrations(t.Context(), 10); err != nil || len(c.refreshed) != 1 {
		t.Errorf("a revoked token was refreshed %d times, %v", len(c.refreshed), err)
	}
}

func TestTokens_AreForgottenAtTheVendorToo(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(c *cluster) error{
		"Disconnected": func(c *cluster) error {
			return c.nodes[0].Integrations.Delete(t.Context(), c.admin, c.id)
		},
		"OrganizationDeleted": func(c *cluster) error {
			return c.nodes[0].Org.Delete(t.Context(), c.admin, "Acme")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := join(t, 1)
			if err := remove(c); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(c.revoked, []string{"token-1"}) {
				t.Errorf("revoked %v, want the token", c.revoked)
			}
			if err := c.call(t, c.nodes[0]); name == "Disconnected" && (core.CodeOf(err) != core.CodeNotFound || c.lastUsed() != "") {
				t.Errorf("afterwards %v with %q, want it gone, the cache too", err, c.lastUsed())
			}
		})
	}
}

func TestTokens_VendorThatIsAwayKeepsNobody(t *testing.T) {
	t.Parallel()
	c := join(t, 1)
	c.refusal = upstream(core.ReasonDown)
	if err := c.nodes[0].Org.Delete(t.Context(), c.admin, "another name"); core.CodeOf(err) != core.CodeValidation || len(c.revoked) != 0 {
		t.Errorf("got %v and %v revoked, want nothing revoked before the name is right", err, c.revoked)
	}
	if err := c.nodes[0].Org.Delete(t.Context(), c.admin, "Acme"); err != nil || len(c.revoked) != 1 {
		t.Errorf("got %v after %d calls, want it deleted though the vendor did not answer", err, len(c.revoked))
	}
}

func TestRotateKeys_FormerKeyCanBeRemoved(t *testing.T) {
	t.Parallel()
	c := join(t, 1)
	both := c.node(t, newKey, oldKey)
	for _, want := range []core.Rotated{{Looked: 1, Sealed: 1}, {Looked: 1}} {
		if got, err := both.Work.RotateKeys(t.Context()); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	if err := c.call(t, c.node(t, newKey)); err != nil || c.lastUsed() != "token-1" {
		t.Errorf("without the former key: %v with %q", err, c.lastUsed())
	}
	if err := c.call(t, c.node(t, oldKey)); core.CodeOf(err) != core.CodeInternal {
		t.Errorf("with the former key alone: %v, want a refusal", err)
	}
}

// A row that somebody copies between organizations in the database is of no use there:
// whose it is belongs to what is authenticated.
func TestTokens_RowOfAnotherOrganizationDoesNotOpen(t *testing.T) {
	t.Parallel()
	c := join(t, 1)
	stolen := c.integration(t).Sealed
	other, _ := c.installation.admin(t, "bob@example.org")
	made, err := c.nodes[0].Integrations.Connect(t.Context(), other, core.NewIntegration{
		Type: core.IntegrationNotion, AuthType: core.AuthAPIToken, Token: core.NewSecret("theirs"),
	})
	if err != nil {
		t.Fatal(err)
	}
	err = c.store.Tenant(other.Tenant()).InTx(t.Context(), func(ctx context.Context, tx core.Tx) error {
		i, err := tx.Integrations.GetForUpdate(ctx, made.Integration.ID)
		if err != nil {
			return err
		}
		i.Sealed = stolen
		return tx.Integrations.Update(ctx, i)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.nodes[0].Integrations.Items(t.Context(), other, made.Integration.ID, "", core.PageRequest{})
	if core.CodeOf(err) != core.CodeInternal || c.lastUsed() != "" {
		t.Errorf("got %v and a call with %q, want nothing to open", err, c.lastUsed())
	}
}
