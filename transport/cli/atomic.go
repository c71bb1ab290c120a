package cli

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/docsctl/docsctl/core"
)

// fileError says of a file or stream what cannot be done with it, and why in the
// system's words, which hold no path.
func fileError(what, done string, err error) error {
	why := ""
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		why = " (" + no.Error() + ")"
	}
	return &core.Error{Code: core.CodeUnavailable, Message: what + " cannot be " + done + why, Err: err}
}

// outputFile is where --output goes to: it is written whole or not at all.
type outputFile struct {
	path   string      // behind symbolic links
	info   fs.FileInfo // nil when there is no such file yet
	stream bool        // a device or pipe, which cannot be replaced

	private bool // only its owner may read it
}

// openOutput finds out whether path can be written, before any work is done for
// it. It leaves nothing behind.
func openOutput(path string) (*outputFile, error) {
	f := &outputFile{path: path}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		f.path = real
	}
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fileError(path, "written", err)
	case info.IsDir():
		return nil, core.Invalid("output", "file", path+" is a directory; name a file in it")
	default:
		f.info, f.stream = info, !info.Mode().IsRegular()
	}
	if f.stream {
		return f, nil
	}
	return f, f.probe(path)
}

// probe tries what write will do.
func (f *outputFile) probe(path string) error {
	if f.info != nil {
		// Renaming over a file asks for no right on it, but its owner may have meant it.
		old, err := os.OpenFile(f.path, os.O_WRONLY, 0)
		if err != nil {
			return fileError(path, "written", err)
		}
		if err := old.Close(); err != nil {
			return fileError(path, "written", err)
		}
	}
	if _, err := os.Stat(filepath.Dir(f.path)); errors.Is(err, fs.ErrNotExist) {
		return &core.Error{Code: core.CodeNotFound, Message: "the directory of " + path + " does not exist; make it first", Err: err}
	}
	tmp, err := f.temporary()
	if err != nil {
		return fileError(path, "written", err)
	}
	if err := errors.Join(tmp.Close(), os.Remove(tmp.Name())); err != nil {
		return fileError(path, "written", err)
	}
	return nil
}

// temporary makes a file beside the output, with the permissions of a new one.
func (f *outputFile) temporary() (*os.File, error) {
	name := "." + filepath.Base(f.path)
	if len(name) > 200 { // file systems allow 255 bytes
		name = name[:200]
	}
	path := filepath.Join(filepath.Dir(f.path), name+"."+strings.ToLower(rand.Text())+".tmp")
	mode := fs.FileMode(0o666)
	if f.private {
		mode = 0o600
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
}

// write puts text in the place of what the file held. When it fails the old file
// is as it was, and nothing else is left.
func (f *outputFile) write(text string) error {
	return f.writeWith(func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// writeWith is write for what fill writes. An error of fill's that is one of core's
// is returned as it is.
func (f *outputFile) writeWith(fill func(io.Writer) error) error {
	if f.stream {
		return f.writeStream(fill)
	}
	tmp, err := f.temporary()
	if err != nil {
		return fileError(f.path, "written", err)
	}
	if err := f.replace(tmp, fill); err != nil {
		return f.explain(errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}

func (f *outputFile) explain(err error) error {
	if _, ok := errors.AsType[*core.Error](err); ok {
		return err
	}
	return fileError(f.path, "written", err)
}

func (f *outputFile) replace(tmp *os.File, fill func(io.Writer) error) error {
	err := fill(tmp)
	if err == nil && f.info != nil && !f.private {
		err = tmp.Chmod(f.info.Mode().Perm())
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), f.path); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(f.path)); err == nil {
		_ = dir.Sync() // makes the new name last; not every file system can, and the text is there
		_ = dir.Close()
	}
	return nil
}

func (f *outputFile) writeStream(fill func(io.Writer) error) error {
	w, err := os.OpenFile(f.path, os.O_WRONLY, 0)
	if err != nil {
		return fileError(f.path, "written", err)
	}
	if err := errors.Join(fill(w), w.Close()); err != nil {
		return f.explain(err)
	}
	return nil
}
