package core_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/secrets"
	"github.com/docsctl/docsctl/core"
)

// vendor is a Connector whose site and faults a test decides.
type vendor struct {
	mu         sync.Mutex
	items      map[string]*core.Fetched
	hidden     map[string]bool // there, listed by nobody, and gone for Fetch
	unlisted   map[string]bool // there, and missing in listings
	pageSize   int
	incomplete string
	listErr    func(cursor string) error
	fetchErr   func(id string) error
	verifyErr  error
	verified   core.Access // of the last Verify
	verifying  func()      // in each
	site       string      // that Verify finds
	workspace  string      // likewise
	account    string      // likewise; "": it does not, and the account is Ann
	foreign    string      // a token of another workspace than workspace
	dead       string      // a token that Verify refuses
	spaces     []string    // that are seen; nil: all
	lists      int
	fetches    int
	edits      int

	placed    bool              // pages need a parent
	grain     time.Duration     // to which versions are rounded
	pages     map[string]string // that were published, by id
	createErr error             // of the call after a page was made
}

func newVendor(n int) *vendor {
	v := &vendor{items: map[string]*core.Fetched{}, hidden: map[string]bool{}, unlisted: map[string]bool{}, pageSize: 10, pages: map[string]string{}}
	for i := range n {
		v.put(fmt.Sprintf("item-%03d", i), fmt.Sprintf("Text %d.", i))
	}
	return v
}

func (v *vendor) put(id, text string) {
	v.edits++
	v.items[id] = &core.Fetched{
		Item: core.Item{
			ID: id, Kind: core.ItemPage, Title: "Title of " + id, URL: "https://vendor.example.com/" + id, State: core.RemotePresent,
			Version: strconv.Itoa(v.edits), LastEdited: time.Now().UTC().Add(-time.Hour),
		},
		Markdown: text,
	}
}

func (v *vendor) Capabilities() core.ConnectorCapabilities {
	return core.ConnectorCapabilities{Name: "Vendor", AuthTypes: []core.AuthType{core.AuthAPIToken}, Publishes: true, NeedsParent: v.placed, Incremental: true, EditGrain: v.grain}
}

func (*vendor) Authorizer() core.Authorizer { return nil }

