package sqlite

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.Store = (*Store)(nil)

// Config is how a Store works. The zero value is good.
type Config struct {
	Now         func() time.Time // the store's clock, by which leases run; nil: time.Now
	BusyTimeout time.Duration    // how long to wait for another process's transaction; 0: 5 s
	Readers     int              // connections that read; 0: two a processor, at least 4
	CacheBytes  int64            // of models' answers that are kept for an organization; 0: 256 MiB
}

func (c *Config) withDefaults() Config {
	var d Config
	if c != nil {
		d = *c
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.BusyTimeout <= 0 {
		d.BusyTimeout = 5 * time.Second
	}
	if d.Readers <= 0 {
		d.Readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	if d.CacheBytes <= 0 {
		d.CacheBytes = 256 << 20
	}
	return d
}

// Store is a core.Store in one file.
type Store struct {
	cfg    Config
	path   string
	schema *schemaLock // held, so that no other process changes the schema
	reader *reader
	writer *writer
	turns  map[core.Queue]core.OrgID // whose turn was last; guarded by the writer's hold
	close  func() error
}

// Open returns the store in the file at path, made with its folder when there is
// none, with its schema brought up to date. A new store has one organization,
// "local"; see Local. It returns CodeUnavailable when the file cannot be used, and
// CodeConflict when its schema is newer than this program's or older and in use.
// Close ends it.
func Open(ctx context.Context, path string, c *Config) (*Store, error) {
	cfg := c.withDefaults()
	path, err := prepare(path)
	if err != nil {
		return nil, err
	}
	schema, err := holdSchema(ctx, path, cfg.BusyTimeout)
	if err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg, path: path, schema: schema, turns: map[core.Queue]core.OrgID{}}
	s.close = sync.OnceValue(s.end)
	if s.writer, err = newWriter(path, cfg.BusyTimeout); err != nil {
		return nil, firstError(err, s.schema.Close())
	}
	if s.reader, err = newReader(s, path); err != nil {
		return nil, firstError(err, s.writer.Close(), s.schema.Close())
	}
	if err := s.begin(ctx); err != nil {
		return nil, firstError(err, s.Close())
	}
	return s, nil
}

// Tenant returns t's part of the store.
func (s *Store) Tenant(t core.Tenant) core.TenantStore { return &tenantStore{store: s, tenant: t} }

// System returns what works before a tenant is known.
func (s *Store) System() core.SystemStore { return &systemStore{store: s} }

// Health returns nil when the store can be read, else CodeUnavailable.
func (s *Store) Health(ctx context.Context) error {
	_, err := s.meta(ctx, metaEpoch)
	if err == nil || core.CodeOf(err) == core.CodeUnavailable {
		return err
	}
	return core.Unavailable("the store does not answer; try again", time.Second, err)
}

// Close waits for the transactions that are under way and ends the store's
// connections. Closing again does nothing.
func (s *Store) Close() error { return s.close() }

// end closes the writer last, so that it is the one that empties the log.
func (s *Store) end() error {
	s.writer.Stop()
	return firstError(s.reader.Close(), s.writer.Close(), s.schema.Close())
}

// now is the store's clock in the form that is stored.
func (s *Store) now() int64 { return s.cfg.Now().UnixMicro() }

// firstError returns the first error that is one.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
