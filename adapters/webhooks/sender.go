// Package webhooks posts events to receivers as Standard Webhooks describe it.
package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/docsctl/docsctl/adapters/internal/egress"
	"github.com/docsctl/docsctl/core"
)

var _ core.WebhookSender = (*Sender)(nil)

// Config is how a Sender works. The zero value is good.
type Config struct {
	AllowPrivate bool                  // receivers in the installation's own network may be called
	Trusted      []string              // hosts with a port that are called whatever their address is
	TLS          *tls.Config           // nil: the system's roots
	Timeout      time.Duration         // of one attempt; 0: 15 s, which is also the most
	Metrics      prometheus.Registerer // nil: nothing is counted
}

const (
	maxTimeout = 15 * time.Second
	maxAnswer  = 16 << 10 // bytes of an answer that are read, so that its connection can be used again
)

// Sender is a core.WebhookSender over HTTP.
type Sender struct {
	cfg     Config
	client  *http.Client
	metrics metrics
}

// New returns a Sender. It returns an error for metrics that are registered already.
func New(cfg Config) (*Sender, error) {
	if cfg.Timeout <= 0 || cfg.Timeout > maxTimeout {
		cfg.Timeout = maxTimeout
	}
	client := egress.NewClient(egress.Config{AllowPrivate: cfg.AllowPrivate, Trusted: cfg.Trusted, Timeout: cfg.Timeout, TLS: cfg.TLS})
	// A redirect could lead anywhere, and a POST that is repeated elsewhere is none that was asked for.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	m, err := newMetrics(cfg.Metrics)
	return &Sender{cfg: cfg, client: client, metrics: m}, err
}

// Check returns CodeValidation for an address that Send would never call.
func (s *Sender) Check(address string) error {
	u, err := url.Parse(address)
	if err != nil || !egress.IsWeb(u) || egress.IsNumeric(u.Hostname()) {
		return core.Invalid("url", "format", "url must be an http or https address without user and password")
	}
	if s.cfg.AllowPrivate || s.trusted(u) {
		return nil
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !egress.IsPublic(ip) || strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), "localhost") {
		return core.Invalid("url", "public", "url leads into a private network; use a public address, or ask the operator to allow private networks")
	}
	if p := u.Port(); p != "" && p != "80" && p != "443" {
		return core.Invalid("url", "port", "url must use port 443 or 80; ask the operator to allow private networks for others")
	}
	return nil
}

func (s *Sender) trusted(u *url.URL) bool {
	for _, host := range s.cfg.Trusted {
		if host == u.Host {
			return true
		}
	}
	return false
}

// Send posts m once and returns what the receiver answered.
func (s *Sender) Send(ctx context.Context, m core.WebhookMessage) (core.WebhookAnswer, error) {
	begun := time.Now()
	a, err := s.send(ctx, m)
	s.metrics.note(a, err, time.Since(begun))
	return a, err
}

func (s *Sender) send(ctx context.Context, m core.WebhookMessage) (core.WebhookAnswer, error) {
	var none core.WebhookAnswer
	if err := s.Check(m.URL); err != nil {
		return none, err
	}
	signature, err := sign(m)
	if err != nil {
		return none, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return none, core.Invalid("url", "format", "url cannot be called; correct it")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "docsctl-webhooks/1")
	req.Header.Set(standardwebhooks.HeaderWebhookID, string(m.ID))
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(m.At.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	resp, err := s.client.Do(req)
	if err != nil {
		return none, explain(ctx, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // its status is the answer
	return core.WebhookAnswer{Status: resp.StatusCode, RetryAfter: retryAfter(resp, m.At)}, nil
}

// sign returns a signature by every secret.
func sign(m core.WebhookMessage) (string, error) {
	var all []string
	for _, secret := range m.Secrets {
		hook, err := standardwebhooks.NewWebhook(secret.Reveal())
		if err != nil || secret.Empty() { // the library's error tells of the secret's bytes
			return "", &core.Error{Code: core.CodeValidation, Message: "the webhook's secret cannot be used; rotate it"}
		}
		one, err := hook.Sign(string(m.ID), m.At, m.Body)
		if err != nil {
			return "", &core.Error{Code: core.CodeValidation, Message: "the webhook's secret cannot be used; rotate it"}
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return "", &core.Error{Code: core.CodeValidation, Message: "the webhook has no secret; rotate it"}
	}
	return strings.Join(all, " "), nil
}

// retryAfter reads the header in both of its forms.
func retryAfter(resp *http.Response, at time.Time) time.Duration {
	text := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return max(0, time.Duration(n)*time.Second)
	}
	if t, err := http.ParseTime(text); err == nil {
		return max(0, t.Sub(at))
	}
	return 0
}

// explain says in one sentence why there was no answer. What the client says names the
// address, which may hold a secret, so it is not even kept as the cause.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	what := "the connection broke off before the receiver answered"
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, egress.ErrNotPublic):
		what = "the address is not public, so it was not called"
	case errors.As(err, &dns):
		what = "the receiver's name was not found"
	case errors.As(err, &certificate):
		what = "the receiver's certificate is not valid"
	case errors.As(err, &timeout) && timeout.Timeout():
		what = "the receiver did not answer in time"
	case errors.As(err, &op) && op.Op == "dial":
		what = "the receiver could not be connected to"
	}
	return core.Unavailable(what, 0, nil)
}
