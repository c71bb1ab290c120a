//go:build unix

package redis_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	driver "github.com/redis/go-redis/v9"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

const (
	// patience is how long a test waits for what must come to pass.
	patience = time.Minute
	// soon is the longest that a call may take while Redis is away.
	soon = time.Second
)

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatalf("%s: did not happen within %v", what, patience)
		case <-tick.C:
		}
	}
}

// raw returns a client of the driver, for looking behind the adapters.
func raw(t testing.TB, url string) *driver.Client {
	t.Helper()
	o, err := driver.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := driver.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func tenant() core.Tenant { return core.TrustTenant(core.NewID[core.OrgID]()) }

func feed() core.Topic { return core.FeedTopic(tenant()) }

func listen(t testing.TB, b core.EventBus, topics ...core.Topic) core.Listener {
	t.Helper()
	l, err := b.Listen(t.Context(), topics...)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func next(t testing.TB, l core.Listener) core.Notice {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case n := <-l.C():
		return n
	case <-timer.C:
		t.Fatal("no notice came")
		return core.Notice{}
	}
}

// wantLost reads one notice of each topic and wants it to be a hint to look.
func wantLost(t *testing.T, l core.Listener, topics ...core.Topic) {
	t.Helper()
	missing := map[core.Topic]bool{}
	for _, topic := range topics {
		missing[topic] = true
	}
	for len(missing) > 0 {
		n := next(t, l)
		if !n.Lost || n.Body != nil || !missing[n.Topic] {
			t.Fatalf("got %+v, want one notice with Lost set of each topic", n)
		}
		delete(missing, n.Topic)
	}
}

// wantDelivery notifies until the bus takes it and wants l to get it, unharmed.
func wantDelivery(t *testing.T, b core.EventBus, l core.Listener, topic core.Topic) {
	t.Helper()
	if n, ok := delivered(t, b, l, topic); !ok {
		t.Errorf("got %+v, want what was sent and nothing lost", n)
	}
}

// delivered reports whether it gets it. Notices that say nothing may come before.
func delivered(t *testing.T, b core.EventBus, l core.Listener, topic core.Topic) (core.Notice, bool) {
	t.Helper()
	body := core.NewID[core.JobID]()
	eventually(t, "notify is taken", func() bool {
		return b.Notify(t.Context(), core.Notice{Topic: topic, Body: []byte(body)}) == nil
	})
	n := next(t, l)
	for n.Body == nil && !n.Lost {
		n = next(t, l)
	}
	return n, string(n.Body) == string(body) && !n.Lost
}

// settle waits until what is sent comes, whatever was lost before.
func settle(t *testing.T, b core.EventBus, l core.Listener, topic core.Topic) {
	t.Helper()
	eventually(t, "what is sent comes", func() bool {
		_, ok := delivered(t, b, l, topic)
		return ok
	})
}

// wantStanding is wantDelivery over the connection that stood at began. On a machine
// that stands still for seconds a bus leaves it; then only its return is wanted.
func wantStanding(t *testing.T, b core.EventBus, l core.Listener, topic core.Topic, began time.Time) {
	t.Helper()
	n, ok := delivered(t, b, l, topic)
	switch {
	case ok:
	case time.Since(began) > 3*time.Second:
		settle(t, b, l, topic)
	default:
		t.Errorf("got %+v, want what was sent and nothing lost: the connection stood", n)
	}
}

// wantUnavailableSoon checks a call while Redis is away.
func wantUnavailableSoon(t *testing.T, what string, call func() error) {
	t.Helper()
	testenv.Promise(t, what, soon, func() time.Duration {
		began := time.Now()
		err := call()
		took := time.Since(began)
		if got := core.CodeOf(err); got != core.CodeUnavailable {
			t.Errorf("%s: got %v, want code %q", what, err, core.CodeUnavailable)
		}
		return took
	})
}

func TestBus_LostConnection(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(t *testing.T, s *testenv.RedisServer){
		"RestartIsTold":       func(t *testing.T, s *testenv.RedisServer) { s.Restart(t) },
		"KilledServerIsTold":  func(t *testing.T, s *testenv.RedisServer) { s.Kill(t); s.Start(t) },
		"CutConnectionIsTold": cutSubscribers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.StartRedis(t, testenv.RedisOptions{})
			here, there := openBus(t, server.URL()), openBus(t, server.URL())
			one, other := feed(), core.CanceledTopic()
			both, single := listen(t, here, one, other), listen(t, here, other)
			lose(t, server)
			wantLost(t, both, one, other)
			wantLost(t, single, other)
			settle(t, there, both, one)
			settle(t, there, listen(t, here, one), one)
		})
	}
}

func cutSubscribers(t *testing.T, s *testenv.RedisServer) {
	t.Helper()
	if err := raw(t, s.URL()).ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err(); err != nil {
		t.Fatal(err)
	}
}

