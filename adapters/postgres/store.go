// Package postgres keeps everything that outlives the process in PostgreSQL 15 or
// newer, for any number of processes at once.
//
// Tenants are kept apart three times over: keys and references begin with the
// organization, every statement names it, and row-level security, forced, binds the
// role under which all statements run to the one organization that their
// transaction is set to. Role and organization travel with the statement in one
// batch and end with its transaction, so connections may come from a pooler in
// transaction mode (with default_query_exec_mode=exec in the URL).
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/docsctl/docsctl/core"
)

// Config is how Open opens a database; nil and the zero value take the defaults.
type Config struct {
	DirectURL        string          // for migrations, where a pooler would be in the way; "": the store's own URL
	Migrate          bool            // bring the schema up to date first; else an old one is refused
	MaxConns         int32           // connections of this process; 0: pool_max_conns of the URL, or 16
	StatementTimeout time.Duration   // of one statement; 0: 30 s
	LockTimeout      time.Duration   // of waiting for a row that another transaction holds; 0: 10 s
	IdleTimeout      time.Duration   // of a transaction between two statements; 0: 15 s
	AcquireTimeout   time.Duration   // of waiting for a free connection, or for a new one; 0: 10 s
	CacheBytes       int64           // of models' answers that are kept for an organization; 0: 256 MiB
	Logger           *slog.Logger    // nil: slog.Default()
	Tracer           pgx.QueryTracer // sees every statement; nil: none

	// Now is this node's clock, as in core.Config; nil: time.Now. Work becomes due by
	// the server's, so a wrong one neither hurries nor delays it.
	Now func() time.Time
}

func (c *Config) withDefaults(url string) Config {
	var d Config
	if c != nil {
		d = *c
	}
	if d.DirectURL == "" {
		d.DirectURL = url
	}
	for field, value := range map[*time.Duration]time.Duration{
		&d.StatementTimeout: 30 * time.Second, &d.LockTimeout: 10 * time.Second,
		&d.IdleTimeout: 15 * time.Second, &d.AcquireTimeout: 10 * time.Second,
	} {
		if *field == 0 {
			*field = value
		}
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	if d.CacheBytes <= 0 {
		d.CacheBytes = 256 << 20
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return d
}

// Store is a core.Store in a PostgreSQL database.
type Store struct {
	cfg    Config
	pool   *pgxpool.Pool
	sql    statements
	roles  roles
	closed atomic.Bool

	mu    sync.Mutex            // guards turns
	turns map[core.Queue]string // the organization after which the next claim begins
}

var _ core.Store = (*Store)(nil)

// Open connects to the database that url names, as a URL or as key=value words. It
// returns an error that says what to do when the database has an older schema and
// cfg.Migrate is not set, a newer one, or not the roles that it needs.
func Open(ctx context.Context, url string, cfg *Config) (*Store, error) {
	return open(ctx, url, cfg, newStatements())
}

func open(ctx context.Context, url string, cfg *Config, sql statements) (*Store, error) {
	s := &Store{cfg: cfg.withDefaults(url), sql: sql, turns: map[core.Queue]string{}}
	pool, err := s.cfg.poolConfig(url)
	if err != nil {
		return nil, err
	}
	if s.cfg.Migrate {
		if _, err := Up(ctx, s.cfg.DirectURL, pool.ConnConfig.User); err != nil {
			return nil, err
		}
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return nil, fmt.Errorf("open the connections to Postgres: %w", err)
	}
	if err := s.check(ctx); err != nil {
		s.pool.Close()
		return nil, err
	}
	return s, nil
}

func (c Config) poolConfig(url string) (*pgxpool.Config, error) {
	pool, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errURL
	}
	if pool.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return nil, errors.New("the database URL asks for simple_protocol, which cannot send a batch; use default_query_exec_mode=exec")
	}
	switch {
	case c.MaxConns > 0:
		pool.MaxConns = c.MaxConns
	case !strings.Contains(url, "pool_max_conns"):
		pool.MaxConns = 16
	}
	pool.ConnConfig.Tracer = c.Tracer
	if pool.ConnConfig.ConnectTimeout == 0 {
		pool.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	pool.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		if conn.Config().DefaultQueryExecMode != pgx.QueryExecModeCacheStatement {
			return nil // nothing is prepared
		}
		_, err := conn.Exec(ctx, fmt.Sprintf(planOnce, conn.PgConn().PID()))
		return err
	}
	return pool, nil
}

