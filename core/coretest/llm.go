package coretest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// LLMFault is a way in which the calls of a model's server go wrong.
type LLMFault string

// The faults that a factory's server must be able to have.
const (
	LLMWorks          LLMFault = ""
	LLMBusy           LLMFault = "busy"            // it answers that it is, and names LLMRetryAfter
	LLMFailed         LLMFault = "failed"          // the model failed; it names LLMRetryAfter
	LLMWrongKey       LLMFault = "wrong_key"       // the key is refused, and quoted
	LLMNoCredit       LLMFault = "no_credit"       // the account has none; it names LLMRetryAfter
	LLMUnknownModel   LLMFault = "unknown_model"   // it has no such model
	LLMBadRequest     LLMFault = "bad_request"     // it serves no request of this kind
	LLMPromptTooLong  LLMFault = "prompt_too_long" // for the model's context
	LLMPromptFiltered LLMFault = "prompt_filtered" // the request is refused, and quoted
	LLMHalfStream     LLMFault = "half_stream"     // the connection ends in the middle of an answer
	LLMEarlyEnd       LLMFault = "early_end"       // the stream ends in the middle of an answer
	LLMStreamError    LLMFault = "stream_error"    // an error comes in the middle of an answer
	LLMNoChoices      LLMFault = "no_choices"      // the stream is whole, but without an answer
	LLMSilence        LLMFault = "silence"         // nothing comes
	LLMMidSilence     LLMFault = "mid_silence"     // half an answer comes, then nothing
	LLMFiltered       LLMFault = "filtered"        // the server withholds the rest of the answer
	LLMRefused        LLMFault = "refused"         // the model declines
	LLMCutShort       LLMFault = "cut_short"       // MaxTokens were not enough
	LLMEndless        LLMFault = "endless"         // text comes and comes
	LLMNoUsage        LLMFault = "no_usage"        // the tokens are not told
)

// LLMRetryAfter is when a busy or failing server says that it answers again.
const LLMRetryAfter = 2 * time.Hour

// LLMKey is a key that a server of a factory is asked with.
const LLMKey = "sk-the-secret-of-the-suite"

// LLMQuestion is what a server was asked.
type LLMQuestion struct {
	Model, System, User string
	MaxTokens           int
	Temperature         float64
	Schema              []byte
}

// LLMWorld is a model and what steers the server behind it. The server answers in
// several pieces, and counts tokens.
type LLMWorld struct {
	core.LLM
	Fail  func(f LLMFault)     // has every call from now on go so
	Asked func() []LLMQuestion // every call that was made
	Stop  func()               // ends the server
}

// RunLLM checks a core.LLM. open returns one over a server of its own, which is
// asked with LLMKey. A decorator is checked over a model that passes; one that
// repeats calls waits no more than an hour for it.
func RunLLM(t *testing.T, open func(t *testing.T) LLMWorld) {
	runCases(t, "RunLLM", open, map[string]func(t *testing.T, w LLMWorld){
		"DeltasAreTheAnswerInOrder":          llmDeltasAreTheAnswer,
		"DeltaMayBeNil":                      llmDeltaMayBeNil,
		"RequestReachesTheServer":            llmRequestReachesTheServer,
		"TokensAreTheServers":                llmTokensAreTheServers,
		"UntoldTokensAreEstimated":           llmUntoldTokensAreEstimated,
		"ReasonOfTheEndIsTold":               llmReasonOfTheEnd,
		"SchemaGivesJSONWhereTheServerCan":   llmSchemaGivesJSON,
		"FailureSaysWhenToComeBack":          llmFailureSaysWhen,
		"BusyServerIsUnavailable":            llmBusyIsUnavailable,
		"UnreachableServerIsUnavailable":     llmUnreachableIsUnavailable,
		"PromptOverTheContextIsTooLarge":     llmTooLongIsTooLarge,
		"RefusedRequestIsInvalid":            llmRefusedIsInvalid,
		"WhatNoRepetitionHelpsIsInVain":      llmInVain,
		"WhatMayPassIsNotInVain":             llmMayPass,
		"BrokenAnswerIsAnError":              llmBrokenIsAnError,
		"BrokenAnswerIsAnErrorAfterItsDelta": llmBrokenIsAnErrorAfterItsDelta,
		"EndlessAnswerIsEnded":               llmEndless,
		"StreamWithoutAnswerIsAnError":       llmNoAnswerIsAnError,
		"EndedContextMakesNoCall":            llmEndedContext,
		"CanceledMidwayReturnsSoon":          llmCanceledMidway,
		"MayBeCalledConcurrently":            llmConcurrently,
		"ErrorsHoldNoSecretAndNoPrompt":      llmErrorsHoldNothing,
		"ModelNeedsNoServer":                 llmModelNeedsNoServer,
		"UnusableModelIsInvalid":             llmUnusableModel,
	})
}

