package archive

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/docsctl/docsctl/core"
)

// Bounds of one transaction of an import: it holds up other writers, and on
// Postgres everybody's feed. A batch is also bounded in memory; one row may be larger.
const (
	batchRows  = 500
	batchBytes = 4 << 20
	batchTime  = 250 * time.Millisecond
)

// markTTL is how long an import may be silent, on a stream that hangs, before what
// it has written is removed by others. cleanTime bounds its own clearing up.
const (
	markTTL   = 2 * time.Minute
	cleanTime = time.Minute
)

// Import reads an archive from in and stores its organization, with the same ids
// and times. progress, which may be nil, is told of each row's kind. It returns
// CodeConflict when the store has the organization, and CodeValidation for an
// archive that is damaged, cut off or newer. When it fails nothing of the
// organization is kept; should even the removal fail, a worker does it later. Secrets
// are sealed by sealer, which may be nil where the archive has none.
func Import(ctx context.Context, store core.Store, sealer core.Sealer, in io.Reader, progress func(kind string)) (Summary, error) {
	src := &source{Reader: in}
	r, err := newReader(src)
	if err != nil {
		return Summary{}, src.or(err)
	}
	sum := Summary{OrganizationID: r.head.Organization, Counts: r.counts}
	im := &importing{
		ts:     store.Tenant(core.TrustTenant(r.head.Organization)),
		tenant: core.TrustTenant(r.head.Organization), sealer: sealer,
		mark: core.ImportMark{ID: core.NewID[string](), TTL: markTTL},
		at:   time.Now().UTC().Truncate(time.Microsecond), reader: r, progress: progress,
	}
	if err := im.begin(ctx); err != nil {
		return sum, src.or(err)
	}
	if err := im.run(ctx); err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
		defer cancel()
		return sum, errors.Join(src.or(err), core.DiscardImport(clean, im.ts, im.mark))
	}
	return sum, nil
}

// or returns why the stream could not be read, if it could not, else err.
func (s *source) or(err error) error {
	if s.err != nil {
		return s.err
	}
	return err
}

// importing is one run of Import.
type importing struct {
	ts       core.TenantStore
	tenant   core.Tenant
	sealer   core.Sealer
	mark     core.ImportMark
	at       time.Time
	reader   *reader
	progress func(kind string)
	batch    []record
	inactive []core.UserID
}

// begin sets the mark, after what an earlier import may have left is removed. A
// refusal must not undo what is another's, so it stands before Import's clearing up.
func (im *importing) begin(ctx context.Context) error {
	if err := core.DiscardAbandoned(ctx, im.ts); err != nil {
		return err
	}
	err := im.ts.InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Imports.Begin(ctx, im.mark); err != nil {
			return err
		}
		_, err := tx.Organizations.Get(ctx)
		if err == nil {
			return core.Conflict("this installation has the organization already; nothing was changed")
		}
		if core.CodeOf(err) != core.CodeNotFound {
			return err
		}
		return nil
	})
	return err
}

func (im *importing) run(ctx context.Context) error {
	size := 0
	for {
		rec, err := im.reader.next()
		if err != nil {
			return err
		}
		if rec == nil {
			break
		}
		if u, ok := rec.row.(*core.User); ok && !u.IsActive {
			im.inactive = append(im.inactive, u.ID)
		}
		im.batch = append(im.batch, *rec)
		if size += rec.size; len(im.batch) < batchRows && size < batchBytes {
			continue
		}
		if err := im.flush(ctx); err != nil {
			return err
		}
		size = 0
	}
	if err := im.flush(ctx); err != nil {
		return err
	}
	return explain(im.ts.InTx(ctx, im.finish))
}

// flush writes the batch, in as many transactions as its time needs.
func (im *importing) flush(ctx context.Context) error {
	for len(im.batch) > 0 {
		n := 0
		err := im.ts.InTx(ctx, func(ctx context.Context, tx core.Tx) (err error) {
			n, err = im.write(ctx, tx)
			return err
		})
		if err != nil {
			return explain(err)
		}
		for _, rec := range im.batch[:n] {
			if im.progress != nil {
				im.progress(rec.kind.name)
			}
		}
		im.batch = im.batch[n:]
	}
	im.batch = nil
	return nil
}

// write writes rows of the batch until its time is over, and returns how many.
func (im *importing) write(ctx context.Context, tx core.Tx) (int, error) {
	if err := im.renew(ctx, tx); err != nil {
		return 0, err
	}
	begun := time.Now()
	for i, rec := range im.batch {
		if i > 0 && time.Since(begun) > batchTime {
			return i, nil
		}
		if err := rec.kind.write(ctx, im, tx, rec.row); err != nil {
			return i, err
		}
	}
	return len(im.batch), nil
}

func (im *importing) renew(ctx context.Context, tx core.Tx) error {
	err := tx.Imports.Renew(ctx, im.mark)
	if core.CodeOf(err) == core.CodeNotFound {
		return core.Conflict("the import was silent for too long and its rows were removed; start it again")
	}
	return err
}

// pendingPage is how many waiting jobs are read at once.
const pendingPage = 200

// finish has waiting jobs started and makes the organization be there.
func (im *importing) finish(ctx context.Context, tx core.Tx) error {
	if err := im.renew(ctx, tx); err != nil {
		return err
	}
	seek := core.Seek{Limit: pendingPage}
	for {
		jobs, err := tx.Jobs.List(ctx, core.JobFilter{Status: core.JobPending}, seek)
		if err != nil {
			return err
		}
		for _, j := range jobs { // who claimed from a local queue is not here
			if j.NextAttemptAt == nil { // it waits for a confirmation
				continue
			}
			tx.Dispatch(core.Dispatch{JobID: j.ID, Queue: j.Queue, RunAt: *j.NextAttemptAt})
		}
		if len(jobs) < pendingPage {
			return tx.Imports.End(ctx, im.mark, im.inactive)
		}
		last := jobs[len(jobs)-1]
		seek.After = &core.Key{At: last.CreatedAt, ID: string(last.ID)}
	}
}

// explain says of a row that the store refused what its sender cannot know.
func explain(err error) error {
	switch code := core.CodeOf(err); code {
	case core.CodeNotFound:
		return damaged("a record of the archive points to one that is not in it; export it again", err)
	default:
		return err
	}
}
