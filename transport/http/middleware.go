package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
)

// ServeHTTP is the outer handler: it names the request, bounds its time, answers
// what no route answers, catches panics, and counts and logs how it ended.
func (s *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	id := requestID(r.Header.Get("X-Request-Id"))
	r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
	rec := newRecorder(w)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = newTimedBody(r.Body, rec.ctl, s.cfg.BodyGrace)
	}
	secure(rec.Header(), id)
	defer s.done(rec, r, start)
	defer s.catch(rec, r)
	s.allowOrigin(rec.Header(), r)
	s.route(rec, r)
}

// secure sets the headers of every answer; pages for browsers loosen the policy.
func secure(h http.Header, requestID string) {
	h.Set("X-Request-Id", requestID)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

// route hands the request to its route. Paths that are not clean belong to none:
// the mux would redirect them, and tell a broken id from an unknown one.
func (s *api) route(w http.ResponseWriter, r *http.Request) {
	if path.Clean(r.URL.Path) != r.URL.Path {
		s.fail(w, r, errNoRoute())
		return
	}
	if _, pattern := s.mux.Handler(r); pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	allow := s.allowed(r)
	switch {
	case allow == "":
		s.fail(w, r, errNoRoute())
	case r.Method == http.MethodOptions:
		s.preflight(w, r, allow)
	default:
		w.Header().Set("Allow", allow)
		s.fail(w, r, &core.Error{Code: core.CodeMethodNotAllowed, Message: "this route has no such method; use one of " + allow})
	}
}

func errNoRoute() error {
	return &core.Error{Code: core.CodeNotFound, Message: "no such route; see /docs for those there are"}
}

// allowed asks the mux which methods the path has; "" when there is no such path.
func (s *api) allowed(r *http.Request) string {
	probe := probe{}
	h, _ := s.mux.Handler(r)
	h.ServeHTTP(probe, r)
	if allow := http.Header(probe).Get("Allow"); allow != "" {
		return allow + ", OPTIONS"
	}
	return ""
}

// probe takes the headers of the mux's own answer, and nothing else.
type probe http.Header

func (p probe) Header() http.Header         { return http.Header(p) }
func (p probe) Write(b []byte) (int, error) { return len(b), nil }
func (p probe) WriteHeader(int)             {}

// allowOrigin lets pages of the allowed origins read the answer.
func (s *api) allowOrigin(h http.Header, r *http.Request) {
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); s.origins[strings.ToLower(origin)] {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "ETag, Idempotency-Replayed, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id, WWW-Authenticate")
	}
}

// preflight answers OPTIONS; what CORS asks for only to the allowed origins.
func (s *api) preflight(w http.ResponseWriter, r *http.Request, allow string) {
	h := w.Header()
	h.Set("Allow", allow)
	if s.origins[strings.ToLower(r.Header.Get("Origin"))] {
		h.Set("Access-Control-Allow-Methods", allow)
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, X-Request-Id")
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// catch answers a panic with 500, or breaks the connection when a part of the
// answer has gone out and would be taken for the whole.
func (s *api) catch(rec *recorder, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	s.tellPanic(r.Context(), "a request", v)
	if rec.status != 0 {
		panic(http.ErrAbortHandler)
	}
	s.fail(rec, r, &core.Error{Code: core.CodeInternal, Message: "an internal error occurred; try again, and report the request id if it persists"})
}

// tellPanic logs what was recovered from what.
func (s *api) tellPanic(ctx context.Context, what string, v any) {
	s.log.ErrorContext(ctx, what+" panicked", slog.String("panic", fmt.Sprint(v)), slog.String("stack", string(debug.Stack())))
}

// done counts and logs a request. The query is left out: it may hold a ticket.
func (s *api) done(rec *recorder, r *http.Request, start time.Time) {
	took := time.Since(start)
	route := "none"
	if r.Pattern != "" {
		_, route, _ = strings.Cut(r.Pattern, " ")
	}
	status := rec.status
	if status == 0 {
		status = http.StatusOK
	}
	s.metrics.observe(r.Method, route, status, took)
	level := slog.LevelInfo
	if status < http.StatusBadRequest && (route == "/healthz" || route == "/readyz" || route == "/metrics") {
		level = slog.LevelDebug // asked every few seconds, by machines
	}
	path := r.URL.EscapedPath()
	s.log.LogAttrs(r.Context(), level, "request",
		slog.String("method", r.Method), slog.String("path", path[:min(len(path), 256)]), slog.Int("status", status),
		slog.Int64("bytes", rec.bytes), slog.Duration("took", took), slog.String("client", s.client(r).String()))
}

// client is the address that the request came from: the last one in
// X-Forwarded-For that is no trusted proxy's, when a trusted proxy sent it.
func (s *api) client(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, _ := netip.ParseAddr(host)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next
	}
	return addr.Unmap()
}

func (s *api) trusts(a netip.Addr) bool {
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
