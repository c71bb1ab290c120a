package archtest

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// conversion are the beginnings of the names of files that turn one format into
// another, and of the folders that only do that.
var (
	conversionFiles   = []string{"convert", "render", "block", "richtext", "property", "append", "storage", "macro", "adf", "reference", "units", "xmltree", "html"}
	conversionFolders = []string{"adapters/connectors/internal/doctree", "adapters/connectors/internal/markup", "adapters/connectors/internal/provenance"}
)

// TestConnectors_ConversionTouchesNothing keeps conversion pure: what a page refers
// to comes in through an interface, so that every sample can be a file.
func TestConnectors_ConversionTouchesNothing(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, s := range sources(t) {
		if s.test || !converts(s) {
			continue
		}
		checked++
		for _, p := range s.imports() {
			if p == "os" || p == "net" || p == "net/http" || strings.HasPrefix(p, "os/") || p == "database/sql" {
				t.Errorf("%s converts and imports %s", s.path, p)
			}
		}
	}
	if checked < 30 {
		t.Errorf("checked %d files that convert; there are more", checked)
	}
}

func converts(s source) bool {
	if slices.Contains(conversionFolders, s.dir) {
		return true
	}
	if path.Dir(s.dir) != "adapters/connectors" {
		return false
	}
	return slices.ContainsFunc(conversionFiles, func(prefix string) bool { return strings.HasPrefix(path.Base(s.path), prefix) })
}
