// Package wire is the composition root: it alone knows every adapter, and builds
// of a configuration the program that the commands run.
package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/docsctl/docsctl/adapters/extract"
	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/postgres"
	"github.com/docsctl/docsctl/adapters/redis"
	"github.com/docsctl/docsctl/adapters/render"
	"github.com/docsctl/docsctl/adapters/secrets"
	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/adapters/web"
	"github.com/docsctl/docsctl/adapters/webhooks"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
	"github.com/docsctl/docsctl/core/worker"
	httpapi "github.com/docsctl/docsctl/transport/http"
)

// storeFile is the embedded store within the data folder.
const storeFile = "docsctl.db"

// Program is an installation that is open: its store, its bus and the App over them.
type Program struct {
	cfg   Config
	log   *slog.Logger
	app   *core.App
	store core.Store
	bus   core.EventBus
	nodes core.NodeCache  // answers of the model, in the store
	meter core.UsageMeter // what calls use, likewise
	local *sqlite.Store   // nil when the store is not embedded
	redis *redis.Client   // nil without Redis

	sealer *secrets.Sealer

	metrics *prometheus.Registry
	horizon *horizonWatch // nil where nothing can hold the feed back
	llm     core.LLM      // behind its guards; nil when no model is configured
}

// Open connects to what c names, migrating the store if need be. Close ends it.
func Open(ctx context.Context, c Config, log *slog.Logger) (_ *Program, err error) {
	p := &Program{cfg: c, log: log, metrics: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if c.Postgres() && len(c.JWTSecrets) == 0 {
		return nil, &core.Error{Code: core.CodeValidation, Message: "jwt_secrets is required with Postgres, the same on every node; make one with: openssl rand -base64 48"}
	}
	if c.Postgres() && len(c.EncryptionKeys) == 0 {
		return nil, &core.Error{Code: core.CodeValidation, Message: "encryption_keys is required with Postgres, the same on every node; make one with: openssl rand -base64 48"}
	}
	if p.llm, err = c.guardedModel(p.metrics); err != nil {
		return nil, err
	}
	if err := p.openBus(ctx); err != nil {
		return nil, err
	}
	if err := p.openStore(ctx); err != nil {
		return nil, err
	}
	if err := p.openSealer(ctx); err != nil {
		return nil, err
	}
	tokens, err := jwtSecrets(c)
	if err != nil {
		return nil, err
	}
	ports, err := p.ports(tokens)
	if err != nil {
		return nil, err
	}
	p.app, err = core.New(core.Config{
		Ports: ports, EncodeEvent: httpapi.EncodeEvent, Logger: log, JobLease: c.JobLease, Retention: c.Retention, ResummarizeAfter: c.ResummarizeAfter, FoldEmail: identity.FoldEmail, RateLimit: c.RateLimit, SignInLimit: c.RateLimitAuth,
		UserConnections: c.FeedUser, OrgConnections: c.FeedOrg, Registration: c.Registration, DefaultPlan: c.DefaultPlan,
		Quotas: map[core.PlanType]core.Quota{core.PlanFree: c.QuotaFree, core.PlanEnterprise: c.QuotaEnterprise},
	})
	return p, err
}

func (p *Program) openStore(ctx context.Context) (err error) {
	if !p.cfg.Postgres() {
		if p.local, err = sqlite.Open(ctx, p.cfg.storePath(), nil); err == nil {
			p.store, p.nodes, p.meter = p.local, p.local.Nodes(), p.local.Meter()
		}
		return err
	}
	if p.redis == nil {
		p.log.WarnContext(ctx, "no redis_url is set: a second server would learn of news by polling each second only")
	}
	store, err := postgres.Open(ctx, p.cfg.DatabaseURL, &postgres.Config{DirectURL: p.cfg.DatabaseDirectURL, Migrate: true, Logger: p.log})
	if err != nil {
		return explainPostgres(err)
	}
	p.store, p.nodes, p.meter = store, store.Nodes(), store.Meter()
	p.horizon = newHorizonWatch(store.Horizon().Look, p.metrics)
	return nil
}

func (p *Program) openBus(ctx context.Context) (err error) {
	if p.cfg.RedisURL == "" {
		p.bus = inproc.NewBus()
		return nil
	}
	if p.redis, err = redis.Open(ctx, p.cfg.RedisURL, &redis.Config{Logger: p.log}); err == nil {
		p.bus = redis.NewBus(p.redis)
	}
	return err
}

// checks are what readiness asks. Without Redis the work goes on, slower.
func (p *Program) checks() map[string]func(context.Context) error {
	checks := map[string]func(context.Context) error{"store": p.store.Health}
	if p.horizon != nil {
		checks["feed"] = p.horizon.check
	}
	if p.redis != nil {
		checks["redis"] = func(ctx context.Context) error {
			if err := p.redis.Health(ctx); err != nil {
				return httpapi.Degraded(err)
			}
			return nil
		}
	}
	return checks
}

func (c Config) storePath() string { return filepath.Join(c.DataDir, storeFile) }

func (p *Program) ports(jwt []string) (core.Ports, error) {
	tokens, err := identity.NewTokens(jwt...)
	if err != nil {
		return core.Ports{}, &core.Error{Code: core.CodeValidation, Message: "jwt_secrets does not hold: " + err.Error()}
	}
	hasher, err := identity.NewHasher(identity.DefaultParams())
	if err != nil {
		return core.Ports{}, err
	}
	cache := inproc.NewCache(inproc.CacheConfig{}) // on each node: a request makes no round trip for what it holds
	vendors, err := p.vendors(cache)
	if err != nil {
		return core.Ports{}, err
	}
	sender, err := webhooks.New(webhooks.Config{AllowPrivate: p.cfg.AllowPrivate, Metrics: p.metrics})
	if err != nil {
		return core.Ports{}, err
	}
	return core.Ports{
		Store: p.store, Bus: p.bus, Summarizer: p.summarizer(), Hasher: hasher, Tokens: tokens, SignIn: p.cfg.signIn(), Presence: p.presence(),
		Limiter: p.limiter(), Sealer: p.sealer, Connectors: vendors, Webhooks: sender,
		Cache:     cache,
		Renderer:  render.New(),
		Extractor: extract.NewSandboxed(p.cfg.extractConfig()),
	}, nil
}

// summarizer makes the installation's summaries. The one place where a language
// model takes the extractive model's part.
func (p *Program) summarizer() core.Summarizer {
	if p.llm == nil {
		return summarize.NewExtractive()
	}
	return summarize.New(summarize.Config{LLM: p.llm, Nodes: p.nodes, Meter: p.meter, Parallel: p.cfg.WorkerLLM, Logger: p.log})
}

// modelName is what summaries are made with unless they name another, for people.
func (p *Program) modelName() string {
	if p.llm == nil {
		return summarize.ExtractiveName
	}
	return p.cfg.LLMModel
}

// presence knows the connections of this process, or with Redis of all.
func (p *Program) presence() core.Presence {
	if p.redis == nil {
		return inproc.NewPresence(nil)
	}
	return redis.NewPresence(p.redis)
}

// limiter counts for all nodes where they share a Redis, and without a round trip
// for most requests.
func (p *Program) limiter() core.Limiter {
	if p.redis == nil {
		return inproc.NewLimiter(nil)
	}
	return redis.NewLeasedLimiter(redis.NewLimiter(p.redis), nil)
}

// Close ends the program's connections. Closing again does nothing.
func (p *Program) Close() error {
	var errs []error
	if p.bus != nil {
		errs = append(errs, p.bus.Close())
	}
	if p.redis != nil {
		errs = append(errs, p.redis.Close())
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	p.bus, p.redis, p.store = nil, nil, nil
	return errors.Join(errs...)
}

// fetcher reads documents from the web for the commands.
func (p *Program) fetcher() core.Fetcher {
	return web.New(web.Config{
		Client:   web.NewClient(web.ClientConfig{AllowPrivate: p.cfg.AllowPrivate}),
		MaxBytes: p.cfg.MaxUploadBytes,
	})
}

// localActor is the admin that the embedded store was born with.
func (p *Program) localActor(ctx context.Context) (core.Actor, error) {
	org, user, err := p.local.Local(ctx)
	if err != nil {
		return core.Actor{}, err
	}
	return core.NewActor(core.TrustTenant(org), user, core.RoleAdmin), nil
}

// bulkWorkers is small, so that a bulk run leaves most of a model's capacity to
// people who wait for one summary.
const bulkWorkers = 8

// maintenanceWorkers run what nobody waits for.
const maintenanceWorkers = 2

// sharedWorker runs the jobs of everybody.
func (p *Program) sharedWorker() (*worker.Worker, error) {
	return worker.New(worker.Config{
		Work: p.app.Work, Maintain: true, Logger: p.log, OrgLimit: p.cfg.WorkerLLM,
		Pools: []worker.Pool{
			{Queue: core.QueueLLM, Size: p.cfg.WorkerLLM},
			{Queue: core.QueueLLMBulk, Size: min(bulkWorkers, p.cfg.WorkerLLM)},
			{Queue: core.QueueIntegration, Size: p.cfg.WorkerIntegration},
			{Queue: core.QueueMaintenance, Size: maintenanceWorkers},
		},
	})
}

// newLogger writes to out, in the configured form, what is at least as grave as level.
func newLogger(c Config, out io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(httpapi.WithRequestID(slog.NewJSONHandler(out, options)))
	}
	return slog.New(httpapi.WithRequestID(slog.NewTextHandler(out, options)))
}

// work runs jobs until ctx ends, then stops within the grace. It calls started once
// it claims.
func (p *Program) work(ctx context.Context, started func()) error {
	w, err := p.sharedWorker()
	if err != nil {
		return err
	}
	if err := w.Start(ctx); err != nil {
		return fmt.Errorf("start the workers: %w", err)
	}
	started()
	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.cfg.ShutdownGrace)
	defer cancel()
	w.Stop(grace)
	return nil
}
