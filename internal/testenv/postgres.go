//go:build unix

package testenv

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/internal/testenv/servers"
)

// PostgresOptions say how a private PostgreSQL runs.
type PostgresOptions struct {
	// Fsync keeps the files on a disk, not in memory, and makes commits wait for
	// it. Benchmarks want it, tests do not: a killed process loses nothing without
	// it, only a machine without power does.
	Fsync bool
	// Settings are further settings of postgresql.conf; they win over ours.
	Settings map[string]string
}

// PostgresServer is a PostgreSQL on which tests make databases. Its Process is
// nil when DOCSCTL_TEST_POSTGRES_URL named it.
type PostgresServer struct {
	*Process
	base        url.URL   // a superuser's
	maintenance string    // the database to connect to for making others
	prefix      string    // of the names of all databases made by this process
	lease       *pgx.Conn // see openExternal; nil on a server of ours
	numbers     atomic.Int64

	mu        sync.Mutex // guards templates
	templates map[string]*template
}

func newPostgresServer(p *Process, base url.URL, maintenance string) *PostgresServer {
	return &PostgresServer{
		Process: p, base: base, maintenance: maintenance,
		prefix:    namePrefix + uuid.NewString()[:8],
		templates: map[string]*template{},
	}
}

// sharedPostgres is the server that the tests of this process share.
var sharedPostgres = sync.OnceValues(func() (*PostgresServer, error) {
	ctx := context.Background() // the server outlives the test that asks first
	if text := os.Getenv("DOCSCTL_TEST_POSTGRES_URL"); text != "" {
		return openExternal(ctx, text)
	}
	return startPostgres(ctx, PostgresOptions{})
})

// Postgres returns the server that the tests of this process share.
func Postgres(tb testing.TB) *PostgresServer {
	tb.Helper()
	s, err := sharedPostgres()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// StartPostgres starts a server that only this test uses, gone at its end.
func StartPostgres(tb testing.TB, o PostgresOptions) *PostgresServer {
	tb.Helper()
	s, err := startPostgres(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.discard(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func startPostgres(ctx context.Context, o PostgresOptions) (*PostgresServer, error) {
	bin, err := servers.Find(ctx, os.Stderr, servers.Postgres())
	if err != nil {
		return nil, err
	}
	h, err := processHome()
	if err != nil {
		return nil, err
	}
	dir, err := h.folder("postgres", o.Fsync)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := initData(ctx, h, bin, data); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	p := &Process{
		name: "PostgreSQL", dir: dir, home: h,
		ready:   "database system is ready to accept connections",
		stop:    syscall.SIGINT,  // "fast": open sessions are ended
		drop:    syscall.SIGQUIT, // "immediate": its shared memory is released, unlike by SIGKILL
		release: func() error { return releaseMemory(data) },
	}
	port, err := p.launch(ctx, func(port int) ([]string, error) {
		return append([]string{filepath.Join(bin, "postgres"), "-D", data}, o.arguments(port)...), nil
	})
	if err != nil {
		return nil, err
	}
	base := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: loopback(port), RawQuery: "sslmode=disable&" + patiently}
	return newPostgresServer(p, base, "postgres"), nil
}

// arguments turns the options into settings on the command line.
func (o PostgresOptions) arguments(port int) []string {
	settings := map[string]string{
		"listen_addresses":           "127.0.0.1",
		"port":                       strconv.Itoa(port),
		"unix_socket_directories":    "", // a socket's path may be too long for the system
		"max_connections":            "300",
		"fsync":                      "off",
		"full_page_writes":           "off",
		"max_wal_size":               "256MB", // takes memory
		"dynamic_shared_memory_type": "mmap",  // in the data folder: a killed server leaves nothing in /dev/shm
		"timezone":                   "UTC",
	}
	if o.Fsync {
		settings["fsync"], settings["full_page_writes"], settings["max_wal_size"] = "on", "on", "1GB"
	}
	maps.Copy(settings, o.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// initData makes the data folder of a server: 0.7 s, most of a server's start.
func initData(ctx context.Context, h *home, bin, data string) error {
	// Passwords would guard nothing but test data, and cost 5 ms a connection.
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale", locale(), "--lc-messages", "C", "--no-sync")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = filepath.Dir(data), environment(), h.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the data folder of PostgreSQL: %w: %s", err, out)
	}
	return nil
}

// locale is one whose rules for letters hold for all of Unicode, as in production.
func locale() string {
	if runtime.GOOS == "linux" {
		return "C.UTF-8"
	}
	return "en_US.UTF-8"
}

// releaseMemory removes the segment of shared memory that a killed server leaves
// behind when nobody starts it again. The lock file, which a server that ends by
// itself removes, holds the segment's key and id in its seventh line.
func releaseMemory(data string) error {
	lock, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return nil //nolint:nilerr // without a lock file there is no segment
	}
	lines := strings.Split(string(lock), "\n")
	if len(lines) < 7 {
		return nil
	}
	segment := strings.Fields(lines[6])
	if len(segment) != 2 {
		return nil
	}
	if out, err := exec.Command("ipcrm", "-m", segment[1]).CombinedOutput(); err != nil {
		return fmt.Errorf("release the shared memory of a killed PostgreSQL: %w: %s", err, out)
	}
	return nil
}
