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
	m := core.WebhookMessage{URL: slow.URL, ID: "e-1", At: time.Now(), Body: []byte("{}"), Secrets: []core.Secret{core.NewSecret("whsec_c2VjcmV0")}}
	var got error
	for limit := 50 * time.Millisecond; limit < time.Minute; limit *= 10 { // a machine that stands still does not even connect in time
		s, err := New(Config{Trusted: []string{slow.Listener.Addr().String()}, Timeout: limit})
		if err != nil {
			t.Fatal(err)
		}
		_, got = s.Send(t.Context(), m)
		if core.CodeOf(got) == core.CodeUnavailable && core.AsError(got).Message == "the receiver did not answer in time" {
			return
		}
	}
	t.Errorf("got %v, want to be told that it took too long", got)
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
