package httpapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

func TestReadiness(t *testing.T) {
	t.Parallel()
	fine := func(context.Context) error { return nil }
	down := func(context.Context) error { return errors.New("dial tcp secret-host:5432") }
	busy := func(context.Context) error { return core.Unavailable("the disk is full; free some space", 0, nil) }
	slow := func(context.Context) error { return Degraded(errors.New("lag 7s")) }
	gone := func(ctx context.Context) error { return ctx.Err() }
	ended := make(chan struct{})
	close(ended)
	const silent = "it does not answer; see the server's log"
	for name, c := range map[string]struct {
		checks   map[string]func(context.Context) error
		shutdown chan struct{}
		status   int
		want     readiness
	}{
		"AllFine":    {map[string]func(context.Context) error{"store": fine, "bus": gone}, nil, 200, readiness{"ok", map[string]check{"store": {Status: "ok"}, "bus": {Status: "ok"}}}},
		"OneDown":    {map[string]func(context.Context) error{"store": down, "bus": slow}, nil, 503, readiness{"unavailable", map[string]check{"store": {"unavailable", silent}, "bus": {"degraded", silent}}}},
		"SaysWhy":    {map[string]func(context.Context) error{"store": busy}, nil, 503, readiness{"unavailable", map[string]check{"store": {"unavailable", "the disk is full; free some space"}}}},
		"Degraded":   {map[string]func(context.Context) error{"store": fine, "bus": slow}, nil, 200, readiness{"degraded", map[string]check{"store": {Status: "ok"}, "bus": {"degraded", silent}}}},
		"IsStopping": {map[string]func(context.Context) error{"store": fine}, ended, 503, readiness{"stopping", map[string]check{"store": {Status: "ok"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := New(Config{App: &core.App{}, Checks: c.checks, Shutdown: c.shutdown, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(h)
			defer srv.Close()
			resp := send(t, "GET", srv.URL+"/readyz", nil)
			var got readiness
			if err := json.UnmarshalRead(resp.Body, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, c.want); diff != "" || resp.StatusCode != c.status {
				t.Errorf("%d, want %d (got, want): %s", resp.StatusCode, c.status, diff)
			}
		})
	}
}

func TestMetrics_LabelsAreRoutes(t *testing.T) {
	t.Parallel()
	srv := bare(t, io.Discard)
	send(t, "GET", srv.URL+"/v1/documents/0199-secret-id", nil)
	send(t, "GET", srv.URL+"/wp-login.php", nil)
	send(t, "BREW", srv.URL+"/wp-login.php", nil)
	text, _ := io.ReadAll(send(t, "GET", srv.URL+"/metrics", nil).Body)
	got := string(text)
	for _, want := range []string{
		`docsctl_http_requests_total{method="GET",route="/v1/documents/{id}",status="401"} 1`,
		`docsctl_http_requests_total{method="GET",route="none",status="404"} 1`,
		`docsctl_http_requests_total{method="other",route="none",status="404"} 1`,
		`docsctl_http_request_duration_seconds_bucket{`, `go_goroutines `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, not := range []string{"secret-id", "wp-login", "BREW"} {
		if strings.Contains(got, not) {
			t.Errorf("%s is in the metrics", not)
		}
	}
}
