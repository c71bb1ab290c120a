package upstream_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/adapters/internal/egress"
	"github.com/docsctl/docsctl/core"
)

func TestCall_IsSentAsItSays(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		call              upstream.Call
		method, kind, got string
	}{
		"Get":    {upstream.Call{}, "GET", "", ""},
		"JSON":   {upstream.Call{Method: "PUT", Body: map[string]string{"a": "<&>"}}, "PUT", "application/json", `{"a":"<&>"}`},
		"Form":   {upstream.Call{Method: "POST", Body: url.Values{"a": {"b c"}}}, "POST", "application/x-www-form-urlencoded", "a=b+c"},
		"Header": {upstream.Call{Header: http.Header{"x-vendor-version": {"7"}, "Accept": {"text/plain"}}}, "GET", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := server(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				_, typed := r.Header["Content-Type"]
				if r.Method != tc.method || r.Header.Get("Content-Type") != tc.kind || typed != (tc.kind != "") || strings.TrimSpace(string(body)) != tc.got || r.Header.Get("User-Agent") != "docsctl" {
					t.Errorf("got %s %v %s", r.Method, r.Header, body)
				}
				accept, version := "application/json", ""
				if tc.call.Header != nil {
					accept, version = "text/plain", "7"
				}
				if r.Header.Get("Accept") != accept || r.Header.Get("X-Vendor-Version") != version {
					t.Errorf("got %v", r.Header)
				}
			})
			tc.call.URL = address
			if _, err := newClient(newClock(), address, upstream.Config{}).Do(t.Context(), vendor, tc.call); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCall_ThatCannotBeSentIsRefused(t *testing.T) {
	t.Parallel()
	address, calls := server(t, status(200))
	c := newClient(newClock(), address, upstream.Config{})
	for name, call := range map[string]upstream.Call{
		"Body":    {Method: "POST", URL: address, Body: make(chan int)},
		"Method":  {Method: "GET IT", URL: address},
		"Address": {URL: "http://[secret"},
	} {
		if _, err := c.Do(t.Context(), vendor, call); core.ReasonOf(err) != core.ReasonRefused || strings.Contains(err.Error(), "secret") || calls.Load() != 0 {
			t.Errorf("%s: got %v after %d calls", name, err, calls.Load())
		}
	}
}

func TestJSON_ReadsWhatThereIs(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		name   string
		reason core.UpstreamReason
	}{
		`{"name":"a"}`: {"a", ""}, " \n": {"kept", ""}, "": {"kept", ""},
		`{"name":1}`: {"", core.ReasonBroken}, `{"name":"a"`: {"", core.ReasonBroken}, "<html>": {"", core.ReasonBroken}, "{} {}": {"", core.ReasonBroken},
	} {
		address, calls := server(t, func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		got := struct{ Name string }{"kept"}
		answer, err := newClient(newClock(), address, upstream.Config{}).JSON(t.Context(), vendor, upstream.Call{URL: address, Method: "POST"}, &got)
		if core.ReasonOf(err) != want.reason || err == nil && (got.Name != want.name || answer.Status != 200) || calls.Load() != 1 {
			t.Errorf("%q: got %+v, %v after %d calls, want %+v", body, got, err, calls.Load(), want)
		}
	}
	address, _ := server(t, status(404))
	if _, err := newClient(newClock(), address, upstream.Config{}).JSON(t.Context(), vendor, upstream.Call{URL: address}, &struct{}{}); core.ReasonOf(err) != core.ReasonGone {
		t.Errorf("a failed call: got %v", err)
	}
}

// An answer may be as large as is said, and not a byte larger.
func TestClient_BoundIsExact(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]core.Code{16: "", 17: core.CodePayloadTooLarge} {
		address, _ := server(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("1", size))
		})
		_, err := newClient(newClock(), address, upstream.Config{MaxBytes: 16}).Do(t.Context(), vendor, upstream.Call{URL: address})
		if err == nil != (want == "") || err != nil && core.CodeOf(err) != want {
			t.Errorf("%d bytes: got %v, want %q", size, err, want)
		}
	}
}

// What a vendor says of when to come back, in whatever words.
func TestClient_ReadsWhenToComeBack(t *testing.T) {
	t.Parallel()
	at := newClock().now()
	for name, tc := range map[string]struct {
		header, value string
		want          time.Duration // that the error tells
	}{
		"Fraction":        {"Retry-After", "7.5", 7500 * time.Millisecond},
		"Date":            {"Retry-After", at.Add(time.Hour).Format(http.TimeFormat), time.Hour},
		"PastDate":        {"Retry-After", at.Add(-time.Hour).Format(http.TimeFormat), time.Second},
		"Negative":        {"Retry-After", "-5", time.Second},
		"NoNumber":        {"Retry-After", "NaN", time.Second},
		"Endless":         {"Retry-After", "1e300", time.Second},
		"Zero":            {"Retry-After", "0", time.Second}, // as a Data Center says it
		"ResetSeconds":    {"X-RateLimit-Reset", at.Add(time.Hour).Format(time.RFC3339), time.Hour},
		"ResetMinutes":    {"X-RateLimit-Reset", at.Add(time.Hour).Format("2006-01-02T15:04Z"), time.Hour}, // as Atlassian says it
		"ResetInThePast":  {"X-RateLimit-Reset", at.Add(-time.Hour).Format(time.RFC3339), time.Second},
		"ResetOfNothing":  {"X-RateLimit-Reset", "soon", time.Second},
		"NothingIsATime":  {"X-Other", "3600", time.Second},
		"RetryComesFirst": {"Retry-After", "1800", 30 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := server(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				if name == "RetryComesFirst" {
					w.Header().Set("X-RateLimit-Reset", at.Add(5*time.Hour).Format(time.RFC3339))
				}
				w.Header().Set(tc.header, tc.value)
				w.WriteHeader(http.StatusTooManyRequests)
			})
			still := &clock{at: at}
			c := upstream.New(upstream.Config{Trusted: []string{address}, Now: still.now, Wait: func(context.Context, time.Duration) error { return nil }})
			_, err := c.Do(t.Context(), vendor, upstream.Call{URL: address, Final: http.StatusTooManyRequests})
			if e := core.AsError(err); core.ReasonOf(err) != core.ReasonLimited || e.RetryAfter != tc.want {
				t.Errorf("got %v for %v, want it limited for %v", err, e.RetryAfter, tc.want)
			}
		})
	}
}

