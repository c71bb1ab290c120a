// Package servers finds the programs that the tests need on this machine and
// installs what is missing where it may. It knows nothing of tests, so that
// internal/testenv/ensure can use it before they run.
package servers

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Program is something that the tests run, and where it comes from.
type Program struct {
	Name     string   // for messages
	Binaries []string // all in one folder; the first answers --version
	Apt      []string // packages of Debian and Ubuntu
	Brew     string   // package of Homebrew
}

// Postgres is the database server with the program that makes its data folder.
func Postgres() Program {
	return Program{Name: "PostgreSQL", Binaries: []string{"postgres", "initdb"}, Apt: []string{"postgresql"}, Brew: "postgresql"}
}

// Redis is the server of the event bus.
func Redis() Program {
	return Program{Name: "Redis", Binaries: []string{"redis-server"}, Apt: []string{"redis-server"}, Brew: "redis"}
}

// PgBouncer is the pooler that stands before PostgreSQL in many installations.
func PgBouncer() Program {
	return Program{Name: "PgBouncer", Binaries: []string{"pgbouncer"}, Apt: []string{"pgbouncer"}, Brew: "pgbouncer"}
}

// Compiler is the C compiler that go test -race needs.
func Compiler() Program {
	return Program{Name: "GCC", Binaries: []string{"gcc"}, Apt: []string{"gcc", "libc6-dev"}, Brew: "gcc"}
}

// Locate returns the folder that holds all binaries of the program: the first of
// PATH that does, else one of the places where packages put servers without
// adding them to PATH.
func (p Program) Locate() (dir string, ok bool) {
	return p.locateIn(append(filepath.SplitList(os.Getenv("PATH")), serverFolders()...))
}

func (p Program) locateIn(folders []string) (string, bool) {
	for _, dir := range folders {
		// A relative entry of PATH would make the answer depend on the package under test.
		if filepath.IsAbs(dir) && p.allIn(dir) {
			return dir, true
		}
	}
	return "", false
}

func (p Program) allIn(dir string) bool {
	for _, b := range p.Binaries {
		info, err := os.Stat(filepath.Join(dir, b))
		if err != nil || info.IsDir() || info.Mode().Perm()&0o111 == 0 {
			return false
		}
	}
	return len(p.Binaries) > 0
}

// serverFolders lists the folders outside of most users' PATH, newest PostgreSQL first.
func serverFolders() []string {
	var versioned []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
		"/usr/pgsql-*/bin",                  // PostgreSQL's own packages for Red Hat
		"/opt/homebrew/opt/postgresql*/bin", // macOS
		"/usr/local/opt/postgresql*/bin",
	} {
		found, _ := filepath.Glob(pattern) // fails on a malformed pattern only
		slices.SortFunc(found, func(a, b string) int { return versionOf(b) - versionOf(a) })
		versioned = append(versioned, found...)
	}
	return append(versioned, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/opt/homebrew/bin")
}

// versionOf reads the major version out of a folder such as /usr/lib/postgresql/15/bin.
func versionOf(bin string) int {
	name := filepath.Base(filepath.Dir(bin))
	digits := name[strings.LastIndexFunc(name, func(r rune) bool { return r < '0' || r > '9' })+1:]
	v, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return v
}
