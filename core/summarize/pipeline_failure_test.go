package summarize

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestPipeline_Tripwire(t *testing.T) {
	t.Parallel()
	// cutting answers as a server that reads at most so many tokens.
	cutting := func(window int) func(f *fakeLLM, _ *Config) {
		return func(f *fakeLLM, _ *Config) {
			f.answer = func(_ context.Context, _ int, r core.LLMRequest) (*core.LLMResponse, error) {
				if n := EstimateTokens(r.System) + EstimateTokens(r.User); n > window {
					return &core.LLMResponse{Text: "- Something of the end. [1]", Finish: core.FinishStop, InputTokens: int64(window)}, nil
				}
				return nil, nil
			}
		}
	}
	t.Run("ASmallerWindowIsLearnedAndPlannedFor", func(t *testing.T) {
		t.Parallel()
		h := newHarness(cutting(2500))
		got := h.summarize(t, requestFor(longText(9000)))
		if got.Coverage.CharsRead != got.Coverage.CharsTotal {
			t.Errorf("coverage: %+v", got.Coverage)
		}
		for _, c := range h.llm.made()[3:] {
			if n := EstimateTokens(c.System) + EstimateTokens(c.User); kindOf(c) != "marker" && n > 2500 {
				t.Errorf("a prompt of %d tokens after the window was learned", n)
			}
		}
		before := len(h.llm.made())
		if h.summarize(t, requestFor(longText(9000))); len(h.llm.made()) != before {
			t.Error("the second run made calls, want all cached under the learned window")
		}
	})
	t.Run("TooSmallAWindowFailsWithTheRemedy", func(t *testing.T) {
		t.Parallel()
		h := newHarness(cutting(700))
		_, err := h.Summarize(t.Context(), h.tenant, requestFor(longText(9000)), core.SummaryObserver{})
		if core.CodeOf(err) != core.CodeLLM || !strings.Contains(core.AsError(err).Message, "OLLAMA_CONTEXT_LENGTH") || !strings.Contains(core.AsError(err).Message, "num_ctx") {
			t.Errorf("got %v, want LLM_ERROR with the remedy", err)
		}
		if core.Retryable(err) {
			t.Error("it is to be tried again, though the server reads no more before it is started anew")
		}
	})
	t.Run("AServerThatOnlyCountsLittleIsBelievedAfterTheMarker", func(t *testing.T) {
		t.Parallel()
		h := newHarness(func(f *fakeLLM, _ *Config) {
			f.answer = func(_ context.Context, _ int, r core.LLMRequest) (*core.LLMResponse, error) {
				return &core.LLMResponse{Text: fakeAnswer(r), Finish: core.FinishStop, InputTokens: 9}, nil
			}
		})
		h.summarize(t, requestFor(longText(9000)))
	})
	t.Run("TheServersOwnWordsCountToo", func(t *testing.T) {
		t.Parallel()
		h := newHarness(func(f *fakeLLM, _ *Config) {
			f.answer = func(_ context.Context, _ int, r core.LLMRequest) (*core.LLMResponse, error) {
				if EstimateTokens(r.User) > 6000 {
					return nil, &core.Error{Code: core.CodePayloadTooLarge, Message: "the prompt is too long"}
				}
				return nil, nil
			}
		})
		h.summarize(t, requestFor(longText(9000)))
	})
}

