package feed_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/feed"
)

const (
	resumeEvents = 2000
	resumeCuts   = 200
)

func TestResume_CutOffAtRandomNothingIsLostOrTwice(t *testing.T) {
	t.Parallel()
	for name, nodes := range map[string]func(s *scene) []*feed.Hub{
		"OneNode":  func(s *scene) []*feed.Hub { return []*feed.Hub{s.hub(feed.Config{})} },
		"TwoNodes": func(s *scene) []*feed.Hub { return []*feed.Hub{s.hub(feed.Config{}), s.hub(feed.Config{})} },
		"OneIsDeaf": func(s *scene) []*feed.Hub {
			return []*feed.Hub{s.hub(feed.Config{}), s.hub(feed.Config{Bus: deaf{s.bus}})}
		},
		"ShortQueue": func(s *scene) []*feed.Hub {
			return []*feed.Hub{s.hub(feed.Config{Queue: 2}), s.hub(feed.Config{Queue: 5})}
		},
		"AllNoticesAreLost": func(s *scene) []*feed.Hub {
			s.bus = deaf{s.bus}
			return []*feed.Hub{s.hub(feed.Config{}), s.hub(feed.Config{})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			checkResume(s, nodes(s), 3)
		})
	}
}

// checkResume writes events while clients that begin before the first are cut off
// at random and come back to a random node.
func checkResume(s *scene, hubs []*feed.Hub, clients int) {
	s.t.Helper()
	start := s.open(hubs[0], feed.Options{}).Start()
	var all sync.WaitGroup
	got := make([][]core.Position, clients)
	failed := make([]error, clients)
	for i := range clients {
		all.Go(func() { got[i], failed[i] = follow(s.t.Context(), s.org.Tenant, hubs, start) })
	}
	for writer := range 4 {
		all.Go(func() {
			for range resumeEvents / 4 / 5 {
				if err := s.tryCommit(5, core.EventDocumentCreated, writer); err != nil {
					s.t.Error(err)
				}
			}
		})
	}
	all.Wait()
	want := s.log()
	for i := range clients {
		if failed[i] != nil {
			s.t.Fatal(failed[i])
		}
		wantIDs(s.t, got[i], want)
	}
}

// follow takes resumeEvents events over resumeCuts connections and one more.
func follow(ctx context.Context, tenant core.Tenant, hubs []*feed.Hub, at core.Position) ([]core.Position, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	var got []core.Position
	for cuts := 0; len(got) < resumeEvents; cuts++ {
		stream, err := hubs[rand.IntN(len(hubs))].Open(ctx, tenant, feed.Options{Since: at})
		if err != nil {
			return got, err
		}
		until := len(got) + rand.IntN(2*resumeEvents/resumeCuts)
		if cuts >= resumeCuts {
			until = resumeEvents
		}
		for len(got) < min(until, resumeEvents) {
			it, err := stream.Next(ctx)
			if errors.Is(err, feed.ErrSlow) {
				break
			}
			if err != nil {
				stream.Close()
				return got, err
			}
			if it.Reset != "" {
				return got, errors.New("reset: " + string(it.Reset))
			}
			at = it.Event.ID
			got = append(got, at)
		}
		stream.Close()
	}
	return got, nil
}
