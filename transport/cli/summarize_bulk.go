package cli

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/docsctl/docsctl/core"
)

const (
	readAtOnce      = 2 // files, each in a process
	summarizeAtOnce = 4 // as many as the command's worker runs
)

// bulkItem is one input of a run over several.
type bulkItem struct {
	input    string
	doc      *core.Document
	outcome  core.Outcome
	estimate core.Estimate // of what is still to be made
	notes    bytes.Buffer  // what is to be told of it
	result   result
	ended    bool
}

// bulk is a run over several inputs: all are read, then it is told what the
// summaries will use, then they are made a few at a time.
type bulk struct {
	*summarizing
	items []*bulkItem
	view  *bulkView
	money *purse // nil: no cap
	began time.Time
}

// runBulk summarizes several inputs, going on after failures. What is done is kept
// when ctx ends, and found again by the next run.
func (s *summarizing) runBulk(ctx context.Context) error {
	b := &bulk{summarizing: s, began: time.Now()}
	for _, input := range s.opts.Inputs {
		b.items = append(b.items, &bulkItem{input: input, result: result{input: input}})
	}
	if s.opts.Summary.MaxCostUSD != nil {
		b.money = newPurse(*s.opts.Summary.MaxCostUSD)
	}
	b.view = newBulkView(s, b.items)
	defer b.view.close()
	b.view.begin("reading")
	each(ctx, len(b.items), readAtOnce, func(i int) { b.read(ctx, b.items[i]) })
	if ctx.Err() == nil {
		b.view.tell(b.forecast())
		b.view.begin("summarizing")
		each(ctx, len(b.items), summarizeAtOnce, func(i int) { b.summarize(ctx, b.items[i]) })
	}
	b.view.close()
	return b.end(ctx)
}

// own returns s for one item: what it tells waits, and it draws nothing itself.
func (b *bulk) own(item *bulkItem) *summarizing {
	opts, streams := *b.opts, *b.opts.IO
	streams.IsStderrTTY = false
	opts.IO = &streams
	return &summarizing{opts: &opts, local: b.local, notes: &item.notes, patience: b.patience, watching: func(j *core.Job) { b.view.progress(item, j.Progress) }}
}

// read imports an input and finds out what its summary would use.
func (b *bulk) read(ctx context.Context, item *bulkItem) {
	began := time.Now()
	defer func() { item.result.took += time.Since(began) }()
	b.view.start(item)
	s := b.own(item)
	doc, outcome, err := s.importInput(ctx, item.input)
	if err == nil {
		item.doc, item.outcome = doc, outcome
		item.estimate, err = s.estimateOf(ctx, doc)
	}
	if err != nil {
		b.fail(ctx, item, err)
	}
	b.view.stop(item, err != nil)
}

// fail ends an item with an error, unless the whole run was ended.
func (b *bulk) fail(ctx context.Context, item *bulkItem, err error) {
	if ctx.Err() != nil {
		return
	}
	item.result.err = named(item.input, err)
	item.result.skipped = b.opts.skips(item.input, err)
}

// forecast says before anything is paid for what the run will use.
func (b *bulk) forecast() string {
	total, readable := core.Estimate{CostUSD: new(float64)}, 0
	for _, item := range b.items {
		if item.doc == nil {
			continue
		}
		readable++
		e := item.estimate
		total.LLMCalls += e.LLMCalls
		total.CachedCalls += e.CachedCalls
		total.InputTokens += e.InputTokens
		if total.CostUSD != nil && e.CostUSD != nil {
			*total.CostUSD += *e.CostUSD
		} else {
			total.CostUSD = nil
		}
	}
	line := fmt.Sprintf("%s to summarize: %s, %d cached, about %s tokens in, cost %s",
		plural(readable, "document"), plural(total.LLMCalls, "call"), total.CachedCalls, thousands(int(total.InputTokens)), dollars(total.CostUSD))
	if limit := b.opts.Summary.MaxCostUSD; limit != nil && total.CostUSD != nil && *total.CostUSD > *limit {
		line += "; it stops before --max-cost is passed"
	}
	return line
}