func TestPipeline_BadAnswers(t *testing.T) {
	t.Parallel()
	// once answers the first call of a kind with text and reason.
	once := func(kind, text string, finish core.FinishReason, times int) func(*fakeLLM, *Config) {
		return func(f *fakeLLM, _ *Config) {
			f.model.ContextTokens = 8192
			seen := make(chan bool, times)
			f.answer = func(_ context.Context, _ int, r core.LLMRequest) (*core.LLMResponse, error) {
				if kindOf(r) != kind {
					return nil, nil
				}
				select {
				case seen <- true:
					return &core.LLMResponse{Text: text, Finish: finish}, nil
				default:
					return nil, nil
				}
			}
		}
	}
	t.Run("AWithheldPartIsReplacedAndNamed", func(t *testing.T) {
		t.Parallel()
		h := newHarness(once(kindMap, "", core.FinishFilter, 1))
		got := h.summarize(t, requestFor(book))
		if got.Coverage.ChunksFailed != 1 || !slices.Contains(codes(got.Warnings), WarnSectionFailed) || got.Coverage.CharsRead != got.Coverage.CharsTotal {
			t.Errorf("got coverage %+v and warnings %v", got.Coverage, codes(got.Warnings))
		}
		if w := got.Warnings[0]; !strings.Contains(w.Message, "Chapter") && !strings.Contains(w.Message, "handbook") {
			t.Errorf("warning %q names no section", w.Message)
		}
		if again := h.summarize(t, requestFor(book)); again.Usage.LLMCalls == 0 || again.Coverage.ChunksFailed != 0 {
			t.Errorf("the withheld part was cached: %+v", again.Usage)
		}
	})
	t.Run("ARefusedMergeIsReplaced", func(t *testing.T) {
		t.Parallel()
		got := newHarness(once(kindMerge, "I'm sorry, but I can't help with that.", core.FinishStop, 1)).summarize(t, requestFor(book))
		if !slices.Contains(codes(got.Warnings), WarnSectionFailed) || len(got.Citations) == 0 {
			t.Errorf("got warnings %v and %d citations", codes(got.Warnings), len(got.Citations))
		}
	})
	t.Run("RefusedEverywhereFails", func(t *testing.T) {
		t.Parallel()
		h := newHarness(once(kindMap, "", core.FinishFilter, 1000))
		if _, err := h.Summarize(t.Context(), h.tenant, requestFor(book), core.SummaryObserver{}); core.CodeOf(err) != core.CodeLLM {
			t.Errorf("got %v, want LLM_ERROR", err)
		}
	})
	t.Run("ARefusedSummaryFails", func(t *testing.T) {
		t.Parallel()
		h := newHarness(once(kindFinal, "", core.FinishFilter, 1))
		if _, err := h.Summarize(t.Context(), h.tenant, requestFor(book), core.SummaryObserver{}); core.CodeOf(err) != core.CodeLLM {
			t.Errorf("got %v, want LLM_ERROR", err)
		}
	})
	t.Run("AnEmptyAnswerIsAskedForAgain", func(t *testing.T) {
		t.Parallel()
		got := newHarness(once(kindMap, " ", core.FinishStop, 1)).summarize(t, requestFor(book))
		if got.Coverage.ChunksFailed != 0 {
			t.Errorf("coverage: %+v", got.Coverage)
		}
	})
	t.Run("ATooShortBoundIsRaisedOnce", func(t *testing.T) {
		t.Parallel()
		h := newHarness(once(kindFinal, "The harbour", core.FinishLength, 1))
		got := h.summarize(t, requestFor(book))
		var bounds []int
		for _, c := range h.llm.made() {
			if kindOf(c) == kindFinal {
				bounds = append(bounds, c.MaxTokens)
			}
		}
		if len(bounds) != 2 || bounds[1] != bounds[0]*3/2 || slices.Contains(codes(got.Warnings), WarnOutputTruncated) {
			t.Errorf("bounds %v, warnings %v", bounds, codes(got.Warnings))
		}
	})
	t.Run("ACutAnswerIsToldAndNotCached", func(t *testing.T) {
		t.Parallel()
		h := newHarness(once(kindFinal, "The harbour keeps the cranes of", core.FinishLength, 2))
		if got := h.summarize(t, requestFor(book)); !slices.Contains(codes(got.Warnings), WarnOutputTruncated) {
			t.Errorf("warnings %v", codes(got.Warnings))
		}
		if again := h.summarize(t, requestFor(book)); again.Usage.LLMCalls != 1 {
			t.Errorf("got %d calls, want the last one again", again.Usage.LLMCalls)
		}
	})
	t.Run("BrokenJSONIsRepairedOnce", func(t *testing.T) {
		t.Parallel()
		r := requestFor(book)
		r.Format = core.FormatJSON
		h := newHarness(once(kindFinal, `{"title":"A","summary":`, core.FinishStop, 1))
		if got := h.summarize(t, r); !json.Valid([]byte(got.Text)) {
			t.Errorf("got %q", got.Text)
		}
		last := h.llm.made()[len(h.llm.made())-1]
		if !strings.Contains(last.User, "It cannot be used") || len(last.JSONSchema) == 0 {
			t.Error("the repair does not say what is wrong, or names no schema")
		}
		h = newHarness(once(kindFinal, `{"title":1,"summary":"x","key_points":[]}`, core.FinishStop, 2))
		if _, err := h.Summarize(t.Context(), h.tenant, r, core.SummaryObserver{}); core.CodeOf(err) != core.CodeLLM {
			t.Errorf("wrong twice: got %v, want LLM_ERROR", err)
		}
	})
	t.Run("AnotherLanguageIsAskedForAgainAndTold", func(t *testing.T) {
		t.Parallel()
		r := requestFor(book)
		r.Language = "ru"
		h := newHarness(smallModel)
		got := h.summarize(t, r)
		if !slices.Contains(codes(got.Warnings), core.WarnWrongLanguage) || got.Language != "en" {
			t.Errorf("got language %q, warnings %v", got.Language, codes(got.Warnings))
		}
	})
	t.Run("AFailedCallFailsTheRunAndKeepsTheRest", func(t *testing.T) {
		t.Parallel()
		h := newHarness(smallModel, func(f *fakeLLM, _ *Config) {
			f.answer = func(_ context.Context, call int, _ core.LLMRequest) (*core.LLMResponse, error) {
				if call == 9 {
					return nil, &core.Error{Code: core.CodeLLM, Message: "the model failed; retry"}
				}
				return nil, nil
			}
		})
		_, err := h.Summarize(t.Context(), h.tenant, requestFor(book), core.SummaryObserver{})
		if core.CodeOf(err) != core.CodeLLM {
			t.Fatalf("got %v", err)
		}
		made := len(h.llm.made())
		if got := h.summarize(t, requestFor(book)); got.Usage.CachedCalls != made-1 {
			t.Errorf("%d of %d answers were kept", got.Usage.CachedCalls, made-1)
		}
	})
}

