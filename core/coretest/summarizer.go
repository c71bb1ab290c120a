package coretest

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// RunSummarizer checks a core.Summarizer. open returns one whose configured model
// answers, and the same to the same question.
func RunSummarizer(t *testing.T, open func(t *testing.T) core.Summarizer) {
	runCases(t, "RunSummarizer", open, map[string]func(t *testing.T, z core.Summarizer){
		"QuotesAreTheDocument":        quotesAreTheDocument,
		"CoverageIsComplete":          coverageIsComplete,
		"ReportsComeInOrderToTheEnd":  reportsComeInOrderToTheEnd,
		"SameRequestSameResult":       sameRequestSameResult,
		"EndedContextIsReturnedSoon":  summarizerEndedContext,
		"CanceledMidwayReturnsSoon":   summarizerCanceledMidway,
		"UnknownModelIsRefused":       unknownModelIsRefused,
		"CheckLooksAtNoDocument":      checkLooksAtNoDocument,
		"JSONIsValid":                 jsonIsValid,
		"EveryFormatHasText":          everyFormatHasText,
		"EstimateCallsNoModel":        estimateIsAPromise,
		"LongerSaysMore":              longerSaysMore,
		"TextWithoutSentencesIsTold":  textWithoutSentencesIsTold,
		"TokensGrowWithTheText":       tokensGrowWithTheText,
		"MayBeUsedConcurrently":       summarizerConcurrently,
		"RequestAndDocumentAreLeftBe": requestIsLeftBe,
	})
}

func tenant() core.Tenant { return core.TrustTenant(core.NewID[core.OrgID]()) }

func requestFor(content string) core.SummarizeRequest {
	return core.SummarizeRequest{
		Document: &core.Document{
			ID: core.NewID[core.DocumentID](), Title: "Report", Content: content, MimeType: "text/markdown", Version: 1, Revision: 1,
			SourceType: core.SourceUpload, ContentHash: hashOf(content), ContentBytes: int64(len(content)), Status: core.DocumentActive,
		},
		Prompt: "Summarize {{title}}: {{content}}", Format: core.FormatMarkdown, Length: core.LengthMedium,
	}
}

func summarize(t *testing.T, z core.Summarizer, r core.SummarizeRequest) *core.SummaryResult {
	t.Helper()
	if err := z.Check(t.Context(), tenant(), r); err != nil {
		t.Fatalf("check: %v", err)
	}
	got, err := z.Summarize(t.Context(), tenant(), r, core.SummaryObserver{})
	must(t, "summarize", got, err)
	wantWhole(t, r, got)
	return got
}

// wantWhole checks what holds for every result.
func wantWhole(t *testing.T, r core.SummarizeRequest, got *core.SummaryResult) {
	t.Helper()
	if strings.TrimSpace(got.Text) == "" || !utf8.ValidString(got.Text) || strings.ContainsRune(got.Text, 0) {
		t.Errorf("text: got %.200q, want text that a reader can read", got.Text)
	}
	text, content := []rune(got.Text), []rune(r.Document.Content)
	last := 0
	for i, c := range got.Citations {
		if c.Start < last || c.End <= c.Start || c.End > len(text) || len(c.Sources) == 0 {
			t.Errorf("citation %d: got [%d, %d) with %d sources after %d, in a text of %d characters", i, c.Start, c.End, len(c.Sources), last, len(text))
		}
		last = c.Start
		for _, q := range c.Sources {
			if q.Start < 0 || q.End <= q.Start || q.End > len(content) || string(content[q.Start:q.End]) != q.Quote {
				t.Errorf("citation %d: the quote %.100q is not the document's [%d, %d)", i, q.Quote, q.Start, q.End)
			}
		}
	}
	if got.Coverage.CharsTotal != len(content) || got.Coverage.CharsRead != len(content) {
		t.Errorf("coverage: read %d of %d characters, want all %d", got.Coverage.CharsRead, got.Coverage.CharsTotal, len(content))
	}
	for _, w := range got.Warnings {
		if w.Code == "" || w.Message == "" || (w.Start == nil) != (w.End == nil) || w.Start != nil && (*w.Start < 0 || *w.End > len(text) || *w.Start >= *w.End) {
			t.Errorf("warning %+v: want a code, a message and both ends within the text or none", w)
		}
	}
	if got.Model == "" {
		t.Error("model: got none, want the name of what made the summary")
	}
}

