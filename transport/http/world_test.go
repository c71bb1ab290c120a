package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/extract"
	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/render"
	"github.com/docsctl/docsctl/adapters/secrets"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/adapters/webhooks"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/feed"
	"github.com/docsctl/docsctl/core/summarize"
	"github.com/docsctl/docsctl/core/worker"
	"github.com/docsctl/docsctl/internal/testenv"
	"github.com/go-json-experiment/json"
)

const testSecret = "0123456789abcdefghijklmnopqrstuvwxyz-test-secret"

// world is an installation of its own, served over HTTP.
type world struct {
	t      testing.TB
	api    *api
	app    *core.App
	store  core.Store
	tokens core.AccessTokens
	bus    core.EventBus
	hub    *feed.Hub
	url    string
	stop   func() // closes Config.Shutdown
}

// options are what a test wants otherwise.
type options struct {
	config    []func(*core.Config)
	feedQueue int
	pace      feedPace // zero fields: as they are
	origins   []string
	upload    int64 // largest file; 0: as it is

	unconfirmed time.Duration // 0: as it is
}

// migrate makes a store of its own for each test a matter of copying a file.
func migrate(ctx context.Context, path string) error {
	_, err := sqlite.Up(ctx, path)
	return err
}

func newWorld(t testing.TB, config ...func(*core.Config)) *world {
	t.Helper()
	return newWorldWith(t, options{config: config})
}

func newWorldWith(t testing.TB, o options) *world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), testenv.File(t, "sqlite.Store", migrate), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	bus := inproc.NewBus()
	t.Cleanup(func() { bus.Close() })
	return newNode(t, store, bus, inproc.NewPresence(nil), o)
}