// planOnce has the server plan a prepared statement once and not for each call. What a
// statement finds its rows by does not depend on its arguments, see TestPlans; but with
// a limit among them the server expects so much of knowing it that it would plan most
// lists, and each look at the event log, anew. A function that this is not for says so.
//
// It is set where the server is the one that answered the connection, by its process.
// A pooler answers with a number of its own, and behind it are sessions of others.
const planOnce = `select set_config('plan_cache_mode', 'force_generic_plan', false) where pg_backend_pid() = %d`

// Tenant returns the part of the store that is t's.
func (s *Store) Tenant(t core.Tenant) core.TenantStore { return &tenantStore{store: s, tenant: t} }

// System returns the look-ups and claims that are made before a tenant is known.
func (s *Store) System() core.SystemStore { return &system{store: s} }

// Health returns nil when the database answers.
func (s *Store) Health(ctx context.Context) error {
	_, err := s.single(ctx, "", s.sql.health, nil, nil, true)
	return err
}

// Close ends the connections, after the calls that are under way.
func (s *Store) Close() error {
	if !s.closed.Swap(true) {
		s.pool.Close()
	}
	return nil
}

// tenantStore is one organization's part of a Store.
type tenantStore struct {
	store  *Store
	tenant core.Tenant
}

func (t *tenantStore) org() string { return string(t.tenant.OrgID()) }

// ready refuses an invalid tenant and a context of an open transaction.
func (t *tenantStore) ready(ctx context.Context) error {
	if ctx.Value(openTx{t.store}) != nil {
		return core.ErrOuterRead
	}
	if !t.tenant.Valid() {
		return &core.Error{Code: core.CodeInternal, Message: "the request belongs to no organization; report this with the request id"}
	}
	return nil
}

// Read returns the readers.
func (t *tenantStore) Read() core.Readers {
	sc := scope{runner: t, sql: &t.store.sql, org: t.org()}
	return core.Readers{
		Organizations: organizationReader{sc}, Users: userReader{sc}, Sessions: sessionReader{sc},
		APIKeys: apiKeyReader{sc}, Documents: documentReader{sc}, Integrations: integrationReader{sc}, PublishedPages: publishedPageReader{sc},
		Webhooks: webhookReader{sc}, Deliveries: deliveryReader{sc},
		Summaries: summaryReader{sc}, Templates: templateReader{sc}, Jobs: jobReader{sc},
		JobItems: jobItemReader{sc},
		Events:   eventReader{scope: sc, ready: t.ready}, Audit: auditReader{sc}, Usage: usageReader{sc}, Archive: archiveReader{t},
	}
}

// run sends one statement in a transaction of its own.
func (t *tenantStore) run(ctx context.Context, sql string, args []any, rows func(pgx.Rows) error) (int64, error) {
	if err := t.ready(ctx); err != nil {
		return 0, err
	}
	if err := checkArgs(args); err != nil {
		return 0, err
	}
	return t.store.single(ctx, t.org(), sql, args, rows, true)
}

// ask sends questions in a transaction of their own.
func (t *tenantStore) ask(ctx context.Context, all []question) error {
	if err := t.ready(ctx); err != nil {
		return err
	}
	return t.store.inScope(ctx, t.org(), true, func(b *pgx.Batch) { queueAll(b, all) })
}
