//go:build unix

package testenv

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// childMode tells TestChild, in a process of its own, what to do.
const childMode = "DOCSCTL_TESTENV_CHILD"

// TestChild is what the tests below run in other processes; alone it does nothing.
func TestChild(t *testing.T) {
	switch os.Getenv(childMode) {
	case "servers":
		pg := Postgres(t)
		_ = Database(t, "empty", nil)
		_ = StartRedis(t, RedisOptions{})
		_ = StartPgBouncer(t, pg, PgBouncerOptions{})
		StartPostgres(t, PostgresOptions{}).Pause(t)
		h, err := processHome()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString(h.dir + " " + h.memory + "\n")
	case "foreign":
		_, _ = os.Stdout.WriteString(Database(t, "empty", nil) + "\n")
	default:
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it or kills us
}

func TestKilledProcessLeavesNothing(t *testing.T) {
	t.Parallel()
	child := startChild(t, childMode+"=servers", "DOCSCTL_TEST_POSTGRES_URL=")
	left := descendants(t, child.cmd.Process.Pid)
	// Two PostgreSQL with some five children each, Redis, PgBouncer and the reaper.
	if len(left) < 10 {
		t.Fatalf("the child started %d processes, want at least 10", len(left))
	}
	child.kill(t)
	if err := awaitGone(left, time.Minute); err != nil {
		t.Error(err)
	}
	for _, dir := range strings.Fields(child.line) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a folder of the killed process is left: %v", err)
		}
	}
}

func TestForeignPostgres(t *testing.T) {
	t.Parallel()
	pg := StartPostgres(t, PostgresOptions{})
	env := []string{childMode + "=foreign", "DOCSCTL_TEST_POSTGRES_URL=" + pg.URL("postgres")}
	first := startChild(t, env...)
	if !strings.Contains(first.line, pg.base.Host) {
		t.Fatalf("the database is at %s, want it on the given server", first.line)
	}
	alive := testDatabases(t, pg)

	second := startChild(t, env...)
	for _, name := range alive {
		if !slices.Contains(testDatabases(t, pg), name) {
			t.Errorf("%s was dropped while its process lived", name)
		}
	}
	second.end(t)
	first.kill(t)

	third := startChild(t, env...)
	for _, name := range alive {
		if slices.Contains(testDatabases(t, pg), name) {
			t.Errorf("%s is left though its process was killed", name)
		}
	}
	third.end(t)
	if got := len(testDatabases(t, pg)); got != 1 {
		t.Errorf("%d databases are left after the last process, want its template only", got)
	}
}

// testProcess is a process that runs TestChild.
type testProcess struct {
	cmd   *exec.Cmd
	stdin io.Closer
	line  string // what it said when it was ready
}

func startChild(t *testing.T, env ...string) *testProcess {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &testProcess{cmd: cmd, stdin: stdin, line: strings.TrimSpace(line)}
}

func (p *testProcess) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // says that it was killed
}

// end lets the process finish its test.
func (p *testProcess) end(t *testing.T) {
	t.Helper()
	if err := p.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func descendants(t *testing.T, pid int) []int {
	t.Helper()
	children, err := childrenOf(pid)
	if err != nil {
		t.Fatal(err)
	}
	all := children
	for _, child := range children {
		all = append(all, descendants(t, child)...)
	}
	return all
}

func testDatabases(t *testing.T, pg *PostgresServer) []string {
	t.Helper()
	var names []string
	err := pg.administer(t.Context(), func(conn *pgx.Conn) error {
		rows, err := conn.Query(context.WithoutCancel(t.Context()), "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", namePrefix)
		if err != nil {
			return err
		}
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
