package feed

import (
	"context"
	"sync"

	"github.com/docsctl/docsctl/core"
)

// ResetReason is why a client must fetch its state anew before it goes on live.
type ResetReason string

// The reasons.
const (
	ResetTooOld ResetReason = "too_old" // the log does not reach back to the position
	ResetEpoch  ResetReason = "epoch"   // the position is of another log
	ResetAhead  ResetReason = "ahead"   // the log has not come to the position
)

// Item is one thing that a stream carries: an event, or a reset.
type Item struct {
	Event core.Event
	Reset ResetReason   // "": an event
	Last  core.Position // of a reset: where the stream goes on

	once    sync.Once
	encoded []byte
}

// Encoded returns the item in a transport's form. encode runs once for all streams
// that share the item.
func (it *Item) Encoded(encode func(*Item) []byte) []byte {
	it.once.Do(func() { it.encoded = encode(it) })
	return it.encoded
}

// newReset says where a reader whose position the log has not is to go on.
func newReset(ctx context.Context, log core.EventReader, from core.Position) (*Item, error) {
	state, err := log.State(ctx)
	if err != nil {
		return nil, err
	}
	reason := resetReason(from, state)
	if reason == "" { // the log moved between the two reads
		reason = ResetTooOld
	}
	return &Item{Reset: reason, Last: state.Last}, nil
}

// resetReason returns "" when the log can be read from there.
func resetReason(from core.Position, state core.LogState) ResetReason {
	switch {
	case from.Epoch() != state.Epoch:
		return ResetEpoch
	case from > state.Last:
		return ResetAhead
	case from < state.First:
		return ResetTooOld
	default:
		return ""
	}
}