// TestPipeline_AnAnswerWithoutEndIsCut has a server that keeps to no bound, and one
// that was read no further for it.
func TestPipeline_AnAnswerWithoutEndIsCut(t *testing.T) {
	t.Parallel()
	for _, finish := range []core.FinishReason{core.FinishStop, core.FinishLength} {
		t.Run(string(finish), func(t *testing.T) {
			t.Parallel()
			answerWithoutEnd(t, finish)
		})
	}
}

func answerWithoutEnd(t *testing.T, finish core.FinishReason) {
	h := newHarness(func(f *fakeLLM, _ *Config) {
		f.answer = func(context.Context, int, core.LLMRequest) (*core.LLMResponse, error) {
			return &core.LLMResponse{Text: strings.Repeat("And so it goes on and on. ", 40_000), Finish: finish}, nil
		}
	})
	got := h.summarize(t, requestFor(longText(500)))
	if n := EstimateTokens(got.Text); n > core.LLMMostOver*h.llm.made()[0].MaxTokens {
		t.Errorf("the summary has %d tokens of the %d that were allowed", n, h.llm.made()[0].MaxTokens)
	}
	if n := len(h.llm.made()); n != 1 {
		t.Errorf("the model was asked %d times, want once: it would not end sooner", n)
	}
	if !slices.ContainsFunc(got.Warnings, func(w core.Warning) bool { return w.Code == WarnOutputTruncated }) {
		t.Errorf("got warnings %v, want %s", got.Warnings, WarnOutputTruncated)
	}
}
