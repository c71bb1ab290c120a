package coretest

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// RunEventBus checks a core.EventBus. open returns a bus that shares nothing with
// those of other calls, and closes it with t.Cleanup; a case may have closed it.
func RunEventBus(t *testing.T, open func(t *testing.T) core.EventBus) {
	runCases(t, "RunEventBus", open, map[string]func(t *testing.T, b core.EventBus){
		"NoticesComeInOrder":             noticesComeInOrder,
		"OnlyOwnTopicsCome":              onlyOwnTopicsCome,
		"EveryListenerIsTold":            everyListenerIsTold,
		"WhatIsSentAfterListenComes":     whatIsSentAfterListenComes,
		"BodyIsKeptByteForByte":          bodyIsKeptByteForByte,
		"SlowListenerBlocksNobody":       slowListenerBlocksNobody,
		"SlowListenerLearnsOfLoss":       slowListenerLearnsOfLoss,
		"ClosedListenerGetsNothing":      closedListenerGetsNothing,
		"CloseEndsEveryListener":         closeEndsEveryListener,
		"ClosedBusIsUnavailable":         closedBusIsUnavailable,
		"MayBeUsedConcurrently":          busConcurrently,
		"NotifyWithoutListenersIsNoFail": notifyWithoutListeners,
	})
}

func listen(t *testing.T, b core.EventBus, topics ...core.Topic) core.Listener {
	t.Helper()
	l, err := b.Listen(t.Context(), topics...)
	must(t, "listen", l, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func notify(t *testing.T, b core.EventBus, notices ...core.Notice) {
	t.Helper()
	if err := b.Notify(t.Context(), notices...); err != nil {
		t.Fatalf("notify: %v", err)
	}
}

// next returns the next notice, or ends the test when none comes.
func next(t *testing.T, l core.Listener) core.Notice {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case n, ok := <-l.C():
		if !ok {
			t.Fatal("the listener's channel was closed")
		}
		return n
	case <-timer.C:
		t.Fatal("no notice came")
	}
	return core.Notice{}
}

func feed() core.Topic { return core.FeedTopic(core.TrustTenant(core.NewID[core.OrgID]())) }

func numbered(topic core.Topic, i int) core.Notice {
	return core.Notice{Topic: topic, Body: binary.BigEndian.AppendUint32(nil, uint32(i))}
}

func numberOf(t *testing.T, n core.Notice) int {
	t.Helper()
	if len(n.Body) != 4 {
		t.Fatalf("body: got %q, want 4 bytes", n.Body)
	}
	return int(binary.BigEndian.Uint32(n.Body))
}

func noticesComeInOrder(t *testing.T, b core.EventBus) {
	topic := feed()
	l := listen(t, b, topic)
	for i := 0; i < 100; i += 4 {
		notify(t, b, numbered(topic, i), numbered(topic, i+1), numbered(topic, i+2), numbered(topic, i+3))
		for j := range 4 {
			if n := next(t, l); numberOf(t, n) != i+j || n.Lost || n.Topic != topic {
				t.Fatalf("got notice %d (lost %v, topic %v), want %d", numberOf(t, n), n.Lost, n.Topic, i+j)
			}
		}
	}
}

func onlyOwnTopicsCome(t *testing.T, b core.EventBus) {
	mine, work := feed(), core.WorkTopic(core.QueueLLM)
	l := listen(t, b, mine, work)
	notify(t, b, numbered(feed(), 1), numbered(core.WorkTopic(core.QueueLLMBulk), 2), numbered(core.CanceledTopic(), 3),
		numbered(core.IndexTopic(), 4), numbered(core.WorkTopic(core.LocalQueue("llm")), 5), numbered(mine, 6))
	notify(t, b, numbered(work, 7))
	for want, topic := range map[int]core.Topic{6: mine, 7: work} {
		n := next(t, l)
		if got := numberOf(t, n); got != 6 && got != 7 || n.Topic != mine && n.Topic != work {
			t.Errorf("got notice %d of %v, want those of the own topics, such as %d of %v", got, n.Topic, want, topic)
		}
	}
}

func everyListenerIsTold(t *testing.T, b core.EventBus) {
	topic := feed()
	var listeners []core.Listener
	for range 10 {
		listeners = append(listeners, listen(t, b, topic))
	}
	notify(t, b, numbered(topic, 1))
	for _, l := range listeners {
		if got := numberOf(t, next(t, l)); got != 1 {
			t.Errorf("got notice %d, want 1", got)
		}
	}
}

func whatIsSentAfterListenComes(t *testing.T, b core.EventBus) {
	for i := range 100 {
		topic := feed()
		l := listen(t, b, topic)
		notify(t, b, numbered(topic, i))
		if got := numberOf(t, next(t, l)); got != i {
			t.Fatalf("got notice %d, want %d", got, i)
		}
		_ = l.Close()
	}
}

func bodyIsKeptByteForByte(t *testing.T, b core.EventBus) {
	topic := feed()
	l := listen(t, b, topic)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, body := range [][]byte{nil, every, []byte("\x00"), []byte("\r\n"), []byte("世界"), make([]byte, 100<<10)} {
		notify(t, b, core.Notice{Topic: topic, Body: body})
		if got := next(t, l).Body; string(got) != string(body) || (got == nil) != (body == nil) {
			t.Errorf("a body of %d bytes came as one of %d (nil %v)", len(body), len(got), got == nil)
		}
	}
}

// flood is more notices than any listener's queue may hold.
const flood = 20_000

// sendFlood sends numbered notices, and fails when that takes as long as waiting for somebody.
func sendFlood(t *testing.T, b core.EventBus, topic core.Topic) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i := 0; i < flood; i += 100 {
		var batch []core.Notice
		for j := range 100 {
			batch = append(batch, numbered(topic, i+j))
		}
		if err := b.Notify(ctx, batch...); err != nil || ctx.Err() != nil {
			t.Fatalf("notice %d, with a listener that does not read: %v, %v", i, err, ctx.Err())
		}
	}
}

