package doctreetest

import (
	"os"
	"path/filepath"
	"strings"
)

// Shared returns the folder of vendors' payloads that may stand beside the
// repository, seen from a connector's folder; "" if there is none.
func Shared(parts ...string) string {
	dir := filepath.Join(append([]string{"..", "..", "..", "..", "shared", "connectors"}, parts...)...)
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// Difference returns where two texts begin to say different things; "" if they do not.
func Difference(got, want string) string {
	g, err := Normal(got)
	if err != nil {
		return err.Error()
	}
	w, err := Normal(want)
	if err != nil {
		return err.Error()
	}
	return Lines(g, w)
}

// DifferenceHTML does the same for HTML.
func DifferenceHTML(got, want string) string {
	g, err := NormalHTML(got)
	if err != nil {
		return err.Error()
	}
	w, err := NormalHTML(want)
	if err != nil {
		return err.Error()
	}
	return Lines(g, w)
}

// Lines returns the first lines in which two normal forms differ; "" if none do.
func Lines(got, want string) string {
	if got == want {
		return ""
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	i := 0
	for i < len(g) && i < len(w) && g[i] == w[i] {
		i++
	}
	return "got:\n" + strings.Join(g[i:min(i+6, len(g))], "\n") + "\nwant:\n" + strings.Join(w[i:min(i+6, len(w))], "\n")
}
