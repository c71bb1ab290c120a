package fakes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
)

// client asks one fake with a token.
type client struct {
	t    *testing.T
	base string
	sign func(*http.Request)
}

func serve(t *testing.T, h http.Handler, sign func(*http.Request)) *client {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &client{t: t, base: s.URL, sign: sign}
}

func notionToken(r *http.Request) {
	r.Header.Set("Authorization", "Bearer "+fakes.NotionToken)
	r.Header.Set("Notion-Version", "2025-09-03")
}

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// reply is an answer, decoded where it is JSON.
type reply struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

func (c *client) do(method, path string, body any) reply {
	c.t.Helper()
	r, err := c.try(c.t.Context(), method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (c *client) try(ctx context.Context, method, path string, body any) (reply, error) {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return reply{}, err
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, in)
	if err != nil {
		return reply{}, err
	}
	c.sign(req)
	plain := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := plain.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	out := reply{status: resp.StatusCode, header: resp.Header}
	if out.raw, err = io.ReadAll(resp.Body); err != nil {
		return out, err
	}
	_ = json.Unmarshal(out.raw, &out.body) // lists and pages in HTML stay raw
	return out, nil
}

func (r reply) list(t *testing.T, name string) []any {
	t.Helper()
	list, ok := r.body[name].([]any)
	if !ok {
		t.Fatalf("%s is no list in %d %s", name, r.status, r.raw)
	}
	return list
}

func TestFaults_AreTheVendors(t *testing.T) {
	t.Parallel()
	n := fakes.NewNotion(fakes.Config{})
	notion := serve(t, n, notionToken)
	f := fakes.NewConfluence(fakes.Config{})
	f.AddSpace("OPS", "Operations")
	confluence := serve(t, f, basic(fakes.ConfluenceEmail, fakes.ConfluenceToken))
	g := fakes.NewGuru(fakes.Config{})
	guru := serve(t, g, basic(fakes.GuruEmail, fakes.GuruToken))
	for fault, want := range map[fakes.Fault][3]int{
		fakes.Busy: {429, 429, 429}, fakes.Overloaded: {529, 503, 503}, fakes.Failed: {500, 500, 500}, fakes.Unavailable: {503, 503, 503},
		fakes.BadGateway: {502, 502, 502}, fakes.NotFound: {404, 404, 404}, fakes.Unauthorized: {401, 401, 401},
		fakes.Forbidden: {403, 403, 403}, fakes.SaveConflict: {409, 409, 409},
	} {
		rule := fakes.Rule{Fault: fault, RetryAfter: 1500 * time.Millisecond}
		n.Fail(rule)
		f.Fail(rule)
		g.Fail(rule)
		got := []reply{notion.do("GET", "/v1/users/me", nil), confluence.do("GET", "/wiki/api/v2/spaces", nil), guru.do("GET", "/api/v1/whoami", nil)}
		for i, r := range got {
			if r.status != want[i] {
				t.Errorf("%s: fake %d answers %d, want %d", fault, i, r.status, want[i])
			}
			if r.header.Get("Retry-After") != "2" {
				t.Errorf("%s: fake %d says Retry-After %q, want 2", fault, i, r.header.Get("Retry-After"))
			}
		}
	}
	if r := notion.do("GET", "/v1/users/me", nil); r.status != http.StatusOK {
		t.Errorf("after its faults Notion answers %d", r.status)
	}
}

func TestFaults_SpoilAnswersOfWhatWasDone(t *testing.T) {
	t.Parallel()
	for _, fault := range []fakes.Fault{fakes.NoAnswer, fakes.CutOff, fakes.StuckBody} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			n := fakes.NewNotion(fakes.Config{})
			home := n.AddPage(fakes.NotionPage{Title: "Home"})
			c := serve(t, n, notionToken)
			n.Fail(fakes.Rule{On: "POST /v1/pages", Fault: fault})
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			if fault == fakes.StuckBody { // which ends when the client leaves, once the page is made
				go leaveOnce(ctx, leave, func() bool { return len(n.Pages()) == 2 })
			}
			body := map[string]any{"parent": map[string]any{"page_id": home}, "properties": map[string]any{"title": []any{}}}
			if _, err := c.try(ctx, "POST", "/v1/pages", body); err == nil {
				t.Error("the answer came well")
			}
			if got := len(n.Pages()); got != 2 {
				t.Errorf("%d pages, want 2: the page was made", got)
			}
		})
	}
}

// leaveOnce leaves a while after it is so.
func leaveOnce(ctx context.Context, leave func(), so func() bool) {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !so() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
	time.AfterFunc(300*time.Millisecond, leave)
}

func TestFaults_HalfBodyAndWebPage(t *testing.T) {
	t.Parallel()
	n := fakes.NewNotion(fakes.Config{})
	c := serve(t, n, notionToken)
	n.Fail(fakes.Rule{Fault: fakes.HalfBody}, fakes.Rule{Fault: fakes.WebPage})
	if r := c.do("GET", "/v1/users/me", nil); r.status != http.StatusOK || json.Valid(r.raw) {
		t.Errorf("half a body: %d %s", r.status, r.raw)
	}
	if r := c.do("GET", "/v1/users/me", nil); r.status != http.StatusOK || r.raw[0] != '<' {
		t.Errorf("a page: %d %s", r.status, r.raw)
	}
	if calls := n.Calls(); len(calls) != 2 || calls[0].Fault != fakes.HalfBody {
		t.Errorf("calls %v", calls)
	}
}

func TestRule_FitsByPathAndTurn(t *testing.T) {
	t.Parallel()
	n := fakes.NewNotion(fakes.Config{})
	page := n.AddPage(fakes.NotionPage{Title: "Home"})
	c := serve(t, n, notionToken)
	r, err := fakes.ParseRule("failed after=1 times=2 GET /v1/blocks/*/children")
	if err != nil {
		t.Fatal(err)
	}
	n.Fail(r)
	var got []int
	for range 4 {
		got = append(got, c.do("GET", "/v1/blocks/"+page+"/children", nil).status)
		if s := c.do("GET", "/v1/users/me", nil).status; s != http.StatusOK {
			t.Errorf("another path answers %d", s)
		}
	}
	if want := []int{200, 500, 500, 200}; !equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	for _, bad := range []string{"", "sometimes", "busy often=1", "busy after=x", "busy [", "busy retry=soon"} {
		if _, err := fakes.ParseRule(bad); err == nil {
			t.Errorf("%q is taken as a rule", bad)
		}
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestRate_RefusesWhatIsTooFast(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 20, 10, 0, 0, 0, time.UTC)
	n := fakes.NewNotion(fakes.Config{Now: func() time.Time { return now }, Rate: fakes.Rate{PerSecond: 2, Burst: 3}})
	c := serve(t, n, notionToken)
	var got []int
	for range 4 {
		got = append(got, c.do("GET", "/v1/users/me", nil).status)
	}
	if want := []int{200, 200, 200, 429}; !equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	now = now.Add(time.Second)
	if s := c.do("GET", "/v1/users/me", nil).status; s != http.StatusOK {
		t.Errorf("a second later it answers %d", s)
	}
}
