package summarize

import (
	"context"
	"sync"
)

// flights lets one caller at a time ask for a key: whoever comes meanwhile waits,
// and finds the answer in the cache.
type flights struct {
	mu   sync.Mutex // guards keys
	keys map[string]chan struct{}
}

// enter returns when no other caller is at work on the key. The caller calls leave
// when it is done.
func (f *flights) enter(ctx context.Context, key string) (leave func(), err error) {
	for {
		f.mu.Lock()
		other, taken := f.keys[key]
		if !taken {
			done := make(chan struct{})
			f.keys[key] = done
			f.mu.Unlock()
			return func() {
				f.mu.Lock()
				delete(f.keys, key)
				f.mu.Unlock()
				close(done)
			}, nil
		}
		f.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
