package fakes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config says how a fake behaves. The zero value answers as fast as it is asked.
type Config struct {
	// Now is the vendor's clock. Default: time.Now.
	Now func() time.Time
	// Rate is how many calls a token may make; more are answered with 429 and
	// Retry-After. Default: none is refused. See VendorRate.
	Rate Rate
	// PageSize is the most items a list answers with, however many are asked for.
	// Default: the vendor's own.
	PageSize int
	// ClientID and ClientSecret are the OAuth2 client's. Default: "client-id" and
	// "client-secret".
	ClientID, ClientSecret string
	// Token is one that the fake takes besides its own, wherever it takes any. Default:
	// none.
	Token string
	// TokenLife is how long an OAuth2 access token is good. Default: the vendor's.
	TokenLife time.Duration
	// ReadOnly is a token that may not write.
	ReadOnly bool
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.ClientID == "" {
		c.ClientID = "client-id"
	}
	if c.ClientSecret == "" {
		c.ClientSecret = "client-secret"
	}
	return c
}

// Call is one that a fake was asked.
type Call struct {
	Method string
	Path   string // with its query
	Status int    // 0: none was answered
	Fault  Fault  // "": none
}

// site is what the fakes have in common.
type site struct {
	cfg   Config
	mux   *http.ServeMux
	voice voice

	mu    sync.Mutex // guards what follows, and what the fakes hold
	rules []*Rule
	calls []Call
	pace  pace
	ids   int // counts what was made
}

// voice is how a vendor says what the fakes have in common.
type voice interface {
	// refusal returns the vendor's answer to a fault of the first group.
	refusal(q *request, f Fault) answer
	// unknown returns the vendor's answer to a route that it does not have.
	unknown(q *request) answer
	// lists reports whether a call is one of a listing of pages or cards, or of what
	// they are in.
	lists(q *request) bool
	// finish adds what each answer of the vendor's has.
	finish(a *answer)
}

func newSite(c Config, v voice) *site {
	s := &site{cfg: c.withDefaults(), mux: http.NewServeMux(), voice: v}
	s.pace = pace{rate: s.cfg.Rate}
	s.route("/", v.unknown)
	return s
}

// request is a call with its body and what is to go wrong.
type request struct {
	*http.Request
	body  []byte
	fault Fault
}

// decode reads the body as JSON; an empty one leaves v as it is.
func (q *request) decode(v any) error {
	if len(bytes.TrimSpace(q.body)) == 0 {
		return nil
	}
	return json.Unmarshal(q.body, v)
}

// origin is the address that the client used.
func (q *request) origin() string { return "http://" + q.Host }

// answer is what is sent back.
type answer struct {
	status int
	header http.Header
	body   any    // nil: none; a string: HTML or text; else JSON
	raw    []byte // body, as it was when the lock was held
	kind   string // raw's content type
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

// with adds a header.
func (a answer) with(name, value string) answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Add(name, value)
	return a
}

// webPage is what a proxy or the vendor's edge answers.
func webPage(status int) answer {
	return answer{status: status, body: "<!DOCTYPE html><html><head><title>" + http.StatusText(status) + "</title></head><body>We are sorry.</body></html>"}
}

// Fail has calls go wrong from now on. Of several rules that fit a call the first counts.
func (s *site) Fail(rules ...Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rules {
		s.rules = append(s.rules, &r)
	}
}

// Heal forgets every rule.
func (s *site) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// Calls returns every call since the last one to Forget, in order.
func (s *site) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Forget forgets the calls so far.
func (s *site) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// Writes returns the calls since Forget that changed something or tried to.
func (s *site) Writes() []Call {
	return slices.DeleteFunc(s.Calls(), func(c Call) bool {
		read := c.Method == http.MethodGet || strings.Contains(c.Path, "/search") || strings.Contains(c.Path, "/query") || strings.HasSuffix(c.Path, "/users-bulk")
		return read || strings.Contains(c.Path, "/oauth/")
	})
}

const maxBody = 6 << 20

// ServeHTTP implements http.Handler.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPath) {
		s.control(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *site) route(pattern string, handle func(q *request) answer) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		q := &request{Request: r, body: body}
		s.mu.Lock()
		a := s.answer(q, handle)
		s.mu.Unlock()
		send(w, r, a, q.fault)
	})
}

// answer decides, under the lock, what a call is answered and does what it asks.
func (s *site) answer(q *request, handle func(q *request) answer) answer {
	var wait time.Duration
	for _, r := range s.rules {
		if r.On == "" && r.Fault.spoilsLists() && !s.voice.lists(q) {
			continue
		}
		if r.fires(q.Method, q.URL.Path) {
			q.fault, wait = r.Fault, r.RetryAfter
			break
		}
	}
	var a answer
	switch slow := s.pace.take(q.Header.Get("Authorization"), s.cfg.Now()); {
	case q.fault.refuses():
		a = later(s.voice.refusal(q, q.fault), wait)
	case slow > 0:
		a = later(s.voice.refusal(q, Busy), slow)
	default:
		a = handle(q)
	}
	s.voice.finish(&a)
	if q.fault == WebPage {
		a = webPage(http.StatusOK)
	}
	a.raw, a.kind = encode(a.body)
	status := a.status
	if q.fault == NoAnswer {
		status = 0
	}
	s.calls = append(s.calls, Call{Method: q.Method, Path: q.URL.RequestURI(), Status: status, Fault: q.fault})
	return a
}

func later(a answer, wait time.Duration) answer {
	if wait > 0 {
		return a.with("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	return a
}

// send writes an answer, spoiled as the fault of the third group says.
func send(w http.ResponseWriter, r *http.Request, a answer, f Fault) {
	if f == NoAnswer {
		panic(http.ErrAbortHandler)
	}
	raw := a.raw
	if len(raw) == 0 && (f == CutOff || f == StuckBody) {
		a.status, raw = http.StatusOK, []byte("[ ") // an answer without a body cannot be broken off
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.kind != "" && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", a.kind)
	}
	switch f {
	case HalfBody:
		raw = raw[:len(raw)/2]
	case CutOff, StuckBody:
		w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
		raw = raw[:len(raw)/2]
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(raw) // a client that has left needs no answer
	switch f {
	case StuckBody:
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case CutOff:
		panic(http.ErrAbortHandler)
	}
}

func encode(body any) (raw []byte, kind string) {
	switch b := body.(type) {
	case nil:
		return nil, ""
	case string:
		if strings.HasPrefix(b, "<") {
			return []byte(b), "text/html;charset=UTF-8"
		}
		return []byte(b), "text/plain"
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		panic(fmt.Sprintf("fakes: an answer cannot be written as JSON: %v", err)) // we made it
	}
	return buf.Bytes(), "application/json"
}
