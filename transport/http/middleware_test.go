package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
)

// lines is a log that a test can read while it is written.
type lines struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// bare serves the API over an App without services: every use case panics.
func bare(t *testing.T, log io.Writer) *httptest.Server {
	t.Helper()
	return bareWith(t, log, 0)
}

// bareWith has requests send their bodies within grace; 0: as it is.
func bareWith(t *testing.T, log io.Writer, grace time.Duration) *httptest.Server {
	t.Helper()
	h, err := New(Config{
		App: &core.App{}, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		AllowedOrigins: []string{"https://docs.example.org/"}, BodyGrace: grace,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(h)
	srv.Config = NewServer(h, slog.New(slog.DiscardHandler))
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// envelopeIn reads the error out of an answer, and checks what all have.
func envelopeIn(t *testing.T, resp *http.Response) errorInfo {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Error errorInfo `json:"error"`
	}
	if err := json.Unmarshal(body, &e, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%d %s: %v", resp.StatusCode, body, err)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q, want application/json", got)
	}
	if e.Error.RequestID == "" || e.Error.RequestID != resp.Header.Get("X-Request-Id") {
		t.Errorf("request_id %q, header %q, want the same", e.Error.RequestID, resp.Header.Get("X-Request-Id"))
	}
	for _, secret := range []string{"goroutine", ".go:", "runtime error", "sqlite", "SELECT"} {
		if strings.Contains(string(body), secret) {
			t.Errorf("the answer shows internals: %s", body)
		}
	}
	return e.Error
}

func send(t *testing.T, method, url string, body io.Reader, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestOuterHandler_EveryFailureHasTheEnvelope(t *testing.T) {
	t.Parallel()
	log := &lines{}
	srv := bare(t, log)
	for name, c := range map[string]struct {
		method, path string
		header       []string
		status       int
		code         core.Code
		allow        string
	}{
		"UnknownRoute":     {method: "GET", path: "/v1/nothing", status: 404, code: core.CodeNotFound},
		"NoVersion":        {method: "GET", path: "/documents", status: 404, code: core.CodeNotFound},
		"UncleanPath":      {method: "GET", path: "/v1//me", status: 404, code: core.CodeNotFound},
		"DotsInPath":       {method: "GET", path: "/v1/documents/%2e%2e", status: 404, code: core.CodeNotFound},
		"EmptyID":          {method: "GET", path: "/v1/documents/", status: 404, code: core.CodeNotFound},
		"WrongMethod":      {method: "PUT", path: "/v1/me", status: 405, code: core.CodeMethodNotAllowed, allow: "GET, HEAD, PATCH, OPTIONS"},
		"WrongMethodOnID":  {method: "POST", path: "/v1/documents/x", status: 405, code: core.CodeMethodNotAllowed, allow: "DELETE, GET, HEAD, PATCH, OPTIONS"},
		"InventedMethod":   {method: "BREW", path: "/v1/me", status: 405, code: core.CodeMethodNotAllowed, allow: "GET, HEAD, PATCH, OPTIONS"},
		"OptionsOfNothing": {method: "OPTIONS", path: "/v1/nothing", status: 404, code: core.CodeNotFound},
		"NoCredential":     {method: "GET", path: "/v1/me", status: 401, code: core.CodeAuthentication},
		"OtherScheme":      {method: "GET", path: "/v1/me", header: []string{"Authorization", "Basic aaaa"}, status: 401, code: core.CodeAuthentication},
		"EmptyToken":       {method: "GET", path: "/v1/me", header: []string{"Authorization", "Bearer "}, status: 401, code: core.CodeAuthentication},
		"Panic":            {method: "GET", path: "/v1/me", header: []string{"Authorization", "bearer x"}, status: 500, code: core.CodeInternal},
		"PanicInRawRoute":  {method: "GET", path: "/v1/documents/x/content", header: []string{"Authorization", "Bearer x"}, status: 500, code: core.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			resp := send(t, c.method, srv.URL+c.path, nil, c.header...)
			e := envelopeIn(t, resp)
			if resp.StatusCode != c.status || e.Code != c.code {
				t.Errorf("%d %s, want %d %s", resp.StatusCode, e.Code, c.status, c.code)
			}
			if got := resp.Header.Get("Allow"); got != c.allow {
				t.Errorf("Allow %q, want %q", got, c.allow)
			}
			if got := resp.Header.Get("WWW-Authenticate"); (got == "Bearer") != (c.status == 401) {
				t.Errorf("WWW-Authenticate %q with %d", got, c.status)
			}
			if got := resp.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options %q", got)
			}
			if got := resp.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
		})
	}
	if got := log.String(); !strings.Contains(got, "middleware.go") || !strings.Contains(got, "request_id=") {
		t.Error("the panic's stack is not in the log with its request")
	}
}

func TestOuterHandler_HeadWorksWhereGetDoes(t *testing.T) {
	t.Parallel()
	srv := bare(t, io.Discard)
	resp := send(t, "HEAD", srv.URL+"/healthz", nil)
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || len(body) != 0 {
		t.Errorf("%d with %d bytes, want 200 and none", resp.StatusCode, len(body))
	}
	if resp = send(t, "HEAD", srv.URL+"/v1/nothing", nil); resp.StatusCode != 404 {
		t.Errorf("%d, want 404", resp.StatusCode)
	}
}

