//go:build unix

// Package scale measures docsctl on Postgres and Redis: how many requests and jobs
// a second, and what remains of that when there is much. Each figure stands beside a
// baseline that ran in the same minutes, in turns with it: only their ratio counts.
//
//	go test -run '^$' -bench . -timeout 60m ./internal/bench/scale
//
// With -short the million rows are left out; -scale.documents and -scale.organizations
// say how many they are. The servers are private, with fsync.
package scale

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/postgres"
	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/worker"
	"github.com/docsctl/docsctl/internal/testenv"
)

// secret signs the tokens of docsctl and of its baseline.
const secret = "the secret of benchmarks, which guards nothing but rows of x"

// installation is docsctl in this process over private servers.
type installation struct {
	url    string        // the superuser's
	perOrg int           // documents of each organization
	bare   *pgxpool.Pool // for baselines: no row-level security
	store  core.Store
	bus    core.EventBus
	app    *core.App
	tokens *identity.Tokens
}

// install makes an installation in a new database of the server.
func install(b *testing.B, server *testenv.PostgresServer, m model) *installation {
	b.Helper()
	in := &installation{url: server.Database(b, "scale", func(ctx context.Context, url string) error {
		_, err := postgres.Up(ctx, url, "")
		return err
	})}
	ctx, quiet := b.Context(), slog.New(slog.DiscardHandler)
	store, err := postgres.Open(ctx, in.url, &postgres.Config{Logger: quiet})
	must(b, err)
	client, err := redis.Open(ctx, testenv.Redis(b).URL(), &redis.Config{Logger: quiet})
	must(b, err)
	bus := redis.NewBus(client)
	in.tokens, err = identity.NewTokens(secret)
	must(b, err)
	in.bare, err = pgxpool.New(ctx, in.url+"&pool_max_conns=16")
	must(b, err)
	in.store, in.bus = store, bus
	in.app, err = core.New(core.Config{Ports: core.Ports{Store: store, Bus: bus, Cache: inproc.NewCache(inproc.CacheConfig{}), Summarizer: m, Tokens: in.tokens}, Logger: quiet})
	must(b, err)
	b.Cleanup(func() {
		in.bare.Close()
		must(b, errors.Join(bus.Close(), client.Close(), store.Close()))
	})
	return in
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// work runs jobs as docsctl does until the returned function is called.
func (in *installation) work(b *testing.B, orgLimit int, pools ...worker.Pool) (stop func()) {
	b.Helper()
	w, err := worker.New(worker.Config{Work: in.app.Work, Maintain: true, Logger: slog.New(slog.DiscardHandler), OrgLimit: orgLimit, Pools: pools})
	must(b, err)
	must(b, w.Start(b.Context()))
	return func() { w.Stop(context.Background()) }
}

// perOrg is how many documents an organization has where nothing else is said.
const perOrg = 1000

// What is much, for the benchmarks that ask what remains of a rate or a plan then.
var (
	manyDocuments     = flag.Int("scale.documents", 1_000_000, "how many documents are many")
	manyOrganizations = flag.Int("scale.organizations", 1000, "how many organizations share them")
)

// fillMany makes the documents and organizations that the flags say.
func (in *installation) fillMany(b *testing.B) (orgs int) {
	b.Helper()
	orgs = max(*manyOrganizations, 1)
	in.fillEach(b, orgs, max(*manyDocuments/orgs, 1))
	return orgs
}

// fill makes organizations with one user and perOrg documents of 2 KB each.
func (in *installation) fill(b *testing.B, orgs int) { in.fillEach(b, orgs, perOrg) }

func (in *installation) fillEach(b *testing.B, orgs, perOrg int) {
	b.Helper()
	in.perOrg = perOrg
	conn, err := pgx.Connect(b.Context(), in.url)
	must(b, err)
	defer conn.Close(context.Background())
	for _, sql := range []string{
		`create function numbered(kind text, n bigint) returns uuid immutable language sql as $$ select md5(kind || n)::uuid $$`,
		`insert into organizations select numbered('org', i), 'o', 'free', null, now(), now() from generate_series(1, $1) i`,
		`insert into users select numbered('org', i), numbered('user', i), 'e', 'e', 'n', 'admin', 'local', 'h', true, now(), now() from generate_series(1, $1) i`,
		`insert into documents
			select numbered('org', i), numbered('doc', i * $2 + n), numbered('user', i), 'Minutes ' || n, repeat(md5(n::text), 62), 'upload', '', '',
				null, null, 'text/markdown', md5(n::text), 1984, 1, 1, 'active', '', at, at
			from generate_series(1, $2) n, generate_series(1, $1) i, lateral (select now() - n * interval '1 minute') a(at)`,
		`vacuum analyze`, `checkpoint`,
	} {
		var args []any
		for i, arg := range []any{orgs, perOrg} {
			if strings.Contains(sql, fmt.Sprintf("$%d", i+1)) {
				args = append(args, arg)
			}
		}
		_, err := conn.Exec(b.Context(), sql, args...)
		must(b, err)
	}
}

// numbered is the id that fill gave.
func numbered[T ~string](kind string, n int) T {
	sum := md5.Sum(fmt.Append(nil, kind, n))
	id, _ := uuid.Parse(hex.EncodeToString(sum[:])) // 32 hexadecimal digits
	return T(id.String())
}

// actor is the user of the organization of that number.
func actor(org int) core.Actor {
	return core.NewActor(core.TrustTenant(numbered[core.OrgID]("org", org)), numbered[core.UserID]("user", org), core.RoleAdmin)
}

// model is a core.Summarizer that only takes time.
type model func(ctx context.Context, t core.Tenant)

func (model) Tokens(_, text string) int { return len(text) / 4 }

func (model) Check(context.Context, core.Tenant, core.SummarizeRequest) error { return nil }

func (model) Estimate(context.Context, core.Tenant, core.SummarizeRequest) (core.Estimate, error) {
	return core.Estimate{Documents: 1, CostUSD: new(float64)}, nil
}

func (m model) Summarize(ctx context.Context, t core.Tenant, _ core.SummarizeRequest, _ core.SummaryObserver) (*core.SummaryResult, error) {
	m(ctx, t)
	return &core.SummaryResult{Text: "a summary"}, ctx.Err()
}

func instant(context.Context, core.Tenant) {}