// summarize makes the summary of an item that was read, within the cap.
func (b *bulk) summarize(ctx context.Context, item *bulkItem) {
	if item.doc == nil {
		b.view.stop(item, true)
		return
	}
	began := time.Now()
	s := b.own(item)
	if err := b.summarizeWithin(ctx, s, item); err != nil {
		b.fail(ctx, item, err)
	}
	item.result.took += time.Since(began)
	if item.result.sum != nil {
		s.warnings(item.result)
	}
	if ctx.Err() == nil {
		b.view.stop(item, item.result.err != nil)
	}
}

func (b *bulk) summarizeWithin(ctx context.Context, s *summarizing, item *bulkItem) (err error) {
	if b.money != nil {
		estimate := 0.0
		if item.estimate.CostUSD != nil {
			estimate = *item.estimate.CostUSD
		}
		taken, err := b.money.take(estimate)
		if err != nil {
			return err
		}
		defer func() { b.money.giveBack(taken, spentOn(item.result, taken)) }()
		s.opts.Summary.MaxCostUSD = &taken
	}
	b.view.start(item)
	item.result.sum, item.result.reused, err = s.summaryOf(ctx, item.input, item.doc, item.outcome)
	return err
}

// spentOn is what an item cost of what it was given; a failed one may have spent all.
func spentOn(r result, taken float64) float64 {
	switch {
	case r.reused:
		return 0
	case r.sum == nil || r.sum.Usage.CostUSD == nil:
		return taken
	default:
		return *r.sum.Usage.CostUSD
	}
}

// end writes the results that are written together and the table of all.
func (b *bulk) end(ctx context.Context) error {
	results := make([]result, 0, len(b.items))
	made := make([]result, 0, len(b.items))
	failed := &failures{of: len(b.items)}
	for _, item := range b.items {
		r := item.result
		results = append(results, r)
		switch {
		case r.sum != nil:
			made = append(made, r)
		case r.err != nil && !r.skipped:
			failed.errs = append(failed.errs, r.err)
		}
	}
	if b.opts.Print != printTable || b.output != nil || ctx.Err() != nil {
		fmt.Fprint(b.notes, resultTable(results).String())
	}
	note(b.notes, "%s", b.totals(results))
	if ctx.Err() != nil {
		note(b.notes, "stopped with %d of %d done; the same command goes on with the rest", len(made), len(b.items))
		return ctx.Err()
	}
	if len(made)+len(failed.errs) == 0 {
		return &core.Error{Code: core.CodeUnsupportedMedia, Message: "no file has text that can be read; name another folder"}
	}
	if b.opts.Print == printTable {
		made = results
	}
	if err := b.finish(ctx, made, len(failed.errs) > 0); err != nil || len(failed.errs) == 0 {
		return err
	}
	return failed
}

// totals is the run in one line.
func (b *bulk) totals(results []result) string {
	made, reused, skipped, failed, left, calls, cached := 0, 0, 0, 0, 0, 0, 0
	cost := new(float64)
	for _, r := range results {
		switch {
		case r.skipped:
			skipped++
		case r.err != nil:
			failed++
		case r.sum == nil:
			left++
		case r.reused:
			reused++
		default:
			made++
			calls += r.sum.Usage.LLMCalls
			cached += r.sum.Usage.CachedCalls
			if cost != nil && r.sum.Usage.CostUSD != nil {
				*cost += *r.sum.Usage.CostUSD
			} else {
				cost = nil
			}
		}
	}
	return fmt.Sprintf("%s: %d made, %d reused, %d skipped, %d failed, %d left; %s, %d cached, cost %s, %s", plural(len(results), "document"),
		made, reused, skipped, failed, left, plural(calls, "call"), cached, dollars(cost), time.Since(b.began).Round(time.Millisecond))
}
