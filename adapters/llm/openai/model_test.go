package openai_test

import (
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/llm/llmtest"
	"github.com/docsctl/docsctl/adapters/llm/openai"
	"github.com/docsctl/docsctl/core"
)

func TestModel_Window(t *testing.T) {
	t.Parallel()
	const list = "models:\n  - {name: listed, context_tokens: 32000, input_usd: 0.5}\n"
	tests := map[string]struct {
		name        string
		set, learnt int
		want        int
	}{
		"TheListsIsTheDefault":           {"listed", 0, 0, 32000},
		"TheOperatorsWins":               {"listed", 4000, 0, 4000},
		"ASmallerOneLearnedWins":         {"listed", 16000, 2048, 2048},
		"ALargerOneLearnedIsNotBelieved": {"listed", 4000, 9000, 4000},
		"UnlistedIsLearned":              {"unlisted", 0, 20000, 20000},
		"UnknownIsSmall":                 {"unlisted", 0, 0, 8192},
		"NonsenseIsNotLearned":           {"unlisted", 0, 3, 8192},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := openai.New(openai.Config{Model: tt.name, ContextTokens: tt.set, ModelsFile: modelsFile(t, list)})
			if err != nil {
				t.Fatal(err)
			}
			m.Learn("", tt.learnt)
			got, err := m.Model("")
			if err != nil || got.ContextTokens != tt.want {
				t.Errorf("window: got %d and %v, want %d", got.ContextTokens, err, tt.want)
			}
			if got.OutputUSD != nil || (got.InputUSD != nil) != (tt.name == "listed") {
				t.Errorf("prices: got %v and %v, want those of the list and nil for the rest", got.InputUSD, got.OutputUSD)
			}
		})
	}
}

func TestNew_EmbeddedListIsKnown(t *testing.T) {
	t.Parallel()
	m, err := openai.New(openai.Config{Model: "gpt-4o-mini"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Model("")
	if err != nil || got.ContextTokens != 128000 || got.InputUSD == nil || !got.JSONSchema {
		t.Errorf("got %+v and %v, want what its vendor publishes", got, err)
	}
}

func TestNew_RefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]openai.Config{
		"NoModel":       {},
		"NoURL":         {Model: "m", BaseURL: "localhost:11434"},
		"PasswordInURL": {Model: "m", BaseURL: "http://ann:hunter2@localhost/v1"},
		"BrokenURL":     {Model: "m", BaseURL: "http://hunter2%zz/v1"},
		"KeyOfTwoLines": {Model: "m", APIKey: "hunter2\nx"},
		"NoFile":        {Model: "m", ModelsFile: "no-such-file"},
		"UnknownKey":    {Model: "m", ModelsFile: modelsFile(t, "models:\n  - {name: a, contxt_tokens: 1000}\n")},
		"NegativePrice": {Model: "m", ModelsFile: modelsFile(t, "models:\n  - {name: a, input_usd: -1}\n")},
		"PriceOfNaN":    {Model: "m", ModelsFile: modelsFile(t, "models:\n  - {name: a, input_usd: .nan}\n")},
		"ListedTwice":   {Model: "m", ModelsFile: modelsFile(t, "models:\n  - {name: a}\n  - {name: a}\n")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := openai.New(c)
			if core.CodeOf(err) != core.CodeValidation || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want CodeValidation without the secret", err)
			}
		})
	}
}

