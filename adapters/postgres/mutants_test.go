package postgres

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

// mutant is the statements with one predicate on the organization struck out.
type mutant struct {
	name string
	sql  statements
}

var orgPredicate = regexp.MustCompile(`\b(?:\w+\.)?org_id = \$1\b`)

// mutants strikes out every predicate of every statement, one at a time.
func mutants() []mutant {
	var all []mutant
	table := newStatements()
	fields := reflect.ValueOf(table)
	for i := range fields.NumField() {
		text := fields.Field(i).String()
		for n, at := range orgPredicate.FindAllStringIndex(text, -1) {
			m := mutant{name: fmt.Sprintf("%s-%d", fields.Type().Field(i).Name, n+1), sql: table}
			struck := text[:at[0]] + "$1::uuid is not null" + text[at[1]:]
			field := reflect.ValueOf(&m.sql).Elem().Field(i)
			reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem().SetString(struck)
			all = append(all, m)
		}
	}
	return all
}

// mutantRun marks the process that runs the suite's cross-tenant group alone, which
// only the flag -test.run can choose.
const mutantRun = "DOCSCTL_POSTGRES_MUTANTS"

// TestMutants proves that row-level security alone keeps tenants apart: whichever
// predicate is missing, the cross-tenant cases pass, directly and through PgBouncer.
func TestMutants(t *testing.T) {
	t.Parallel()
	all := mutants()
	if len(all) < 35 {
		t.Fatalf("saw %d predicates on org_id, want at least 35", len(all))
	}
	if os.Getenv(mutantRun) != "" {
		runMutants(t, all)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.parallel=8", "-test.run=^TestMutants$/^each$/./^Store$/^Tenants$")
	cmd.Env = append(os.Environ(), mutantRun+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("a mutant leaks, or broke a statement: %v\n%s", err, failures(out))
	}
	runs := regexp.MustCompile(`RunStore: \d\d+ cases`).FindAll(out, -1)
	if len(runs) != 2*len(all) {
		t.Errorf("the cross-tenant cases ran %d times, want %d: each mutant directly and through PgBouncer", len(runs), 2*len(all))
	}
	t.Logf("%d mutants, each directly and through PgBouncer: 0 leaks", len(all))
}

// runMutants runs the group against each mutant over two databases, one a way, which
// all of them share: the cases make organizations of their own, and a database each
// would take most of the time.
func runMutants(t *testing.T, all []mutant) {
	bouncer := testenv.StartPgBouncer(t, testenv.Postgres(t), testenv.PgBouncerOptions{PoolSize: 4})
	ways := map[string]*Store{"direct": openURL(t, migrated(t)), "pgbouncer": openURL(t, pooled(t, bouncer))}
	t.Run("each", func(t *testing.T) { // so that the stores are open until the last has ended
		for _, m := range all {
			for way, s := range ways {
				t.Run(m.name+"-"+way, func(t *testing.T) {
					t.Parallel()
					coretest.RunStore(t, coretest.StoreFactory{
						Open: func(*testing.T) core.Store { return s.with(m.sql) },
						Again: func(t *testing.T, _ core.Store) core.Store {
							t.Fatal("no cross-tenant case opens a second store")
							return nil
						},
					})
				})
			}
		}
	})
}

// with is a store over the same connections with other statements.
func (s *Store) with(sql statements) *Store {
	return &Store{cfg: s.cfg, pool: s.pool, sql: sql, roles: s.roles, turns: map[core.Queue]string{}}
}

// failures is the part of a test's output that tells what failed.
func failures(out []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(out) {
		if !bytes.Contains(line, []byte("PASS")) && !bytes.Contains(line, []byte("=== ")) && b.Len() < 8000 {
			b.Write(line)
		}
	}
	return b.String()
}

// TestMutantsBite proves that the predicates are a wall of their own, and that
// striking one out does something: without row-level security the statements as
// they are keep tenants apart, and a mutant does not.
func TestMutantsBite(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	s := openURL(t, url)
	mine, theirs := fill(t, s), fill(t, s)
	conn := connect(t, url)
	for _, table := range tenantTables(t, conn) {
		execSQL(t, conn, "alter table "+table+" disable row level security")
	}
	read := func(s *Store) error {
		_, err := s.Tenant(mine.Tenant).Read().Documents.Get(t.Context(), theirs.document.ID)
		return err
	}
	if err := read(s); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("without row-level security: got %v, want %s from the predicate", err, core.CodeNotFound)
	}
	for _, m := range mutants() {
		if m.name != "getDocument-1" {
			continue
		}
		if err := read(openWith(t, url, nil, m.sql)); err != nil {
			t.Errorf("without row-level security and predicate: got %v, want the other tenant's document", err)
		}
		return
	}
	t.Error("no mutant of getDocument")
}
