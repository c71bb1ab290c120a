package archtest

import (
	"go/ast"
	"testing"
)

func TestAdapters_RunTheirPortsSuites(t *testing.T) {
	t.Parallel()
	all := sources(t)
	seen := 0
	for _, s := range all {
		if s.test {
			continue
		}
		for _, port := range promised(s.file) {
			seen++
			if !runsSuite(all, s.dir, "Run"+port) {
				t.Errorf("%s promises core.%s, and no test in %s calls coretest.Run%s", s.path, port, s.dir, port)
			}
		}
	}
	if seen < 6 {
		t.Errorf("saw %d adapters; there are more", seen)
	}
}

// promised returns X of every `var _ core.X = (*T)(nil)`.
func promised(f *ast.File) []string {
	var ports []string
	for _, d := range f.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || len(v.Names) != 1 || v.Names[0].Name != "_" {
				continue
			}
			sel, ok := v.Type.(*ast.SelectorExpr)
			if !ok {
				continue
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "core" {
				ports = append(ports, sel.Sel.Name)
			}
		}
	}
	return ports
}

func runsSuite(all []source, dir, suite string) bool {
	for _, s := range all {
		if s.test && s.dir == dir && len(calls(s.file, suite)) > 0 {
			return true
		}
	}
	return false
}
