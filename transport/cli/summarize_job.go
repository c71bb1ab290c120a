package cli

import (
	"context"
	"time"

	"github.com/docsctl/docsctl/core"
)

// cancelWithin bounds how long an interrupted command goes on to cancel its job.
const cancelWithin = 5 * time.Second

// await shows how a job gets on until it ends, and returns its summary. When ctx or
// the patience ends first the job is canceled.
func (s *summarizing) await(ctx context.Context, input string, id core.SummaryID, job core.JobID) (*core.Summary, error) {
	p := newProgress(s.opts.IO, s.notes, "summarizing "+displayName(input)+" ("+s.local.Model+")")
	waiting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	j, err := s.watch(waiting, giveUp, job, p)
	p.clear()
	if waiting.Err() != nil {
		s.cancel(ctx, job)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, context.Cause(waiting)
	}
	if err != nil {
		return nil, err
	}
	switch j.Status {
	case core.JobCompleted:
		s.patience.worked()
		return s.local.App.Summaries.Get(ctx, s.local.Actor, id)
	case core.JobCanceled:
		return nil, core.Conflict("its job was canceled by someone else; run the command again")
	default:
		return nil, &core.Error{Code: j.ErrorCode, Message: j.ErrorMessage}
	}
}

// watch shows the job's progress, and with --stream the text from when it begins. It
// calls giveUp when there is no patience left.
func (s *summarizing) watch(ctx context.Context, giveUp func(error), job core.JobID, p *progress) (*core.Job, error) {
	var seen core.Progress
	show := p.show
	each := func(j *core.Job) {
		if err := s.patience.end(j, time.Now()); err != nil {
			giveUp(err)
			return
		}
		if answered(seen, j.Progress) {
			s.patience.worked()
		}
		seen = j.Progress
		show(j)
		if s.watching != nil {
			s.watching(j)
		}
	}
	var text func(core.SummaryDelta)
	if s.opts.Stream {
		s.said = streamed{out: s.opts.IO}
		text = func(d core.SummaryDelta) {
			p.clear()
			show = func(*core.Job) {} // a line that is written over would stand in the text
			s.said.write(d)
		}
	}
	return s.local.App.Jobs.WatchText(ctx, s.local.Actor, job, each, text)
}

// cancel ends the job of an interrupted command. One that has ended meanwhile is
// no failure: its summary is stored, and the next run finds it.
func (s *summarizing) cancel(ctx context.Context, job core.JobID) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelWithin)
	defer stop()
	_, err := s.local.App.Jobs.Cancel(ctx, s.local.Actor, job)
	if err != nil && core.CodeOf(err) != core.CodeConflict {
		note(s.notes, "the job could not be canceled; it goes on when a server or worker finds it: %s", describe(err).Message)
	}
}
