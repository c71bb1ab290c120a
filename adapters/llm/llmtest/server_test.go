package llmtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/docsctl/docsctl/adapters/llm/llmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, c llmtest.Config) *llmtest.Server {
	t.Helper()
	s, err := llmtest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// post sends a chat completion and returns the answer's status and body.
func post(t *testing.T, s *llmtest.Server, body string) (int, string) {
	t.Helper()
	resp, err := http.Post(s.URL()+"/chat/completions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

const question = `{"model":"docsctl-test","messages":[{"role":"system","content":"Take notes."},{"role":"user","content":"[1] The ferry leaves at nine. It is late.\n[2] It returns at five."}]`

func TestServer_AnswersWholeWhenNoStreamIsAsked(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{})
	status, body := post(t, s, question+`}`)
	var got struct {
		Choices []struct {
			Message struct{ Content string }
			Finish  string `json:"finish_reason"`
		}
		Usage struct {
			Prompt int `json:"prompt_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || len(got.Choices) != 1 {
		t.Fatalf("got %d %s and %v, want one choice", status, body, err)
	}
	want := "- The ferry leaves at nine. [1]\n- It returns at five. [2]"
	if c := got.Choices[0]; c.Message.Content != want || c.Finish != "stop" || got.Usage.Prompt == 0 {
		t.Errorf("got %+v, want notes that cite the blocks they saw", got)
	}
}

func TestServer_StreamsUsageOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{})
	for ask, want := range map[string]bool{`,"stream":true}`: false, `,"stream":true,"stream_options":{"include_usage":true}}`: true} {
		status, body := post(t, s, question+ask)
		if status != http.StatusOK || !strings.HasSuffix(body, "data: [DONE]\n\n") || strings.Contains(body, `"usage"`) != want {
			t.Errorf("%s: got %d %s, want a stream with usage: %t", ask, status, body, want)
		}
	}
}

func TestServer_CutsTheBeginningAndCountsTheStump(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{ContextTokens: 1000, Cut: true})
	long := strings.Repeat("The harbour is closed. ", 1000)
	if status, body := post(t, s, `{"model":"docsctl-test","messages":[{"role":"user","content":"first `+long+` last"}]}`); status != http.StatusOK || strings.Contains(body, `"prompt_tokens":5`) {
		t.Errorf("got %d %s, want an answer as if nothing had happened", status, body)
	}
	q := s.Asked()[0]
	if !q.Cut || strings.HasPrefix(q.User, "first") || !strings.HasSuffix(q.User, "last") || len(q.User) < 3000 || len(q.User) > 6000 {
		t.Errorf("the model saw %d bytes, want the end of the prompt", len(q.User))
	}
}

func TestServer_ScriptGoesBeforeAlways(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{})
	s.Script(llmtest.Failed, llmtest.None)
	s.Always(llmtest.Overloaded)
	for i, want := range []int{500, 200, 503, 503} {
		if got, _ := post(t, s, question+`}`); got != want {
			t.Errorf("call %d: got %d, want %d", i, got, want)
		}
	}
}

func TestServer_AsksForItsKeyAndListsItsModel(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{Key: "k"})
	if got, _ := post(t, s, question+`}`); got != http.StatusUnauthorized || len(s.Asked()) != 0 {
		t.Errorf("without the key: got %d, want 401 and no question", got)
	}
	resp, err := http.Get(start(t, llmtest.Config{Model: "mine"}).URL() + "/models")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if raw, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(raw), `"id":"mine"`) {
		t.Errorf("got %s and %v, want the model", raw, err)
	}
}

func TestServer_BrokenRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, llmtest.Config{})
	for _, body := range []string{"", "{", "[]", `{"messages":"x"}`, "\x00"} {
		if got, _ := post(t, s, body); got != http.StatusBadRequest {
			t.Errorf("%q: got %d, want 400", body, got)
		}
	}
}

func TestAnswer_FillsASchema(t *testing.T) {
	t.Parallel()
	got := llmtest.Answer(llmtest.Question{
		User: "[7] The ferry leaves at nine.",
		Schema: []byte(`{"type":"object","properties":{"text":{"type":"string"},"n":{"type":"integer"},"ok":{"type":"boolean"},
			"kind":{"enum":["a","b"]},"list":{"type":"array","items":{"type":["string","null"]}}}}`),
	})
	want := `{"kind":"a","list":["- The ferry leaves at nine. [7]"],"n":1,"ok":true,"text":"- The ferry leaves at nine. [7]"}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnswer_WritesNoMoreNotesThanItMay(t *testing.T) {
	t.Parallel()
	got := llmtest.Answer(llmtest.Question{User: "At most 2 notes.\n[1] One.\n[2] Two.\n[3] Three.\n[4] Four."})
	if want := "- One. [1]\n- Three. [3]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
