package httpapi

import (
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/llm/guard"
	"github.com/docsctl/docsctl/adapters/llm/llmtest"
	"github.com/docsctl/docsctl/adapters/llm/openai"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
	"github.com/go-json-experiment/json"
)

// withGuardedModel is withModel behind the guards that a server has, over a server of
// configuration c.
func withGuardedModel(t *testing.T, c llmtest.Config, timeout time.Duration) (*llmtest.Server, func(*core.Config)) {
	t.Helper()
	server, err := llmtest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	m, err := openai.New(openai.Config{BaseURL: server.URL(), Model: llmtest.DefaultModel, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	guarded, err := guard.Wrap(m, guard.Config{FirstDelay: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return server, func(c *core.Config) {
		c.Summarizer = summarize.New(summarize.Config{LLM: guarded, Nodes: inproc.NewNodes(0)})
	}
}

// Ten jobs in a row are more than it takes to open the breaker.
func TestJobs_WhatNoRepetitionHelpsFailsAtTheFirstAttempt(t *testing.T) {
	t.Parallel()
	server, model := withGuardedModel(t, llmtest.Config{RetryAfter: 2 * time.Hour}, time.Minute)
	w := newWorld(t, model)
	w.work()
	a := w.admin("Acme")
	path := "/v1/documents/" + a.document("Note", "The harbour is closed on Sunday.") + "/summaries"
	for fault, says := range map[llmtest.Fault]string{
		llmtest.WrongKey: "DOCSCTL_LLM_API_KEY", llmtest.NoCredit: "top it up", llmtest.UnknownModel: "DOCSCTL_LLM_MODEL",
		llmtest.BadRequest: "choose another model", llmtest.PromptFiltered: "choose another model",
	} {
		server.Always(fault)
		for range 2 {
			before := len(server.Asked())
			id := a.do("POST", path, `{}`).want(202).str("job.id")
			job := a.do("GET", "/v1/jobs/"+id+"?wait=60", "").want(200)
			if job.str("status") != "failed" || job.str("error_code") != "LLM_ERROR" || job.at("attempt") != 1.0 || !strings.Contains(job.str("error_message"), says) {
				t.Errorf("%s: got %s, want one attempt that failed with a word about %q", fault, job.body, says)
			}
			if n := len(server.Asked()) - before; n != 1 {
				t.Errorf("%s: the server was asked %d times, want once", fault, n)
			}
		}
	}
	server.Always(llmtest.None)
	id := a.do("POST", path, `{}`).want(202).str("job.id")
	if job := a.do("GET", "/v1/jobs/"+id+"?wait=60", "").want(200); job.str("status") != "completed" || job.at("attempt") != 1.0 {
		t.Errorf("after the cause is gone: got %s, want a summary at once", job.body)
	}
}

// The job is followed as a client of the feed would.
func TestJobs_ASilentModelServerIsNamedWhileTheJobWaits(t *testing.T) {
	t.Parallel()
	server, model := withGuardedModel(t, llmtest.Config{}, 100*time.Millisecond)
	server.Always(llmtest.Silence)
	w := newWorld(t, model)
	w.work()
	a := w.admin("Acme")
	doc := a.document("Note", "The harbour is closed on Sunday.")
	feed := a.dial("?topics=jobs")
	defer feed.conn.CloseNow()
	id := a.do("POST", "/v1/documents/"+doc+"/summaries", `{}`).want(202).str("job.id")
	says := "the model's server " + strings.TrimSuffix(strings.TrimPrefix(server.URL(), "http://"), "/v1") +
		" sent nothing for 100ms; check that it works, or raise DOCSCTL_LLM_TIMEOUT"
	var job struct {
		Message string `json:"error_message"`
		Waiting struct{ Reason, Message string }
	}
	for job.Waiting.Reason != string(core.WaitBreaker) { // the first attempt fails by itself
		f, err := feed.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.Type != string(core.EventJobQueued) {
			continue
		}
		if err := json.Unmarshal(f.Data, &job, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatal(err)
		}
		if job.Message != "" && !strings.HasPrefix(job.Message, says) {
			t.Errorf("got %q, want what the server did and what to do", job.Message)
		}
	}
	if !strings.Contains(job.Waiting.Message, says) {
		t.Errorf("waiting: got %q, want it to say why", job.Waiting.Message)
	}
	if got := a.do("GET", "/v1/jobs/"+id, "").want(200); got.str("status") != "pending" || got.at("attempt") != 1.0 {
		t.Errorf("got %s, want it to wait, with the one attempt that was made", got.body)
	}
}
