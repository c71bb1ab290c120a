package httpapi

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// message is a kind of frame, for the AsyncAPI document.
type message struct {
	name     string // the frame's type
	summary  string
	payload  reflect.Type
	byClient bool
	stored   bool // an event with an id
}

// messages is every frame that the feed knows.
func messages() []message {
	job, document := reflect.TypeFor[eventFrame[job]](), reflect.TypeFor[eventFrame[document]]()
	summary, integration := reflect.TypeFor[eventFrame[summary]](), reflect.TypeFor[eventFrame[integration]]()
	client := reflect.TypeFor[clientMessage]()
	event := func(t core.EventType, summary string, payload reflect.Type) message {
		return message{name: string(t), summary: summary, payload: payload, stored: true}
	}
	return []message{
		{name: frameHello, summary: "The subscription is live. Always the first.", payload: reflect.TypeFor[helloFrame]()},
		{name: frameReset, summary: "The events since that position cannot be replayed: fetch the state anew; the feed goes on.", payload: reflect.TypeFor[resetFrame]()},
		event(core.EventJobQueued, "A job waits, for its first attempt or another.", job),
		event(core.EventJobStarted, "An attempt has begun.", job),
		event(core.EventJobCompleted, "The last of its run.", job),
		event(core.EventJobFailed, "The last of its run.", job),
		event(core.EventJobCanceled, "The last of its run.", job),
		event(core.EventDocumentCreated, "The document as a list shows it, without its content.", document),
		event(core.EventDocumentUpdated, "The document as a list shows it, without its content.", document),
		event(core.EventDocumentDeleted, "The document as it was.", document),
		event(core.EventSummaryCompleted, "The whole summary.", summary),
		event(core.EventSummaryFailed, "The whole summary.", summary),
		event(core.EventSummaryStale, "The whole summary, which an edit of its document has outdated.", summary),
		event(core.EventIntegrationUpdate, "The integration.", integration),
		event(core.EventWebhookDisabled, "A webhook was turned off by itself; disabled_reason says why.", reflect.TypeFor[eventFrame[webhookNotice]]()),
		event(core.EventWebhookMissed, "Events had left the log before they were read for a webhook; it goes on with the oldest that are left.", reflect.TypeFor[eventFrame[webhookNotice]]()),
		event(core.EventUsageWarning, "Four fifths of a quota of the month are used.", reflect.TypeFor[eventFrame[core.QuotaDetails]]()),
		{name: string(core.EventJobProgress), summary: "How far a job is; at most four a second. Those that run are told to a client that resumes.", payload: job},
		{name: string(core.EventSummaryDelta), summary: "Text as the model writes it.", payload: reflect.TypeFor[eventFrame[summaryDelta]]()},
		{name: frameSubscribed, summary: "The answer to subscribe.", payload: reflect.TypeFor[subscribedFrame]()},
		{name: framePong, summary: "The answer to ping.", payload: reflect.TypeFor[pongFrame]()},
		{name: frameError, summary: "The answer to anything that is not understood. The connection stays.", payload: reflect.TypeFor[errorFrame]()},
		{name: "subscribe", summary: "Replaces the topics.", payload: client, byClient: true},
		{name: "ping", summary: "Asks for a pong.", payload: client, byClient: true},
	}
}

// The AsyncAPI 3.0 document, as far as it is used.
type (
	asyncDocument struct {
		AsyncAPI           string                    `json:"asyncapi"`
		Info               asyncInfo                 `json:"info"`
		DefaultContentType string                    `json:"defaultContentType"`
		Channels           map[string]asyncChannel   `json:"channels"`
		Operations         map[string]asyncOperation `json:"operations"`
		Components         asyncComponents           `json:"components"`
	}
	asyncInfo struct {
		Title       string `json:"title"`
		Version     string `json:"version"`
		Description string `json:"description"`
	}
	asyncChannel struct {
		Address     string              `json:"address"`
		Description string              `json:"description"`
		Messages    map[string]asyncRef `json:"messages"`
	}
	asyncOperation struct {
		Action   string     `json:"action"`
		Channel  asyncRef   `json:"channel"`
		Summary  string     `json:"summary"`
		Messages []asyncRef `json:"messages"`
	}
	asyncComponents struct {
		Messages map[string]asyncMessage   `json:"messages"`
		Schemas  map[string]jsontext.Value `json:"schemas"`
	}
	asyncMessage struct {
		Name    string         `json:"name"`
		Summary string         `json:"summary"`
		Payload jsontext.Value `json:"payload"`
	}
	asyncRef struct {
		Ref string `json:"$ref"`
	}
)

