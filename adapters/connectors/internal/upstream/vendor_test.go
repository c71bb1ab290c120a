package upstream_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

// Each failure is one sentence with what happens next.
func TestVendor_SaysWhatHappened(t *testing.T) {
	t.Parallel()
	for d, want := range map[core.UpstreamDetails]string{
		{Reason: core.ReasonToken, UpstreamStatus: 401}:                                     "Notion does not accept the token; connect it again",
		{Reason: core.ReasonForbidden, UpstreamStatus: 403}:                                 "Notion does not allow this with the token (403); give the connection the permission and try again",
		{Reason: core.ReasonGone, UpstreamStatus: 404}:                                      "Notion has no such item, or it is not shared with the connection; share it and try again",
		{Reason: core.ReasonLimited, UpstreamStatus: 429}:                                   "Notion asks for fewer calls (429); the work goes on by itself in a while",
		{Reason: core.ReasonLimited}:                                                        "Notion asks for fewer calls; the work goes on by itself in a while",
		{Reason: core.ReasonDown, UpstreamStatus: 503}:                                      "Notion did not answer (503); the work is tried again by itself",
		{Reason: core.ReasonBroken, UpstreamStatus: 200}:                                    "Notion gave an answer that cannot be read; the work is tried again by itself",
		{Reason: core.ReasonRefused, UpstreamStatus: 400}:                                   "Notion did not take the request (400); check its settings and try again",
		{Reason: core.ReasonRefused, UpstreamStatus: 302, UpstreamCode: "redirected"}:       "Notion's address redirects to another one; connect with the address that it leads to",
		{Reason: core.ReasonRefused, UpstreamStatus: 400, UpstreamCode: "somewhat_strange"}: "Notion did not take the request (400); check its settings and try again",
	} {
		cause := errors.New("why")
		e := vendor.Fail(d, 7, cause)
		d.IntegrationType = core.IntegrationNotion
		got, _ := e.Details.(core.UpstreamDetails)
		if d.What = got.What; got.What == "" || !strings.HasPrefix(want, got.What+"; ") {
			t.Errorf("what happened: got %q of %q", got.What, want)
		}
		if e.Message != want || e.Code != core.CodeIntegration || e.RetryAfter != 7 || e.Details != d || !errors.Is(e, cause) {
			t.Errorf("got %+v, want %q", e, want)
		}
	}
}

func TestVendor_ReadsStatuses(t *testing.T) {
	t.Parallel()
	silent := upstream.Vendor{Type: core.IntegrationGuru, Name: "Guru"}
	for code, want := range map[int]core.UpstreamReason{
		400: core.ReasonRefused, 401: core.ReasonToken, 403: core.ReasonForbidden, 404: core.ReasonGone, 409: core.ReasonRefused, 410: core.ReasonGone, 413: core.ReasonRefused,
		429: core.ReasonLimited, 499: core.ReasonRefused, 500: core.ReasonDown, 529: core.ReasonDown, 599: core.ReasonDown, 304: core.ReasonRefused,
	} {
		address, _ := server(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", "req-7")
			w.WriteHeader(code)
		})
		c := newClient(newClock(), address, upstream.Config{})
		for v, id := range map[*upstream.Vendor]string{vendor: "req-7", &silent: ""} {
			_, err := c.Do(t.Context(), v, upstream.Call{URL: address, Final: code, Access: core.Access{Integration: core.IntegrationID(v.Name)}})
			d, _ := core.AsError(err).Details.(core.UpstreamDetails)
			if d.Reason != want || d.UpstreamStatus != code || d.UpstreamRequestID != id || d.IntegrationType != v.Type {
				t.Errorf("%d: got %v with %+v, want %s", code, err, d, want)
			}
		}
	}
}

func TestVendor_ReadsItsOwnErrors(t *testing.T) {
	t.Parallel()
	address, _ := server(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Word", "limited")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("slowly"))
	})
	own := *vendor
	own.Read = func(status int, h http.Header, body []byte, d *core.UpstreamDetails) {
		if status == 400 && h.Get("X-Word") == "limited" && string(body) == "slowly" && d.Reason == core.ReasonRefused {
			d.Reason, d.UpstreamCode = core.ReasonLimited, "slow"
		}
	}
	_, err := newClient(newClock(), address, upstream.Config{}).Do(t.Context(), &own, upstream.Call{URL: address, Final: 400})
	if d, _ := core.AsError(err).Details.(core.UpstreamDetails); d.Reason != core.ReasonLimited || d.UpstreamCode != "slow" || core.AsError(err).RetryAfter <= 0 {
		t.Errorf("got %v with %+v, want what the vendor's own word means", err, d)
	}
}

func TestVendor_DecodesParts(t *testing.T) {
	t.Parallel()
	var got struct{ A int }
	if err := vendor.Decode([]byte(`{"a":7}`), &got); err != nil || got.A != 7 {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := vendor.Decode([]byte(`{"a":"x"}`), &got); core.ReasonOf(err) != core.ReasonBroken {
		t.Errorf("got %v, want it broken", err)
	}
	if d, _ := vendor.Gone().Details.(core.UpstreamDetails); d.Reason != core.ReasonGone || d.UpstreamStatus != 0 {
		t.Errorf("got %+v, want what nobody was asked for", d)
	}
}

func TestBase_IsWithoutWhatPathsBeginWith(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "https://api.example.org", "http://127.0.0.1:1": "http://127.0.0.1:1", "http://127.0.0.1:1/": "http://127.0.0.1:1",
		"http://127.0.0.1:1/v1": "http://127.0.0.1:1", "http://127.0.0.1:1/v1//": "http://127.0.0.1:1", "http://h/v1/x": "http://h/v1/x",
	} {
		if got := upstream.Base(given, "https://api.example.org/v1", "/v1"); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}
