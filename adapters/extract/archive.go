package extract

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// maxEntries bounds the files in an archive: a book of 10,000 chapters is none.
const maxEntries = 10000

// minUnzipped may always be unpacked, however small the archive is.
const minUnzipped = 8 << 20

// archive is a zip file whose parts are read within one budget of bytes.
type archive struct {
	ctx   context.Context
	zip   *zip.Reader
	files map[string]*zip.File
	left  int64 // bytes that may still be unpacked

	maxDepth int // of elements in a part
}

// openArchive reads the directory of a zip file. The budget is what Config allows,
// by the absolute limit and by the ratio to the size of the file.
func openArchive(ctx context.Context, r io.ReaderAt, size int64, cfg Config) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, damaged(err)
	}
	if len(z.File) > maxEntries {
		return nil, tooExpanded()
	}
	a := &archive{ctx: ctx, zip: z, maxDepth: cfg.MaxDepth, files: make(map[string]*zip.File, len(z.File))}
	a.left = min(cfg.MaxUnzipped, max(size*int64(cfg.MaxExpansion), minUnzipped))
	for _, f := range z.File {
		name := strings.TrimPrefix(strings.ReplaceAll(f.Name, "\\", "/"), "/")
		if _, twice := a.files[name]; !twice {
			a.files[name] = f
		}
	}
	return a, nil
}

func (a *archive) has(name string) bool { return a.files[name] != nil }

// open returns a part of the archive; reading it uses up the budget. A part that
// is not there is fs.ErrNotExist.
func (a *archive) open(name string) (io.ReadCloser, error) {
	f := a.files[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	if f.Flags&1 != 0 {
		return nil, protected()
	}
	r, err := f.Open()
	if err != nil {
		return nil, damaged(err)
	}
	return &part{a: a, r: r}, nil
}

// read returns a whole part of at most limit bytes.
func (a *archive) read(name string, limit int64) ([]byte, error) {
	r, err := a.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, tooExpanded()
	}
	return data, nil
}

// part counts what is unpacked.
type part struct {
	a *archive
	r io.ReadCloser
}

func (p *part) Read(b []byte) (int, error) {
	if err := p.a.ctx.Err(); err != nil {
		return 0, err
	}
	if p.a.left <= 0 {
		return 0, tooExpanded()
	}
	n, err := p.r.Read(b)
	p.a.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, damaged(err)
	}
	return n, err
}

func (p *part) Close() error { return p.r.Close() }

// resolve returns the name of a part that another part refers to.
func resolve(from, target string) string {
	if rest, ok := strings.CutPrefix(target, "/"); ok {
		return path.Clean(rest)
	}
	return path.Join(path.Dir(from), target)
}

func damaged(cause error) error {
	return &core.Error{
		Code:    core.CodeUnsupportedMedia,
		Message: "the file is damaged or incomplete; send it again or save it anew in its program",
		Err:     cause,
	}
}

func protected() error {
	return &core.Error{
		Code:    core.CodeUnsupportedMedia,
		Message: "the file is protected by a password; save it without one and send it again",
	}
}

func tooExpanded() error {
	return &core.Error{
		Code:    core.CodePayloadTooLarge,
		Message: "the file unpacks to more than the limit; send a smaller file or split it",
	}
}