// TestBus_WhatIsSentAfterListenComesOrIsToldLost has listeners of few topics come
// and go while the connection is cut again and again, so that confirmations of
// subscriptions that are no longer wanted meet those that are.
func TestBus_WhatIsSentAfterListenComesOrIsToldLost(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t, testenv.RedisOptions{})
	here, there := openBus(t, server.URL()), openBus(t, server.URL())
	topics := []core.Topic{feed(), feed()}
	cut := make(chan struct{}, 1)
	var cutter, wg sync.WaitGroup
	cutter.Go(func() {
		for range cut {
			cutSubscribers(t, server)
		}
	})
	var told, came sync.Map
	for worker := range 6 {
		wg.Go(func() {
			for i := range 60 {
				topic, body := topics[(worker+i)%2], fmt.Sprint(worker, "/", i)
				l, err := here.Listen(t.Context(), topic)
				if err != nil {
					t.Errorf("listen: %v", err)
					return
				}
				if i%3 == worker%3 { // more often on a slow machine would leave nothing that comes
					select {
					case cut <- struct{}{}:
					default:
					}
				}
				if err := there.Notify(t.Context(), core.Notice{Topic: topic, Body: []byte(body)}); err != nil {
					t.Errorf("notify: %v", err)
				}
				for n := next(t, l); string(n.Body) != body; n = next(t, l) {
					if n.Lost {
						told.Store(body, true)
						break
					}
				}
				came.Store(body, true)
				_ = l.Close()
			}
		})
	}
	wg.Wait()
	close(cut)
	cutter.Wait()
	count := func(m *sync.Map) (n int) {
		m.Range(func(any, any) bool { n++; return true })
		return n
	}
	t.Logf("%d of %d were told lost", count(&told), count(&came))
	if count(&told) == count(&came) {
		t.Error("nothing ever came; only losses were told")
	}
}

func TestBus_Subscriptions(t *testing.T) {
	t.Parallel()

	t.Run("ProcessHoldsOneConnection", func(t *testing.T) {
		t.Parallel()
		url := testenv.StartRedis(t, testenv.RedisOptions{}).URL()
		b, topic := openBus(t, url), feed()
		for range 50 {
			listen(t, b, topic, feed())
		}
		clients, err := raw(t, url).Do(t.Context(), "client", "list", "type", "pubsub").Text()
		if err != nil || strings.Count(clients, "id=") != 1 || !strings.Contains(clients, " sub=51 ") {
			t.Errorf("subscribers: got %q, %v, want one with 51 channels", clients, err)
		}
	})

	t.Run("TopicNobodyListensToIsUnsubscribed", func(t *testing.T) {
		t.Parallel()
		url := testenv.StartRedis(t, testenv.RedisOptions{}).URL()
		b, topic := openBus(t, url), feed()
		first, second := listen(t, b, topic), listen(t, b, topic)
		_ = first.Close()
		wantDelivery(t, b, second, topic)
		_ = second.Close()
		eventually(t, "the channel goes", func() bool {
			channels, err := raw(t, url).PubSubChannels(t.Context(), "*").Result()
			return err == nil && len(channels) == 0
		})
		wantDelivery(t, b, listen(t, b, topic), topic)
	})

	t.Run("DatabasesAreApart", func(t *testing.T) {
		t.Parallel()
		url := testenv.StartRedis(t, testenv.RedisOptions{}).URL()
		here, there, topic := openBus(t, url), openBus(t, strings.TrimSuffix(url, "0")+"1"), feed()
		l := listen(t, here, topic)
		if err := there.Notify(t.Context(), core.Notice{Topic: topic, Body: []byte("theirs")}); err != nil {
			t.Fatal(err)
		}
		wantDelivery(t, here, l, topic)
	})

	t.Run("PayloadOfAStrangerIsAHintToLook", func(t *testing.T) {
		t.Parallel()
		url := testenv.StartRedis(t, testenv.RedisOptions{}).URL()
		b, topic := openBus(t, url), feed()
		l := listen(t, b, topic)
		for _, payload := range []string{"", "\x00", "zzz", "\xff"} {
			if err := raw(t, url).Publish(t.Context(), "docsctl:bus:0:"+topic.String(), payload).Err(); err != nil {
				t.Fatal(err)
			}
			wantLost(t, l, topic)
		}
	})

	t.Run("LossThatTheSenderTellsOfIsPassedOn", func(t *testing.T) {
		t.Parallel()
		b, topic := openBus(t, testenv.Redis(t).URL()), feed()
		l := listen(t, b, topic)
		for _, want := range []core.Notice{{Topic: topic, Lost: true}, {Topic: topic, Body: []byte{}, Lost: true}, {Topic: topic, Body: []byte{}}, {Topic: topic}} {
			if err := b.Notify(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			if got := next(t, l); got.Lost != want.Lost || (got.Body == nil) != (want.Body == nil) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
	})
}
