package wire

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func openIn(t *testing.T, dir string) error {
	t.Helper()
	p, err := Open(t.Context(), Config{DataDir: dir, JobLease: time.Minute, WorkerLLM: 1, WorkerIntegration: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return p.Close()
}

func TestEncryptionKeys_AreMadeOnceAndNeverAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := openIn(t, dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, encryptionFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v, want a file that only its owner reads", info, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := openIn(t, dir); err != nil { // nothing is sealed yet
		t.Fatal(err)
	}
	s, err := sqlite.Open(context.WithoutCancel(t.Context()), filepath.Join(dir, storeFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	coretest.NewOrg(t, s).NewIntegration(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openIn(t, dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := openIn(t, dir); core.CodeOf(err) != core.CodeValidation {
		t.Errorf("got %v, want it to refuse to start without the keys of what is sealed", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a new key was made")
	}
}
