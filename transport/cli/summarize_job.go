package cli

import (
	"context"
	"time"

	"github.com/docsctl/docsctl/core"
)

// cancelWithin bounds how long an interrupted command goes on to cancel its job.
const cancelWithin = 5 * time.Second

// await shows how a job gets on until it ends, and returns its summary. When ctx
// ends first the job is canceled.
func (s *summarizing) await(ctx context.Context, input string, id core.SummaryID, job core.JobID) (*core.Summary, error) {
	p := newProgress(s.opts.IO, s.notes, "summarizing "+displayName(input)+" ("+s.local.Model+")")
	j, err := s.watch(ctx, job, p)
	p.clear()
	if ctx.Err() != nil {
		s.cancel(ctx, job)
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	switch j.Status {
	case core.JobCompleted:
		return s.local.App.Summaries.Get(ctx, s.local.Actor, id)
	case core.JobCanceled:
		return nil, core.Conflict("its job was canceled by someone else; run the command again")
	default:
		return nil, &core.Error{Code: j.ErrorCode, Message: j.ErrorMessage}
	}
}

// watch shows the job's progress, and with --stream the text from when it begins.
func (s *summarizing) watch(ctx context.Context, job core.JobID, p *progress) (*core.Job, error) {
	if s.watching != nil {
		return s.local.App.Jobs.Watch(ctx, s.local.Actor, job, func(j *core.Job) { p.show(j); s.watching(j) })
	}
	if !s.opts.Stream {
		return s.local.App.Jobs.Watch(ctx, s.local.Actor, job, p.show)
	}
	s.said = streamed{out: s.opts.IO}
	show := p.show
	return s.local.App.Jobs.WatchText(ctx, s.local.Actor, job, func(j *core.Job) { show(j) }, func(d core.SummaryDelta) {
		p.clear()
		show = func(*core.Job) {} // a line that is written over would stand in the text
		s.said.write(d)
	})
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
