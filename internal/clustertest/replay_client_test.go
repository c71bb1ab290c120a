//go:build unix

package clustertest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/docsctl/docsctl/core"
)

// replayClient is a client that goes on from the last event it has got.
type replayClient struct {
	overSSE bool
	at      core.Position
	sum     uint64 // digest of what it got
	got     int
	cuts    int // connections that were cut off under it
	lost    int // connections that ended by themselves
	err     error
}

// errTold is an answer that no coming back can mend.
var errTold = errors.New("the server's answer is wrong")

// follow takes every event over as many connections as it needs.
func (c *crowd) follow(ctx context.Context, k *replayClient) error {
	ctx, cancel := context.WithTimeout(ctx, crowdPatience)
	defer cancel()
	for k.got < replayEvents || k.cuts < *replayCuts {
		until := replayEvents // no cut
		if k.cuts < *replayCuts {
			until = min(replayEvents, k.got+rand.IntN(2*replayEvents / *replayCuts))
		}
		err := c.connect(ctx, k, until)
		switch {
		case err == nil && k.cuts < *replayCuts:
			k.cuts++
		case err == nil:
		case errors.Is(err, errTold) || ctx.Err() != nil:
			return err
		default:
			k.lost++
			select { // as clients do
			case <-time.After(rand.N(100 * time.Millisecond)):
			case <-ctx.Done():
			}
		}
	}
	return nil
}

// abrupt makes connections that vanish when they are closed, with no word to the
// server: they are cut.
var abrupt = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetLinger(0)
	}
	return conn, err
}}

// connect takes events until there are so many, and is cut off.
func (c *crowd) connect(ctx context.Context, k *replayClient, until int) error {
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	begin, path := c.overWebSocket, "/v1/ws"
	if k.overSSE {
		begin, path = c.overEvents, "/v1/events"
	}
	next, err := begin(ctx, c.url()+path+"?since="+string(k.at))
	if err != nil {
		return err
	}
	for k.got < until {
		text, err := next()
		if err != nil {
			return err
		}
		if err := k.take(text); err != nil {
			return err
		}
		c.received.Add(1)
	}
	return nil
}

// take notes an event, which has to come after the one before.
func (k *replayClient) take(frame []byte) error {
	_, rest, _ := bytes.Cut(frame, []byte(`{"id":"`))
	id, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return fmt.Errorf("%w: %s", errTold, frame)
	}
	at := core.Position(id)
	if at <= k.at {
		return fmt.Errorf("%w: %s after %s", errTold, at, k.at)
	}
	k.at, k.sum, k.got = at, chain(k.sum, at), k.got+1
	return nil
}

// answered is an error unless the server has begun to tell, or is not to be blamed.
func answered(resp *http.Response, want int, err error) error {
	switch {
	case resp == nil || resp.StatusCode == http.StatusServiceUnavailable:
		return errors.Join(err, errors.New("nobody there"))
	case resp.StatusCode != want:
		return fmt.Errorf("%w: status %d", errTold, resp.StatusCode)
	default:
		return err
	}
}

func (c *crowd) overWebSocket(ctx context.Context, url string) (func() ([]byte, error), error) {
	header := http.Header{"Authorization": {"Bearer " + c.token}}
	conn, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header, HTTPClient: &http.Client{Transport: abrupt}})
	if err := answered(resp, http.StatusSwitchingProtocols, err); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.CloseNow() })
	_, hello, err := conn.Read(ctx)
	if err == nil && !bytes.Contains(hello, []byte(`"hello"`)) {
		err = fmt.Errorf("%w: %s", errTold, hello)
	}
	return func() ([]byte, error) {
		_, text, err := conn.Read(ctx)
		return text, err
	}, err
}

func (c *crowd) overEvents(ctx context.Context, url string) (func() ([]byte, error), error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := abrupt.RoundTrip(req)
	if err := answered(resp, http.StatusOK, err); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	next := func() ([]byte, error) {
		for lines.Scan() {
			if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
				return data, nil
			}
		}
		return nil, errors.Join(lines.Err(), errors.New("the stream ended"))
	}
	hello, err := next()
	if err == nil && !bytes.Contains(hello, []byte(`"hello"`)) {
		err = fmt.Errorf("%w: %s", errTold, hello)
	}
	return next, err
}
