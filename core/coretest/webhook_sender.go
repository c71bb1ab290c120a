package coretest

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// WebhookSenderFactory makes what RunWebhookSender checks.
type WebhookSenderFactory struct {
	// Open returns a sender that calls the addresses in public, host:port, as if they
	// were public, and guards all others as it does in production.
	Open func(t *testing.T, public []string) core.WebhookSender
	// Verify checks a message as receivers do: by one secret, with a library of the
	// standard's authors.
	Verify func(secret string, body []byte, header http.Header) error
}

// RunWebhookSender checks every promise of core.WebhookSender against receivers of its own.
func RunWebhookSender(t *testing.T, f WebhookSenderFactory) {
	cases := []struct {
		name string
		fn   func(*testing.T, *senderWorld)
	}{
		{"MessageIsSigned", senderSigns},
		{"EverySecretSigns", senderSignsWithEverySecret},
		{"MessageIsTheSameButForItsTime", senderRepeats},
		{"EveryStatusIsAnAnswer", senderReturnsAnswers},
		{"RedirectIsNotFollowed", senderFollowsNoRedirect},
		{"RetryAfterIsRead", senderReadsRetryAfter},
		{"EndlessAnswerIsNotReadToItsEnd", senderReadsBounded},
		{"SilenceIsUnavailable", senderReportsSilence},
		{"PrivateAddressIsNotCalled", senderGuardsAddresses},
		{"AddressesAreChecked", senderChecksAddresses},
		{"UnusableSecretIsRefused", senderRefusesSecrets},
		{"EndedContextEndsIt", senderHonoursContext},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.fn(t, newSenderWorld(t, f))
		})
	}
	t.Logf("RunWebhookSender: %d cases", len(cases))
}

// received is a request as a receiver saw it.
type received struct {
	method string
	header http.Header
	body   []byte
}

// senderWorld is a receiver that counts as public; answer is what it does.
type senderWorld struct {
	sender  core.WebhookSender
	verify  func(secret string, body []byte, header http.Header) error
	url     string
	closed  string // an address that counts as public; nobody listens
	private *httptest.Server
	got     chan received
	answer  atomic.Value // of http.HandlerFunc
}

func newSenderWorld(t *testing.T, f WebhookSenderFactory) *senderWorld {
	w := &senderWorld{verify: f.Verify, got: make(chan received, 16)}
	w.answers(func(http.ResponseWriter, *http.Request) {})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.got <- received{r.Method, r.Header.Clone(), body}
		w.answer.Load().(http.HandlerFunc)(rw, r)
	}))
	t.Cleanup(server.Close)
	w.private = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the private server was called") }))
	t.Cleanup(w.private.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	w.url, w.closed = server.URL+"/hook", "http://"+closed
	w.sender = f.Open(t, []string{server.Listener.Addr().String(), closed})
	return w
}

func (w *senderWorld) answers(h http.HandlerFunc) { w.answer.Store(h) }

// secretOf makes a secret in the standard's form.
func secretOf(seed string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte((seed + strings.Repeat("-", 32))[:32]))
}

func (w *senderWorld) message(secrets ...string) core.WebhookMessage {
	if secrets == nil {
		secrets = []string{secretOf("one")}
	}
	m := core.WebhookMessage{URL: w.url, ID: "3f9c-00000000000000000042", At: Now(), Body: []byte("{\"text\": \"<é> \u2028\"}\n")}
	for _, s := range secrets {
		m.Secrets = append(m.Secrets, core.NewSecret(s))
	}
	return m
}

// send expects an answer, and returns it with what the receiver got.
func (w *senderWorld) send(t *testing.T, m core.WebhookMessage) (core.WebhookAnswer, received) {
	t.Helper()
	a, err := w.sender.Send(t.Context(), m)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	return a, <-w.got
}

func senderSigns(t *testing.T, w *senderWorld) {
	m := w.message()
	a, got := w.send(t, m)
	if a.Status != 200 || got.method != http.MethodPost || string(got.body) != string(m.Body) || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("got %+v and %s %q, want the body posted as JSON", a, got.method, got.body)
	}
	if got.header.Get("webhook-id") != string(m.ID) || got.header.Get("webhook-timestamp") != strconv.FormatInt(m.At.Unix(), 10) {
		t.Errorf("headers: got %v, want the event's id and the attempt's second", got.header)
	}
	if err := w.verify(secretOf("one"), got.body, got.header); err != nil {
		t.Errorf("by its secret: %v", err)
	}
	if w.verify(secretOf("two"), got.body, got.header) == nil || w.verify(secretOf("one"), append(got.body, ' '), got.header) == nil {
		t.Error("it verifies by another secret, or with another body")
	}
}

func senderSignsWithEverySecret(t *testing.T, w *senderWorld) {
	_, got := w.send(t, w.message(secretOf("new"), secretOf("old")))
	for _, s := range []string{"new", "old"} {
		if err := w.verify(secretOf(s), got.body, got.header); err != nil {
			t.Errorf("by the %s secret: %v", s, err)
		}
	}
	if n := len(strings.Fields(got.header.Get("webhook-signature"))); n != 2 {
		t.Errorf("signatures: got %d, want 2", n)
	}
}

