package summarize

import (
	"context"
	"time"

	"github.com/docsctl/docsctl/core"
)

// noMeter counts nothing.
type noMeter struct{}

func (noMeter) Add(context.Context, core.Tenant, time.Time, core.ModelUsage) error { return nil }

// meter counts for the organization what calls used, also when the work has been
// canceled meanwhile: it is paid for. A count that is lost does not end the work.
func (r *pass) meter(ctx context.Context, u core.ModelUsage) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	u.Model = r.model.Name
	if err := r.p.cfg.Meter.Add(ctx, r.tenant, r.p.cfg.Now(), u); err != nil {
		r.p.cfg.Logger.WarnContext(ctx, "what a call used was not counted", "model", u.Model, "error", err)
	}
}

// reserve asks whether a call may be made that uses at most so much, and returns what
// is to be called after it.
func (r *pass) reserve(ctx context.Context, input, output int) (func(context.Context), error) {
	if r.admit == nil {
		return func(context.Context) {}, nil
	}
	in, out := int64(float64(input)*max(1, r.gauge.ratio())), int64(output)
	return r.admit(ctx, core.CallEstimate{Tokens: in + out, CostUSD: r.purse.cost(in, out)})
}

// meterCall counts a call that came back.
func (r *pass) meterCall(ctx context.Context, answer *core.LLMResponse) {
	u := core.ModelUsage{
		Calls: int64(max(1, answer.Calls)), InputTokens: answer.InputTokens, OutputTokens: answer.OutputTokens,
		PrefixTokens: answer.PrefixTokens, CostUSD: r.purse.cost(answer.InputTokens, answer.OutputTokens),
	}
	if r.model.InputUSD == nil || r.model.OutputUSD == nil {
		u.UnpricedCalls = u.Calls
	}
	r.meter(ctx, u)
}

// meterCached counts what a summary did not have to pay again.
func (r *pass) meterCached(ctx context.Context) {
	if u := r.purse.total(); u.CachedCalls > 0 {
		r.meter(ctx, core.ModelUsage{CachedCalls: int64(u.CachedCalls), CachedTokens: u.CachedTokens})
	}
}
