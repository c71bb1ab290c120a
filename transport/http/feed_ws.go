package httpapi

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/coder/websocket"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/feed"
	"github.com/go-json-experiment/json"
)

// Bounds of what a client sends. What is too long for a message of ours is read
// and answered with an error; what is longer than that costs the connection.
const (
	maxMessage = 4 << 10
	maxFrame   = 4 << 20
)

// The close codes of our own.
const (
	closeRevoked websocket.StatusCode = 4401 // sign in again
	closeEnded   websocket.StatusCode = 4403 // an admin ended it
)

// socket is a connection of the feed over WebSocket.
type socket struct {
	*subscriber
	conn    *websocket.Conn
	sending sync.Mutex // one frame at a time, and none between a new subscription and its answer
}

func (s *api) serveWS(w http.ResponseWriter, r *http.Request, a core.Actor) error {
	if !isHandshake(r) {
		return core.Invalid("Upgrade", "upgrade", "this route speaks WebSocket (version 13); connect with a WebSocket client, or use /v1/events")
	}
	stream, err := s.subscribe(r, a, "")
	if err != nil {
		return err
	}
	r.Header.Del("Origin") // subscribe has checked it
	conn, err := websocket.Accept(lean{w}, r, nil)
	if err != nil {
		stream.Close()
		s.log.DebugContext(r.Context(), "a connection could not be upgraded", slog.Any("error", err))
		return nil // answered by Accept
	}
	conn.SetReadLimit(maxFrame)
	s.attend(context.WithoutCancel(r.Context()), r, a, stream, conn)
	return nil
}

// attend begins to serve an upgraded connection, in goroutines of its own: the
// request's has a stack that grew while the caller was looked up, and it, with all that
// the server keeps of a request, would be more than half of what a connection takes.
func (s *api) attend(ctx context.Context, r *http.Request, a core.Actor, stream *subscription, conn *websocket.Conn) {
	gauge := s.metrics.feeds.WithLabelValues("ws")
	gauge.Inc()
	ctx, cancel := context.WithCancel(ctx)
	c := &socket{conn: conn}
	c.subscriber = s.newSubscriber(ctx, r, a, stream, func(ctx context.Context) error {
		err := conn.Ping(ctx)
		if err != nil { // the client is dead, or has gone
			cancel()
		}
		return err
	})
	go func() { // ends with the stream, which its hub closes, or with the connection
		defer gauge.Dec()
		defer cancel()
		defer c.end(ctx)
		defer c.survive(ctx)
		reason := c.talk(ctx, cancel)
		c.leave() // the client may come back before it has answered the close
		c.close(ctx, reason)
	}()
}

// talk says hello, and only then listens: nothing is to be answered before. It calls
// gone when the client has left, and returns why the connection is to end.
func (c *socket) talk(ctx context.Context, gone func()) error {
	if err := c.send(ctx, c.hello()); err != nil {
		return err
	}
	go func() { // ends with the connection, which close ends
		defer gone()
		defer c.survive(ctx)
		c.read(ctx)
	}()
	return c.write(ctx)
}

// survive keeps a panic to its connection: no handler stands above these goroutines.
func (c *socket) survive(ctx context.Context) {
	if v := recover(); v != nil {
		c.api.tellPanic(ctx, "a connection of the feed", v)
		_ = c.conn.CloseNow()
	}
}

// lean gives an upgraded connection buffers for messages as they are, most below a
// kilobyte, in the place of the server's two of 4 KB. A longer message is written in
// two parts.
type lean struct{ http.ResponseWriter }

// Hijack implements http.Hijacker.
func (w lean) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	in := buffers.Reader
	if in.Buffered() == 0 { // else something was sent behind the handshake, without waiting
		in = bufio.NewReaderSize(conn, 512)
	}
	return conn, bufio.NewReadWriter(in, bufio.NewWriterSize(conn, 2<<10)), nil
}

// isHandshake is what RFC 6455, 4.2.1 asks for.
func isHandshake(r *http.Request) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.Header.Get("Sec-WebSocket-Key")))
	return r.Method == http.MethodGet && r.ProtoAtLeast(1, 1) && hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket") &&
		r.Header.Get("Sec-WebSocket-Version") == "13" && len(r.Header.Values("Sec-WebSocket-Key")) == 1 && err == nil && len(key) == 16
}

func hasToken(h http.Header, name, token string) bool {
	for part := range strings.SplitSeq(strings.Join(h.Values(name), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(part), token) {
			return true
		}
	}
	return false
}

