package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
)

// use is a test that runs a suite against an adapter.
type use struct {
	dir, test, suite string
	alone            bool // the test runs no other suite
}

// findUses finds every test below the folders of adapters that calls coretest.RunX.
func findUses(root string) ([]use, error) {
	var uses []use
	for _, folder := range []string{"adapters", "core/summarize"} {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(folder)), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			found, err := usesOf(root, path)
			uses = append(uses, found...)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look for suites: %w", err)
		}
	}
	if len(uses) < 10 {
		return nil, errors.New("found hardly any suite; run it in the root of the repository")
	}
	return uses, nil
}

func usesOf(root, path string) ([]use, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var uses []use
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") {
			continue
		}
		runs := suitesIn(f)
		for suite := range runs {
			uses = append(uses, use{dir: filepath.ToSlash(dir), test: f.Name.Name, suite: suite, alone: len(runs) == 1})
		}
	}
	return uses, nil
}

// suitesIn counts the suites that a test calls.
func suitesIn(f *ast.FuncDecl) map[string]int {
	runs := map[string]int{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "Run") {
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "coretest" {
				runs[s.Sel.Name]++
			}
		}
		return true
	})
	return runs
}