// promptWord stands in every prompt of the suite.
const promptWord = "zanzibar"

func llmRequest() core.LLMRequest {
	return core.LLMRequest{
		System: "You take notes.", MaxTokens: 300, Temperature: 0.5,
		User: "[1] The ferry to " + promptWord + " leaves at nine.\n[2] It returns at five.\n[3] The harbour is closed on Sundays.",
	}
}

// generate makes a call that goes well.
func (w LLMWorld) generate(t *testing.T, r core.LLMRequest) *core.LLMResponse {
	t.Helper()
	got, err := w.Generate(t.Context(), r, nil)
	must(t, "generate", got, err)
	if got.Calls < 1 || got.Model == "" {
		t.Errorf("got %d calls of model %q, want one at least of a named model", got.Calls, got.Model)
	}
	return got
}

func llmDeltasAreTheAnswer(t *testing.T, w LLMWorld) {
	var pieces []string
	got, err := w.Generate(t.Context(), llmRequest(), func(text string) { pieces = append(pieces, text) })
	must(t, "generate", got, err)
	if len(pieces) < 2 || strings.Join(pieces, "") != got.Text || got.Text == "" {
		t.Errorf("got the pieces %q of %q, want several that make the answer", pieces, got.Text)
	}
}

func llmDeltaMayBeNil(t *testing.T, w LLMWorld) {
	if got := w.generate(t, llmRequest()); got.Text == "" || got.Finish != core.FinishStop {
		t.Errorf("got %+v, want text that ended by itself", got)
	}
}

func llmRequestReachesTheServer(t *testing.T, w LLMWorld) {
	r := llmRequest()
	w.generate(t, r)
	configured, err := w.Model("")
	must(t, "model", configured, err)
	asked := w.Asked()
	want := []LLMQuestion{{Model: configured.Name, System: r.System, User: r.User, MaxTokens: r.MaxTokens, Temperature: r.Temperature}}
	wantSame(t, "what the server was asked", asked, want)
}

func llmTokensAreTheServers(t *testing.T, w LLMWorld) {
	got := w.generate(t, llmRequest())
	if !got.Counted || got.InputTokens <= 0 || got.OutputTokens <= 0 || got.PrefixTokens <= 0 || got.PrefixTokens > got.InputTokens {
		t.Errorf("got %+v, want the server's tokens, some of the prompt cached", got)
	}
}

func llmUntoldTokensAreEstimated(t *testing.T, w LLMWorld) {
	counted := w.generate(t, llmRequest())
	w.Fail(LLMNoUsage)
	got := w.generate(t, llmRequest())
	if got.Counted || got.InputTokens < counted.InputTokens/2 || got.InputTokens > 2*counted.InputTokens || got.OutputTokens <= 0 {
		t.Errorf("got %+v, want an estimate of about the %d tokens that were counted before", got, counted.InputTokens)
	}
}

