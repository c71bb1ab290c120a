package testenv

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// fileTemplate is a file that is made once and then copied.
type fileTemplate struct {
	once sync.Once
	data []byte
	err  error
}

var fileTemplates sync.Map // by key

// File makes a file for one test, a copy of a template, and returns its path. The
// template is made at the first call with its key, by prepare, and kept in memory. So
// a store that takes a dozen migrations, slow under the race detector, is ready at once.
func File(tb testing.TB, key string, prepare func(ctx context.Context, path string) error) (path string) {
	tb.Helper()
	v, _ := fileTemplates.LoadOrStore(key, &fileTemplate{})
	t := v.(*fileTemplate)
	t.once.Do(func() {
		first := filepath.Join(tb.TempDir(), "template")
		if t.err = prepare(context.WithoutCancel(tb.Context()), first); t.err == nil {
			t.data, t.err = os.ReadFile(first)
		}
	})
	if t.err != nil {
		tb.Fatalf("template %q: %v", key, t.err)
	}
	path = filepath.Join(tb.TempDir(), "file")
	if err := os.WriteFile(path, t.data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