func slowListenerBlocksNobody(t *testing.T, b core.EventBus) {
	topic := feed()
	listen(t, b, topic) // never reads
	sendFlood(t, b, topic)
	quick := listen(t, b, topic)
	// What was on its way may come first, more than quick's queue holds: then a notice
	// behind it is lost, and the next one comes.
	for n := flood; ; n++ {
		notify(t, b, numbered(topic, n))
		if numberOf(t, next(t, quick)) >= flood {
			return
		}
	}
}

func slowListenerLearnsOfLoss(t *testing.T, b core.EventBus) {
	topic, other := feed(), feed()
	l := listen(t, b, topic, other)
	sendFlood(t, b, topic)
	last, lost := -1, 0
	tick := time.NewTicker(20 * time.Millisecond) // the end may be lost too, so it is sent until it comes
	defer tick.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for last < flood {
		select {
		case n := <-l.C():
			i := numberOf(t, n)
			if i < flood && i != last+1 || last < flood-1 && i >= flood {
				if lost++; !n.Lost {
					t.Fatalf("notice %d follows %d, and Lost is not set", i, last)
				}
			}
			last = i
		case <-tick.C:
			notify(t, b, numbered(topic, flood))
		case <-deadline.C:
			t.Fatalf("after a flood no more notices come; the last was %d", last)
		}
	}
	if lost == 0 {
		t.Errorf("a listener that did not read kept %d notices: its queue has no bound", flood)
	}
}

func closedListenerGetsNothing(t *testing.T, b core.EventBus) {
	topic := feed()
	closed, open := listen(t, b, topic), listen(t, b, topic)
	for range 2 {
		if err := closed.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	wantEnd(t, closed)
	notify(t, b, numbered(topic, 1))
	if got := numberOf(t, next(t, open)); got != 1 {
		t.Errorf("the other listener: got notice %d, want 1", got)
	}
}

// wantEnd reads l until its channel is closed.
func wantEnd(t *testing.T, l core.Listener) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case _, ok := <-l.C():
			if !ok {
				return
			}
		case <-timer.C:
			t.Fatal("the listener's channel was not closed")
		}
	}
}

func closeEndsEveryListener(t *testing.T, b core.EventBus) {
	topic := feed()
	unread := listen(t, b, topic)
	sendFlood(t, b, topic)
	listeners := []core.Listener{unread, listen(t, b, topic), listen(t, b, core.CanceledTopic())}
	if err := b.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	for _, l := range listeners {
		wantEnd(t, l)
		if err := l.Close(); err != nil {
			t.Errorf("close of a listener after the bus: %v", err)
		}
	}
}

func closedBusIsUnavailable(t *testing.T, b core.EventBus) {
	_ = b.Close()
	wantCode(t, "Notify", b.Notify(t.Context(), numbered(feed(), 1)), core.CodeUnavailable)
	if l, err := b.Listen(t.Context(), feed()); err == nil {
		wantEnd(t, l)
	}
}

func busConcurrently(t *testing.T, b core.EventBus) {
	topics := []core.Topic{feed(), feed(), core.CanceledTopic()}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				l, err := b.Listen(t.Context(), topics[i%3], topics[(i+1)%3])
				if err != nil {
					t.Errorf("listen: %v", err)
					return
				}
				if err := b.Notify(t.Context(), numbered(topics[j%3], j)); err != nil {
					t.Errorf("notify: %v", err)
				}
				select {
				case <-l.C():
				default:
				}
				_ = l.Close()
			}
		})
	}
	wg.Wait()
}

func notifyWithoutListeners(t *testing.T, b core.EventBus) {
	notify(t, b)
	for i := range 10 {
		notify(t, b, core.Notice{Topic: core.WorkTopic(core.Queue(fmt.Sprint("q", i)))})
	}
}