func (v *vendor) Verify(_ context.Context, a core.Access) (*core.Verified, error) {
	v.mu.Lock()
	v.verified = a
	meanwhile := v.verifying
	v.mu.Unlock()
	if meanwhile != nil {
		meanwhile() // it may ask the vendor itself
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.dead != "" && a.Token.Reveal() == v.dead {
		return nil, upstream(core.ReasonToken)
	}
	if v.site != "" {
		a.Config.CloudID = v.site
	}
	if a.Config.Workspace = v.workspace; v.foreign != "" && a.Token.Reveal() == v.foreign {
		a.Config.Workspace = "another workspace"
	}
	if v.account != "" {
		a.Config.Account = v.account
	}
	var unseen []string
	for _, s := range a.Config.Spaces {
		if v.spaces != nil && !slices.Contains(v.spaces, s) {
			unseen = append(unseen, s)
		}
	}
	return &core.Verified{Account: cmp.Or(v.account, "Ann"), Config: a.Config, Unseen: unseen}, v.verifyErr
}

func (v *vendor) List(_ context.Context, _ core.Access, r core.ListRequest) (*core.ListPage, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lists++
	if v.listErr != nil {
		if err := v.listErr(r.Cursor); err != nil {
			return nil, err
		}
	}
	var ids []string
	for id, f := range v.items {
		if !v.hidden[id] && !v.unlisted[id] && (r.Since.IsZero() || !f.LastEdited.Before(r.Since)) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	at, _ := strconv.Atoi(r.Cursor)
	p := &core.ListPage{Incomplete: v.incomplete}
	for _, id := range ids[min(at, len(ids)):min(at+v.pageSize, len(ids))] {
		p.Items = append(p.Items, v.items[id].Item)
	}
	if at+v.pageSize < len(ids) {
		p.Next = strconv.Itoa(at + v.pageSize)
	}
	return p, nil
}

func upstream(reason core.UpstreamReason) error {
	return &core.Error{
		Code: core.CodeIntegration, Message: "the vendor answered " + string(reason) + "; do something",
		Details: core.UpstreamDetails{
			What:            "the vendor answered " + string(reason),
			IntegrationType: core.IntegrationNotion, Reason: reason, UpstreamRequestID: "req-7"},
	}
}

func (v *vendor) Fetch(_ context.Context, _ core.Access, id string, _ *core.Item) (*core.Fetched, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fetches++
	if v.fetchErr != nil {
		if err := v.fetchErr(id); err != nil {
			return nil, err
		}
	}
	f, ok := v.items[id]
	if !ok || v.hidden[id] {
		return nil, upstream(core.ReasonGone)
	}
	copied := *f
	return &copied, nil
}

func (v *vendor) Publish(ctx context.Context, _ core.Access, p core.Publication, created func(context.Context, core.RemotePage) error) (*core.Published, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	id := p.RemoteID
	if p.DryRun {
		return &core.Published{Outcome: core.PublishCreated, Diff: "+ " + p.Markdown}, nil
	}
	if id == "" && p.Retry && len(v.pages) > 0 {
		id = "page-1" // found by its key
	}
	outcome := core.PublishUpdated
	if id == "" {
		id = fmt.Sprintf("page-%d", len(v.pages)+1)
		v.pages[id] = ""
		if v.createErr != nil {
			return nil, v.createErr
		}
		if err := created(ctx, core.RemotePage{ID: id, URL: "https://vendor.example.com/" + id}); err != nil {
			return nil, err
		}
		outcome = core.PublishCreated
	}
	switch was := v.pages[id]; {
	case was == p.Markdown:
		outcome = core.PublishUnchanged
	case was != "" && was != p.Last:
		return &core.Published{RemotePage: core.RemotePage{ID: id}, Outcome: core.PublishConflict, Diff: "- " + p.Last + "+ " + was}, nil
	default:
		v.pages[id] = p.Markdown
	}
	return &core.Published{RemotePage: core.RemotePage{ID: id, URL: "https://vendor.example.com/" + id}, Outcome: outcome}, nil
}

// connected is an installation with one integration.
type connected struct {
	*installation
	*vendor
	admin core.Actor
	id    core.IntegrationID
}

func connect(t *testing.T, v *vendor) *connected {
	t.Helper()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	sealer, err := secrets.New("a key of the tests that nobody would ever use")
	if err != nil {
		t.Fatal(err)
	}
	in.App, err = core.New(core.Config{
		Ports: core.Ports{
			Store: in.store, Bus: in.bus, Summarizer: in.model, Sealer: sealer, Cache: inproc.NewCache(inproc.CacheConfig{}),
			Connectors: core.Connectors{core.IntegrationNotion: v, core.IntegrationConfluence: v},
		},
		Logger: slog.New(slog.DiscardHandler), JobLease: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	made, err := in.Integrations.Connect(t.Context(), a, core.NewIntegration{
		Type: core.IntegrationNotion, AuthType: core.AuthAPIToken, Token: core.NewSecret("ntn_token"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &connected{installation: in, vendor: v, admin: a, id: made.Integration.ID}
}

// attempt runs the one job that is due.
func (c *connected) attempt(t *testing.T) {
	t.Helper()
	leases, err := c.Work.Claim(t.Context(), core.QueueIntegration, 1, 0)
	if err != nil || len(leases) != 1 {
		t.Fatalf("claim: got %d leases, %v, want one", len(leases), err)
	}
	r, err := c.Work.Start(t.Context(), leases[0])
	if err != nil {
		t.Fatal(err)
	}
	execute(t, r)
}

// sync runs one attempt at a sync and returns its job.
func (c *connected) sync(t *testing.T, r core.SyncRequest) *core.Job {
	t.Helper()
	j, err := c.Integrations.Sync(t.Context(), c.admin, c.id, r)
	if err != nil {
		t.Fatal(err)
	}
	c.attempt(t)
	return c.job(t, c.admin, j.ID)
}

func (c *connected) integration(t *testing.T) *core.Integration {
	t.Helper()
	i, err := c.Integrations.Get(t.Context(), c.admin, c.id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// documents returns the integration's documents by their external id.
func (c *connected) documents(t *testing.T) map[string]core.Document {
	t.Helper()
	p, err := c.Documents.List(t.Context(), c.admin, core.DocumentQuery{Filter: core.DocumentFilter{IntegrationID: c.id}, Page: core.PageRequest{Limit: 200}})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]core.Document{}
	for _, d := range p.Items {
		found[d.ExternalID] = d
	}
	return found
}

// wantCounts checks the counts of the last sync, and that they add up.
func (c *connected) wantCounts(t *testing.T, what string, want core.SyncCounts) {
	t.Helper()
	want.Listed = want.Imported + want.Updated + want.Unchanged + want.Deleted + want.Skipped + want.Failed
	if got := c.integration(t).LastResult; got == nil || *got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}