// write sends what the stream has until it, the client or a write ends.
func (c *socket) write(ctx context.Context) error {
	for {
		it, err := c.Next(ctx)
		if err != nil {
			return err
		}
		if err := c.sendItem(ctx, it); err != nil {
			return err
		}
	}
}

func (c *socket) sendItem(ctx context.Context, it *feed.Item) error {
	text := it.Encoded(c.api.encodeItem)
	c.sending.Lock()
	defer c.sending.Unlock()
	if text == nil || !c.Wants(it) { // the topics may be others by now
		return nil
	}
	return c.sendLocked(ctx, text)
}

func (c *socket) send(ctx context.Context, text []byte) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return c.sendLocked(ctx, text)
}

// sendLocked has a deadline of its own: a write that its context ends closes the
// connection without a word, so the end of the connection's context is left out.
func (c *socket) sendLocked(ctx context.Context, text []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.api.pace.write)
	defer cancel()
	return c.conn.Write(ctx, websocket.MessageText, text)
}

// close says why, unless the client has gone.
func (c *socket) close(ctx context.Context, reason error) {
	code, text := websocket.StatusTryAgainLater, "the feed could not be read; connect again with the last id"
	switch {
	case errors.Is(reason, feed.ErrSlow):
		text = "too slow; connect again with the last id"
	case errors.Is(reason, feed.ErrShutdown):
		code, text = websocket.StatusGoingAway, "the server is shutting down; connect again with the last id"
	case errors.Is(reason, feed.ErrRevoked):
		code, text = closeRevoked, "the credential is no longer valid; sign in again"
	case errors.Is(reason, feed.ErrEnded):
		code, text = closeEnded, "an admin ended the connection"
	case ctx.Err() != nil:
		_ = c.conn.CloseNow()
		return
	default:
		c.api.log.DebugContext(ctx, "a connection of the feed ended", slog.Any("error", reason))
	}
	_ = c.conn.Close(code, text) // it bounds itself, and who has gone needs no word
}

// read answers what the client sends until the connection ends. It does not end
// with its context: that would close the connection without a word.
func (c *socket) read(ctx context.Context) {
	for {
		kind, r, err := c.conn.Reader(context.WithoutCancel(ctx))
		if err != nil {
			return
		}
		text, err := io.ReadAll(io.LimitReader(r, maxMessage+1))
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			return
		}
		if c.answer(ctx, kind, text) != nil {
			return
		}
	}
}

// clientMessage is everything that a client may say.
type clientMessage struct {
	Type   string    `json:"type" enum:"subscribe,ping"`
	Topics *[]string `json:"topics,omitzero" nullable:"false" doc:"With subscribe: what is to be told from now on, of jobs, documents, summaries, integrations, usage, webhooks."`
}

// answer returns an error when the client has gone.
func (c *socket) answer(ctx context.Context, kind websocket.MessageType, text []byte) error {
	var m clientMessage
	switch {
	case kind != websocket.MessageText:
		return c.refuse(ctx, "binary messages are not understood; send JSON as text")
	case len(text) > maxMessage:
		return c.refuse(ctx, "the message is longer than 4 KB; send less")
	case json.Unmarshal(text, &m, json.RejectUnknownMembers(true)) != nil:
		return c.refuse(ctx, `the message is not understood; send {"type":"subscribe","topics":[…]} or {"type":"ping"}`)
	case m.Type == "ping" && m.Topics == nil:
		return c.send(ctx, encodeFrame(pongFrame{Type: framePong}))
	case m.Type == "subscribe" && m.Topics != nil:
		return c.resubscribe(ctx, *m.Topics)
	default:
		return c.refuse(ctx, `the message is not understood; send {"type":"subscribe","topics":[…]} or {"type":"ping"}`)
	}
}

func (c *socket) resubscribe(ctx context.Context, topics []string) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	if err := c.Subscribe(topics); err != nil {
		return c.sendLocked(ctx, refusal(core.AsError(err).Message))
	}
	return c.sendLocked(ctx, encodeFrame(subscribedFrame{Type: frameSubscribed, Topics: topics}))
}

func (c *socket) refuse(ctx context.Context, message string) error {
	return c.send(ctx, refusal(message))
}

func refusal(message string) []byte {
	return encodeFrame(errorFrame{Type: frameError, Failure: frameReason{Code: core.CodeValidation, Message: message}})
}
