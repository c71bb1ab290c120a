package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
)

var vendor = &upstream.Vendor{Type: core.IntegrationNotion, Name: "Notion", RequestID: "X-Request-Id"}

// clock is one that moves when somebody waits by it.
type clock struct {
	mu    sync.Mutex // guards what follows
	at    time.Time
	waits []time.Duration
}

func newClock() *clock { return &clock{at: time.Date(2026, 6, 20, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.waits = append(c.waits, d)
	return ctx.Err()
}

func (c *clock) waited() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.waits...)
}

// server answers the i-th call, from 0, and counts.
func server(t *testing.T, answer func(i int, w http.ResponseWriter, r *http.Request)) (address string, calls *atomic.Int64) {
	calls = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(int(calls.Add(1))-1, w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

func newClient(c *clock, trusted string, cfg upstream.Config) *upstream.Client {
	cfg.Now, cfg.Wait, cfg.Trusted = c.now, c.wait, append(cfg.Trusted, trusted)
	return upstream.New(cfg)
}

func status(codes ...int) func(i int, w http.ResponseWriter, _ *http.Request) {
	return func(i int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(codes[min(i, len(codes)-1)])
		_, _ = w.Write([]byte("{}"))
	}
}

func TestClient_TriesAgainWhatHeals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		method string
		safe   bool
		codes  []int
		calls  int64
		want   core.UpstreamReason // "": it went well
	}{
		"ReadAfterFailures":       {"GET", false, []int{500, 503, 200}, 3, ""},
		"ReadThatStaysDown":       {"GET", false, []int{500}, 3, core.ReasonDown},
		"SearchAfterAFailure":     {"POST", true, []int{502, 200}, 2, ""},
		"WriteWithUnknownOutcome": {"POST", false, []int{500, 200}, 1, core.ReasonDown},
		"WriteThatWasLimited":     {"POST", false, []int{429, 200}, 2, ""},
		"WriteThatWasShed":        {"POST", false, []int{529, 200}, 2, ""},
		"RefusedOnce":             {"GET", false, []int{400, 200}, 1, core.ReasonRefused},
		"UnauthorizedOnce":        {"GET", false, []int{401, 200}, 1, core.ReasonToken},
		"NotFoundOnce":            {"GET", false, []int{404, 200}, 1, core.ReasonGone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, calls := server(t, status(tc.codes...))
			c := newClient(newClock(), address, upstream.Config{})
			_, err := c.Do(t.Context(), vendor, upstream.Call{Method: tc.method, URL: address, Safe: tc.safe})
			if got := core.ReasonOf(err); got != tc.want || err != nil && tc.want == "" || calls.Load() != tc.calls {
				t.Errorf("got %v after %d calls, want %q after %d", err, calls.Load(), tc.want, tc.calls)
			}
		})
	}
}

func TestClient_HeedsRetryAfter(t *testing.T) {
	t.Parallel()
	k := newClock()
	for name, tc := range map[string]struct {
		header string
		waits  time.Duration // within the call; 0: the job waits
		after  time.Duration // that the error tells
	}{
		"Seconds":  {"3", 3 * time.Second, 0},
		"Date":     {k.now().Add(4 * time.Second).Format(http.TimeFormat), 4 * time.Second, 0},
		"LongTime": {"1800", 0, 30 * time.Minute},
		"NoHint":   {"", time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, calls := server(t, func(i int, w http.ResponseWriter, _ *http.Request) {
				if i == 0 {
					w.Header().Set("Retry-After", tc.header)
					w.WriteHeader(http.StatusTooManyRequests)
				}
			})
			k := newClock()
			c := newClient(k, address, upstream.Config{})
			_, err := c.Do(t.Context(), vendor, upstream.Call{URL: address})
			var total time.Duration
			for _, d := range k.waited() {
				total += d
			}
			if tc.waits > 0 && (err != nil || total < tc.waits || total > tc.waits+2*time.Second) {
				t.Errorf("got %v after %v, want it well after %v", err, total, tc.waits)
			}
			if tc.waits == 0 {
				e := core.AsError(err)
				if core.ReasonOf(err) != core.ReasonLimited || e.RetryAfter != tc.after || calls.Load() != 1 {
					t.Errorf("got %v after %d calls, want it limited for %v", err, calls.Load(), tc.after)
				}
				// The next call does not even ask.
				if _, err := c.Do(t.Context(), vendor, upstream.Call{URL: address}); core.ReasonOf(err) != core.ReasonLimited || calls.Load() != 1 {
					t.Errorf("the next call: %v after %d calls", err, calls.Load())
				}
			}
		})
	}
}

