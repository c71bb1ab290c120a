package httpapi

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// checkTimeout bounds each check of /readyz.
const checkTimeout = 2 * time.Second

// Degraded marks a check's error as one that the service goes on with.
func Degraded(err error) error { return degraded{err} }

type degraded struct{ error }

func (d degraded) Unwrap() error { return d.error }

// The states of the service and of its parts.
const (
	stateOK          = "ok"
	stateDegraded    = "degraded"
	stateUnavailable = "unavailable"
	stateStopping    = "stopping"
)

type health struct {
	Status  string `json:"status" enum:"ok"`
	Version string `json:"version"`
}

type healthOutput struct{ Body health }

type check struct {
	Status  string `json:"status" enum:"ok,degraded,unavailable"`
	Message string `json:"message,omitzero" doc:"Absent when it is ok."`
}

type readiness struct {
	Status string           `json:"status" enum:"ok,degraded,unavailable,stopping"`
	Checks map[string]check `json:"checks" doc:"By part."`
}

type readinessOutput struct {
	Status int
	Body   readiness
}

func (s *api) registerHealth() {
	register(s, operation{
		id: "health", method: http.MethodGet, path: "/healthz", tag: "service", public: true, summary: "Whether the process runs",
	}, func(context.Context, core.Actor, *struct{}) (*healthOutput, error) {
		return &healthOutput{Body: health{Status: stateOK, Version: s.cfg.Version}}, nil
	})
	register(s, operation{
		id: "readiness", method: http.MethodGet, path: "/readyz", tag: "service", public: true, summary: "Whether requests can be served",
		description: "503 with the same body when a part is unavailable, or the server is stopping.",
	}, func(ctx context.Context, _ core.Actor, _ *struct{}) (*readinessOutput, error) {
		return s.ready(ctx), nil
	})
	probe := s.huma.OpenAPI().Paths["/readyz"].Get.Responses
	probe["503"] = &huma.Response{Description: "Requests cannot be served now.", Content: probe["200"].Content}
	shown := promhttp.HandlerFor(s.cfg.Metrics, promhttp.HandlerOpts{})
	s.registerRaw(operation{
		id: "metrics", method: http.MethodGet, path: "/metrics", tag: "service", public: true, summary: "Metrics for Prometheus",
	}, answer{http.StatusOK, "text/plain", "Prometheus text."}, func(w http.ResponseWriter, r *http.Request, _ core.Actor) error {
		shown.ServeHTTP(w, r)
		return nil
	})
}

// ready asks all parts at once.
func (s *api) ready(ctx context.Context) *readinessOutput {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	out := &readinessOutput{Status: http.StatusOK, Body: readiness{Status: stateOK, Checks: map[string]check{}}}
	var mu sync.Mutex // guards out
	var all sync.WaitGroup
	for name, ask := range s.cfg.Checks {
		all.Go(func() {
			found := checked(ask(ctx))
			mu.Lock()
			defer mu.Unlock()
			out.Body.Checks[name] = found
			switch {
			case found.Status == stateUnavailable:
				out.Status, out.Body.Status = http.StatusServiceUnavailable, stateUnavailable
			case found.Status == stateDegraded && out.Body.Status == stateOK:
				out.Body.Status = stateDegraded
			}
		})
	}
	all.Wait()
	select {
	case <-s.cfg.Shutdown:
		out.Status, out.Body.Status = http.StatusServiceUnavailable, stateStopping
	default:
	}
	return out
}

// checked shows the sentence of an error that was made for users, and of no other.
func checked(err error) check {
	if err == nil {
		return check{Status: stateOK}
	}
	c := check{Status: stateUnavailable, Message: "it does not answer; see the server's log"}
	if e, ok := errors.AsType[*core.Error](err); ok && e.Code != core.CodeInternal {
		c.Message = e.Message
	}
	if _, ok := errors.AsType[degraded](err); ok {
		c.Status = stateDegraded
	}
	return c
}
