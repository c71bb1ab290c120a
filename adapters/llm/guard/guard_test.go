package guard_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/docsctl/docsctl/adapters/llm/guard"
	"github.com/docsctl/docsctl/adapters/llm/llmtest"
	"github.com/docsctl/docsctl/core"
)

// scripted is a model whose calls go as they are told, without a server, so that
// they can be made in a bubble of synctest.
type scripted struct {
	calls atomic.Int64
	say   func(call int64, delta func(string)) error
}

func (*scripted) Model(string) (core.LLMModel, error) { return core.LLMModel{Name: "scripted"}, nil }

func (s *scripted) Generate(_ context.Context, _ core.LLMRequest, delta func(string)) (*core.LLMResponse, error) {
	if err := s.say(s.calls.Add(1), delta); err != nil {
		return nil, err
	}
	return &core.LLMResponse{Text: "text", Finish: core.FinishStop, Calls: 1}, nil
}

// status is a cause that tells an HTTP status.
type status int

func (status) Error() string     { return "status" }
func (s status) StatusCode() int { return int(s) }

func failed(s status) error {
	return &core.Error{Code: core.CodeLLM, Message: "the model failed; look why", Err: s}
}

func busy(after time.Duration) error { return core.Unavailable("busy", after, status(429)) }

func TestRetry(t *testing.T) {
	t.Parallel()
	text := func(string) {}
	tests := map[string]struct {
		say         func(call int64, delta func(string)) error
		calls       int64
		least, most time.Duration
		code        core.Code
	}{
		"ThreeRetriesAndNoMore":        {func(int64, func(string)) error { return failed(500) }, 4, 0, 7 * time.Second, core.CodeLLM},
		"ThePassingPasses":             {func(n int64, _ func(string)) error { return until(3, n, failed(500)) }, 3, 0, 3 * time.Second, ""},
		"RetryAfterIsKeptTo":           {func(n int64, _ func(string)) error { return until(2, n, busy(30*time.Second)) }, 2, 30 * time.Second, 33 * time.Second, ""},
		"LongRetryAfterIsTheJobs":      {func(int64, func(string)) error { return busy(61 * time.Second) }, 1, 0, 0, core.CodeUnavailable},
		"WrongKeyIsNotTriedAgain":      {func(int64, func(string)) error { return failed(401) }, 1, 0, 0, core.CodeLLM},
		"RefusalIsNotTriedAgain":       {func(int64, func(string)) error { return core.Invalid("prompt", "filter", "no") }, 1, 0, 0, core.CodeValidation},
		"TooLongIsNotTriedAgain":       {func(int64, func(string)) error { return &core.Error{Code: core.CodePayloadTooLarge} }, 1, 0, 0, core.CodePayloadTooLarge},
		"DeliveredTextIsNotTakenBack":  {func(_ int64, d func(string)) error { d("half"); return failed(0) }, 1, 0, 0, core.CodeLLM},
		"OpenBreakerIsNotWaitedFor":    {func(int64, func(string)) error { return core.Unavailable("open", time.Second, guard.ErrOpen) }, 1, 0, 0, core.CodeUnavailable},
		"UnforeseenErrorsAreReturned":  {func(int64, func(string)) error { return errors.New("unforeseen") }, 1, 0, 0, core.CodeInternal},
		"UnreachableServerIsTriedOver": {func(n int64, _ func(string)) error { return until(4, n, core.Unavailable("away", 0, nil)) }, 4, 0, 7 * time.Second, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &scripted{say: tt.say}
				began := time.Now()
				got, err := guard.NewRetry(m, time.Second).Generate(t.Context(), core.LLMRequest{}, text)
				if core.CodeOf(err) != tt.code || m.calls.Load() != tt.calls {
					t.Errorf("got %v after %d calls, want %q after %d", err, m.calls.Load(), tt.code, tt.calls)
				}
				if took := time.Since(began); took < tt.least || took > tt.most {
					t.Errorf("it took %v, want %v to %v", took, tt.least, tt.most)
				}
				if err == nil && int64(got.Calls) != tt.calls {
					t.Errorf("calls of the answer: got %d, want %d", got.Calls, tt.calls)
				}
			})
		})
	}
}

// until returns err for the calls before the nth.
func until(nth, call int64, err error) error {
	if call < nth {
		return err
	}
	return nil
}

func TestRetry_EndedContextEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &scripted{say: func(int64, func(string)) error { return busy(50 * time.Second) }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := guard.NewRetry(m, time.Second).Generate(ctx, core.LLMRequest{}, nil)
		if !errors.Is(err, context.DeadlineExceeded) || m.calls.Load() != 1 {
			t.Errorf("got %v after %d calls, want the context's error after one", err, m.calls.Load())
		}
	})
}

