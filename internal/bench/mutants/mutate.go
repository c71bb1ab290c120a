package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/format"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/packages"
)

// program is a package whose tests are tried.
type program struct{ *packages.Package }

// load reads a package with its types.
func load(name string) (*program, error) {
	all, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps,
	}, name)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 || len(all[0].Errors) > 0 {
		return nil, fmt.Errorf("%s: want one package without errors, got %d %v", name, len(all), all)
	}
	return &program{all[0]}, nil
}

// mutant is one change, at a place.
type mutant struct {
	place string
	what  string
}

// mutate returns all mutants, and the sources that hold all of them, by file.
func (p *program) mutate(pattern *regexp.Regexp) ([]mutant, map[string][]byte, error) {
	m := mutator{program: p}
	sources := map[string][]byte{}
	for i, f := range p.Syntax {
		name := p.CompiledGoFiles[i]
		if !pattern.MatchString(filepath.Base(name)) {
			continue
		}
		f.Comments = nil // their places are of the text as it was
		astutil.Apply(f, m.enter, m.leave)
		var out bytes.Buffer
		if err := format.Node(&out, p.Fset, f); err != nil {
			return nil, nil, err
		}
		sources[name] = out.Bytes()
	}
	if len(sources) == 0 {
		return nil, nil, fmt.Errorf("%s: no file's name matches %s", p.PkgPath, pattern)
	}
	dir := filepath.Dir(p.CompiledGoFiles[0])
	sources[filepath.Join(dir, "zz_mutants.go")] = []byte(strings.Replace(chosen, "PACKAGE", p.Name, 1))
	return m.found, sources, nil
}

// chosen is the code that chooses a mutant.
const chosen = `package PACKAGE

import (
	"os"
	"strconv"
)

var mutantChosen, _ = strconv.Atoi(os.Getenv("MUTANT"))

func mutantOn(n int) bool { return n == mutantChosen }

func mutantText(n int, s string) string {
	if n == mutantChosen {
		return s + "~"
	}
	return s
}

func mutantNumber(n, v int) int {
	if n == mutantChosen {
		return v + 1
	}
	return v
}
`

type mutator struct {
	*program
	found []mutant
}

// enter keeps out of what must stay constant, or is text for people only.
func (m *mutator) enter(c *astutil.Cursor) bool {
	switch n := c.Node().(type) {
	case *ast.GenDecl:
		return n.Tok != token.CONST && n.Tok != token.IMPORT && n.Tok != token.TYPE
	case *ast.CallExpr: // patterns and errors
		name := types.ExprString(n.Fun)
		return name != "regexp.MustCompile" && name != "errors.New" && name != "fmt.Errorf" && name != "make" && name != "panic"
	case *ast.CompositeLit: // an error's sentence
		return n.Type == nil || types.ExprString(n.Type) != "core.Error"
	case *ast.Field, *ast.ArrayType:
		return false
	case *ast.FuncDecl:
		return n.Name.Name != "init"
	}
	return true
}

func (m *mutator) leave(c *astutil.Cursor) bool {
	switch n := c.Node().(type) {
	case *ast.BasicLit:
		m.literal(c, n)
	case *ast.Ident:
		if n.Name == "true" || n.Name == "false" {
			m.condition(c, n, n.Pos())
		}
	case *ast.BinaryExpr:
		if isKind(m.TypesInfo.TypeOf(n), types.Bool) {
			m.condition(c, n, n.OpPos)
		}
	case *ast.CallExpr:
		if isKind(m.TypesInfo.TypeOf(n), types.Bool) && !isStatement(c.Parent()) && !strings.HasPrefix(types.ExprString(n.Fun), "mutant") {
			m.condition(c, n, n.Lparen)
		}
	case *ast.ExprStmt:
		m.leaveOut(c, n, n.Pos())
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE && c.Index() >= 0 {
			m.leaveOut(c, n, n.Pos())
		}
	case *ast.IncDecStmt:
		if c.Index() >= 0 {
			m.leaveOut(c, n, n.Pos())
		}
	}
	return true
}

// isStatement reports whether a call below n is used for what it does alone.
func isStatement(n ast.Node) bool {
	switch n.(type) {
	case *ast.ExprStmt, *ast.DeferStmt, *ast.GoStmt:
		return true
	}
	return false
}

func isKind(t types.Type, kind types.BasicKind) bool {
	b, ok := t.(*types.Basic)
	return ok && (b.Kind() == kind || kind == types.Bool && b.Kind() == types.UntypedBool)
}

// add notes a mutant and returns its number, as source.
func (m *mutator) add(pos token.Pos, what string) ast.Expr {
	at := m.Fset.Position(pos)
	what = strings.Join(strings.Fields(what), " ")
	m.found = append(m.found, mutant{fmt.Sprintf("%s:%d:%d", filepath.Base(at.Filename), at.Line, at.Column), what[:min(len(what), 120)]})
	return &ast.BasicLit{Kind: token.INT, Value: fmt.Sprint(len(m.found))}
}

func call(name string, args ...ast.Expr) *ast.CallExpr {
	return &ast.CallExpr{Fun: ast.NewIdent(name), Args: args}
}

// condition turns a condition around.
func (m *mutator) condition(c *astutil.Cursor, e ast.Expr, at token.Pos) {
	n := m.add(at, "not "+types.ExprString(e))
	c.Replace(&ast.ParenExpr{X: &ast.BinaryExpr{X: &ast.ParenExpr{X: e}, Op: token.NEQ, Y: call("mutantOn", n)}})
}

// literal changes a text or a number, if its type is not one of its own.
func (m *mutator) literal(c *astutil.Cursor, lit *ast.BasicLit) {
	tv, ok := m.TypesInfo.Types[lit]
	if !ok || tv.Value == nil {
		return
	}
	switch {
	case isKind(tv.Type, types.String) && tv.Value.Kind() == constant.String:
		c.Replace(call("mutantText", m.add(lit.Pos(), "other text than "+lit.Value), lit))
	case isKind(tv.Type, types.Int) && lit.Kind == token.INT:
		c.Replace(call("mutantNumber", m.add(lit.Pos(), "one more than "+lit.Value), lit))
	}
}

// leaveOut makes a statement conditional.
func (m *mutator) leaveOut(c *astutil.Cursor, s ast.Stmt, pos token.Pos) {
	if c.Index() < 0 {
		return
	}
	var text bytes.Buffer
	_ = format.Node(&text, m.Fset, s) // for people; the mutant is tried either way
	n := m.add(pos, "without "+text.String())
	c.Replace(&ast.IfStmt{Cond: &ast.UnaryExpr{Op: token.NOT, X: call("mutantOn", n)}, Body: &ast.BlockStmt{List: []ast.Stmt{s}}})
}