// asyncAPI describes the feed. Its schemas are made of the types of the frames.
func asyncAPI(version string) ([]byte, error) {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	ws := asyncChannel{
		Address:     "/v1/ws",
		Description: "WebSocket; every frame is one JSON text message. Query: topics, since, ticket. Close codes: 1001 the server stops, 1013 too slow, 4401 sign in again, 4403 ended by an admin; after 1001 and 1013 come back with the last id.",
		Messages:    map[string]asyncRef{},
	}
	events := asyncChannel{
		Address:     "/v1/events",
		Description: "Server-Sent Events; the data of each is the frame, its event the type and its id where to go on. Query: topics, since, ticket. Header: Last-Event-ID.",
		Messages:    map[string]asyncRef{},
	}
	doc := asyncDocument{
		AsyncAPI:           "3.0.0",
		Info:               asyncInfo{"docsctl feed", version, "What happens in an organization, as it happens: after a position first, then live, none lost and none twice."},
		DefaultContentType: "application/json",
		Components:         asyncComponents{Messages: map[string]asyncMessage{}, Schemas: map[string]jsontext.Value{}},
	}
	send := asyncOperation{Action: "send", Channel: asyncRef{"#/channels/ws"}, Summary: "What the server sends."}
	stream := asyncOperation{Action: "send", Channel: asyncRef{"#/channels/events"}, Summary: "What the server sends."}
	receive := asyncOperation{Action: "receive", Channel: asyncRef{"#/channels/ws"}, Summary: "What a client may send."}
	for _, m := range messages() {
		payload, err := json.Marshal(m.schema(schemas))
		if err != nil {
			return nil, err
		}
		doc.Components.Messages[m.name] = asyncMessage{m.name, m.summary, payload}
		ws.Messages[m.name] = asyncRef{"#/components/messages/" + m.name}
		ref := asyncRef{"#/channels/ws/messages/" + m.name}
		if m.byClient {
			receive.Messages = append(receive.Messages, ref)
			continue
		}
		send.Messages = append(send.Messages, ref)
		if m.answers() {
			continue
		}
		events.Messages[m.name] = asyncRef{"#/components/messages/" + m.name}
		stream.Messages = append(stream.Messages, asyncRef{"#/channels/events/messages/" + m.name})
	}
	for name, schema := range schemas.Map() {
		schema.AdditionalProperties = nil // a client outlives the next release
		text, err := json.Marshal(schema)
		if err != nil {
			return nil, err
		}
		doc.Components.Schemas[name] = text
	}
	doc.Channels = map[string]asyncChannel{"ws": ws, "events": events}
	doc.Operations = map[string]asyncOperation{"send": send, "stream": stream, "receive": receive}
	return json.Marshal(doc, json.Deterministic(true))
}

// answers reports whether the frame answers a client's message.
func (m message) answers() bool {
	return m.name == frameSubscribed || m.name == framePong || m.name == frameError
}

// schema is the payload's with the frame's type, and an id where it has one.
func (m message) schema(schemas huma.Registry) *huma.Schema {
	own := &huma.Schema{Type: huma.TypeObject, Required: []string{"type"}, Properties: map[string]*huma.Schema{
		"type": {Type: huma.TypeString, Enum: []any{m.name}},
	}}
	switch {
	case m.name == "subscribe":
		own.Required = append(own.Required, "topics")
	case m.stored:
		own.Required = append(own.Required, "id")
	}
	return &huma.Schema{AllOf: []*huma.Schema{schemas.Schema(m.payload, true, ""), own}}
}

func (s *api) registerAsyncAPI() {
	s.registerAsset(operation{id: "asyncapiJSON", path: "/asyncapi.json", tag: "service", summary: "The live feed's description, AsyncAPI 3.0 as JSON"},
		written("application/json", func() ([]byte, error) { return asyncAPI(s.cfg.Version) }))
}
