package httpapi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/feed"
)

// serveEvents streams until the client or the stream ends. Browsers come back by
// themselves with Last-Event-ID, and give up when they are answered 401.
func (s *api) serveEvents(w http.ResponseWriter, r *http.Request, a core.Actor) error {
	stream, err := s.subscribe(r, a, r.Header.Get("Last-Event-ID"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	if r.Method == http.MethodHead {
		stream.Close()
		return nil
	}
	gauge := s.metrics.feeds.WithLabelValues("sse")
	gauge.Inc()
	defer gauge.Dec()
	c := s.newSubscriber(r.Context(), r, a, stream, nil)
	defer c.end(r.Context())
	s.log.DebugContext(r.Context(), "a stream of events ended", slog.Any("reason", c.tell(r.Context(), w)))
	return nil
}

// tell writes hello and then what the stream has, and returns why that ended.
func (c *subscriber) tell(ctx context.Context, w http.ResponseWriter) error {
	out := http.NewResponseController(w)
	// The id is where a client that is cut off now has to begin again.
	text := append([]byte("retry: 2000\n"), sseEvent(c.Start(), frameHello, c.hello())...)
	for {
		if len(text) > 0 {
			_ = out.SetWriteDeadline(time.Now().Add(c.api.pace.write)) // without effect where there is no connection, as in tests
			if _, err := w.Write(text); err != nil {
				return err
			}
			if err := out.Flush(); err != nil {
				return err
			}
		}
		wait, cancel := context.WithTimeout(ctx, c.api.pace.beat)
		it, err := c.Next(wait)
		cancel()
		switch {
		case err == nil:
			text = sseItem(it, it.Encoded(c.api.encodeItem))
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			text = []byte(":\n\n")
		default:
			return err
		}
	}
}

func sseItem(it *feed.Item, frame []byte) []byte {
	switch {
	case frame == nil:
		return nil
	case it.Reset != "":
		return sseEvent(it.Last, frameReset, frame)
	default:
		return sseEvent(it.Event.ID, string(it.Event.Type), frame)
	}
}

// sseEvent frames one line of JSON. Without an id the client keeps the one before.
func sseEvent(id core.Position, name string, frame []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(frame) + len(id) + len(name) + 32)
	if id != "" {
		b.WriteString("id: " + string(id) + "\n")
	}
	b.WriteString("event: " + name + "\ndata: ")
	b.Write(frame)
	b.WriteString("\n\n")
	return b.Bytes()
}
