package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// estimateView is the API's form of an estimate.
type estimateView struct {
	Input        string   `json:"input,omitempty"`
	Documents    int      `json:"documents"`
	InputTokens  int64    `json:"input_tokens"`
	OutputTokens int64    `json:"output_tokens"`
	LLMCalls     int      `json:"llm_calls"`
	CachedCalls  int      `json:"cached_calls"`
	CostUSD      *float64 `json:"cost_usd"`
}

// estimate tells for every input what its summary would use. The documents are
// stored, so that what was paid for before is known; no model is called.
func (s *summarizing) estimate(ctx context.Context) error {
	var views []estimateView
	failed := &failures{of: len(s.opts.Inputs)}
	for _, input := range s.opts.Inputs {
		v, err := s.estimateOne(ctx, input)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && s.opts.skips(input, err) {
			note(s.notes, "skipped %s", describe(named(input, err)).Message)
			continue
		}
		if err != nil {
			failed.errs = append(failed.errs, named(input, err))
			continue
		}
		views = append(views, v)
	}
	if len(views) > 0 && (len(failed.errs) == 0 || s.opts.Print == printDefault || s.opts.Print == printTable) {
		if err := s.printEstimates(views); err != nil {
			return err
		}
	}
	if len(failed.errs) == 0 {
		return nil
	}
	return failed
}

func (s *summarizing) estimateOne(ctx context.Context, input string) (estimateView, error) {
	doc, _, err := s.importInput(ctx, input)
	if err != nil {
		return estimateView{}, err
	}
	e, err := s.estimateOf(ctx, doc)
	return estimateView{
		Input: displayName(input), Documents: 1, InputTokens: e.InputTokens, OutputTokens: e.OutputTokens,
		LLMCalls: e.LLMCalls, CachedCalls: e.CachedCalls, CostUSD: e.CostUSD,
	}, err
}

// estimateOf tells what a document's summary would use: nothing when it is there.
func (s *summarizing) estimateOf(ctx context.Context, doc *core.Document) (core.Estimate, error) {
	request := core.SummaryRequest{DocumentID: doc.ID, Options: s.opts.Summary}
	if !s.opts.Summary.Refresh {
		_, err := s.local.App.Summaries.Find(ctx, s.local.Actor, request)
		if err == nil {
			return core.Estimate{CostUSD: new(float64)}, nil
		}
		if core.CodeOf(err) != core.CodeNotFound {
			return core.Estimate{}, err
		}
	}
	return s.local.App.Summaries.Estimate(ctx, s.local.Actor, request)
}

func (s *summarizing) printEstimates(views []estimateView) error {
	t := table{head: []string{"INPUT", "CALLS", "CACHED", "INPUT TOKENS", "OUTPUT TOKENS", "COST"}}
	var lines strings.Builder
	for _, v := range views {
		t.rows = append(t.rows, []string{
			v.Input, strconv.Itoa(v.LLMCalls), strconv.Itoa(v.CachedCalls), thousands(int(v.InputTokens)), thousands(int(v.OutputTokens)), dollars(v.CostUSD),
		})
		fmt.Fprintf(&lines, "%s: %s, %d cached, %s tokens in, about %s out, cost %s\n", v.Input, plural(v.LLMCalls, "call"), v.CachedCalls,
			thousands(int(v.InputTokens)), thousands(int(v.OutputTokens)), dollars(v.CostUSD))
	}
	if s.opts.Print == printDefault {
		return s.opts.IO.print(lines.String())
	}
	var data any = list[estimateView]{Items: views}
	if len(views) == 1 && len(s.opts.Inputs) == 1 {
		data = views[0]
	}
	out, err := render(s.opts.Print, data, t)
	if err != nil {
		return err
	}
	return s.opts.IO.print(out)
}

// usdFlag reads an amount of money.
type usdFlag struct{ to **float64 }

// Set implements pflag.Value.
func (f *usdFlag) Set(text string) error {
	n, err := strconv.ParseFloat(strings.TrimPrefix(text, "$"), 64)
	if err != nil || !(n >= 0) || n > 1e9 {
		return fmt.Errorf("it is no amount in USD such as 0.50")
	}
	*f.to = &n
	return nil
}

// String implements pflag.Value.
func (f *usdFlag) String() string {
	if f.to == nil || *f.to == nil {
		return ""
	}
	return strconv.FormatFloat(**f.to, 'f', -1, 64)
}

// Type implements pflag.Value.
func (*usdFlag) Type() string { return "USD" }
