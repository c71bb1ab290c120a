package wire

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/docsctl/docsctl/core"
	httpapi "github.com/docsctl/docsctl/transport/http"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	horizonEvery = time.Second
	horizonLate  = 5 * time.Second // readiness tells of a feed that is later
)

// horizonWatch knows how late the live feed is, where open transactions hold it back.
type horizonWatch struct {
	look func(ctx context.Context) (time.Duration, error)
	late atomic.Int64 // nanoseconds, as of the last look
}

func newHorizonWatch(look func(ctx context.Context) (time.Duration, error), r *prometheus.Registry) *horizonWatch {
	h := &horizonWatch{look: look}
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "docsctl_feed_horizon_seconds", Help: "For how long the oldest open transaction of the database holds back events of the live feed.",
	}, func() float64 { return time.Duration(h.late.Load()).Seconds() }))
	return h
}

// run looks until ctx ends. What it could not see another check tells of.
func (h *horizonWatch) run(ctx context.Context) {
	tick := time.NewTicker(horizonEvery)
	defer tick.Stop()
	for {
		if late, err := h.look(ctx); err == nil {
			h.late.Store(int64(late))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// check is degraded while the feed is late.
func (h *horizonWatch) check(context.Context) error {
	late := time.Duration(h.late.Load())
	if late <= horizonLate {
		return nil
	}
	return httpapi.Degraded(core.Unavailable(fmt.Sprintf(
		"a transaction of the database has been open for %s, and the live feed is late by as much; see pg_stat_activity for who holds it", late.Round(time.Second)), 0, nil))
}
