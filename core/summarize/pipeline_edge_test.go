package summarize

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
)

func TestPipeline_ReportsWhatIsUnchanged(t *testing.T) {
	t.Parallel()
	h := newHarness(smallModel)
	h.summarize(t, requestFor(book))
	var all []core.Progress
	r := requestFor(book)
	r.Length = core.LengthShort
	if _, err := h.Summarize(t.Context(), h.tenant, r, core.SummaryObserver{Progress: func(p core.Progress) { all = append(all, p) }}); err != nil {
		t.Fatal(err)
	}
	total := newPlan(Canonical(book), sizesFor(8192, "")).calls()
	want := []core.Progress{
		{Done: total - 1, Total: total, Message: fmt.Sprintf("%d of %d parts unchanged", total-1, total)},
		{Done: total, Total: total, Message: "done"},
	}
	if !slices.Equal(all, want) {
		t.Errorf("got %+v, want %+v", all, want)
	}
}

func TestPipeline_HangingCallsEndWithTheContext(t *testing.T) {
	t.Parallel()
	h := newHarness(smallModel, func(f *fakeLLM, _ *Config) {
		f.answer = func(ctx context.Context, _ int, _ core.LLMRequest) (*core.LLMResponse, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.Summarize(ctx, h.tenant, requestFor(book), core.SummaryObserver{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
	if n := len(h.llm.made()); n > 16 {
		t.Errorf("%d calls were in flight, want 16 at most", n)
	}
}

func TestPipeline_AllowPartialLeavesOutLongTables(t *testing.T) {
	t.Parallel()
	table := "| pier | tons |\n|---|---|\n" + strings.Repeat("| north | 12 |\n", 100)
	text := "# Tons\n\nThe harbour counts its tons by pier.\n\n" + table
	h := newHarness()
	whole := h.summarize(t, requestFor(text))
	if whole.Coverage.CharsRead != whole.Coverage.CharsTotal || strings.Count(h.llm.made()[0].User, "| north") != 100 {
		t.Errorf("without allow_partial: coverage %+v", whole.Coverage)
	}
	r := requestFor(text)
	r.AllowPartial = true
	part := h.summarize(t, r)
	left := 72*len("| north | 12 |\n") - 1
	if got := part.Coverage.CharsTotal - part.Coverage.CharsRead; got != left {
		t.Errorf("%d characters were left out, want %d", got, left)
	}
	if !slices.Contains(codes(part.Warnings), WarnPartialCoverage) || !strings.Contains(part.Warnings[0].Message, "Tons") {
		t.Errorf("warnings: %+v", part.Warnings)
	}
	if user := h.llm.made()[1].User; !strings.Contains(user, "72 more lines") {
		t.Errorf("the prompt does not say what was left out: %q", user)
	}
}

func TestPipeline_TranslationsAreCitedByBlock(t *testing.T) {
	t.Parallel()
	text := "Der Hafen hat im Jahr 2023 zwölf Kräne und 240 Schiffe gezählt. Die Stadt will den Pier bis 2030 erneuern und sucht dafür nach Geld.\n\n" +
		"Die Kosten sind mit 35 Millionen Euro höher, als man im Rat gedacht hatte, und werden nicht vom Land bezahlt."
	h := newHarness(func(f *fakeLLM, _ *Config) {
		f.answer = func(context.Context, int, core.LLMRequest) (*core.LLMResponse, error) {
			return &core.LLMResponse{Finish: core.FinishStop, Text: "The harbour counted 240 ships with its cranes in 2023 [1]. " +
				"The costs are 36 million euros and the state will not pay for any of them [2]."}, nil
		}
	})
	r := requestFor(text)
	r.Language = "en"
	got := h.summarize(t, r)
	if len(got.Citations) != 2 || !strings.HasPrefix(got.Citations[1].Sources[0].Quote, "Die Kosten") {
		t.Errorf("citations: %+v", got.Citations)
	}
	if want := []string{WarnNotAligned, WarnUnsupportedNumber}; !slices.Equal(codes(got.Warnings), want) {
		t.Errorf("warnings %v, want %v", codes(got.Warnings), want)
	}
}

func TestPipeline_RefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*core.SummarizeRequest, *fakeLLM){
		"ATemplateThatFillsTheWindow": func(r *core.SummarizeRequest, f *fakeLLM) {
			f.model.ContextTokens, r.Prompt = 4096, strings.Repeat("word ", 2000)+"{{content}}"
		},
		"ASchemaThatIsNone":     func(r *core.SummarizeRequest, _ *fakeLLM) { r.Format, r.JSONSchema = core.FormatJSON, []byte(`[]`) },
		"AWindowOfNothing":      func(_ *core.SummarizeRequest, f *fakeLLM) { f.model.ContextTokens = 500 },
		"ATemplateThatIsBroken": func(r *core.SummarizeRequest, _ *fakeLLM) { r.Prompt = "{{nonsense}} {{content}}" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness()
			r := requestFor("The harbour has twelve cranes.")
			change(&r, h.llm)
			_, err := h.Summarize(t.Context(), h.tenant, r, core.SummaryObserver{})
			if core.CodeOf(err) != core.CodeValidation || len(h.llm.made()) != 0 {
				t.Errorf("got %v after %d calls, want VALIDATION_ERROR and none", err, len(h.llm.made()))
			}
		})
	}
}

func TestPipeline_UnknownWindowIsTakenForASmallOne(t *testing.T) {
	t.Parallel()
	h := newHarness(func(f *fakeLLM, _ *Config) { f.model.ContextTokens = 0 })
	h.summarize(t, requestFor(book))
	for _, c := range h.llm.made() {
		if n := EstimateTokens(c.System) + EstimateTokens(c.User) + c.MaxTokens; n > defaultWindow {
			t.Fatalf("a call takes %d tokens", n)
		}
	}
}

func TestPipeline_ExtractiveNeedsNoModel(t *testing.T) {
	t.Parallel()
	h := newHarness()
	r := requestFor(book)
	r.Model = ExtractiveName
	if got := h.summarize(t, r); got.Model != ExtractiveName || len(h.llm.made()) != 0 {
		t.Errorf("model %q after %d calls", got.Model, len(h.llm.made()))
	}
}

// TestPipeline_NodesThatFail loses no summary for a cache that cannot store.
func TestPipeline_NodesThatFail(t *testing.T) {
	t.Parallel()
	h := newHarness(func(_ *fakeLLM, c *Config) { c.Nodes = readOnly{c.Nodes} })
	if got := h.summarize(t, requestFor(longText(300))); got.Text == "" {
		t.Error("no text")
	}
}

type readOnly struct{ core.NodeCache }

func (readOnly) Put(context.Context, core.Tenant, core.Node) error { return errors.New("disk full") }

// tenantless is a cache that a mistake has made common to all tenants.
type tenantless struct {
	core.NodeCache
	one core.Tenant
}

func (c tenantless) Get(ctx context.Context, _ core.Tenant, keys [][]byte) ([]core.Node, error) {
	return c.NodeCache.Get(ctx, c.one, keys)
}

func (c tenantless) Put(ctx context.Context, _ core.Tenant, n core.Node) error {
	return c.NodeCache.Put(ctx, c.one, n)
}

func TestPipeline_KeysAreTheTenantsOwn(t *testing.T) {
	t.Parallel()
	h := newHarness(func(_ *fakeLLM, c *Config) {
		c.Nodes = tenantless{c.Nodes, core.TrustTenant(core.NewID[core.OrgID]())}
	})
	h.summarize(t, requestFor(longText(300)))
	h.tenant = core.TrustTenant(core.NewID[core.OrgID]())
	if got := h.summarize(t, requestFor(longText(300))); got.Usage.CachedCalls != 0 {
		t.Errorf("%d answers of another organization were used", got.Usage.CachedCalls)
	}
}

// TestPipeline_WhatTheCacheForgotIsPaidForAgain gives it room for a part of the
// answers: the summary stays what it was, at the price of what has gone.
func TestPipeline_WhatTheCacheForgotIsPaidForAgain(t *testing.T) {
	t.Parallel()
	text := longText(20_000)
	roomy := newHarness()
	want := roomy.summarize(t, requestFor(text))
	h := newHarness(func(_ *fakeLLM, c *Config) { c.Nodes, c.Parallel = inproc.NewNodes(8<<10), 1 })
	first := h.summarize(t, requestFor(text))
	again := h.summarize(t, requestFor(text))
	if first.Text != want.Text || again.Text != want.Text {
		t.Error("the summary depends on what the cache keeps")
	}
	if first.Usage.LLMCalls != want.Usage.LLMCalls || again.Usage.LLMCalls == 0 {
		t.Errorf("made %d calls, then %d, want %d and some of them", first.Usage.LLMCalls, again.Usage.LLMCalls, want.Usage.LLMCalls)
	}
	if n := again.Usage.LLMCalls + again.Usage.CachedCalls; n != want.Usage.LLMCalls {
		t.Errorf("%d calls made and cached, want the %d of the plan", n, want.Usage.LLMCalls)
	}
}
