package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// withoutActor are the use cases that nobody is signed in for, each with its reason.
var withoutActor = map[string]string{
	"AuthService.Register":           "founds the tenant",
	"AuthService.Login":              "makes the actor",
	"AuthService.Refresh":            "the refresh token is the credential",
	"AuthService.Logout":             "the refresh token is the credential",
	"AuthService.Authenticate":       "makes the actor",
	"AuthService.GrantByEmail":       "the operator acts, who may open the store",
	"AuthService.Redeem":             "makes the actor",
	"AuthService.Accept":             "the invitation is the credential",
	"OrganizationService.SetPlan":    "the operator acts, who may open the store",
	"AuthService.CheckProvider":      "tells of the installation",
	"AuthService.BeginExternal":      "the browser's cookie and the provider make the actor",
	"AuthService.FinishExternal":     "the provider's word is the credential",
	"AuthService.Watch":              "forgets what is cached; acts for nobody",
	"IntegrationService.FinishOAuth": "the state is the credential",
}

// workers is the one service that acts for no user.
const workers = "WorkService"

func TestUseCases_TakeAnActor(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, s := range sources(t) {
		if s.dir != "core" || s.test {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !f.Name.IsExported() {
				continue
			}
			service := receiver(f)
			if !strings.HasSuffix(service, "Service") || service == workers {
				continue
			}
			seen++
			name := service + "." + f.Name.Name
			if _, listed := withoutActor[name]; !listed && !strings.HasPrefix(params(f), "context.Context,Actor") {
				t.Errorf("%s: %s does not begin with (ctx context.Context, a Actor", s.path, name)
			}
		}
	}
	if seen < 20 {
		t.Errorf("saw %d use cases; there are more", seen)
	}
}

func receiver(f *ast.FuncDecl) string {
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	id, ok := t.(*ast.Ident)
	if !ok {
		return ""
	}
	return id.Name
}

// params writes the types of a function's parameters, separated by commas.
func params(f *ast.FuncDecl) string { return fieldTypes(f.Type.Params) }

func fieldTypes(l *ast.FieldList) string {
	var types []string
	for _, p := range l.List {
		for range max(1, len(p.Names)) {
			types = append(types, typeName(p.Type))
		}
	}
	return strings.Join(types, ",")
}

func typeName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return typeName(x.X) + "." + x.Sel.Name
	case *ast.StarExpr:
		return "*" + typeName(x.X)
	case *ast.Ellipsis:
		return "..." + typeName(x.Elt)
	default:
		return fmt.Sprintf("%T", e)
	}
}

// withoutTenant are the ports of the outside world that are no tenant's: they
// hold nothing, or are given their Topic or text by a use case that has one.
var withoutTenant = []string{
	"Store", "EventBus", "Listener", "Extractor", "OCR", "Scan", "Renderer", "Fetcher", "PasswordHasher", "AccessTokens", "SignInProvider", "Summarizer",
	"Cache", "Limiter", "Presence", "LLM", "NodeCache", "UsageMeter", "Connector", "Authorizer", "Sealer", "WebhookSender",
}

func TestPorts_AreBoundToATenant(t *testing.T) {
	t.Parallel()
	bound := map[string]bool{"TenantStore": true}
	all := sources(t)
	for _, name := range []string{"Readers", "Tx"} {
		for _, field := range structFields(all, name) {
			bound[field] = true
		}
	}
	seen := 0
	for _, s := range all {
		if s.dir != "core" || s.test {
			continue
		}
		for name, port := range interfaces(s.file) {
			seen++
			if bound[name] || slices.Contains(withoutTenant, name) || s.path == "core/system.go" {
				continue
			}
			t.Errorf("%s: port %s is reached from neither Readers nor Tx (%d methods)", s.path, name, len(port.Methods.List))
		}
	}
	if seen < 15 {
		t.Errorf("saw %d ports; there are more", seen)
	}
}

// maxMethods keeps a port small; more are composed by accessors.
const maxMethods = 8

func TestPorts_AreSmall(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.dir != "core" || s.test {
			continue
		}
		for name, port := range interfaces(s.file) {
			if n := len(port.Methods.List); n > maxMethods {
				t.Errorf("%s: port %s has %d methods; divide it", s.path, name, n)
			}
		}
	}
}

func interfaces(f *ast.File) map[string]*ast.InterfaceType {
	found := map[string]*ast.InterfaceType{}
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if i, ok := spec.Type.(*ast.InterfaceType); ok {
				found[spec.Name.Name] = i
			}
		}
		return true
	})
	return found
}

func structFields(all []source, name string) []string {
	var types []string
	for _, s := range all {
		if s.dir != "core" || s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == name {
				if st, ok := spec.Type.(*ast.StructType); ok {
					types = append(types, strings.Split(fieldTypes(st.Fields), ",")...)
				}
			}
			return true
		})
	}
	return types
}

// maxExported is about where a sub-domain should move out of core. It was 220 before
// quotas, bulk jobs and integrations, of which integrations alone bring sixty names. They
// share core's Error, Tenant and Tx, so that they cannot stand beside it
// (docs/decisions/0001).
const maxExported = 360

func TestCore_StaysSmall(t *testing.T) {
	t.Parallel()
	n := 0
	for _, s := range sources(t) {
		if s.dir != "core" || s.test {
			continue
		}
		for _, d := range s.file.Decls {
			n += exported(d)
		}
	}
	t.Logf("core exports %d names", n)
	if n == 0 || n > maxExported {
		t.Errorf("core exports %d names, want 1 to %d", n, maxExported)
	}
}

func exported(d ast.Decl) int {
	n := 0
	switch x := d.(type) {
	case *ast.FuncDecl:
		if x.Recv == nil && x.Name.IsExported() {
			n++
		}
	case *ast.GenDecl:
		for _, spec := range x.Specs {
			switch sp := spec.(type) {
			case *ast.TypeSpec:
				if sp.Name.IsExported() {
					n++
				}
			case *ast.ValueSpec:
				if len(sp.Names) > 0 && sp.Names[0].IsExported() && sp.Type == nil {
					n++
				}
			}
		}
	}
	return n
}