func quotesAreTheDocument(t *testing.T, z core.Summarizer) {
	for name, text := range worldly() {
		got := summarize(t, z, requestFor(text))
		if len(got.Citations) == 0 {
			t.Errorf("%s: got no citations for %.100q", name, got.Text)
		}
	}
}

func coverageIsComplete(t *testing.T, z core.Summarizer) {
	for _, paragraphs := range []int{1, 20, 120} {
		got := summarize(t, z, requestFor(prose(paragraphs)))
		if got.Coverage.ChunksFailed != 0 || got.Coverage.Chunks < 1 {
			t.Errorf("coverage: got %+v, want at least one chunk and none failed", got.Coverage)
		}
	}
}

func reportsComeInOrderToTheEnd(t *testing.T, z core.Summarizer) {
	var mu sync.Mutex // guards all; TryLock finds two reports at a time
	var all []core.Progress
	returned := false
	r := requestFor(prose(40))
	_, err := z.Summarize(t.Context(), tenant(), r, core.SummaryObserver{Progress: func(p core.Progress) {
		if !mu.TryLock() {
			t.Error("two reports at a time")
			return
		}
		defer mu.Unlock()
		if returned {
			t.Error("a report after the return")
		}
		all = append(all, p)
	}})
	mu.Lock()
	defer mu.Unlock()
	returned = true
	if err != nil || len(all) == 0 {
		t.Fatalf("summarize: %v, %d reports; want at least one", err, len(all))
	}
	for i, p := range all {
		if p.Done < 0 || p.Total > 0 && p.Done > p.Total || i > 0 && p.Done < all[i-1].Done {
			t.Errorf("report %d: got %d of %d, want it to grow up to the total", i, p.Done, p.Total)
		}
	}
	if end := all[len(all)-1]; end.Done != end.Total || end.Total == 0 {
		t.Errorf("last report: got %d of %d, want all", end.Done, end.Total)
	}
}

// estimateIsAPromise compares an estimate with what is then used, and that of the
// same again with nothing.
func estimateIsAPromise(t *testing.T, z core.Summarizer) {
	r, of := requestFor(prose(40)), tenant()
	e, err := z.Estimate(t.Context(), of, r)
	if err != nil || e.Documents != 1 {
		t.Fatalf("estimate: got %+v and %v, want one document", e, err)
	}
	got, err := z.Summarize(t.Context(), of, r, core.SummaryObserver{})
	if err != nil {
		t.Fatal(err)
	}
	if e.LLMCalls != got.Usage.LLMCalls || e.CachedCalls != got.Usage.CachedCalls || (e.CostUSD == nil) != (got.Usage.CostUSD == nil) {
		t.Errorf("estimated %+v, used %+v", e, got.Usage)
	}
	if off := float64(e.InputTokens) - float64(got.Usage.InputTokens); math.Abs(off) > 0.05*float64(got.Usage.InputTokens) {
		t.Errorf("input tokens: estimated %d, used %d, want them within 5 %%", e.InputTokens, got.Usage.InputTokens)
	}
	r.Model = "no-such-model"
	if _, err := z.Estimate(t.Context(), of, r); core.CodeOf(err) != core.CodeValidation {
		t.Errorf("of an unknown model: got %v, want CodeValidation", err)
	}
}

func sameRequestSameResult(t *testing.T, z core.Summarizer) {
	r := requestFor(prose(20))
	first := summarize(t, z, r)
	for range 3 {
		got := summarize(t, z, r)
		wantSame(t, "text of the same request", got.Text, first.Text)
		wantSame(t, "citations of the same request", got.Citations, first.Citations)
	}
}

func summarizerEndedContext(t *testing.T, z core.Summarizer) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantSoon(t, func() {
		got, err := z.Summarize(ctx, tenant(), requestFor(prose(40)), core.SummaryObserver{})
		if got != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, %v, want context.Canceled", got, err)
		}
	})
}

