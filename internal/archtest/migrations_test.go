package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMigrations_AreNumberedInOneLine fails where two lines of work have taken the
// same number: no store would open any more.
func TestMigrations_AreNumberedInOneLine(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"postgres", "sqlite"} {
		files, err := os.ReadDir(filepath.Join(moduleRoot(t), "migrations", store))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range files { // sorted by name
			if filepath.Ext(f.Name()) != ".sql" {
				continue
			}
			n++
			if want := fmt.Sprintf("%05d_", n); !strings.HasPrefix(f.Name(), want) {
				t.Fatalf("migrations/%s/%s: want the number %s; give the one that came second the next", store, f.Name(), want)
			}
		}
		if n < 5 {
			t.Errorf("saw %d migrations of %s; there are more", n, store)
		}
	}
}
