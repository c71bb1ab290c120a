package archtest

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// onlyIn lists, for a call, the files or folders (ending in /) of programs in
// which it may stand.
var onlyIn = map[string][]string{
	// The tenant comes from our own storage or a verified credential.
	"TrustTenant": {"core/auth_service.go", "core/auth_state.go", "core/sign_in_provider.go", "core/integration_oauth.go", "core/archive/import.go", "internal/wire/", "adapters/sqlite/", "adapters/postgres/", "core/coretest/", "internal/bench/", "examples/"},
	// Reads before a tenant is known.
	"System": {"core/auth_service.go", "core/auth_state.go", "core/invitation.go", "core/sign_in_provider.go", "core/session.go", "core/work_service.go", "core/document_index.go", "core/import.go", "core/sync_service.go", "core/retention.go", "core/key_rotation.go", "core/webhook_work.go", "core/coretest/"},
	// What is told was committed first, or is ephemeral.
	"Notify": {"core/change.go", "core/coretest/", "adapters/inproc/", "adapters/redis/"},
}

func TestCalls_StandOnlyWhereListed(t *testing.T) {
	t.Parallel()
	all := sources(t)
	for name, places := range onlyIn {
		seen := 0
		for _, s := range all {
			if s.test {
				continue
			}
			n := len(calls(s.file, name))
			seen += n
			listed := slices.ContainsFunc(places, func(p string) bool {
				return s.path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(s.path, p)
			})
			if n > 0 && !listed {
				t.Errorf("%s calls %s; archtest lists who may", s.path, name)
			}
		}
		if seen == 0 {
			t.Errorf("nobody calls %s; nothing was checked", name)
		}
	}
}

func TestHuma_IsRegisteredInOnePlace(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, s := range sources(t) {
		if s.dir != "transport/http" || s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Register" {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "huma" {
				seen++
				if s.path != "transport/http/op.go" {
					t.Errorf("%s calls huma.Register; register in op.go is its only caller", s.path)
				}
			}
			return true
		})
	}
	if seen == 0 {
		t.Error("nobody calls huma.Register; nothing was checked")
	}
}

func TestNoInit(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init; wiring is code that one can read", s.path)
			}
		}
	}
}

// unitsOfWork are the methods that are given a transaction's closure.
var unitsOfWork = []string{"change", "changeLeased", "changeAllLeased", "once", "InTx", "InLease", "InLeases", "Do", "Complete"}

func TestTransactions_UseTheirOwnContextAndNoStore(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, s := range sources(t) {
		if s.test || s.dir != "core" {
			continue
		}
		for _, name := range unitsOfWork {
			for _, call := range calls(s.file, name) {
				for _, arg := range call.Args {
					if fn, ok := arg.(*ast.FuncLit); ok && takesTx(fn) {
						seen++
						checkClosure(t, s.path, fn)
					}
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("saw %d closures; there are more", seen)
	}
}

func takesTx(fn *ast.FuncLit) bool {
	params := fn.Type.Params.List
	if len(params) != 2 {
		return false
	}
	id, ok := params[1].Type.(*ast.Ident)
	return ok && id.Name == "Tx"
}

func checkClosure(t *testing.T, path string, fn *ast.FuncLit) {
	t.Helper()
	if names := fn.Type.Params.List[0].Names; len(names) != 1 || names[0].Name != "ctx" {
		t.Errorf("%s: a transaction's closure does not name its context ctx, so the outer one can be used by mistake", path)
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Store" {
			t.Errorf("%s: a transaction's closure mentions the Store; use its Tx", path)
		}
		return true
	})
}
