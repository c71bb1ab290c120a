//go:build unix

package clustertest

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
	"github.com/docsctl/docsctl/internal/testenv"
)

// Set by make replay. The defaults keep the test under half a minute: every frame to
// every client is a write and a read, 4 million of them in all with 2,000 clients.
var (
	replayClients = flag.Int("replay.clients", 60, "how many clients TestReplay has at once")
	replayCuts    = flag.Int("replay.cuts", 20, "how often it cuts each of them off")
)

const replayEvents = 2000

// TestReplay has clients follow the feed of two servers while each is cut off at
// random and comes back to either. Redis is restarted and emptied meanwhile, and
// each server is killed once. Every client ends with exactly the log's events, in
// its order.
func TestReplay(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	var all sync.WaitGroup
	for i := range c.clients {
		all.Go(func() {
			if c.clients[i].err = c.follow(ctx, &c.clients[i]); c.clients[i].err != nil {
				c.failed.Store(true)
				giveUp()
			}
		})
	}
	for range 4 {
		all.Go(func() { c.write(t) })
	}
	begun := time.Now()
	c.harm(t)
	all.Wait()
	want := digest(readLog(t, c.org))
	cuts, lost := 0, 0
	for i, k := range c.clients {
		cuts, lost = cuts+k.cuts, lost+k.lost
		if k.err != nil || k.got != replayEvents || k.sum != want {
			t.Errorf("client %d got %d events over %d connections, want exactly the %d of the log in its order: %v", i, k.got, k.cuts+k.lost+1, replayEvents, k.err)
		}
		if k.cuts < *replayCuts {
			t.Errorf("client %d was cut off %d times, want %d", i, k.cuts, *replayCuts)
		}
	}
	if lost == 0 {
		t.Error("no connection ended with its server; nothing was proven")
	}
	t.Logf("%s: %d clients got the %d events; they were cut off %d times, and %d connections went with a killed server",
		time.Since(begun).Round(time.Second), len(c.clients), replayEvents, cuts, lost)
}

// crowd is an installation and the clients that follow one organization's feed.
type crowd struct {
	site
	redis   *testenv.RedisServer
	node    *node // where events are written
	org     *coretest.Org
	token   string
	urls    [2]atomic.Pointer[string]
	servers [2]*server
	clients []replayClient

	written  atomic.Int64 // events that are committed or about to be
	received atomic.Int64 // by all clients together
	failed   atomic.Bool  // a client has given up, and so the others wait in vain
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{redis: testenv.StartRedis(t, testenv.RedisOptions{}), clients: make([]replayClient, *replayClients)}
	c.site = site{Database: testenv.Database(t, "clustertest", migrate), Redis: c.redis.URL()}
	c.node = here(t, c.site, parts{})
	for i := range c.servers {
		c.start(t, i)
	}
	c.org = register(t, c.node, c.servers[:]...)
	var key struct {
		Key string `json:"key"`
	}
	c.servers[0].must(t, http.StatusCreated, http.MethodPost, "/v1/api-keys", map[string]string{"name": "crowd"}, &key)
	c.token = key.Key // an access token would expire under a crowd that takes its time
	start, err := c.org.Read().Events.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.clients {
		c.clients[i] = replayClient{at: start.Last, sum: fnvBasis, overSSE: i%2 == 0}
	}
	return c
}

// start starts the server with that number, or another in its place.
func (c *crowd) start(t *testing.T, i int) {
	t.Helper()
	c.servers[i] = serve(t, c.site, "DOCSCTL_NO_WORKERS=true", "DOCSCTL_RATE_LIMIT=0")
	c.urls[i].Store(&c.servers[i].url)
}

// write appends events in transactions of a few, and tells the bus when there is one.
// It keeps ahead of the clients by little, so that they are cut off while events come.
func (c *crowd) write(t *testing.T) {
	const each, ahead = 5, 200
	for {
		n := c.written.Add(each)
		if n > replayEvents {
			return
		}
		if !c.reached(t, (n-ahead)*int64(len(c.clients))) {
			return
		}
		err := c.org.Store.Tenant(c.org.Tenant).InTx(t.Context(), func(_ context.Context, tx core.Tx) error {
			for i := range each {
				tx.Append(core.EventDocumentCreated, coretest.Now(), core.Document{Title: fmt.Sprint(n, i)})
			}
			return nil
		})
		if err != nil {
			t.Error(err)
			return
		}
		_ = c.node.Bus.Notify(t.Context(), core.Notice{Topic: core.FeedTopic(c.org.Tenant)}) // Redis may be away
	}
}

// harm takes parts away, one after the other, at equal parts of the way.
func (c *crowd) harm(t *testing.T) {
	t.Helper()
	steps := []func(){
		func() { c.redis.Restart(t) },
		func() { c.kill(t, 0) },
		func() { c.redis.FlushAll(t) },
		func() { c.kill(t, 1) },
		func() { c.redis.Kill(t); c.redis.Start(t) },
	}
	all := int64(len(c.clients)) * replayEvents
	for i, step := range steps {
		if !c.reached(t, all*int64(i+1)/int64(len(steps)+1)) {
			return
		}
		step()
	}
}

// reached waits until the clients together have so many events.
func (c *crowd) reached(t *testing.T, events int64) bool {
	enough := func() bool { return c.received.Load() >= events }
	if reached(t, crowdPatience, func() bool { return enough() || c.failed.Load() }) && enough() {
		return true
	}
	t.Errorf("the clients got %d events together and no more, want %d", c.received.Load(), events)
	return false
}

// kill kills a server and starts another in its place.
func (c *crowd) kill(t *testing.T, i int) {
	t.Helper()
	if err := c.servers[i].cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.start(t, i)
}

// crowdPatience is how long a whole crowd may take.
const crowdPatience = 20 * patience

// reached waits for so.
func reached(t *testing.T, within time.Duration, so func() bool) bool {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.After(within); !so(); {
		select {
		case <-poll.C:
		case <-deadline:
			return false
		case <-t.Context().Done():
			return false
		}
	}
	return true
}

// url is of any of the servers.
func (c *crowd) url() string { return *c.urls[rand.IntN(len(c.urls))].Load() }

// fnvBasis is the digest of no event.
var fnvBasis = fnv.New64a().Sum64()

// chain adds an event to a digest.
func chain(sum uint64, id core.Position) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, sum)
	_, _ = io.WriteString(h, string(id))
	return h.Sum64()
}

// digest is of events in their order. 2,000 clients that kept 2,000 ids each would
// need more memory than the servers.
func digest(events []core.Event) uint64 {
	sum := fnvBasis
	for _, e := range events {
		sum = chain(sum, e.ID)
	}
	return sum
}