func TestClient_BreakerOpensAndProbes(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	address, calls := server(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	c := newClient(newClock(), address, upstream.Config{})
	mine := core.Access{Integration: "one"}
	ask := func(c *upstream.Client, a core.Access) error {
		_, err := c.Do(t.Context(), vendor, upstream.Call{Access: a, Method: "PATCH", URL: address})
		return err
	}
	for range 5 {
		if err := ask(c, mine); core.ReasonOf(err) != core.ReasonDown {
			t.Fatalf("got %v, want it down", err)
		}
	}
	err := ask(c, mine)
	e := core.AsError(err)
	if core.ReasonOf(err) != core.ReasonOpen || e.Code != core.CodeUnavailable || !errors.Is(err, core.ErrCircuitOpen) || e.RetryAfter <= 0 || calls.Load() != 5 {
		t.Errorf("got %+v after %d calls, want an open breaker that says when", e, calls.Load())
	}
	if e.RetryAfter != 30*time.Second || !strings.HasSuffix(e.Message, "goes on by itself at 10:00:30 UTC") {
		t.Errorf("it is open for %v and says %q, want it to say when it goes on", e.RetryAfter, e.Message)
	}
	if got := c.Breakers()[core.IntegrationNotion]["open"]; got != 1 {
		t.Errorf("%d breakers are open, want 1", got)
	}
	if err := ask(c, core.Access{Integration: "two"}); core.ReasonOf(err) != core.ReasonDown {
		t.Errorf("another integration: %v, want its own breaker", err)
	}
	soon := newClient(newClock(), address, upstream.Config{OpenFor: 50 * time.Millisecond})
	for range 6 {
		_ = ask(soon, mine)
	}
	down.Store(false)
	late := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for err := ask(soon, mine); err != nil; err = ask(soon, mine) {
		select {
		case <-late:
			t.Fatalf("the breaker stays open: %v", err)
		case <-tick.C:
		}
	}
}

func TestClient_KeepsBelowTheLimit(t *testing.T) {
	t.Parallel()
	address, _ := server(t, status(200))
	k := newClock()
	c := newClient(k, address, upstream.Config{Limiter: inproc.NewLimiter(k.now)})
	limited := *vendor
	limited.Limit = core.Limit{Events: 3, Period: time.Second}
	a := core.Access{Tenant: core.TrustTenant(core.NewID[core.OrgID]()), Integration: "one"}
	began := k.now()
	for range 9 {
		if _, err := c.Do(t.Context(), &limited, upstream.Call{Access: a, URL: address}); err != nil {
			t.Fatal(err)
		}
	}
	if took := k.now().Sub(began); took < 1900*time.Millisecond || took > 2500*time.Millisecond {
		t.Errorf("nine calls took %v, want the two seconds that three a second allow", took)
	}
}

func TestClient_SendsNoCredentialsToAnotherHost(t *testing.T) {
	t.Parallel()
	var leaked atomic.Bool
	other, asked := server(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if strings.Contains(name+strings.Join(values, " "), "secret") {
				leaked.Store(true)
			}
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	address, _ := server(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other, http.StatusTemporaryRedirect)
	})
	c := newClient(newClock(), address, upstream.Config{Trusted: []string{other}})
	h := http.Header{"Authorization": {"Bearer secret"}, "X-Vendor-Key": {"secret"}}
	_, err := c.Do(t.Context(), vendor, upstream.Call{URL: address, Header: h})
	if core.ReasonOf(err) != core.ReasonRefused {
		t.Errorf("got %v, want it refused: another host's 401 says nothing of our token", err)
	}
	if asked.Load() != 1 || leaked.Load() {
		t.Errorf("the other host was asked %d times, with credentials: %v", asked.Load(), leaked.Load())
	}
}

