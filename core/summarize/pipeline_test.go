package summarize

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
)

// book is a text of some forty parts for a model of smallModel's context.
var book = longText(22_000)

func smallModel(f *fakeLLM, _ *Config) { f.model.ContextTokens = 8192 }

func codes(ws []core.Warning) []string {
	var out []string
	for _, w := range ws {
		out = append(out, w.Code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestPipeline_Cache(t *testing.T) {
	t.Parallel()
	t.Run("TheSameAgainCallsNoModel", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel)
		first := h.summarize(t, requestFor(book))
		calls := len(h.llm.made())
		again := h.summarize(t, requestFor(book))
		if n := len(h.llm.made()) - calls; n != 0 {
			t.Errorf("the second run made %d calls", n)
		}
		if again.Usage.CachedCalls != calls || again.Usage.LLMCalls != 0 || again.Usage.CachedTokens != first.Usage.InputTokens+first.Usage.OutputTokens || *again.Usage.CostUSD != 0 {
			t.Errorf("usage: got %+v after %+v in %d calls", again.Usage, first.Usage, calls)
		}
		if diff := cmp.Diff(again.Text+" ", first.Text+" "); diff != "" {
			t.Errorf("text differs:\n%s", diff)
		}
		if diff := cmp.Diff(again.Citations, first.Citations); diff != "" {
			t.Errorf("citations differ:\n%s", diff)
		}
	})
	t.Run("AnotherFormatLengthTitleOrTemplateIsOneCall", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel)
		h.summarize(t, requestFor(book))
		for name, change := range map[string]func(*core.SummarizeRequest){
			"format": func(r *core.SummarizeRequest) { r.Format = core.FormatBullets }, "length": func(r *core.SummarizeRequest) { r.Length = core.LengthLong },
			"template": func(r *core.SummarizeRequest) { r.Prompt = "In two lines: {{content}}" }, "language": func(r *core.SummarizeRequest) { r.Language = "en-GB" },
			"title": func(r *core.SummarizeRequest) { r.Document = &core.Document{Title: "Another", Content: book} },
		} {
			r, before := requestFor(book), len(h.llm.made())
			change(&r)
			h.summarize(t, r)
			if n := len(h.llm.made()) - before; n != 1 {
				t.Errorf("another %s took %d calls, want 1", name, n)
			}
		}
	})
	t.Run("OrganizationsShareNothing", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel)
		first := h.summarize(t, requestFor(book))
		h.tenant = core.TrustTenant(core.NewID[core.OrgID]())
		if got := h.summarize(t, requestFor(book)); got.Usage.LLMCalls != first.Usage.LLMCalls {
			t.Errorf("another organization made %d calls, want %d", got.Usage.LLMCalls, first.Usage.LLMCalls)
		}
	})
	t.Run("RefreshPaysAgain", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel)
		r := requestFor(book)
		first := h.summarize(t, r)
		r.Refresh = true
		if got := h.summarize(t, r); got.Usage.LLMCalls != first.Usage.LLMCalls || got.Usage.CachedCalls != 0 {
			t.Errorf("usage: got %+v, want all calls again", got.Usage)
		}
	})
	t.Run("NotesThatComeOutTheSameEndTheEdit", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel)
		h.summarize(t, requestFor(book))
		before := len(h.llm.made())
		at := strings.LastIndex(book, " law ") // far behind the first sentence of its block
		h.summarize(t, requestFor(book[:at]+" lawyer "+book[at+5:]))
		if n := len(h.llm.made()) - before; n > 3 {
			t.Errorf("the edit took %d calls, want 3 at most", n)
		}
	})
	t.Run("TwoAtOnceNeverPayTwice", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel)
		done := make(chan *core.SummaryResult, 3)
		for range cap(done) {
			go func() {
				got, err := h.Summarize(t.Context(), h.tenant, requestFor(book), core.SummaryObserver{})
				if err != nil {
					t.Error(err)
				}
				done <- got
			}()
		}
		calls := 0
		for range cap(done) {
			if got := <-done; got != nil {
				calls += got.Usage.LLMCalls
			}
		}
		if want := newPlan(Canonical(book), sizesFor(8192, "")).calls(); calls != want || len(h.llm.made()) != want {
			t.Errorf("three runs paid for %d calls and made %d, want %d", calls, len(h.llm.made()), want)
		}
	})
}

