package vendortest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Sent is what a server was asked.
type Sent struct {
	Method, Path string // with its query
	Header       http.Header
	Body         map[string]any
}

// Traffic is what goes through to a server, in order.
type Traffic struct {
	mu      sync.Mutex // guards what follows
	sent    []Sent
	answers []instead
	names   []name
}

// instead is what is answered in the server's place to calls that fit a pattern.
type instead struct {
	on     string
	status int
	body   string
}

type name struct {
	of   *regexp.Regexp
	text string
}

// Tap stands before the server at an address, and returns its own.
func Tap(t *testing.T, address string) (own string, f *Traffic) {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	f = &Traffic{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if answer, found := f.note(r, raw); found {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(answer.status)
			_, _ = io.WriteString(w, answer.body) // a client that has left needs no answer
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(raw))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, f
}

// note keeps a call, and returns what is answered in the server's place.
func (f *Traffic) note(r *http.Request, raw []byte) (answer instead, found bool) {
	is := Sent{Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header.Clone()}
	_ = json.Unmarshal(raw, &is.Body) // what is no JSON has no fields
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, is)
	for _, answer := range slices.Backward(f.answers) {
		if fits, _ := path.Match(answer.on, r.Method+" "+r.URL.Path); fits {
			return answer, true
		}
	}
	return instead{}, false
}

// Answer has calls such as "GET /v1/pages/*" be answered so in the server's place. Of
// several that fit a call it is the one that was given last.
func (f *Traffic) Answer(on, body string) { f.Refuse(on, http.StatusOK, body) }

// Refuse is Answer with another status.
func (f *Traffic) Refuse(on string, status int, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, instead{on, status, body})
}

// Name has Want write text for what fits a pattern, such as an id.
func (f *Traffic) Name(pattern, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names = append(f.names, name{regexp.MustCompile(pattern), text})
}

// Sent returns the calls since the last time it or Want was called.
func (f *Traffic) Sent() []Sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	sent := f.sent
	f.sent = nil
	return sent
}

// Writes returns the calls since the last time Sent or Want was called, without those
// that GET.
func (f *Traffic) Writes() []Sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.sent), func(s Sent) bool { return s.Method == http.MethodGet })
}

// Want checks the calls since the last time: method, path with query, and body.
func (f *Traffic) Want(t *testing.T, what string, want ...string) {
	t.Helper()
	var got []string
	for _, s := range f.Sent() {
		got = append(got, f.line(t, s))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func (f *Traffic) line(t *testing.T, s Sent) string {
	t.Helper()
	line := s.Method + " " + s.Path
	if s.Body != nil {
		var body bytes.Buffer
		enc := json.NewEncoder(&body)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s.Body); err != nil {
			t.Fatal(err)
		}
		line += " " + strings.TrimSpace(body.String())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range f.names {
		line = n.of.ReplaceAllLiteralString(line, n.text)
	}
	return line
}