func TestClient_AsksPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	inner, asked := server(t, status(200))
	u, err := url.Parse(inner)
	if err != nil {
		t.Fatal(err)
	}
	redirecting, _ := server(t, func(_ int, w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner, http.StatusFound) })
	c := newClient(newClock(), redirecting, upstream.Config{})
	for _, address := range []string{
		inner, redirecting, "http://localhost:" + u.Port(), "http://[::1]:" + u.Port(), "http://[::ffff:127.0.0.1]:" + u.Port(),
		"http://[64:ff9b::7f00:1]:" + u.Port(), "http://2130706433:" + u.Port(), "http://0x7f.1:" + u.Port(), "http://169.254.169.254/latest/meta-data",
		"http://user:pass@" + u.Host, "file:///etc/passwd", "gopher://" + u.Host,
	} {
		_, err := c.Do(t.Context(), vendor, upstream.Call{URL: address})
		if code := core.CodeOf(err); code != core.CodeValidation && core.ReasonOf(err) != core.ReasonRefused {
			t.Errorf("%s: got %v, want it refused", address, err)
		}
		if core.Retryable(err) {
			t.Errorf("%s: it is said to be worth another try", address)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the inner host was asked %d times", asked.Load())
	}
}

func TestClient_BoundsAnswers(t *testing.T) {
	t.Parallel()
	address, _ := server(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		for range 64 {
			_, _ = fmt.Fprintf(w, "%s", strings.Repeat(" ", 1024))
		}
	})
	c := newClient(newClock(), address, upstream.Config{MaxBytes: 16 << 10})
	if _, err := c.Do(t.Context(), vendor, upstream.Call{URL: address}); core.CodeOf(err) != core.CodePayloadTooLarge {
		t.Errorf("got %v, want it too large", err)
	}
}

func TestClient_GivesUpASlowAnswer(t *testing.T) {
	t.Parallel()
	address, calls := server(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	var c *upstream.Client
	var err error
	asked := int64(0)
	// A machine that stands still as long gives up before the server has heard of it.
	for limit := 50 * time.Millisecond; asked != 3 && limit < time.Minute; limit *= 10 {
		c = newClient(newClock(), address, upstream.Config{Timeout: limit})
		before := calls.Load()
		_, err = c.Do(t.Context(), vendor, upstream.Call{URL: address})
		asked = int64(calls.Load() - before)
	}
	if core.ReasonOf(err) != core.ReasonDown || asked != 3 {
		t.Errorf("got %v after %d calls, want it down after three", err, asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Do(ctx, vendor, upstream.Call{URL: address}); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestClient_TellsStatusAndRequestID(t *testing.T) {
	t.Parallel()
	address, _ := server(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "req-7")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<html>the token was secret</html>"))
	})
	c := newClient(newClock(), address, upstream.Config{})
	_, err := c.Do(t.Context(), vendor, upstream.Call{URL: address + "/?token=secret"})
	d, _ := core.AsError(err).Details.(core.UpstreamDetails)
	if d.Reason != core.ReasonForbidden || d.UpstreamStatus != 403 || d.UpstreamRequestID != "req-7" || d.IntegrationType != core.IntegrationNotion {
		t.Errorf("got %+v", d)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error holds the address or the body: %v", err)
	}
}

func TestCursor_RefusesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	type place struct{ At int }
	var got place
	if err := upstream.Unpack(upstream.Pack(place{At: 7}), &got); err != nil || got.At != 7 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"x", "%%%", "bm8ganNvbg", strings.Repeat("A", 100_000)} {
		err := upstream.Unpack(bad, &got)
		if fields, _ := core.AsError(err).Details.(core.FieldErrors); len(fields) != 1 || fields[0].Field != "cursor" || !strings.Contains(err.Error(), "begin without") {
			t.Errorf("%.10s: got %v, want a validation error", bad, err)
		}
	}
	if err := upstream.Unpack("", &got); err != nil || got.At != 7 {
		t.Errorf("no cursor: got %+v, %v, want it as it was", got, err)
	}
	long := upstream.Pack(strings.Repeat("x", 48<<10-2)) // with its quotes as much as is read
	for cursor, want := range map[string]core.Code{long: "", long + "A": core.CodeValidation} {
		var text string
		if err := upstream.Unpack(cursor, &text); (err == nil) != (want == "") || err != nil && core.CodeOf(err) != want {
			t.Errorf("%d characters: got %v, want %q", len(cursor), err, want)
		}
	}
}
