package httpapi

import (
	"context"
	"log/slog"
	"strings"

	"github.com/docsctl/docsctl/core"
)

type requestIDKey struct{}

// RequestID returns the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// requestID takes the caller's id when it is 1 to 128 printable characters, else
// it makes one.
func requestID(sent string) string {
	unprintable := func(r rune) bool { return r < ' ' || r > '~' }
	if sent == "" || len(sent) > 128 || strings.ContainsFunc(sent, unprintable) {
		return core.NewID[string]()
	}
	return sent
}

// WithRequestID returns a handler that adds request_id to every record that is
// logged with the context of a request. Wrapping twice is the same as once.
func WithRequestID(h slog.Handler) slog.Handler {
	if _, ok := h.(requestIDHandler); ok {
		return h
	}
	return requestIDHandler{h}
}

type requestIDHandler struct{ slog.Handler }

func (h requestIDHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestIDHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestIDHandler{h.Handler.WithAttrs(attrs)}
}

func (h requestIDHandler) WithGroup(name string) slog.Handler {
	return requestIDHandler{h.Handler.WithGroup(name)}
}