// newNode is a server over what several may share.
func newNode(t testing.TB, store core.Store, bus core.EventBus, presence core.Presence, o options) *world {
	t.Helper()
	tokens, err := identity.NewTokens(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := identity.NewHasher(identity.Params{MemoryKiB: 64, Iterations: 1, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := secrets.New(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := webhooks.New(webhooks.Config{})
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	cfg := core.Config{Logger: quiet, FoldEmail: identity.FoldEmail, Ports: core.Ports{
		Store: store, Bus: bus, Summarizer: summarize.NewExtractive(), Renderer: render.New(), Hasher: hasher, Tokens: tokens, Cache: inproc.NewCache(inproc.CacheConfig{}),
		Limiter: inproc.NewLimiter(nil), Presence: presence, Sealer: sealer, Connectors: core.Connectors{core.IntegrationNotion: site{}}, Webhooks: sender,
	}}
	temp := t.TempDir()
	extractor := extract.New(extract.Config{TempDir: temp})
	cfg.Extractor = extractor
	t.Cleanup(func() {
		_ = extractor.Close()
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("the reader of files left %v, %v", left, err)
		}
	})
	for _, change := range o.config {
		change(&cfg)
	}
	app, err := core.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	shutdown := make(chan struct{})
	hub := feed.New(feed.Config{Store: store, Bus: bus, Logger: quiet, Queue: o.feedQueue})
	h, err := New(Config{
		App: app, PublicURL: "https://docs.example.org", Logger: quiet, Shutdown: shutdown, Checks: map[string]func(context.Context) error{"store": store.Health},
		Feed: hub, Node: "node-of-the-test", AllowedOrigins: o.origins, MaxUploadBytes: o.upload,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.(*api).pace = o.pace.or(defaultPace())
	srv := httptest.NewUnstartedServer(h)
	srv.Config = newServer(h, quiet, cmp.Or(o.unconfirmed, unconfirmed))
	srv.Start()
	t.Cleanup(srv.Close)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		hub.Close(ctx)
	})
	return &world{t: t, api: h.(*api), app: app, store: store, tokens: tokens, bus: bus, hub: hub, url: srv.URL, stop: sync.OnceFunc(func() { close(shutdown) })}
}

// or takes what is zero from other.
func (p feedPace) or(other feedPace) feedPace {
	return feedPace{cmp.Or(p.renew, other.renew), cmp.Or(p.beat, other.beat), cmp.Or(p.pong, other.pong), cmp.Or(p.write, other.write)}
}

// work runs jobs until the test ends.
func (w *world) work() {
	w.t.Helper()
	runner, err := worker.New(worker.Config{
		Work: w.app.Work, Maintain: true, Logger: slog.New(slog.DiscardHandler), Pools: []worker.Pool{{Queue: core.QueueLLM, Size: 2}, {Queue: core.QueueLLMBulk, Size: 2}, {Queue: core.QueueMaintenance, Size: 1}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := runner.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		runner.Stop(ctx)
	})
}

// person calls the API with a token, or without one.
type person struct {
	w                     *world
	token, refresh, email string
	org, user             string
}

const goodPassword = "correct horse battery"

// admin founds an organization.
func (w *world) admin(name string) *person {
	w.t.Helper()
	p := &person{w: w, email: strings.ToLower(name) + "@example.org"}
	got := p.do("POST", "/v1/auth/register", fmt.Sprintf(`{"organization_name":%q,"email":%q,"password":%q,"name":"An Admin"}`, name, p.email, goodPassword)).want(201)
	p.token, p.refresh = got.str("access_token"), got.str("refresh_token")
	p.org, p.user = got.str("organization.id"), got.str("user.id")
	return p
}

// member joins a member to p's organization.
func (p *person) member() *person {
	p.w.t.Helper()
	at := time.Now().UTC().Truncate(time.Microsecond)
	id := core.NewID[core.UserID]()
	email := string(id) + "@example.org"
	u := core.User{
		ID: id, OrgID: core.OrgID(p.org), Email: email, EmailKey: email, Name: "A Member",
		Role: core.RoleMember, AuthProvider: core.AuthLocal, IsActive: true, CreatedAt: at, UpdatedAt: at,
	}
	err := p.w.store.Tenant(core.TrustTenant(u.OrgID)).InTx(p.w.t.Context(), func(ctx context.Context, tx core.Tx) error {
		return tx.Users.Create(ctx, &u)
	})
	if err != nil {
		p.w.t.Fatal(err)
	}
	token, err := p.w.tokens.Issue(core.AccessClaims{
		OrgID: u.OrgID, UserID: u.ID, Role: u.Role, TokenID: core.NewID[string](), IssuedAt: at, ExpiresAt: at.Add(time.Hour),
	})
	if err != nil {
		p.w.t.Fatal(err)
	}
	return &person{w: p.w, token: token, org: p.org, user: string(u.ID)}
}

// reply is an answer, read.
type reply struct {
	t      testing.TB
	asked  string
	status int
	header http.Header
	body   []byte
}

// do sends a request; body is JSON, a form made by formOf, or "". Headers come in pairs.
func (p *person) do(method, path, body string, header ...string) *reply {
	p.w.t.Helper()
	req, err := http.NewRequestWithContext(p.w.t.Context(), method, p.w.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		p.w.t.Fatal(err)
	}
	switch {
	case strings.HasPrefix(body, "--"+formBoundary):
		req.Header.Set("Content-Type", "multipart/form-data; boundary="+formBoundary)
	case body != "":
		req.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		p.w.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.w.t.Fatalf("%s %s: %v", method, path, err)
	}
	r := &reply{t: p.w.t, asked: method + " " + path, status: resp.StatusCode, header: resp.Header, body: text}
	for _, internal := range []string{"goroutine ", ".go:", "sqlite", "SQLITE", "SELECT ", "constraint failed"} {
		if r.status >= 400 && strings.Contains(string(text), internal) {
			p.w.t.Errorf("%s shows internals: %s", r.asked, text)
		}
	}
	return r
}

// want ends the test when the status is another.
func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: %d, want %d: %s", r.asked, r.status, status, r.body)
	}
	return r
}

// at returns the value at a path such as "summary.id" or "items.0.id".
func (r *reply) at(path string) any {
	r.t.Helper()
	var v any
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.t.Fatalf("%s: %v: %s", r.asked, err, r.body)
	}
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (r *reply) str(path string) string {
	r.t.Helper()
	s, ok := r.at(path).(string)
	if !ok {
		r.t.Fatalf("%s: %s is no string: %s", r.asked, path, r.body)
	}
	return s
}

// fails checks the envelope of an error; field and constraint "" are not compared.
func (r *reply) fails(status int, code core.Code, field, constraint string) {
	r.t.Helper()
	got := fmt.Sprint(r.at("error.code"))
	if r.status != status || got != string(code) {
		r.t.Errorf("%s: %d %s, want %d %s: %s", r.asked, r.status, got, status, code, r.body)
		return
	}
	if r.str("error.request_id") != r.header.Get("X-Request-Id") || r.str("error.message") == "" {
		r.t.Errorf("%s: envelope %s", r.asked, r.body)
	}
	if constraint == "" {
		return
	}
	if f, c := fmt.Sprint(r.at("error.details.field")), fmt.Sprint(r.at("error.details.constraint")); f != field || c != constraint {
		r.t.Errorf("%s: field %s, constraint %s, want %s, %s: %s", r.asked, f, c, field, constraint, r.body)
	}
	if r.at("error.details.errors.0.message") == nil {
		r.t.Errorf("%s: no details.errors: %s", r.asked, r.body)
	}
}

// anonymous is the body without the request's id, for comparing.
func (r *reply) anonymous() string {
	return strings.ReplaceAll(string(r.body), r.header.Get("X-Request-Id"), "ID")
}

// document stores one and returns its id.
func (p *person) document(title, content string) string {
	p.w.t.Helper()
	return p.do("POST", "/v1/documents", fmt.Sprintf(`{"title":%q,"content":%q}`, title, content)).want(201).str("id")
}
