package worker_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/secrets"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/worker"
	"github.com/docsctl/docsctl/internal/testenv"
)

// post is a core.WebhookSender whose Send a test decides.
type post func(ctx context.Context, m core.WebhookMessage) error

func (post) Check(string) error { return nil }

func (p post) Send(ctx context.Context, m core.WebhookMessage) (core.WebhookAnswer, error) {
	return core.WebhookAnswer{Status: 200}, p(ctx, m)
}

// patience bounds waits for what happens in milliseconds on an idle machine.
const patience = time.Minute

// hooks is an installation without workers, whose webhooks are sent by p.
func hooks(t *testing.T, path string, p post) *installation {
	t.Helper()
	sealer, err := secrets.New("a key of the tests that nobody would ever use")
	if err != nil {
		t.Fatal(err)
	}
	return install(t, path, func(context.Context, string) error { return nil }, func(c *core.Config) {
		c.Sealer, c.Webhooks = sealer, p
	})
}

func (in *installation) hook(t *testing.T, url string) {
	t.Helper()
	if _, err := in.app.Webhooks.Create(t.Context(), in.actor, core.NewWebhook{URL: url, Topics: []string{"documents"}}); err != nil {
		t.Fatal(err)
	}
}

// work starts a worker that only maintains, and returns how to stop it.
func (in *installation) work(t *testing.T) (stop func()) {
	t.Helper()
	w, err := worker.New(worker.Config{Work: in.app.Work, Maintain: true, Pools: []worker.Pool{{Queue: core.QueueMaintenance, Size: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop = func() { w.Stop(context.Background()) }
	t.Cleanup(stop)
	return stop
}

func (in *installation) write(t *testing.T, title string) {
	t.Helper()
	if _, err := in.app.Documents.Create(t.Context(), in.actor, core.NewDocument{Title: title, Content: "Sales rose."}); err != nil {
		t.Fatal(err)
	}
}

// titleOf is the title of the document that a message tells of.
func titleOf(m core.WebhookMessage) string {
	var e struct {
		Data struct {
			Title string `json:"title"`
		} `json:"data"`
	}
	_ = json.Unmarshal(m.Body, &e) // the test made it
	return e.Data.Title
}

func TestWebhooks_SlowReceiverDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	slow, quick := make(chan string, 10), make(chan string, 10)
	in := hooks(t, testenv.File(t, "sqlite.Store", migrate), func(ctx context.Context, m core.WebhookMessage) error {
		if m.URL == "https://example.org/slow" {
			slow <- titleOf(m)
			<-ctx.Done() // it never answers
			return ctx.Err()
		}
		quick <- titleOf(m)
		return nil
	})
	in.hook(t, "https://example.org/slow")
	in.hook(t, "https://example.org/quick")
	stop := in.work(t)
	in.write(t, "first")
	for _, c := range []chan string{slow, quick} {
		if got := await(t, c); got != "first" {
			t.Errorf("got %q", got)
		}
	}
	in.write(t, "second") // while the slow one is still called
	if got := await(t, quick); got != "second" {
		t.Errorf("got %q", got)
	}
	stop() // the message that is under way is cut off
}

// TestWebhooks_TwoWorkersSendOnce has two processes over one store.
func TestWebhooks_TwoWorkersSendOnce(t *testing.T) {
	t.Parallel()
	path := testenv.File(t, "sqlite.Store", migrate)
	got := make(chan string, 200)
	send := func(_ context.Context, m core.WebhookMessage) error { got <- titleOf(m); return nil }
	one, two := hooks(t, path, send), hooks(t, path, send)
	one.hook(t, "https://example.org")
	stops := []func(){one.work(t), two.work(t)}
	var want []string
	for i := range 60 {
		want = append(want, string(rune('a'+i/26))+string(rune('a'+i%26)))
		one.write(t, want[i])
	}
	var all []string
	for range want {
		all = append(all, await(t, got))
	}
	for _, stop := range stops {
		stop()
	}
	if slices.Sort(all); !slices.Equal(all, want) || len(got) > 0 {
		t.Errorf("got %v and %d more, want each once", all, len(got))
	}
}

func await(t *testing.T, c <-chan string) string {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s := <-c:
		return s
	case <-timer.C:
		t.Fatal("no message came")
		return ""
	}
}
