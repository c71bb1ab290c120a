package sqlite

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// childStore names, in the environment of a child process, the store it is to open.
const childStore = "DOCSCTL_TEST_CHILD_STORE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childStore); path != "" {
		os.Exit(child(path))
	}
	os.Exit(m.Run())
}

// child opens a store, tells the local organization, and holds the store until
// its standard input ends.
func child(path string) int {
	ctx := context.Background()
	s, err := Open(ctx, path, nil)
	if err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	org, _, err := s.Local(ctx)
	if err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	os.Stdout.WriteString(string(org) + "\n")
	if _, err := os.Stdin.Read(make([]byte, 1)); err == nil {
		return 1
	}
	if s.Close() != nil {
		return 1
	}
	return 0
}

// openInProcess runs a program that opens the store until the returned function is
// called, and returns the local organization that it saw.
func openInProcess(t *testing.T, path string) (org core.OrgID, end func()) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childStore+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 64)
	n, _ := out.Read(line)
	return core.OrgID(strings.TrimSpace(string(line[:n]))), func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	}
}

func TestOpen_SeveralProcessesMakeOneStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "store.db")
	const processes = 4
	orgs := make([]core.OrgID, processes)
	ends := make([]func(), processes)
	var wg sync.WaitGroup
	for i := range processes {
		wg.Go(func() { orgs[i], ends[i] = openInProcess(t, path) })
	}
	wg.Wait()
	s := openStore(t, path)
	own, _, err := s.Local(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, org := range orgs {
		if org != own || !core.ValidID(org) {
			t.Errorf("process %d: got the local organization %q, want %q as here", i, org, own)
		}
		ends[i]()
	}
}

func TestOpen_FilesAreTheirOwnersOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	openStore(t, filepath.Join(dir, "a #strange%20 name?.db"))
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: got %v, %v, want 0700", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 2 {
		t.Fatalf("got %d files, %v, want the store and its lock", len(entries), err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(e.Name(), "a #strange%20 name?.db") {
			t.Errorf("%s: got %v, %v, want 0600", e.Name(), info.Mode(), err)
		}
	}
}

func TestOpen_RefusesWhatIsNoStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "text.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, dir, filepath.Join(file, "below", "store.db")} {
		s, err := Open(t.Context(), path, nil)
		if core.CodeOf(err) != core.CodeUnavailable {
			t.Errorf("%s: got %v, %v, want %s", path, s, err, core.CodeUnavailable)
		}
	}
}

func TestOpen_RefusesANewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	s := openStore(t, path)
	if err := s.writer.do(t.Context(), func(c *session) error {
		_, err := c.exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path, nil)
	if core.CodeOf(err) != core.CodeConflict || !strings.Contains(err.Error(), "newer") {
		t.Errorf("Open: got %v, want that the store is newer", err)
	}
	if _, err := Status(t.Context(), path); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("Status: got %v, want that the store is newer", err)
	}
	if _, err := Down(t.Context(), path); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("Down: got %v, want that the store is in use", err)
	}
}

func TestClose_EndsEveryCall(t *testing.T) {
	t.Parallel()
	s := openStore(t, filepath.Join(t.TempDir(), "store.db"))
	org, _, err := s.Local(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	ts := s.Tenant(core.TrustTenant(org))
	_, read := ts.Read().Organizations.Get(t.Context())
	write := ts.InTx(t.Context(), func(context.Context, core.Tx) error { return errors.New("ran") })
	_, claim := s.System().Claim(t.Context(), core.ClaimRequest{Queue: core.QueueLLM, Limit: 1})
	for name, err := range map[string]error{"read": read, "write": write, "claim": claim, "health": s.Health(t.Context())} {
		if core.CodeOf(err) != core.CodeUnavailable {
			t.Errorf("%s after Close: got %v, want %s", name, err, core.CodeUnavailable)
		}
	}
}