// wantSoon reports a call that goes on after its context has ended.
func wantSoon(t *testing.T, call func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); call() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.Fatalf("still working %v after its context ended", patience)
	}
}

func summarizerCanceledMidway(t *testing.T, z core.Summarizer) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := requestFor(prose(2000))
	wantSoon(t, func() {
		time.AfterFunc(20*time.Millisecond, cancel)
		got, err := z.Summarize(ctx, tenant(), r, core.SummaryObserver{Progress: func(core.Progress) { cancel() }})
		if err != nil && !errors.Is(err, context.Canceled) || err == nil && got == nil {
			t.Errorf("got %v, %v, want context.Canceled or a result that was ready", got, err)
		}
	})
}

func unknownModelIsRefused(t *testing.T, z core.Summarizer) {
	for _, model := range []string{"no such model", "no/such-model-" + string(core.NewID[string]()), " ", "\x00"} {
		r := requestFor(prose(1))
		r.Model = model
		wantCode(t, "check of an unknown model", z.Check(t.Context(), tenant(), r), core.CodeValidation)
	}
}

func checkLooksAtNoDocument(t *testing.T, z core.Summarizer) {
	r := requestFor("")
	r.Document = nil
	if err := z.Check(t.Context(), tenant(), r); err != nil {
		t.Errorf("check without a document: %v", err)
	}
}

func jsonIsValid(t *testing.T, z core.Summarizer) {
	for name, text := range worldly() {
		r := requestFor(text)
		r.Format = core.FormatJSON
		if got := summarize(t, z, r); !json.Valid([]byte(got.Text)) {
			t.Errorf("%s: got %.200q, want JSON", name, got.Text)
		}
	}
}

func everyFormatHasText(t *testing.T, z core.Summarizer) {
	for _, format := range core.Formats() {
		for _, length := range core.Lengths() {
			r := requestFor(prose(6))
			r.Format, r.Length = format, length
			summarize(t, z, r)
		}
	}
}

func longerSaysMore(t *testing.T, z core.Summarizer) {
	last := 0
	for _, length := range core.Lengths() {
		r := requestFor(prose(60))
		r.Length = length
		n := utf8.RuneCountInString(summarize(t, z, r).Text)
		if n <= last {
			t.Errorf("a %s summary has %d characters, want more than the %d of the shorter one", length, n, last)
		}
		last = n
	}
}

func textWithoutSentencesIsTold(t *testing.T, z core.Summarizer) {
	for name, text := range unspoken() {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			for _, format := range core.Formats() {
				r := requestFor(text)
				r.Format = format
				summarize(t, z, r)
			}
		})
	}
}

func tokensGrowWithTheText(t *testing.T, z core.Summarizer) {
	short, long := z.Tokens("", prose(1)), z.Tokens("", prose(10))
	if short <= 0 || long < 5*short || long > 2*len(prose(10)) {
		t.Errorf("tokens: got %d for one paragraph and %d for ten", short, long)
	}
	if got := z.Tokens("", "界世界世"); got < 1 {
		t.Errorf("tokens of four Chinese characters: got %d", got)
	}
}

func summarizerConcurrently(t *testing.T, z core.Summarizer) {
	texts := []string{prose(5), prose(10), worldly()["Chinese"]}
	var want []string
	for _, text := range texts {
		want = append(want, summarize(t, z, requestFor(text)).Text)
	}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			got, err := z.Summarize(t.Context(), tenant(), requestFor(texts[i%3]), core.SummaryObserver{})
			if err != nil || got.Text != want[i%3] {
				t.Errorf("one of several at a time: got another text (%v)", err)
			}
		})
	}
	wg.Wait()
}

func requestIsLeftBe(t *testing.T, z core.Summarizer) {
	r := requestFor(prose(5))
	r.JSONSchema, r.MaxCostUSD = []byte(`{"type":"object"}`), new(1.0)
	before, document := r, *r.Document
	summarize(t, z, r)
	wantSame(t, "request", r, before)
	wantSame(t, "document", *r.Document, document)
}
