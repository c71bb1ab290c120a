//go:build unix

package clustertest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/docsctl/docsctl/core"
)

// receiver takes messages of a webhook, each once however often it comes.
type receiver struct {
	mu    sync.Mutex // guards what follows
	hook  *standardwebhooks.Webhook
	seen  map[string]bool
	jobs  map[core.JobID][]core.EventType // in the order in which they came first
	down  bool
	wrong []error
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var e struct {
		ID   string         `json:"id"`
		Type core.EventType `json:"type"`
		Data struct {
			ID    core.JobID `json:"id"`
			JobID core.JobID `json:"job_id"` // of a summary
		} `json:"data"`
	}
	if err == nil {
		err = r.hook.Verify(body, req.Header)
	}
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	if err != nil {
		r.wrong = append(r.wrong, err)
		return
	}
	if r.seen[e.ID] {
		return
	}
	r.seen[e.ID] = true
	if e.Data.JobID != "" {
		e.Data.ID = e.Data.JobID
	}
	r.jobs[e.Data.ID] = append(r.jobs[e.Data.ID], e.Type)
}

// has reports whether everything about a job has come.
func (r *receiver) has(id core.JobID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.jobs[id], core.EventJobCompleted)
}

func (r *receiver) fail(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

// TestWebhook_SurvivesReceiverAndServer has two servers share a webhook whose receiver
// fails for a while; then one of them is killed.
func TestWebhook_SurvivesReceiverAndServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := here(t, s, parts{})
	one, two := serve(t, s, "DOCSCTL_ALLOW_PRIVATE_NETWORKS=true"), serve(t, s, "DOCSCTL_ALLOW_PRIVATE_NETWORKS=true")
	register(t, n, one, two)
	r := &receiver{seen: map[string]bool{}, jobs: map[core.JobID][]core.EventType{}}
	end := httptest.NewServer(r)
	t.Cleanup(end.Close)
	var made struct {
		Secret string `json:"secret"`
	}
	two.must(t, http.StatusCreated, http.MethodPost, "/v1/webhooks", map[string]any{"url": end.URL, "topics": []string{"jobs", "summaries"}}, &made)
	var err error
	if r.hook, err = standardwebhooks.NewWebhook(made.Secret); err != nil {
		t.Fatal(err)
	}
	var jobs []core.JobID
	ask := func(p *server) {
		for range 5 {
			id := p.summarize(t)
			p.wait(t, id)
			jobs = append(jobs, id)
		}
	}
	ask(one)
	r.fail(true)
	ask(two)
	r.fail(false)
	if err := one.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ask(two)
	within(t, 2*patience, func() bool { return !slices.ContainsFunc(jobs, func(id core.JobID) bool { return !r.has(id) }) })
	r.mu.Lock()
	defer r.mu.Unlock()
	want := []core.EventType{core.EventJobQueued, core.EventJobStarted, core.EventSummaryCompleted, core.EventJobCompleted}
	for _, id := range jobs {
		if !slices.Equal(r.jobs[id], want) {
			t.Errorf("job %s: got %v, want %v", id, r.jobs[id], want)
		}
	}
	if len(r.wrong) > 0 {
		t.Errorf("messages that cannot be verified: %v", r.wrong)
	}
}

// within waits until done, for at most d.
func within(t *testing.T, d time.Duration, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatalf("it did not happen within %s", d)
		case <-tick.C:
		}
	}
}
