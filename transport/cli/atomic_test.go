package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// only checks that dir holds path and nothing else: no temporary file is left.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("files: got %q, want %q", got, names)
	}
}

func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s: got %q (%v), want %q", filepath.Base(path), got, err, want)
	}
}

func TestOutputFile_write(t *testing.T) {
	t.Parallel()
	t.Run("NewFileIsWritten", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		f, err := openOutput(filepath.Join(dir, "out.md"))
		if err != nil {
			t.Fatal(err)
		}
		only(t, dir)
		if err := f.write("new\n"); err != nil {
			t.Fatal(err)
		}
		holds(t, f.path, "new\n")
		only(t, dir, "out.md")
	})
	t.Run("ModeOfAnOldFileIsKept", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "out.md")
		put(t, path, "old", 0o640)
		f, err := openOutput(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.write("new"); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("mode: got %v (%v), want 0640", info.Mode(), err)
		}
		holds(t, path, "new")
	})
	t.Run("SymbolicLinkStaysOne", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		put(t, filepath.Join(dir, "real.md"), "old", 0o600)
		if err := os.Symlink("real.md", filepath.Join(dir, "link.md")); err != nil {
			t.Skip("this system has no symbolic links:", err)
		}
		f, err := openOutput(filepath.Join(dir, "link.md"))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.write("new"); err != nil {
			t.Fatal(err)
		}
		holds(t, filepath.Join(dir, "real.md"), "new")
		only(t, dir, "link.md", "real.md")
	})
}

func TestOutputFile_writeFails(t *testing.T) {
	t.Parallel()
	t.Run("FailureLeavesTheOldFile", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		path := filepath.Join(dir, "out.md")
		put(t, path, "old", 0o600)
		f, err := openOutput(path)
		if err != nil {
			t.Fatal(err)
		}
		tmp, err := f.temporary()
		if err != nil {
			t.Fatal(err)
		}
		if err := tmp.Close(); err != nil { // so that writing fails as on a full disk
			t.Fatal(err)
		}
		if err := f.replace(tmp, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err == nil {
			t.Error("replace with a closed file: got no error")
		}
		holds(t, path, "old")
	})
	t.Run("FailedRenameLeavesNothing", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		path := filepath.Join(dir, "out.md")
		f, err := openOutput(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
		if got := core.CodeOf(f.write("new")); got != core.CodeUnavailable {
			t.Errorf("code: got %s, want %s", got, core.CodeUnavailable)
		}
		only(t, dir, "out.md")
	})
	t.Run("DeviceIsWrittenTo", func(t *testing.T) {
		t.Parallel()
		f, err := openOutput(os.DevNull)
		if err != nil || !f.stream {
			t.Fatalf("openOutput: got %+v, %v, want a stream", f, err)
		}
		if err := f.write("gone"); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenOutput(t *testing.T) {
	t.Parallel()
	t.Run("UnwritableIsToldBeforehand", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		put(t, filepath.Join(dir, "file"), "x", 0o600)
		for path, want := range map[string]core.Code{
			dir:                                core.CodeValidation,
			filepath.Join(dir, "no", "out.md"): core.CodeNotFound,
			filepath.Join(dir, "file", "out"):  core.CodeUnavailable,
		} {
			if _, err := openOutput(path); core.CodeOf(err) != want {
				t.Errorf("openOutput: got %v, want %s", err, want)
			}
		}
		only(t, dir, "file")
	})
	t.Run("SourceIsNotOverwritten", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a.md")
		put(t, path, "text", 0o600)
		f, err := openOutput(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.checkInputs([]string{"https://example.org", "-", filepath.Join(filepath.Dir(path), ".", "a.md")}); exitCode(err) != exitUsage {
			t.Errorf("checkInputs: got %v, want a usage error", err)
		}
	})
}