func senderRepeats(t *testing.T, w *senderWorld) {
	m := w.message()
	m.At = m.At.Add(-time.Minute)
	_, first := w.send(t, m)
	m.At = m.At.Add(time.Minute)
	_, second := w.send(t, m)
	if string(first.body) != string(second.body) || first.header.Get("webhook-id") != second.header.Get("webhook-id") {
		t.Error("a second attempt has another id or body")
	}
	if first.header.Get("webhook-timestamp") == second.header.Get("webhook-timestamp") {
		t.Error("a second attempt has the first one's time")
	}
	for _, r := range []received{first, second} {
		if err := w.verify(secretOf("one"), r.body, r.header); err != nil {
			t.Error(err)
		}
	}
}

func senderReturnsAnswers(t *testing.T, w *senderWorld) {
	for _, status := range []int{200, 204, 299, 400, 404, 410, 429, 500, 503} {
		w.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) })
		if a, _ := w.send(t, w.message()); a.Status != status || a.RetryAfter != 0 {
			t.Errorf("got %+v, want %d", a, status)
		}
	}
}

func senderFollowsNoRedirect(t *testing.T, w *senderWorld) {
	for _, status := range []int{301, 302, 307, 308} {
		w.answers(func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, w.private.URL, status) })
		if a, _ := w.send(t, w.message()); a.Status != status {
			t.Errorf("got %+v, want %d", a, status)
		}
	}
}

func senderReadsRetryAfter(t *testing.T, w *senderWorld) {
	m := w.message()
	for header, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "0": 0, "-5": 0, "soon": 0, "": 0, "99999999999999999999": 0,
		m.At.Add(time.Hour).Format(http.TimeFormat): time.Hour, m.At.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		w.answers(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Retry-After", header)
			rw.WriteHeader(503)
		})
		if a, _ := w.send(t, m); a.Status != 503 || (a.RetryAfter-want).Abs() > time.Second {
			t.Errorf("Retry-After %q: got %+v, want %v", header, a, want)
		}
	}
}

// senderReadsBounded has an answer that would not end by itself.
func senderReadsBounded(t *testing.T, w *senderWorld) {
	w.answers(func(rw http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := rw.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	if a, _ := w.send(t, w.message()); a.Status != 200 {
		t.Errorf("got %+v, want its status", a)
	}
}

func senderReportsSilence(t *testing.T, w *senderWorld) {
	m := w.message()
	m.URL = w.closed + "/hidden-token"
	_, err := w.sender.Send(t.Context(), m)
	wantHiding(t, "nobody listens", err, m.URL)
	w.answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err = w.sender.Send(t.Context(), w.message())
	wantHiding(t, "the receiver breaks off", err, w.url)
}

// wantHiding reports an error of a silent receiver that names its address or secret.
func wantHiding(t *testing.T, what string, err error, address string) {
	t.Helper()
	wantCode(t, what, err, core.CodeUnavailable)
	for _, hidden := range []string{address, "hidden-token", "127.0.0.1", secretOf("one")} {
		if err != nil && strings.Contains(err.Error(), hidden) {
			t.Errorf("%s: the error names %q: %v", what, hidden, err)
		}
	}
}

func senderGuardsAddresses(t *testing.T, w *senderWorld) {
	_, port, _ := strings.Cut(strings.TrimPrefix(w.private.URL, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "169.254.169.254", "10.0.0.1"} {
		m := w.message()
		m.URL = "http://" + host + ":" + port + "/"
		a, err := w.sender.Send(t.Context(), m)
		if err == nil {
			t.Errorf("%s: got %+v, want it refused", host, a)
		}
	}
}

func senderChecksAddresses(t *testing.T, w *senderWorld) {
	for _, good := range []string{"https://example.org/hook?a=b", "http://example.org", "https://example.org:443/", "https://[2606:4700::1111]/", w.url} {
		wantCode(t, good, w.sender.Check(good), "")
	}
	for _, bad := range []string{
		"", "example.org", "ftp://example.org", "https://", "https://user:pass@example.org/", "http://127.0.0.1/", "http://[::1]/", "http://localhost/",
		"http://LOCALHOST./", "http://10.1.2.3/", "http://169.254.169.254/latest", "http://0x7f.1/", "http://2130706433/", "https://example.org:22/", "https://\x00/",
	} {
		wantCode(t, bad, w.sender.Check(bad), core.CodeValidation)
	}
}

func senderRefusesSecrets(t *testing.T, w *senderWorld) {
	for _, secrets := range [][]string{{}, {""}, {"whsec_???hidden"}, {secretOf("one"), "whsec_???hidden"}} {
		_, err := w.sender.Send(t.Context(), w.message(secrets...))
		if wantCode(t, "an unusable secret", err, core.CodeValidation); err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("the error names the secret: %v", err)
		}
	}
	if len(w.got) > 0 {
		t.Error("a message without its signatures was sent")
	}
}

func senderHonoursContext(t *testing.T, w *senderWorld) {
	ctx, cancel := context.WithCancel(t.Context())
	w.answers(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := w.sender.Send(ctx, w.message()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