func TestPipeline_PromptsStayInTheWindow(t *testing.T) {
	t.Parallel()
	for _, window := range []int{2048, 4096, 8192, 32_000} {
		h := newHarness(func(f *fakeLLM, _ *Config) { f.model.ContextTokens = window })
		for _, text := range []string{book, strings.Repeat("字", 30_000), strings.Repeat("x", 100_000), strings.Repeat("| a | b |\n", 5000)} {
			got := h.summarize(t, requestFor(text))
			if got.Coverage.CharsRead != got.Coverage.CharsTotal || got.Coverage.CharsTotal != len([]rune(text)) {
				t.Errorf("window %d: coverage %+v", window, got.Coverage)
			}
		}
		for _, c := range h.llm.made() {
			if n := EstimateTokens(c.System) + EstimateTokens(c.User) + c.MaxTokens; n > window*9/10 {
				t.Fatalf("window %d: a %s call takes %d tokens", window, kindOf(c), n)
			}
		}
	}
}

// TestPipeline_Resume ends the context at fifty random calls: whatever was paid for
// is not paid again, and the summary is the one that an undisturbed run makes.
func TestPipeline_Resume(t *testing.T) {
	t.Parallel()
	want := newHarness(smallModel).summarize(t, requestFor(book))
	random := rand.New(rand.NewPCG(7, 7))
	for kill := range 50 {
		at := 1 + random.IntN(want.Usage.LLMCalls)
		ctx, cancel := context.WithCancel(t.Context())
		meter := &counts{}
		h := newHarness(smallModel, func(f *fakeLLM, cfg *Config) {
			cfg.Parallel, cfg.Meter = 4, meter
			f.answer = func(ctx context.Context, call int, _ core.LLMRequest) (*core.LLMResponse, error) {
				if call >= at {
					cancel()
					return nil, ctx.Err()
				}
				return nil, nil
			}
		})
		_, err := h.Summarize(ctx, h.tenant, requestFor(book), core.SummaryObserver{})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("kill %d: got %v, want context.Canceled", kill, err)
		}
		h.llm.answer = nil
		paid := int(meter.sum.Calls)
		got := h.summarize(t, requestFor(book))
		if got.Usage.CachedCalls < paid || got.Usage.LLMCalls > want.Usage.LLMCalls-paid {
			t.Errorf("killed at call %d: %d calls again and %d cached, want %d of %d paid once", at, got.Usage.LLMCalls, got.Usage.CachedCalls, paid, want.Usage.LLMCalls)
		}
		if got.Text != want.Text || !cmp.Equal(got.Citations, want.Citations) {
			t.Errorf("killed at call %d: the summary differs", at)
		}
	}
}

func TestPipeline_Stream(t *testing.T) {
	t.Parallel()
	h := newHarness()
	var said []rune
	got, err := h.Summarize(t.Context(), h.tenant, requestFor(longText(800)), core.SummaryObserver{Text: func(offset int, text string) {
		if strings.ContainsAny(text, "[]") {
			t.Errorf("delta %q has a citation", text)
		}
		said = append(said[:offset], []rune(text)...)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if string(said) != got.Text {
		t.Errorf("deltas make %q, want %q", string(said), got.Text)
	}
}

// BenchmarkPipeline_300Pages and its 1,000 are the pipeline's own cost with a model
// that answers at once.
func BenchmarkPipeline_300Pages(b *testing.B) { benchmarkPipeline(b, 110_000) }

// BenchmarkPipeline_1000Pages shall stay within 300 MB.
func BenchmarkPipeline_1000Pages(b *testing.B) { benchmarkPipeline(b, 400_000) }

func benchmarkPipeline(b *testing.B, words int) {
	text := longText(words)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		h := newHarness(func(_ *fakeLLM, cfg *Config) { cfg.Nodes = inproc.NewNodes(0) })
		h.summarize(b, requestFor(text))
	}
}

// BenchmarkPipeline_EditOf300Pages is the second summary of a text of which a word
// has changed, and its share of the first one's time.
func BenchmarkPipeline_EditOf300Pages(b *testing.B) {
	text := longText(110_000)
	edited := strings.Replace(text, "the harbour", "the old harbour", 1)
	b.ReportAllocs()
	var first, second time.Duration
	for b.Loop() {
		h := newHarness()
		began := time.Now()
		h.summarize(b, requestFor(text))
		between := time.Now()
		h.summarize(b, requestFor(edited))
		first, second = first+between.Sub(began), second+time.Since(between)
	}
	b.ReportMetric(float64(second)/float64(first), "edit/first")
}
