package openai

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/openai/openai-go/v3/option"

	"github.com/docsctl/docsctl/core"
)

// watch ends a call that is without a byte for too long, and sees to it that
// what the client library reads is bounded and an answer at all.
type watch struct {
	timeout time.Duration
	most    int64 // bytes of a stream
	timer   *time.Timer
	cancel  context.CancelFunc
	late    atomic.Bool
}

// newWatch returns a context for the call; stop ends it.
func newWatch(ctx context.Context, timeout time.Duration, most int64) (context.Context, *watch) {
	w := &watch{timeout: timeout, most: most}
	ctx, w.cancel = context.WithCancel(ctx)
	w.timer = time.AfterFunc(timeout, func() {
		w.late.Store(true)
		w.cancel()
	})
	return ctx, w
}

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel()
}

// blame returns errSilent for a failure that came of the time being up, else err.
func (w *watch) blame(err error) error {
	if w.late.Load() {
		return errSilent
	}
	return err
}

// Bounds of what is read from a server, in bytes.
const (
	mostError = 64 << 10
	// Thoughts are streamed before the answer and may count as none of it: room for
	// some 50,000 tokens of them, since a chunk of four letters takes some 300 bytes.
	mostThoughts = 16 << 20
	mostChunk    = 1 << 10 // that a token of the answer takes
)

// mostBytes is how much is read of a stream whose answer may have so many tokens; 0:
// it is not said how many.
func mostBytes(tokens int) int64 {
	if tokens <= 0 {
		tokens = mostText / core.LLMMostOver
	}
	return mostThoughts + core.LLMMostOver*int64(tokens)*mostChunk
}

// middleware turns error answers into an answerError, so that the client library
// makes none of its own: those hold the request.
func (w *watch) middleware(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	resp, err := next(r)
	if err != nil {
		return nil, err
	}
	w.timer.Reset(w.timeout)
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // what cannot be parsed is not HTML
	html := media == "text/html" || media == "application/xhtml+xml"
	if resp.StatusCode >= 200 && resp.StatusCode < 300 && !html {
		resp.Body = &watched{ReadCloser: resp.Body, watch: w, left: w.most}
		return resp, nil
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(&watched{ReadCloser: resp.Body, watch: w, left: w.most}, mostError))
	if err != nil && len(raw) == 0 && w.late.Load() {
		return nil, errSilent
	}
	return nil, newAnswerError(resp, raw, html)
}

// watched is a body whose every byte sets the watch back.
type watched struct {
	io.ReadCloser
	watch *watch
	left  int64
}

func (b *watched) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && !b.watch.late.Load() {
		b.watch.timer.Reset(b.watch.timeout)
	}
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

var (
	errSilent   = errors.New("no byte came in time")
	errTooLong  = errors.New("the answer is longer than any answer is read")
	errBrokeOff = errors.New("the stream ended without a reason for its end")
)