// A status that the caller has another way for is not tried again; a conflict that the
// vendor calls a failure of its own is, also for a write.
func TestClient_TriesAgainAsTheCallSays(t *testing.T) {
	t.Parallel()
	busy := *vendor
	busy.Read = func(status int, _ http.Header, _ []byte, d *core.UpstreamDetails) {
		if status == http.StatusConflict {
			d.Reason = core.ReasonDown
		}
	}
	for name, tc := range map[string]struct {
		vendor *upstream.Vendor
		call   upstream.Call
		code   int
		calls  int64
	}{
		"Final":             {vendor, upstream.Call{Final: 500}, 500, 1},
		"FinalOfAnother":    {vendor, upstream.Call{Final: 502}, 500, 3},
		"Delete":            {vendor, upstream.Call{Method: "DELETE"}, 500, 3},
		"SaveConflict":      {&busy, upstream.Call{Method: "PATCH"}, 409, 3},
		"ConflictAsAnswer":  {vendor, upstream.Call{Method: "PATCH"}, 409, 1},
		"ConflictFromARead": {vendor, upstream.Call{}, 409, 1},
		"FailedWrite":       {&busy, upstream.Call{Method: "PATCH"}, 500, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, calls := server(t, status(tc.code))
			tc.call.URL = address
			if _, err := newClient(newClock(), address, upstream.Config{}).Do(t.Context(), tc.vendor, tc.call); err == nil || calls.Load() != tc.calls {
				t.Errorf("got %v after %d calls, want %d", err, calls.Load(), tc.calls)
			}
		})
	}
}

// A pause that a vendor asked for holds the next call back too, until the caller leaves.
func TestClient_PauseHoldsTheNextCallBack(t *testing.T) {
	t.Parallel()
	address, calls := server(t, func(i int, w http.ResponseWriter, _ *http.Request) {
		if i == 0 {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	k := newClock()
	c := newClient(k, address, upstream.Config{})
	call := upstream.Call{URL: address, Final: http.StatusTooManyRequests}
	if _, err := c.Do(t.Context(), vendor, call); core.ReasonOf(err) != core.ReasonLimited {
		t.Fatal(err)
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := c.Do(left, vendor, call); !errors.Is(err, context.Canceled) || calls.Load() != 1 {
		t.Errorf("got %v after %d calls, want the caller gone", err, calls.Load())
	}
	k.at = k.at.Add(-time.Second) // his wait moved the clock to the pause's end
	if _, err := c.Do(t.Context(), vendor, call); err != nil || calls.Load() != 2 || !slices.Equal(k.waited(), []time.Duration{3 * time.Second, time.Second}) {
		t.Errorf("got %v after %d calls and %v", err, calls.Load(), k.waited())
	}
}

// Where a call leads to is told apart from what the vendor says there.
func TestClient_TellsWhyAnAddressCannotBeAsked(t *testing.T) {
	t.Parallel()
	private, _ := server(t, status(200))
	_, err := upstream.New(upstream.Config{}).Do(t.Context(), vendor, upstream.Call{URL: private})
	if fields, _ := core.AsError(err).Details.(core.FieldErrors); len(fields) != 1 || fields[0].Field != "config.base_url" || fields[0].Constraint != "public_address" ||
		!strings.Contains(fields[0].Message, "send a public one") || !errors.Is(err, egress.ErrNotPublic) {
		t.Errorf("a private address: got %v", err)
	}
	for name, to := range map[string]string{"InCircles": "/", "OutOfTheWeb": "file:///etc/passwd"} {
		var address string
		address, _ = server(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		})
		_, err := newClient(newClock(), address, upstream.Config{}).Do(t.Context(), vendor, upstream.Call{URL: address})
		if d, _ := core.AsError(err).Details.(core.UpstreamDetails); d.Reason != core.ReasonRefused || d.UpstreamCode != "redirected" {
			t.Errorf("%s: got %v with %+v, want it redirected", name, err, d)
		}
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err = newClient(newClock(), gone.URL, upstream.Config{}).Do(t.Context(), vendor, upstream.Call{URL: gone.URL})
	if core.CodeOf(err) != core.CodeUnavailable || core.ReasonOf(err) != core.ReasonDown || !core.Retryable(err) {
		t.Errorf("nobody there: got %v", err)
	}
}
