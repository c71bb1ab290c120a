package extract

import (
	"bytes"
	"context"
	"io"
	"os"

	"github.com/docsctl/docsctl/core"
)

// spoolInMemory is how much of a file is kept in memory; a larger one goes to disk.
const spoolInMemory = 4 << 20

// spool is a whole file, in memory or in a temporary one.
type spool struct {
	data []byte   // the file, when small
	disk *os.File // the file, when large
	name string   // of disk, where the system cannot remove an open file
	size int64
}

// newSpool reads body to its end, and at most one byte more than limit.
func newSpool(ctx context.Context, body io.Reader, limit int64, dir string) (*spool, error) {
	r := io.LimitReader(ctxReader{ctx, body}, limit+1)
	data, err := io.ReadAll(io.LimitReader(r, spoolInMemory+1))
	if err != nil {
		return nil, err
	}
	s := &spool{data: data, size: int64(len(data))}
	if s.size > spoolInMemory && s.size <= limit {
		if err := s.toDisk(dir); err != nil {
			return nil, err
		}
		n, err := io.Copy(s.disk, r)
		if err != nil {
			s.close()
			return nil, err
		}
		s.size += n
	}
	if s.size > limit {
		s.close()
		return nil, &core.Error{
			Code:    core.CodePayloadTooLarge,
			Message: "the file is larger than the limit; send a smaller file or split it",
		}
	}
	return s, nil
}

// toDisk moves what was read to a temporary file. The file loses its name at once
// where the system allows it, so that not even a killed process leaves it behind.
func (s *spool) toDisk(dir string) error {
	f, err := os.CreateTemp(dir, "docsctl-extract-*")
	if err != nil {
		return tempFailed(err)
	}
	s.disk = f
	if os.Remove(f.Name()) != nil {
		s.name = f.Name()
	}
	if _, err := f.Write(s.data); err != nil {
		s.close()
		return tempFailed(err)
	}
	s.data = nil
	return nil
}

func tempFailed(err error) error {
	return core.Unavailable("the file could not be stored while it is read; check the disk of the temporary folder and try again", 0, err)
}

func (s *spool) close() {
	if s.disk == nil {
		return
	}
	_ = s.disk.Close()
	if s.name != "" {
		_ = os.Remove(s.name)
	}
}

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	if s.disk != nil {
		return s.disk.ReadAt(p, off)
	}
	return bytes.NewReader(s.data).ReadAt(p, off)
}

// head returns the first n bytes, or fewer when the file has fewer.
func (s *spool) head(n int64) ([]byte, error) {
	if s.disk == nil {
		return s.data[:min(n, s.size)], nil
	}
	return io.ReadAll(io.NewSectionReader(s, 0, min(n, s.size)))
}

// bytes returns the whole file.
func (s *spool) bytes() ([]byte, error) { return s.head(s.size) }