func TestGenerate_EveryFaultIsToldWithoutSecrets(t *testing.T) {
	t.Parallel()
	const silent = "the model's server HOST sent nothing for 300ms; check that it works, or raise DOCSCTL_LLM_TIMEOUT"
	want := map[llmtest.Fault]struct {
		code core.Code
		says string
	}{
		llmtest.WrongKey:        {core.CodeLLM, "DOCSCTL_LLM_API_KEY"},
		llmtest.NoCredit:        {core.CodeLLM, "credit"},
		llmtest.UnknownModel:    {core.CodeLLM, "DOCSCTL_LLM_MODEL"},
		llmtest.PromptTooLong:   {core.CodePayloadTooLarge, "DOCSCTL_LLM_CONTEXT"},
		llmtest.ProxyPage:       {core.CodeLLM, "DOCSCTL_LLM_BASE_URL"},
		llmtest.ProxyFailure:    {core.CodeUnavailable, "502"},
		llmtest.Overloaded:      {core.CodeUnavailable, "503"},
		llmtest.Reset:           {core.CodeUnavailable, "the model's server HOST cannot be reached"},
		llmtest.EndlessThoughts: {core.CodeLLM, "thinks without an end"},
		llmtest.BrokenChunk:     {core.CodeLLM, "broke off"},
		llmtest.Silence:         {core.CodeUnavailable, silent},
		llmtest.HeaderSilence:   {core.CodeUnavailable, silent},
		llmtest.MidSilence:      {core.CodeUnavailable, silent},
	}
	for f, w := range want {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			s := start(t, llmtest.Config{})
			s.Always(f)
			limit := time.Minute
			if w.says == silent {
				limit = 300 * time.Millisecond
			}
			m := open(t, s, openai.Config{Timeout: limit})
			_, err := m.Generate(t.Context(), request(), nil)
			says := strings.ReplaceAll(w.says, "HOST", m.Host())
			if core.CodeOf(err) != w.code || !strings.Contains(core.AsError(err).Message, says) {
				t.Fatalf("got %v, want %s about %s", err, w.code, says)
			}
			if strings.Contains(err.Error(), "ferry") || strings.Contains(err.Error(), "sk-") {
				t.Errorf("the error holds prompt or key: %v", err)
			}
		})
	}
}

func TestGenerate_SlowAnswerWithoutSilenceIsWaitedFor(t *testing.T) {
	t.Parallel()
	var err error
	for pause := 60 * time.Millisecond; pause < 5*time.Second; pause *= 4 { // a machine that stands still is silent too
		silence := 8 * pause
		s := start(t, llmtest.Config{Pause: pause})
		began := time.Now()
		var got *core.LLMResponse
		if got, err = open(t, s, openai.Config{Timeout: silence}).Generate(t.Context(), request(), nil); err != nil {
			continue
		}
		if took := time.Since(began); took < silence {
			t.Errorf("the answer %q took %v, want more than the time of a silence", got.Text, took)
		}
		return
	}
	t.Error(err)
}

func TestGenerate_LeavesOutWhatTheServerDoesNotTake(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{Refuses: []string{"max_tokens", "temperature", "stream_options"}})
	m := open(t, s, openai.Config{})
	got, err := m.Generate(t.Context(), request(), nil)
	if err != nil || got.Calls != 4 || got.Counted {
		t.Fatalf("got %+v and %v, want an answer of the fourth request, not counted", got, err)
	}
	if got, err = m.Generate(t.Context(), request(), nil); err != nil || got.Calls != 1 {
		t.Errorf("again: got %+v and %v, want the habits remembered", got, err)
	}
	if q := s.Asked()[1]; q.MaxTokens != request().MaxTokens {
		t.Errorf("the answer's bound: got %d, want %d", q.MaxTokens, request().MaxTokens)
	}
	s = start(t, llmtest.Config{Refuses: []string{"messages"}})
	if _, err := open(t, s, openai.Config{}).Generate(t.Context(), request(), nil); core.CodeOf(err) != core.CodeValidation {
		t.Errorf("what cannot be left out: got %v, want CodeValidation", err)
	}
}

func TestGenerate_LearnsTheWindowThatTheServerTells(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{ContextTokens: 2048})
	m := open(t, s, openai.Config{})
	r := request()
	r.User += strings.Repeat(" The harbour is closed.", 2000)
	if _, err := m.Generate(t.Context(), r, nil); core.CodeOf(err) != core.CodePayloadTooLarge {
		t.Fatalf("got %v, want CodePayloadTooLarge", err)
	}
	if got, err := m.Model(""); err != nil || got.ContextTokens != 2048 {
		t.Errorf("window: got %d and %v, want the 2048 that the server told", got.ContextTokens, err)
	}
}

func TestGenerate_UselessAnswersAreAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{})
	m := open(t, s, openai.Config{})
	for _, f := range []llmtest.Fault{llmtest.Empty, llmtest.InvalidJSON, llmtest.WrongLanguage, llmtest.FarTooLong} {
		s.Always(f)
		got, err := m.Generate(t.Context(), request(), nil)
		want := core.FinishStop
		if f == llmtest.FarTooLong {
			want = core.FinishLength
		}
		if err != nil || got.Finish != want || (got.Text == "") != (f == llmtest.Empty) {
			t.Errorf("%s: got %+v and %v, want what the model said, for the caller to judge", f, got, err)
		}
	}
}