func TestBreaker_OpensAndSeesWhetherTheServerIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := true
		m := &scripted{say: func(int64, func(string)) error {
			if down {
				return failed(500)
			}
			return nil
		}}
		var told []bool
		b := guard.NewBreaker(m, 30*time.Second, func(open bool) { told = append(told, open) })
		ask := func() error {
			_, err := b.Generate(t.Context(), core.LLMRequest{}, nil)
			return err
		}
		for range 5 {
			if err := ask(); core.CodeOf(err) != core.CodeLLM {
				t.Fatalf("closed: got %v, want the model's own error", err)
			}
		}
		time.Sleep(10 * time.Second) //nolint:forbidigo // the bubble's clock
		err := ask()
		if !errors.Is(err, guard.ErrOpen) || core.CodeOf(err) != core.CodeUnavailable || core.AsError(err).RetryAfter != 20*time.Second {
			t.Errorf("open: got %v, want CodeUnavailable and 20 s to wait", err)
		}
		if says := core.AsError(err).Message; !strings.HasPrefix(says, "the model failed; look why") {
			t.Errorf("open: it says %q, and not what went wrong", says)
		}
		if n := m.calls.Load(); n != 5 {
			t.Errorf("open: the model was asked %d times, want 5", n)
		}
		down = false
		time.Sleep(21 * time.Second) //nolint:forbidigo // the bubble's clock
		if err := ask(); err != nil {
			t.Errorf("half-open: got %v, want the call let through", err)
		}
		if err := ask(); err != nil || len(told) != 3 || !told[0] || told[2] {
			t.Errorf("closed again: got %v and told %v", err, told)
		}
	})
}

func TestBreaker_CallersFaultsAreNoFailures(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"WrongKey": failed(401), "RateLimit": busy(0), "Refusal": core.Invalid("prompt", "filter", "no"),
		"TooLong": &core.Error{Code: core.CodePayloadTooLarge}, "Left": context.Canceled, "Late": context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &scripted{say: func(int64, func(string)) error { return err }}
			b := guard.NewBreaker(m, time.Hour, nil)
			for range 40 {
				if _, got := b.Generate(t.Context(), core.LLMRequest{}, nil); !errors.Is(got, err) {
					t.Fatalf("got %v, want the model's %v", got, err)
				}
			}
		})
	}
}

func TestLimit_NeverMoreAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		m := &scripted{say: func(int64, func(string)) error { <-gate; return nil }}
		l := guard.NewLimit(m, 3)
		for range 10 {
			go func() { _, _ = l.Generate(t.Context(), core.LLMRequest{}, nil) }()
		}
		synctest.Wait()
		if n := m.calls.Load(); n != 3 {
			t.Errorf("calls at once: got %d, want 3", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.Generate(ctx, core.LLMRequest{}, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting with an ended context: got %v, want context.Canceled", err)
		}
		close(gate)
		synctest.Wait()
		if n := m.calls.Load(); n != 10 {
			t.Errorf("calls in the end: got %d, want 10", n)
		}
	})
}

func TestWrap_MeasuresEveryCallThatWasMade(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{})
	r := prometheus.NewRegistry()
	for range 2 { // a second model shares the metrics of the first
		if _, err := guard.Wrap(open(t, s.URL()), guard.Config{Server: "test", Metrics: r}); err != nil {
			t.Fatal(err)
		}
	}
	m, err := guard.Wrap(open(t, s.URL()), guard.Config{Server: "test", FirstDelay: time.Millisecond, Metrics: r})
	if err != nil {
		t.Fatal(err)
	}
	s.Script(llmtest.Failed, llmtest.HalfStream)
	got, err := m.Generate(t.Context(), core.LLMRequest{System: "Take notes.", User: "[1] The ferry leaves at nine."}, nil)
	if err != nil || got.Calls != 3 {
		t.Fatalf("got %+v and %v, want an answer of the third call", got, err)
	}
	want := map[string]uint64{"gen_ai_client_operation_duration_seconds llm_error": 2, "gen_ai_client_operation_duration_seconds ": 1,
		"gen_ai_client_token_usage input": 1, "gen_ai_client_token_usage output": 1}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, sample := range f.GetMetric() {
			key := f.GetName() + " " + label(sample, "error_type") + label(sample, "gen_ai_token_type")
			if n, ok := want[key]; ok && sample.GetHistogram().GetSampleCount() == n {
				delete(want, key)
			}
			if strings.Contains(sample.String(), "ferry") {
				t.Errorf("%s holds the prompt", f.GetName())
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not counted so: %v", want)
	}
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
