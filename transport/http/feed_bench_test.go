package httpapi

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// rawClient is a WebSocket client that costs next to nothing, so that what is
// measured is the server.
type rawClient struct {
	net.Conn
	in *bufio.Reader // nil until something is read; its buffer is the client's largest part
}

func (p *person) rawDial(tb testing.TB) *rawClient {
	tb.Helper()
	return p.rawOpen(tb, "/v1/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")
}

// dial opens a connection over which a test writes HTTP itself.
func (w *world) dial(tb testing.TB) net.Conn {
	tb.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		tb.Fatal(err)
	}
	return conn
}

// rawOpen returns a connection of the feed over either transport, read up to hello.
func (p *person) rawOpen(tb testing.TB, path, header string) *rawClient {
	tb.Helper()
	conn := p.w.dial(tb)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n%sAuthorization: Bearer %s\r\n\r\n", path, header, p.token)
	buf := make([]byte, 4096)
	for n := 0; !bytes.Contains(buf[:n], []byte(`"last_event_id"`)); {
		got, err := conn.Read(buf[n:])
		if err != nil {
			tb.Fatalf("%v: %s", err, buf[:n])
		}
		n += got
	}
	return &rawClient{Conn: conn}
}

// frames calls each for every frame of data, and answers pings, until the
// connection ends or each says so.
func (c *rawClient) frames(each func(text []byte) bool) {
	c.in = bufio.NewReaderSize(c, 1024)
	var head [8]byte
	for {
		if _, err := io.ReadFull(c.in, head[:2]); err != nil {
			return
		}
		op, n := head[0]&0xf, int(head[1])
		if n == 126 {
			if _, err := io.ReadFull(c.in, head[:2]); err != nil {
				return
			}
			n = int(binary.BigEndian.Uint16(head[:2]))
		}
		text := make([]byte, n)
		if _, err := io.ReadFull(c.in, text); err != nil {
			return
		}
		switch op {
		case 9:
			_, _ = c.Write(append([]byte{0x8a, 0x80 | byte(n), 0, 0, 0, 0}, text...))
		case 1:
			if !each(text) {
				return
			}
		}
	}
}

// BenchmarkFeed_FanOut sends 50,000 frames a second: 50 events to 1,000 connections of
// one organization, and 10 to 5,000. Server, clients and writer share the machine's
// cores.
func BenchmarkFeed_FanOut(b *testing.B) {
	for _, connections := range []int{1000, 5000} {
		b.Run(strconv.Itoa(connections), func(b *testing.B) {
			fanOut(b, connections, time.Duration(connections)*time.Second/50_000)
		})
	}
}

// fanOut sends an event to all connections at each pace.
func fanOut(b *testing.B, connections int, pace time.Duration) {
	b.Helper()
	w := newWorld(b)
	p := w.admin("Owner")
	before := memory()
	clients := make([]*rawClient, connections)
	for i := range clients {
		clients[i] = p.rawDial(b)
		defer clients[i].Close()
	}
	perConnection := float64(memory()-before) / float64(connections)

	committed := make([]time.Time, b.N)
	received := make([][]time.Time, connections)
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() {
			c.frames(func([]byte) bool {
				received[i] = append(received[i], time.Now())
				return len(received[i]) < b.N
			})
		})
	}
	b.ResetTimer()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for i := range b.N {
		<-tick.C
		if err := w.commit(b.Context(), p, 1, core.EventJobCompleted, benchJob(p)); err != nil {
			b.Fatal(err)
		}
		committed[i] = time.Now()
	}
	all.Wait()
	b.StopTimer()
	var delays []time.Duration
	for _, times := range received {
		if len(times) != b.N {
			b.Fatalf("a client got %d of %d events", len(times), b.N)
		}
		for i, at := range times {
			delays = append(delays, at.Sub(committed[i]))
		}
	}
	slices.Sort(delays)
	b.ReportMetric(delays[len(delays)/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(delays[len(delays)*99/100].Seconds()*1000, "p99-ms")
	b.ReportMetric(float64(len(delays))/b.Elapsed().Seconds(), "frames/s")
	b.ReportMetric(perConnection/1024, "KB/conn")
}

// BenchmarkFeed_Replay replays 10,000 events to one client.
func BenchmarkFeed_Replay(b *testing.B) {
	const events = 10_000
	w := newWorld(b)
	p := w.admin("Owner")
	start := p.dial("").hello(b).LastEventID
	for range events / 500 {
		if err := w.commit(b.Context(), p, 500, core.EventJobCompleted, benchJob(p)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		c := p.dial("?since=" + string(start))
		c.hello(b)
		for range events {
			if _, _, err := c.conn.Read(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		_ = c.conn.CloseNow()
	}
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func benchJob(p *person) core.Job {
	at := time.Now().UTC()
	return core.Job{
		ID: core.NewID[core.JobID](), OrgID: core.OrgID(p.org), UserID: core.UserID(p.user), Type: core.JobSummarize, RelatedID: core.NewID[string](),
		RelatedType: "summary", Status: core.JobCompleted, Run: 1, Attempt: 1, MaxAttempts: 3, Queue: core.QueueLLM, QueuedAt: at, CreatedAt: at,
	}
}

// memory is what the process holds for good.
func memory() uint64 {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