func llmReasonOfTheEnd(t *testing.T, w LLMWorld) {
	for f, want := range map[LLMFault]core.FinishReason{
		LLMWorks: core.FinishStop, LLMCutShort: core.FinishLength, LLMFiltered: core.FinishFilter, LLMRefused: core.FinishFilter,
	} {
		w.Fail(f)
		if got := w.generate(t, llmRequest()); got.Finish != want {
			t.Errorf("%q: got %q, want %q", f, got.Finish, want)
		}
	}
}

func llmSchemaGivesJSON(t *testing.T, w LLMWorld) {
	configured, err := w.Model("")
	must(t, "model", configured, err)
	r := llmRequest()
	r.JSONSchema = []byte(`{"type":"object","properties":{"facts":{"type":"array","items":{"type":"string"}}},"required":["facts"]}`)
	got := w.generate(t, r)
	if asked := w.Asked(); (len(asked[0].Schema) > 0) != configured.JSONSchema {
		t.Errorf("the server was asked for JSON: %t, want %t", len(asked[0].Schema) > 0, configured.JSONSchema)
	}
	var facts struct{ Facts []string }
	if configured.JSONSchema && (json.Unmarshal([]byte(got.Text), &facts) != nil || len(facts.Facts) == 0) {
		t.Errorf("got %q, want JSON of the schema", got.Text)
	}
}

func llmEndedContext(t *testing.T, w LLMWorld) {
	_, err := w.Generate(ended(t), llmRequest(), nil)
	wantEnded(t, "Generate", err)
	if n := len(w.Asked()); n != 0 {
		t.Errorf("the server was asked %d times, want never", n)
	}
}

func llmCanceledMidway(t *testing.T, w LLMWorld) {
	for _, f := range []LLMFault{LLMSilence, LLMMidSilence} {
		w.Fail(f)
		before := len(w.Asked())
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := w.Generate(ctx, llmRequest(), func(string) {})
			failed <- err
		}()
		eventually(t, "the server is asked", func() bool { return len(w.Asked()) > before })
		cancel()
		select {
		case err := <-failed:
			wantEnded(t, string(f), err)
		case <-time.After(patience):
			t.Fatalf("%s: Generate goes on after its context has ended", f)
		}
	}
	late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := w.Generate(late, llmRequest(), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after a deadline: got %v, want context.DeadlineExceeded", err)
	}
}

func llmConcurrently(t *testing.T, w LLMWorld) {
	want := w.generate(t, llmRequest()).Text
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var said strings.Builder
			got, err := w.Generate(t.Context(), llmRequest(), func(text string) { said.WriteString(text) })
			if err != nil || got.Text != want || said.String() != want {
				t.Errorf("one of several at a time: got %+v and %v, want the same answer", got, err)
			}
		})
	}
	wg.Wait()
}

func llmModelNeedsNoServer(t *testing.T, w LLMWorld) {
	w.Stop()
	got, err := w.Model("")
	must(t, "model", got, err)
	if got.Name == "" || got.ContextTokens <= 0 || got.MaxOutput < 0 {
		t.Errorf("got %+v, want a name and a window", got)
	}
	named, err := w.Model(got.Name)
	must(t, "model by name", named, err)
	wantSame(t, "the configured model by name", named, got)
	if n := len(w.Asked()); n != 0 {
		t.Errorf("the server was asked %d times, want never", n)
	}
}

func llmUnusableModel(t *testing.T, w LLMWorld) {
	for _, name := range []string{" ", "\x00", "no such model", "no/such-model-" + string(core.NewID[string]())} {
		_, err := w.Model(name)
		wantCode(t, "a model that cannot be used", err, core.CodeValidation)
		r := llmRequest()
		r.Model = name
		_, err = w.Generate(t.Context(), r, nil)
		wantCode(t, "a call of a model that cannot be used", err, core.CodeValidation)
	}
	if n := len(w.Asked()); n != 0 {
		t.Errorf("the server was asked %d times, want never", n)
	}
}
