package coretest

import (
	"errors"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// fails makes a call that goes wrong and returns its error.
func (w LLMWorld) fails(t *testing.T, f LLMFault, delta func(string)) error {
	t.Helper()
	w.Fail(f)
	got, err := w.Generate(t.Context(), llmRequest(), delta)
	if err == nil || got != nil {
		t.Errorf("%s: got the answer %v and %v, want an error and no answer", f, got, err)
	}
	return err
}

// wantComeBack checks a failure that says when the server answers again.
func wantComeBack(t *testing.T, err error, code core.Code) {
	t.Helper()
	wantCode(t, "generate", err, code)
	if e := core.AsError(err); e != nil && e.RetryAfter != LLMRetryAfter {
		t.Errorf("retry after: got %v, want the %v that the server named", e.RetryAfter, LLMRetryAfter)
	}
}

func llmFailureSaysWhen(t *testing.T, w LLMWorld) {
	wantComeBack(t, w.fails(t, LLMFailed, nil), core.CodeLLM)
}

func llmBusyIsUnavailable(t *testing.T, w LLMWorld) {
	wantComeBack(t, w.fails(t, LLMBusy, nil), core.CodeUnavailable)
}

func llmUnreachableIsUnavailable(t *testing.T, w LLMWorld) {
	w.Stop()
	wantCode(t, "generate", w.fails(t, LLMWorks, nil), core.CodeUnavailable)
}

func llmTooLongIsTooLarge(t *testing.T, w LLMWorld) {
	wantCode(t, "generate", w.fails(t, LLMPromptTooLong, nil), core.CodePayloadTooLarge)
}

func llmRefusedIsInvalid(t *testing.T, w LLMWorld) {
	wantCode(t, "generate", w.fails(t, LLMPromptFiltered, nil), core.CodeValidation)
}

// llmInVain asks each time more often than a breaker would let through to a server
// that fails.
func llmInVain(t *testing.T, w LLMWorld) {
	for _, f := range []LLMFault{LLMWrongKey, LLMNoCredit, LLMUnknownModel, LLMBadRequest, LLMPromptFiltered} {
		for range 6 {
			before := len(w.Asked())
			err := w.fails(t, f, nil)
			if !errors.Is(err, core.ErrInVain) || core.Retryable(err) || core.AsError(err).RetryAfter != 0 {
				t.Errorf("%s: got %v to be repeated after %v, want what is in vain", f, err, core.AsError(err).RetryAfter)
			}
			if n := len(w.Asked()) - before; n != 1 {
				t.Errorf("%s: the server was asked %d times, want once", f, n)
			}
		}
	}
	w.Fail(LLMWorks)
	w.generate(t, llmRequest())
}

func llmMayPass(t *testing.T, w LLMWorld) {
	for _, f := range []LLMFault{LLMBusy, LLMFailed, LLMEarlyEnd} {
		if err := w.fails(t, f, nil); errors.Is(err, core.ErrInVain) || !core.Retryable(err) {
			t.Errorf("%s: got %v, want what a repetition may help", f, err)
		}
	}
}

// broken are the answers that end in the middle.
func broken() []LLMFault {
	return []LLMFault{LLMHalfStream, LLMEarlyEnd, LLMStreamError}
}

func llmBrokenIsAnError(t *testing.T, w LLMWorld) {
	wantCode(t, string(LLMEarlyEnd), w.fails(t, LLMEarlyEnd, nil), core.CodeLLM)
}

func llmEndless(t *testing.T, w LLMWorld) {
	w.Fail(LLMEndless)
	var said strings.Builder
	got, err := w.Generate(t.Context(), llmRequest(), func(text string) { said.WriteString(text) })
	must(t, "generate", got, err)
	most := llmRequest().MaxTokens * core.LLMMostOver
	if words := len(strings.Fields(got.Text)); got.Finish != core.FinishLength || words < most/4 || words > 4*most {
		t.Errorf("got %d words that ended with %q, want about the %d tokens that are read, cut", words, got.Finish, most)
	}
	if said.String() != got.Text || got.OutputTokens <= 0 {
		t.Errorf("got %d bytes told of %d, %d tokens, want all of them told and counted", said.Len(), len(got.Text), got.OutputTokens)
	}
}

func llmNoAnswerIsAnError(t *testing.T, w LLMWorld) {
	wantCode(t, string(LLMNoChoices), w.fails(t, LLMNoChoices, nil), core.CodeLLM)
}

func llmBrokenIsAnErrorAfterItsDelta(t *testing.T, w LLMWorld) {
	for _, f := range broken() {
		wantCode(t, string(f), w.fails(t, f, func(string) {}), core.CodeLLM)
	}
}

func llmErrorsHoldNothing(t *testing.T, w LLMWorld) {
	for _, f := range append(broken(), LLMBusy, LLMFailed, LLMWrongKey, LLMPromptTooLong, LLMPromptFiltered) {
		err := w.fails(t, f, func(string) {})
		if err == nil {
			continue
		}
		for _, secret := range []string{LLMKey, promptWord} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error holds %q: %v", f, secret, err)
			}
		}
		e := core.AsError(err)
		if e.Code == core.CodeInternal || !strings.Contains(e.Message, ";") {
			t.Errorf("%s: got %v, want a sentence with a next step", f, err)
		}
	}
}
