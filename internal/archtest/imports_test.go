package archtest

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// rule says what a folder's programs may import besides the standard library.
// Tests of a folder may import anything of ours.
type rule struct {
	dir   string   // the folder; with a trailing /... all below it too
	ours  []string // folders of ours, in the same form
	third []string // module path prefixes; "*" stands for any
}

// rules is DESIGN's table. The first that fits a folder counts.
var rules = []rule{
	{dir: "core", third: []string{"github.com/google/uuid"}},
	{dir: "core/summarize", ours: []string{"core"}, third: []string{"github.com/google/uuid", "github.com/clipperhouse/uax29"}},
	{dir: "core/worker", ours: []string{"core"}},
	{dir: "core/feed", ours: []string{"core"}},
	{dir: "core/archive", ours: []string{"core"}},
	{dir: "core/internal/coremock", ours: []string{"core"}},
	{dir: "core/coretest", ours: []string{"core", "core/archive"}, third: []string{"github.com/google/go-cmp", "github.com/google/uuid"}},
	{dir: "adapters/sqlite", ours: []string{"core", "migrations"}, third: []string{"*"}},
	{dir: "adapters/postgres", ours: []string{"core", "migrations"}, third: []string{"*"}},
	{dir: "adapters/internal/egress"},
	{dir: "adapters/connectors/internal/vendortest", ours: []string{"core", "core/coretest", "adapters/connectors/fakes"}},
	{dir: "adapters/connectors", ours: []string{"core", "adapters/connectors/..."}, third: []string{"github.com/prometheus/client_golang"}},
	{dir: "adapters/connectors/fakes"}, // the vendors' side: it must not know ours
	// The tree knows no vendor, and no vendor knows another: what they share is internal.
	{dir: "adapters/connectors/internal/doctree", ours: []string{"core"}, third: []string{"github.com/yuin/goldmark"}},
	{dir: "adapters/connectors/internal/doctree/doctreetest", ours: []string{"core", "adapters/connectors/internal/doctree"}, third: []string{"github.com/yuin/goldmark", "golang.org/x/net/html", "golang.org/x/tools/txtar", "pgregory.net/rapid"}},
	{dir: "adapters/connectors/internal/markup", ours: []string{"adapters/connectors/internal/doctree"}},
	{dir: "adapters/connectors/internal/provenance", ours: []string{"adapters/connectors/internal/doctree"}, third: []string{"github.com/rogpeppe/go-internal/diff"}},
	{dir: "adapters/...", ours: []string{"core/..."}, third: []string{"*"}},
	{dir: "transport/http/...", ours: []string{"core", "core/feed", "transport/http/..."}, third: []string{"*"}},
	{dir: "transport/cli", ours: []string{"core", "client"}, third: []string{"*"}},
	{dir: "client", third: []string{"github.com/coder/websocket"}},
	{dir: "migrations"},
	{dir: "internal/wire", ours: []string{"core/...", "adapters/...", "transport/...", "migrations"}, third: []string{"*"}},
	{dir: "internal/testenv/...", ours: []string{"internal/testenv/..."}, third: []string{"*"}},
	{dir: "internal/bench/...", ours: []string{"core/...", "adapters/...", "internal/..."}, third: []string{"*"}},
	{dir: "internal/archtest"},
	{dir: "internal/chaos", ours: []string{"core"}, third: []string{"github.com/jackc/pgx/v5"}},
	{dir: "internal/suites"},
	{dir: "internal/clustertest"}, // tests only: real processes over real servers
	{dir: "cmd/docsctl", ours: []string{"internal/wire", "transport/cli"}},
	{dir: "examples/...", ours: []string{"core/...", "adapters/..."}, third: []string{"*"}},
}

// neverInTransport are the modules that a transport must not know.
var neverInTransport = []string{"github.com/jackc/", "modernc.org/sqlite", "github.com/redis/", "github.com/vgarvardt/", "database/sql"}

func fits(dir, pattern string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return dir == base || strings.HasPrefix(dir, base+"/")
	}
	return dir == pattern
}

func ruleOf(dir string) (rule, bool) {
	for _, r := range rules {
		if fits(dir, r.dir) {
			return r, true
		}
	}
	return rule{}, false
}

func TestImports_FollowTheTable(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, s := range sources(t) {
		r, ok := ruleOf(s.dir)
		if !ok {
			t.Errorf("%s: its folder has no rule; add one to archtest and say why", s.path)
			continue
		}
		if s.test {
			continue
		}
		for _, p := range s.imports() {
			checked++
			if !r.allows(s.dir, p) {
				t.Errorf("%s imports %s, which its folder may not", s.path, p)
			}
		}
	}
	if checked < 100 {
		t.Errorf("checked %d imports; there are more", checked)
	}
}

func (r rule) allows(dir, p string) bool {
	if ours, ok := strings.CutPrefix(p, module+"/"); ok {
		return slices.ContainsFunc(r.ours, func(pattern string) bool { return fits(ours, pattern) }) ||
			strings.HasPrefix(dir, "adapters/") && strings.HasPrefix(ours, "adapters/") && strings.Contains(ours, "/internal/")
	}
	if strings.HasPrefix(dir, "transport/") && slices.ContainsFunc(neverInTransport, func(m string) bool { return strings.HasPrefix(p, m) }) {
		return false
	}
	if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
		return true // standard library
	}
	return slices.ContainsFunc(r.third, func(m string) bool { return m == "*" || p == m || strings.HasPrefix(p, m+"/") })
}

// testCode is what only tests, and what supports them, may import.
var testCode = []string{
	"testing", module + "/core/coretest", module + "/internal/testenv", module + "/adapters/connectors/internal/doctree/doctreetest",
	module + "/adapters/connectors/internal/vendortest",
}

func TestImports_TestCodeStaysOutOfPrograms(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, s := range sources(t) {
		testing := s.dir == "core/coretest" || s.dir == "adapters/connectors/internal/vendortest" || fits(s.dir, "internal/testenv/...")
		for _, p := range s.imports() {
			if !slices.Contains(testCode, p) {
				continue
			}
			seen++
			if !s.test && !testing {
				t.Errorf("%s is part of a program and imports %s", s.path, p)
			}
		}
	}
	if seen == 0 {
		t.Error("no test imports testing; nothing was checked")
	}
}

// byName are packages that call methods by their names. Where a program reaches one,
// the linker keeps every exported method of every type: a fifth of docsctl's binary.
var byName = []string{"text/template", "html/template"}

// templates are cobra's methods that execute one.
var templates = []string{"SetUsageTemplate", "SetHelpTemplate", "SetVersionTemplate"}

func TestImports_NothingCallsMethodsByName(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, s := range sources(t) {
		if s.test || fits(s.dir, "internal/...") && s.dir != "internal/wire" {
			continue
		}
		checked++
		for _, p := range s.imports() {
			if slices.Contains(byName, p) {
				t.Errorf("%s imports %s, with which no method that nobody calls can be left out of the program", s.path, p)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if x, ok := n.(*ast.SelectorExpr); ok && slices.Contains(templates, x.Sel.Name) {
				t.Errorf("%s calls %s, which executes text/template", s.path, x.Sel.Name)
			}
			return true
		})
	}
	if checked < 100 {
		t.Errorf("checked %d files; there are more", checked)
	}
}
