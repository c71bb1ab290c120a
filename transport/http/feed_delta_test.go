package httpapi

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/llm/llmtest"
	"github.com/docsctl/docsctl/adapters/llm/openai"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
	"github.com/go-json-experiment/json"
)

// A model writes a word at a time, and breaks off in the middle of its first attempt.
func TestFeed_TellsASummarysTextAsTheModelWritesIt(t *testing.T) {
	t.Parallel()
	server, err := llmtest.Start(llmtest.Config{Pause: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	server.Script(llmtest.HalfStream)
	m, err := openai.New(openai.Config{BaseURL: server.URL(), Model: llmtest.DefaultModel})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *core.Config) {
		c.Summarizer = summarize.New(summarize.Config{LLM: m, Nodes: inproc.NewNodes(0)})
	})
	w.work()
	p := w.admin("Owner")
	doc := p.document("Log", logOfAHarbour())
	readers := map[string]*deltaReader{}
	for name, connect := range map[string]joining{"WebSocket": wsFrames, "Events": sseFrames} {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		next, err := connect(ctx, p, p.lastEvent(t))
		if err != nil {
			t.Fatal(err)
		}
		readers[name] = &deltaReader{next: next}
	}
	asked := p.do("POST", "/v1/documents/"+doc+"/summaries", `{"length":"long"}`).want(202)
	for name, r := range readers {
		r.follow(t, asked.str("summary.id"), asked.str("job.id"))
		want := p.do("GET", "/v1/summaries/"+asked.str("summary.id"), "").want(200).str("summary_text")
		if string(r.text) != want || want == "" {
			t.Errorf("%s: the text that was told is\n%s\nwant that of the summary:\n%s", name, string(r.text), want)
		}
		if r.told[1] == 0 || r.told[2] < 3 {
			t.Errorf("%s: told %v times by attempt, want some of the one that broke off and several of the next", name, r.told)
		}
	}
}

func logOfAHarbour() string {
	var log strings.Builder
	for i := range 40 {
		fmt.Fprintf(&log, "On day %d the harbour office at Łódź notes ‘which’ ship comes in at quay %d, and which one leaves. 🚢\n\n", i, i%7)
	}
	return log.String()
}

func (p *person) lastEvent(t *testing.T) core.Position {
	t.Helper()
	c := p.dial("")
	defer c.conn.CloseNow()
	return c.hello(t).LastEventID
}

// deltaReader keeps a summary's text as a client would: a new attempt begins it anew,
// a lower offset replaces what came before, and there is never a gap.
type deltaReader struct {
	next    func() (frame, error)
	text    []rune
	attempt int
	told    map[int]int // by attempt, how often
}

// follow reads until the job has been completed.
func (r *deltaReader) follow(t *testing.T, summary, job string) {
	t.Helper()
	r.told = map[int]int{}
	for {
		f, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		switch f.Type {
		case "job.completed":
			return
		case "job.failed":
			t.Fatalf("the job failed: %s", f.raw)
		case "summary.delta":
			r.take(t, f, summary, job)
		}
	}
}

func (r *deltaReader) take(t *testing.T, f frame, summary, job string) {
	t.Helper()
	var d summaryDelta
	if err := json.Unmarshal(f.Data, &d); err != nil {
		t.Fatal(err)
	}
	if string(d.SummaryID) != summary || string(d.JobID) != job || d.Run != 1 || f.ID != "" || d.Text == "" {
		t.Errorf("got %s", f.raw)
	}
	if d.Attempt > r.attempt {
		r.attempt, r.text = d.Attempt, nil
	}
	if d.Attempt < r.attempt || d.Offset > len(r.text) {
		t.Fatalf("attempt %d, offset %d after attempt %d and %d characters", d.Attempt, d.Offset, r.attempt, len(r.text))
	}
	r.text = append(r.text[:d.Offset], []rune(d.Text)...)
	r.told[d.Attempt]++
}
