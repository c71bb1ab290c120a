package summarize

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// attentive is a model whose notes tell parts apart that differ in a single word, as
// a model's do that reads them. It keeps to the number of notes it is asked for.
func attentive(f *fakeLLM, _ *Config) {
	f.answer = func(_ context.Context, _ int, r core.LLMRequest) (*core.LLMResponse, error) {
		if kindOf(r) == kindFinal {
			return nil, nil
		}
		data, _ := fencedData(r.User)
		text := fakeAnswer(r) + fmt.Sprintf("\n- Its sum is %x. [1]", sha256.Sum256([]byte(data)))
		return &core.LLMResponse{Text: text, Finish: core.FinishStop}, nil
	}
}

// japaneseText is a text of many different sentences without spaces.
func japaneseText(paragraphs int) string {
	things := strings.Fields("港 倉庫 船 橋 学校 図書館 市場 工場 川 山 駅 畑 会議 予算 住民 条例")
	acts := strings.Fields("を建てた を閉じた を調べた を直した を守った を広げた を移した を開いた を測った")
	var out strings.Builder
	for i := range paragraphs {
		if i%40 == 0 {
			fmt.Fprintf(&out, "# 第%d章 %sの記録\n\n", i/40+1, things[i/40%len(things)])
		}
		for k := range 4 {
			n := i*4 + k
			fmt.Fprintf(&out, "%d年に%sの人々は%s%s。", 1900+n%120, things[n%len(things)], things[n/3%len(things)], acts[n%len(acts)])
		}
		out.WriteString("\n\n")
	}
	return out.String()
}

// mixedText has lists, tables and listings between its paragraphs.
func mixedText(words int) string {
	var out strings.Builder
	for i, part := range strings.SplitAfter(longText(words), "\n\n") {
		out.WriteString(part)
		switch i % 9 {
		case 3:
			fmt.Fprintf(&out, "| part %d | of | all |\n|---|---|---|\n| %d | %d | %d |\n| %d | b | c |\n\n", i, i, i*7, i*13, i*3)
		case 6:
			fmt.Fprintf(&out, "```go\nfunc f%d(a int) int {\n\treturn a + %d\n}\n```\n\n", i, i*17)
		}
	}
	return out.String()
}

func TestPipeline_EstimateIsWhatTheRunThenTakes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a page": longText(500), "one call": longText(6000), "40 pages": longText(15_000), "120 pages": longText(45_000),
		"the same chapters twice": longText(15_000) + longText(15_000), "lists, tables and code": mixedText(20_000),
		"Japanese": japaneseText(1200), "no headings": strings.ReplaceAll(longText(30_000), "## ", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			estimateMatrix(t, text)
			if name != "the same chapters twice" { // merges drop notes that come again: too many of the few calls left
				estimateBrokenOff(t, text)
			}
		})
	}
}

// TestPipeline_EstimateOfRealTexts is the same over texts that people wrote, where
// they stand beside the repository.
func TestPipeline_EstimateOfRealTexts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "long", "*.[mt][dx]*"))
	if err != nil || len(files) == 0 {
		t.Skip("the long texts are not beside the repository")
	}
	if testing.Short() {
		t.Skip("long texts take long")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(text), "# Sources") {
				t.Skip("no text to summarize")
			}
			estimateMatrix(t, string(text))
			estimateBrokenOff(t, string(text))
		})
	}
}

// estimateMatrix holds the estimate of a text against the run that follows, in one
// state of the cache after the other.
func estimateMatrix(t *testing.T, text string) {
	t.Helper()
	h := newHarness(attentive)
	middle := strings.LastIndexAny(text[:len(text)/2], " \n。") + 1
	for middle > 0 && text[middle]&0xc0 == 0x80 {
		middle++
	}
	edited := text[:middle] + "17 more " + text[middle:]
	states := []struct {
		name    string
		request core.SummarizeRequest
		change  func(*core.SummarizeRequest)
	}{
		{"the first run", requestFor(text), nil},
		{"nothing changed", requestFor(text), nil},
		{"a word changed", requestFor(edited), nil},
		{"a paragraph in front", requestFor("A paragraph more stands in front of it all.\n\n" + edited), nil},
		{"another format", requestFor(edited), func(r *core.SummarizeRequest) { r.Format = core.FormatBullets }},
		{"another length", requestFor(edited), func(r *core.SummarizeRequest) { r.Length = core.LengthShort }},
		{"long tables left out", requestFor(edited), func(r *core.SummarizeRequest) { r.AllowPartial = true }},
		{"all anew", requestFor(edited), func(r *core.SummarizeRequest) { r.Refresh = true }},
	}
	for _, s := range states {
		if s.change != nil {
			s.change(&s.request)
		}
		holdEstimate(t, h, s.name, s.request)
	}
}

// estimateBrokenOff is the same for what a run that was broken off has left, by a
// pipeline that knows nothing of the model.
func estimateBrokenOff(t *testing.T, text string) {
	t.Helper()
	h := newHarness(attentive)
	breakOff(t, h, text)
	holdEstimate(t, h, "a run broken off half-way", requestFor(text))
}

// holdEstimate estimates, runs and compares.
func holdEstimate(t *testing.T, h *harness, state string, r core.SummarizeRequest) {
	t.Helper()
	want, err := h.Estimate(t.Context(), h.tenant, r)
	if err != nil {
		t.Fatalf("%s: %v", state, err)
	}
	got := h.summarize(t, r).Usage
	if want.LLMCalls != got.LLMCalls || want.CachedCalls != got.CachedCalls {
		t.Errorf("%s: estimated %d calls and %d cached, made %d and %d", state, want.LLMCalls, want.CachedCalls, got.LLMCalls, got.CachedCalls)
	}
	if off := want.InputTokens - got.InputTokens; off*20 > got.InputTokens || -off*20 > got.InputTokens {
		t.Errorf("%s: estimated %d input tokens, used %d: more than 5 %% off", state, want.InputTokens, got.InputTokens)
	}
	if want.CostUSD == nil {
		t.Errorf("%s: no cost for a model with a price", state)
	}
}

// breakOff has a run end with an error after half of its calls.
func breakOff(t *testing.T, h *harness, text string) {
	t.Helper()
	e, err := h.Estimate(t.Context(), h.tenant, requestFor(text))
	if err != nil {
		t.Fatal(err)
	}
	usual := h.llm.answer
	down := errors.New("the server is down")
	h.llm.answer = func(ctx context.Context, call int, r core.LLMRequest) (*core.LLMResponse, error) {
		if call > e.LLMCalls/2 {
			return nil, down
		}
		return usual(ctx, call, r)
	}
	if _, err := h.Summarize(t.Context(), h.tenant, requestFor(text), core.SummaryObserver{}); !errors.Is(err, down) {
		t.Fatalf("broken off: got %v", err)
	}
	h.llm.answer = usual
}
