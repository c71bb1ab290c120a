package worker

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// heartbeatLoop renews the leases and notices those that are lost, at least once
// a second so that a cancellation whose notice was lost reaches its handler too.
func (w *Worker) heartbeatLoop(ctx context.Context) {
	every := min(time.Second, w.cfg.Work.Lease()/6)
	repeat(ctx, every, w.beat, func() {
		leases := w.leases.all()
		if len(leases) == 0 {
			return
		}
		beat, cancel := context.WithTimeout(ctx, w.cfg.Work.Lease()/3)
		defer cancel()
		sent := time.Now()
		lost, err := w.cfg.Work.Heartbeat(beat, leases)
		if err != nil {
			w.warn(ctx, "leases could not be renewed; trying again", err)
			return
		}
		w.leases.renewed(leases, lost, sent)
	})
}

// rescueAtMost bounds one rescue, so that nodes share what a dead one left.
const rescueAtMost = 100

func (w *Worker) rescueLoop(ctx context.Context) {
	repeat(ctx, min(5*time.Second, w.cfg.Work.Lease()/3), nil, func() {
		for ctx.Err() == nil {
			n, err := w.cfg.Work.Rescue(ctx, rescueAtMost)
			if err != nil {
				w.warn(ctx, "jobs of lost workers could not be rescued; trying again", err)
			}
			if n < rescueAtMost || err != nil {
				return
			}
		}
	})
}

// indexAtMost bounds how many documents one look-up for the index returns.
const indexAtMost = 32

func (w *Worker) indexLoop(ctx context.Context) {
	repeat(ctx, pollEvery, w.index, func() {
		for ctx.Err() == nil {
			n, err := w.cfg.Work.Index(ctx, indexAtMost)
			if err != nil {
				w.warn(ctx, "documents could not be indexed; trying again", err)
			}
			if n < indexAtMost || err != nil {
				return
			}
		}
	})
}

// Bounds of how integrations are looked after: an interval is minutes at least.
const (
	keepAtMost = 32
	keepEvery  = 10 * time.Second
)

// keepLoop starts scheduled syncs and keeps tokens fresh.
func (w *Worker) keepLoop(ctx context.Context) {
	repeat(ctx, keepEvery, nil, func() {
		for ctx.Err() == nil {
			n, err := w.cfg.Work.KeepIntegrations(ctx, keepAtMost)
			if err != nil {
				w.warn(ctx, "due integrations could not be looked at; trying again", err)
			}
			if n < keepAtMost || err != nil {
				return
			}
		}
	})
}

// tidyEvery is how often what broken imports have left is looked for; nobody sees it.
const tidyEvery = 30 * time.Second

// tidyAtMost bounds how many broken imports one look-up returns.
const tidyAtMost = 8

func (w *Worker) tidyLoop(ctx context.Context) {
	repeat(ctx, tidyEvery, nil, func() {
		if err := w.cfg.Work.Tidy(ctx, tidyAtMost); err != nil {
			w.warn(ctx, "what a broken import has left could not be removed; trying again", err)
		}
	})
}

// pruneEvery is how often what is no longer kept is removed, with up to as much
// again by chance, so that the processes of a cluster take turns.
const pruneEvery = 5 * time.Minute

func (w *Worker) pruneLoop(ctx context.Context) {
	repeat(ctx, pruneEvery+rand.N(pruneEvery), nil, func() {
		if err := w.cfg.Work.Prune(ctx); err != nil {
			w.warn(ctx, "what is no longer kept could not be removed; trying again", err)
		}
	})
}

func (w *Worker) warn(ctx context.Context, message string, err error) {
	if ctx.Err() == nil {
		w.cfg.Logger.WarnContext(ctx, message, slog.Any("error", err))
	}
}

// repeat calls do at once, then each period and on each hint, until ctx ends.
func repeat(ctx context.Context, every time.Duration, hint <-chan struct{}, do func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-hint:
		}
	}
}
