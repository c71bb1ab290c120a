package core

import (
	"context"
	"time"
)

// absent stands in for an optional port that the embedder left out. What needs it
// answers CodeUnavailable.
type absent struct{}

func (absent) err(port string) error {
	return Unavailable("this installation has no "+port+"; its operator left it out", 0, nil)
}

func (a absent) Extract(context.Context, File) (*Extracted, error) {
	return nil, a.err("file reader")
}

func (a absent) Render(context.Context, RenderRequest, ExportFormat) ([]byte, error) {
	return nil, a.err("writer of export files")
}

func (a absent) Hash(context.Context, string) (string, error) {
	return "", a.err("sign-in by password")
}

func (a absent) Verify(context.Context, string, string) (bool, bool, error) {
	return false, false, a.err("sign-in by password")
}

// absentTokens is absent for AccessTokens, whose Verify has another form.
type absentTokens struct{ absent }

func (a absentTokens) Issue(AccessClaims) (string, error) { return "", a.err("access tokens") }

func (a absentTokens) Verify(string, time.Time) (AccessClaims, error) {
	return AccessClaims{}, a.err("access tokens")
}

// noSignIn stands in for a SignInProvider where all ports are asked to be there.
type noSignIn struct{}

func (noSignIn) Begin(context.Context, SignInFlow) (string, error) { return "", errNoProvider() }

func (noSignIn) Finish(context.Context, SignInFlow, string, string) (*ExternalIdentity, error) {
	return nil, errNoProvider()
}

// absentPresence is absent for Presence: connections go on without being listed.
type absentPresence struct{ absent }

func (absentPresence) Put(context.Context, Tenant, Connection, time.Duration) error { return nil }

func (absentPresence) Remove(context.Context, Tenant, string) error { return nil }

func (a absentPresence) List(context.Context, Tenant) ([]Connection, error) {
	return nil, a.err("list of connections")
}

// noLimiter stands in for a Limiter where one is asked for.
type noLimiter struct{}

func (noLimiter) Allow(context.Context, LimitKey, Limit, int) (LimitState, error) {
	return LimitState{Allowed: true}, nil
}

// absentCache keeps nothing, which a Cache may.
type absentCache struct{}

func (absentCache) Get(context.Context, Tenant, string) ([]byte, bool, error) { return nil, false, nil }

func (absentCache) Set(context.Context, Tenant, string, []byte, time.Duration) error { return nil }

func (absentCache) Delete(context.Context, Tenant, ...string) error { return nil }

func (absentCache) Clear(context.Context, Tenant) error { return nil }

// absentSealer is absent for a Sealer: nothing can be kept secret, so nothing is kept.
type absentSealer struct{ absent }

func (a absentSealer) Seal(context.Context, Tenant, string, []byte) ([]byte, error) {
	return nil, a.err("key to seal tokens with")
}

func (a absentSealer) Open(context.Context, Tenant, string, []byte) ([]byte, error) {
	return nil, a.err("key to seal tokens with")
}

func (absentSealer) Current([]byte) bool { return true }

// absentWebhooks is absent for a WebhookSender.
type absentWebhooks struct{ absent }

func (a absentWebhooks) Check(string) error { return a.err("sender of webhooks") }

func (a absentWebhooks) Send(context.Context, WebhookMessage) (WebhookAnswer, error) {
	return WebhookAnswer{}, a.err("sender of webhooks")
}

// noOCR stands in for an OCR: nothing is recognized.
type noOCR struct{}

func (noOCR) Open(context.Context) (Scan, error) { return noScan{}, nil }

type noScan struct{}

func (noScan) Write(p []byte) (int, error) { return len(p), nil }

func (noScan) Recognize(context.Context, []int) ([]PageText, error) { return nil, nil }

func (noScan) Close() error { return nil }
