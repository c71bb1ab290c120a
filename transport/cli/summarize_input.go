package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// stdinName stands for standard input.
const stdinName = "-"

// urlForm is whatever looks like a URL, so that one of an unknown scheme is
// refused as a URL and not looked for as a file.
var urlForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// importInput reads an input into the document that it is known as.
func (s *summarizing) importInput(ctx context.Context, input string) (*core.Document, core.Outcome, error) {
	f, externalID, err := s.openInput(ctx, input)
	if err != nil {
		return nil, "", err
	}
	doc, outcome, err := s.local.App.Documents.Import(ctx, s.local.Actor, f.File, core.ImportOptions{
		Title: s.opts.Title, ExternalID: externalID,
	})
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return doc, outcome, err
}

// openInput opens an input and says what it is known by: "" where its content decides.
func (s *summarizing) openInput(ctx context.Context, input string) (f *core.FetchedFile, externalID string, err error) {
	switch {
	case input == stdinName:
		if s.opts.IO.IsStdinTTY {
			note(s.notes, "reading from the terminal; end with Ctrl-D at the start of a line")
		}
		body := detached(ctx, func() (io.ReadCloser, error) { return io.NopCloser(s.opts.IO.In), nil })
		return &core.FetchedFile{File: core.File{Body: body}, Close: body.Close}, "", nil
	case urlForm.MatchString(input):
		f, err := s.local.Fetcher.Fetch(ctx, input)
		return f, externalKey(input), err
	default:
		return openFile(ctx, input)
	}
}

func openFile(ctx context.Context, path string) (f *core.FetchedFile, externalID string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", openError(err)
	}
	if info.IsDir() {
		return nil, "", core.Invalid("file", "not_directory", "this is a directory; name the files in it")
	}
	var body io.ReadCloser
	if info.Mode().IsRegular() {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, "", openError(err)
		}
		if body, err = os.Open(path); err != nil {
			return nil, "", openError(err)
		}
		externalID = externalKey("file:" + absolute)
	} else { // a pipe or device: its path is not what it holds, and to open it may block
		body = detached(ctx, func() (io.ReadCloser, error) { return os.Open(path) })
	}
	name := strings.ToValidUTF8(filepath.Base(path), "\ufffd")
	return &core.FetchedFile{File: core.File{Name: name, Body: readErrors{body}}, Close: body.Close}, externalID, nil
}

// maxExternalKey is how much of a document's external id a path or URL may take,
// in bytes; core allows as many characters.
const maxExternalKey = 1000

// externalKey makes an external id of a path or URL: itself, or its hash when it
// is too long or no text.
func externalKey(s string) string {
	if len(s) <= maxExternalKey && utf8.ValidString(s) {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// openError says why a file cannot be read.
func openError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return &core.Error{Code: core.CodeNotFound, Message: "there is no such file; check the path", Err: err}
	case errors.Is(err, fs.ErrPermission):
		e := core.Invalid("file", "readable", "you may not read this file; change its permissions")
		e.Err = err
		return e
	default:
		why := ""
		if no, ok := errors.AsType[syscall.Errno](err); ok {
			why = " (" + no.Error() + ")"
		}
		e := core.Invalid("file", "readable", "the file cannot be read"+why)
		e.Err = err
		return e
	}
}

// readErrors tells the errors of reading a file as openError does.
type readErrors struct{ r io.Reader }

func (b readErrors) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		err = openError(err)
	}
	return n, err
}

// detached reads what open opens in a goroutine of its own, so that an end of ctx
// is seen while the other side keeps silent. A read that never returns keeps its
// goroutine until the process ends, which is what an interrupted command does next.
func detached(ctx context.Context, open func() (io.ReadCloser, error)) io.ReadCloser {
	r, w := io.Pipe()
	stop := context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		in, err := open()
		if err != nil {
			w.CloseWithError(err)
			return
		}
		_, err = io.Copy(w, in)
		w.CloseWithError(errors.Join(err, in.Close())) // nil is the end of the file
	}()
	return r
}

// displayName is what an input is called in messages.
func displayName(input string) string {
	switch name := oneLine(input); {
	case input == stdinName:
		return "standard input"
	case name == "":
		return `""`
	default:
		return name
	}
}

// named says which input an error is about.
func named(input string, err error) error {
	e := *describe(err)
	e.Message, e.Err = displayName(input)+": "+e.Message, err
	return &e
}

// checkInputs refuses to write a summary over what it is made of.
func (f *outputFile) checkInputs(inputs []string) error {
	if f.info == nil || f.stream {
		return nil
	}
	for _, input := range inputs {
		if info, err := os.Stat(input); err == nil && os.SameFile(info, f.info) {
			return usagef("--output is one of the files to be summarized; name another")
		}
	}
	return nil
}