func TestOuterHandler_RequestID(t *testing.T) {
	t.Parallel()
	srv := bare(t, io.Discard)
	for name, c := range map[string]struct {
		sent string
		kept bool
	}{
		"Printable": {"abc 123~!", true},
		"Longest":   {strings.Repeat("x", 128), true},
		"TooLong":   {strings.Repeat("x", 129), false},
		"NotASCII":  {"caf\xc3\xa9", false},
		"Tab":       {"a\tb", false},
		"None":      {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := send(t, "GET", srv.URL+"/healthz", nil, "X-Request-Id", c.sent).Header.Get("X-Request-Id")
			if (got == c.sent) != c.kept || got == "" {
				t.Errorf("%q sent, %q answered, kept: want %t", c.sent, got, c.kept)
			}
		})
	}
}

func TestOuterHandler_CORS(t *testing.T) {
	t.Parallel()
	srv := bare(t, io.Discard)
	for origin, allowed := range map[string]bool{
		"https://docs.example.org": true, "https://evil.example.org": false,
		"http://docs.example.org": false, "null": false, "https://docs.example.org.evil.example": false,
	} {
		t.Run(origin, func(t *testing.T) {
			t.Parallel()
			want := ""
			if allowed {
				want = origin
			}
			pre := send(t, "OPTIONS", srv.URL+"/v1/me", nil, "Origin", origin, "Access-Control-Request-Method", "GET")
			if got := pre.Header.Get("Access-Control-Allow-Origin"); pre.StatusCode != 204 || got != want {
				t.Errorf("preflight %d for %q, want 204 for %q", pre.StatusCode, got, want)
			}
			if got := pre.Header.Get("Access-Control-Allow-Methods"); (got != "") != allowed {
				t.Errorf("methods %q", got)
			}
			get := send(t, "GET", srv.URL+"/v1/me", nil, "Origin", origin)
			if got := get.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("answer for %q, want %q", got, want)
			}
			if get.Header.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(get.Header.Get("Vary"), "Origin") {
				t.Errorf("headers %v", get.Header)
			}
		})
	}
}

func TestNew_RefusesWhatIsNoOrigin(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{"*", "docs.example.org", "https://docs.example.org/path", "ftp://x"} {
		if _, err := New(Config{App: &core.App{}, AllowedOrigins: []string{origin}}); err == nil {
			t.Errorf("%s is accepted", origin)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a Config without an App is accepted")
	}
}

func TestOuterHandler_PanicAfterAPartBreaksTheAnswer(t *testing.T) {
	t.Parallel()
	s := built(t)
	s.log = slog.New(slog.DiscardHandler)
	s.registerRaw(operation{method: "GET", path: "/half", public: true, hidden: true}, answer{}, func(w http.ResponseWriter, _ *http.Request, _ core.Actor) error {
		fmt.Fprint(w, "half of")
		_ = http.NewResponseController(w).Flush()
		panic("no more")
	})
	srv := httptest.NewUnstartedServer(s)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	defer srv.Close()
	resp := send(t, "GET", srv.URL+"/half", nil)
	if got, err := io.ReadAll(resp.Body); err == nil || string(got) != "half of" {
		t.Errorf("%q %v, want what was written and an error", got, err)
	}
}

func TestEnvelope_OfAnEndedRequestIsNoInternalError(t *testing.T) {
	t.Parallel()
	log := &lines{}
	s := &api{log: slog.New(slog.NewTextHandler(log, nil))}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := s.envelope(ctx, fmt.Errorf("read: %w", ctx.Err())); got.status != 503 || strings.Contains(log.String(), "ERROR") {
		t.Errorf("%d %s, want 503 and no error", got.status, log)
	}
	if got := s.envelope(t.Context(), errors.New("boom")); got.status != 500 || !strings.Contains(log.String(), "boom") || strings.Contains(got.Failure.Message, "boom") {
		t.Errorf("%d %s, want 500 with its cause in the log only", got.status, got.Failure.Message)
	}
}

func TestLog_HasNoQueryAndNoToken(t *testing.T) {
	t.Parallel()
	log := &lines{}
	srv := bare(t, log)
	send(t, "GET", srv.URL+"/v1/nothing?ticket=hunter2", nil, "Authorization", "Bearer hunter3", "X-Request-Id", "mine")
	send(t, "POST", srv.URL+"/v1/auth/login", strings.NewReader(`{"password":"hunter4"}`), "Content-Type", "application/json")
	srv.Close() // every request has been logged
	got := log.String()
	if !strings.Contains(got, "path=/v1/nothing") || !strings.Contains(got, "status=404") || !strings.Contains(got, "request_id=mine") {
		t.Errorf("log %s", got)
	}
	if strings.Contains(got, "hunter") {
		t.Errorf("the log has a secret: %s", got)
	}
}

func TestClient_BelievesTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	s := &api{cfg: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for name, c := range map[string]struct{ remote, forwarded, want string }{
		"Direct":       {"192.0.2.1:1", "", "192.0.2.1"},
		"Liar":         {"192.0.2.1:1", "198.51.100.7", "192.0.2.1"},
		"OneProxy":     {"10.0.0.1:1", "198.51.100.7", "198.51.100.7"},
		"TwoProxies":   {"10.0.0.1:1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"},
		"Garbage":      {"10.0.0.1:1", "198.51.100.7, garbage", "10.0.0.1"},
		"MappedSource": {"[::ffff:10.0.0.1]:1", "198.51.100.7", "198.51.100.7"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := s.client(r).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
