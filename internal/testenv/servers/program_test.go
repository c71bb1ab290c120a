//go:build unix

package servers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProgram_locateIn(t *testing.T) {
	t.Parallel()
	program := Program{Binaries: []string{"postgres", "initdb"}}

	t.Run("SkipsFoldersThatLackABinary", func(t *testing.T) {
		t.Parallel()
		client, server := folder(t, "initdb"), folder(t, "postgres", "initdb")
		got, ok := program.locateIn([]string{client, "", "relative", server})
		if !ok || got != server {
			t.Errorf("found %q, %t, want %q", got, ok, server)
		}
	})

	t.Run("FindsNoFilesThatCannotRun", func(t *testing.T) {
		t.Parallel()
		dir := folder(t, "postgres", "initdb")
		if err := os.Chmod(filepath.Join(dir, "initdb"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := program.locateIn([]string{dir}); ok {
			t.Errorf("found %q, want nothing", got)
		}
	})
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	for bin, want := range map[string]int{
		"/usr/lib/postgresql/9.6/bin":         6, // older than any that is supported
		"/usr/lib/postgresql/15/bin":          15,
		"/usr/pgsql-17/bin":                   17,
		"/opt/homebrew/opt/postgresql@16/bin": 16,
		"/opt/homebrew/opt/postgresql/bin":    0,
	} {
		if got := versionOf(bin); got != want {
			t.Errorf("versionOf(%s) = %d, want %d", bin, got, want)
		}
	}
}

func TestInstructions(t *testing.T) {
	t.Parallel()
	got := instructions([]Program{Postgres(), Compiler()}).Error()
	for _, want := range []string{"PostgreSQL, GCC", "apt-get install postgresql gcc libc6-dev", "brew install postgresql gcc"} {
		if !strings.Contains(got, want) {
			t.Errorf("instructions are %q, want %q in them", got, want)
		}
	}
}

func folder(t *testing.T, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range programs {
		if err := os.WriteFile(filepath.Join(dir, p), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
