package archive

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// maxLine bounds a record. A document of core.MaxContentBytes whose every byte has
// to be escaped as \u0001 is six times as long, and has a record around it.
const maxLine = 6*core.MaxContentBytes + 1<<20

// record is a row of an archive.
type record struct {
	kind kind
	row  any
	size int // bytes of its line
}

// reader reads an archive and checks it on the way.
type reader struct {
	kinds  []kind
	file   *bufio.Reader // what the archive is read from
	in     *bufio.Reader // its text
	sum    hash.Hash
	head   header
	counts map[string]int
	last   int // index of the latest record's kind
}

// damaged is the one kind of answer about a file that is no archive, or not whole.
func damaged(sentence string, err error) error {
	return &core.Error{Code: core.CodeValidation, Message: sentence, Err: err}
}

func errCut(err error) error {
	return damaged("the archive is cut off or damaged; export it again", err)
}

// source tells failures of the stream itself from what the stream holds.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// newReader reads the header. in's own failures are returned as they are.
func newReader(in io.Reader) (*reader, error) {
	file := bufio.NewReader(in) // gzip reads no byte too many from it
	zip, err := gzip.NewReader(file)
	if err != nil {
		return nil, damaged("this is no archive of docsctl; name a file that docsctl export has written", err)
	}
	zip.Multistream(false)
	r := &reader{kinds: kinds(), file: file, in: bufio.NewReaderSize(zip, 64<<10), sum: sha256.New(), counts: newSummary("").Counts}
	line, err := r.line()
	if err != nil || json.Unmarshal(line, &r.head) != nil || r.head.Format != formatName {
		return nil, damaged("this is no archive of docsctl; name a file that docsctl export has written", err)
	}
	r.sum.Write(line) // never fails
	switch {
	case r.head.Version != version || r.head.Secrets != noSecrets && r.head.Secrets != openSecrets:
		return nil, damaged("the archive was made by a newer version of docsctl; update this one", nil)
	case !core.ValidID(r.head.Organization):
		return nil, errCut(errID)
	}
	return r, nil
}

// line returns the next line with its end, or an error when there is no whole one.
func (r *reader) line() ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errors.New("a line is longer than a document can be")
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// envelope is a line after the first.
type envelope struct {
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// next returns the next record, or nil when the archive has come to its end, whole.
func (r *reader) next() (*record, error) {
	line, err := r.line()
	if err != nil {
		return nil, errCut(err)
	}
	var e envelope
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, errCut(err)
	}
	if e.Kind == endKind {
		return nil, r.end(e.Data)
	}
	r.sum.Write(line) // never fails
	for i, k := range r.kinds {
		if k.name != e.Kind {
			continue
		}
		if i < r.last || (i == 0) != (r.counts[r.kinds[0].name] == 0) {
			return nil, errCut(errors.New("records are out of order"))
		}
		r.last = i
		r.counts[k.name]++
		row, err := k.decode(e.Data, r.head.Organization)
		if err != nil {
			return nil, damaged(fmt.Sprintf("record %d of kind %s %s; export it again with the version that you import with", r.counts[k.name], k.name, err), err)
		}
		return &record{kind: k, row: row, size: len(line)}, nil
	}
	return nil, damaged("the archive has a kind of record that this version does not know; update docsctl", nil)
}

// end checks that what was read is what was written, and that nothing follows.
func (r *reader) end(data []byte) error {
	var t trailer
	if err := json.Unmarshal(data, &t); err != nil {
		return errCut(err)
	}
	if !strings.EqualFold(t.SHA256, hex.EncodeToString(r.sum.Sum(nil))) || !maps.Equal(t.Counts, r.counts) || r.counts[r.kinds[0].name] != 1 {
		return errCut(errors.New("the trailer tells of other records"))
	}
	if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) { // which also checks gzip's own sum
		return errCut(err)
	}
	if _, err := r.file.ReadByte(); !errors.Is(err, io.EOF) {
		return errCut(errors.New("something follows the end"))
	}
	return nil
}
