package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"time"

	"github.com/docsctl/docsctl/core"
)

// The words of the file.
const (
	formatName  = "docsctl-archive"
	version     = 1
	endKind     = "end"
	noSecrets   = "none" // a file of a version that had none
	openSecrets = "open" // what is sealed in a store lies open in the file
)

// header is the first line of an archive.
type header struct {
	Format       string     `json:"format"`
	Version      int        `json:"version"`
	Organization core.OrgID `json:"organization"`
	CreatedAt    time.Time  `json:"created_at"`
	Secrets      string     `json:"secrets"` // how sealed fields are written
}

// trailer is the last line. SHA256 is of every byte before it.
type trailer struct {
	Counts map[string]int `json:"counts"`
	SHA256 string         `json:"sha256"`
}

// Summary is what was written or read.
type Summary struct {
	OrganizationID core.OrgID     `json:"organization_id"`
	Counts         map[string]int `json:"counts"` // of each kind, 0 too
}

func newSummary(org core.OrgID) Summary {
	s := Summary{OrganizationID: org, Counts: map[string]int{}}
	for _, k := range kinds() {
		s.Counts[k.name] = 0
	}
	return s
}

// Export writes the tenant's organization to w as it is at one moment. progress,
// which may be nil, is told of each row's kind. What the store has sealed is opened by
// sealer, which may be nil where nothing is. When Export fails, what w has got lacks
// its end, and no import takes it.
func Export(ctx context.Context, ts core.TenantStore, t core.Tenant, sealer core.Sealer, w io.Writer, progress func(kind string)) (Summary, error) {
	out := newWriter(w)
	sum := newSummary(t.OrgID())
	err := out.line(header{Format: formatName, Version: version, Organization: t.OrgID(), CreatedAt: time.Now().UTC(), Secrets: openSecrets})
	if err != nil {
		return sum, err
	}
	var rows core.ArchiveRows
	for _, k := range kinds() {
		k.export(&rows, func(row any) error {
			if err := open(ctx, sealer, t, row); err != nil {
				return err
			}
			sum.Counts[k.name]++
			if progress != nil {
				progress(k.name)
			}
			return out.record(k, row)
		})
	}
	if err := ts.Read().Archive.Export(ctx, rows); err != nil {
		return sum, err
	}
	return sum, out.end(trailer{Counts: sum.Counts})
}

// writer writes lines, and knows the hash of those that it has written.
type writer struct {
	zip *gzip.Writer
	sum hash.Hash
	buf bytes.Buffer
}

func newWriter(w io.Writer) *writer { return &writer{zip: gzip.NewWriter(w), sum: sha256.New()} }

func (w *writer) line(v any) error {
	w.buf.Reset()
	if err := encodeJSON(&w.buf, v); err != nil {
		return err
	}
	return w.flush()
}

func (w *writer) record(k kind, row any) error {
	w.buf.Reset()
	w.buf.WriteString(`{"kind":"` + k.name + `","data":`)
	if err := k.encode(&w.buf, row); err != nil {
		return err
	}
	w.buf.WriteByte('}')
	return w.flush()
}

// keepBuffer is how large a buffer is kept for the next line.
const keepBuffer = 1 << 20

func (w *writer) flush() error {
	w.buf.WriteByte('\n')
	w.sum.Write(w.buf.Bytes()) // never fails
	_, err := w.zip.Write(w.buf.Bytes())
	if w.buf.Cap() > keepBuffer {
		w.buf = bytes.Buffer{}
	}
	return err
}

func (w *writer) end(t trailer) error {
	t.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	if err := w.line(map[string]any{"kind": endKind, "data": t}); err != nil {
		return err
	}
	return w.zip.Close()
}
