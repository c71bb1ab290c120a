package webhooks

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestSender_GivesUpOnASlowReceiver(t *testing.T) {
	t.Parallel()
	slow := newSlow(t)
	s, err := New(Config{Trusted: []string{slow.Listener.Addr().String()}, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	m := core.WebhookMessage{URL: slow.URL, ID: "e-1", At: time.Now(), Body: []byte("{}"), Secrets: []core.Secret{core.NewSecret("whsec_c2VjcmV0")}}
	if _, err := s.Send(t.Context(), m); core.CodeOf(err) != core.CodeUnavailable || core.AsError(err).Message != "the receiver did not answer in time" {
		t.Errorf("got %v, want to be told that it took too long", err)
	}
}

// newSlow is a receiver that answers when the caller has gone.
func newSlow(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the caller goes
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	return s
}
