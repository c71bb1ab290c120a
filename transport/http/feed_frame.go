package httpapi

import (
	"log/slog"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/feed"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// eventFrame tells an event. An ephemeral one has no id: it is not in the log.
type eventFrame[T any] struct {
	ID    core.Position  `json:"id,omitzero" doc:"Opaque. Within an epoch, the part before the dash, ids sort as text in the feed's order." example:"3f9c-00000000000000000042"`
	Type  core.EventType `json:"type"`
	OrgID core.OrgID     `json:"org_id" format:"uuid"`
	At    time.Time      `json:"at"`
	Data  T              `json:"data"`
}

// The types of the frames that are no events.
const (
	frameHello      = "hello"
	frameReset      = "reset"
	frameSubscribed = "subscribed"
	framePong       = "pong"
	frameError      = "error"
)

// helloFrame is the first: the subscription is live.
type helloFrame struct {
	Type         string        `json:"type"`
	ConnectionID string        `json:"connection_id" format:"uuid"`
	OrgID        core.OrgID    `json:"org_id" format:"uuid"`
	LastEventID  core.Position `json:"last_event_id" doc:"Where the log ends now. A client that sent no since goes on from here."`
}

// resetFrame says that what lies between is not replayed.
type resetFrame struct {
	Type        string           `json:"type"`
	Reason      feed.ResetReason `json:"reason" enum:"too_old,epoch,ahead"`
	LastEventID core.Position    `json:"last_event_id" doc:"The feed goes on from here."`
}

type subscribedFrame struct {
	Type   string   `json:"type"`
	Topics []string `json:"topics" doc:"What is told from now on."`
}

type pongFrame struct {
	Type string `json:"type"`
}

type errorFrame struct {
	Type    string      `json:"type"`
	Failure frameReason `json:"error"`
}

type frameReason struct {
	Code    core.Code `json:"code"`
	Message string    `json:"message"`
}

// summaryDelta is text of a summary as the model writes it.
type summaryDelta struct {
	SummaryID core.SummaryID `json:"summary_id" format:"uuid"`
	JobID     core.JobID     `json:"job_id" format:"uuid"`
	Run       int            `json:"run"`
	Attempt   int            `json:"attempt"`
	Offset    int            `json:"offset" doc:"Of text in the summary, in Unicode code points. A lower offset or a new attempt replaces what came before."`
	Text      string         `json:"text"`
}

func viewDelta(d *core.SummaryDelta) summaryDelta { return summaryDelta(*d) }

// encodeFrame writes a frame as answers are written, so that an event's data is
// to the byte what GET answers.
func encodeFrame(v any) []byte {
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic("httpapi: a frame has no JSON form: " + err.Error()) // they are structs of ours
	}
	return text
}

// encodeItem is what feed.Item.Encoded keeps; nil when the event cannot be read.
func (s *api) encodeItem(it *feed.Item) []byte {
	if it.Reset != "" {
		return encodeFrame(resetFrame{Type: frameReset, Reason: it.Reset, LastEventID: it.Last})
	}
	text, err := EncodeEvent(it.Event)
	if err != nil {
		s.log.Error("an event's data cannot be read; it is left out", slog.String("event", string(it.Event.ID)), slog.Any("error", err))
	}
	return text
}

// EncodeEvent writes an event as the feed tells it, for those that tell it elsewhere.
func EncodeEvent(e core.Event) ([]byte, error) {
	switch topic := e.Type.Topic(); {
	case e.Type == core.EventSummaryDelta:
		return encodeEvent(e, viewDelta)
	case topic == "jobs":
		return encodeEvent(e, viewJob)
	case topic == "documents":
		return encodeEvent(e, viewDocument)
	case topic == "summaries":
		return encodeEvent(e, viewSummary)
	case e.Type == core.EventIntegrationUpdate:
		return encodeEvent(e, viewIntegration)
	case topic == "webhooks":
		return encodeEvent(e, viewNotice)
	default:
		return encodeEvent(e, func(data *jsontext.Value) jsontext.Value { return *data })
	}
}

// encodeEvent renders what core stored through the view that GET uses.
func encodeEvent[C, T any](e core.Event, view func(*C) T) ([]byte, error) {
	var stored C
	if err := json.Unmarshal(e.Data, &stored); err != nil {
		return nil, err
	}
	return encodeFrame(eventFrame[T]{e.ID, e.Type, e.OrgID, e.At, view(&stored)}), nil
}
