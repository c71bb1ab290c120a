package openai

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
)

// Generate implements core.LLM. A server that does not know one of the request's
// parameters refuses before it works, so it is asked again without it, and the
// model's habit is remembered.
func (m *Model) Generate(ctx context.Context, r core.LLMRequest, delta func(text string)) (*core.LLMResponse, error) {
	known, err := m.Model(r.Model)
	if err != nil {
		return nil, err
	}
	if r.JSONSchema != nil && !json.Valid(r.JSONSchema) {
		return nil, core.Invalid("json_schema", "json", "the JSON schema is no JSON; correct it")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for calls := 1; ; calls++ {
		h := m.habitsOf(known.Name)
		got, err := m.call(ctx, known, h, r, delta)
		if err == nil {
			got.Calls = calls
			return got, nil
		}
		if a, ok := errors.AsType[*answerError](err); ok && m.adapt(known.Name, h, a) {
			continue
		}
		return nil, m.translate(ctx, known.Name, err)
	}
}

// call makes one request and reads its answer.
func (m *Model) call(ctx context.Context, known core.LLMModel, h habits, r core.LLMRequest, delta func(string)) (*core.LLMResponse, error) {
	ctx, watch := newWatch(ctx, m.cfg.Timeout, mostBytes(r.MaxTokens))
	defer watch.stop()
	stream := m.chat.NewStreaming(ctx, h.params(known, r), option.WithMiddleware(watch.middleware))
	defer stream.Close()
	a := answer{delta: delta, most: r.MaxTokens * core.LLMMostOver}
	for stream.Next() {
		if a.add(stream.Current()); a.endless() {
			a.finish = string(core.FinishLength)
			return a.response(known, r) // closing the stream ends the call
		}
	}
	if err := stream.Err(); err != nil {
		return nil, watch.blame(err)
	}
	return a.response(known, r)
}

// habits are what a server takes otherwise than most do.
type habits struct {
	completionTokens bool // the answer's bound is max_completion_tokens
	noTemperature    bool
	noUsage          bool // stream_options is unknown
	noSchema         bool // response_format is unknown
}

func (m *Model) habitsOf(name string) habits {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h, ok := m.habits[name]; ok {
		return h
	}
	reasoning := m.list[name].Reasoning
	return habits{completionTokens: reasoning, noTemperature: reasoning}
}

// adapt learns from a refusal which parameter a model does not take. It reports
// whether the request would now be another one.
func (m *Model) adapt(name string, h habits, a *answerError) bool {
	if a.status != 400 && a.status != 422 {
		return false
	}
	before := h
	switch a.param {
	case "max_tokens":
		h.completionTokens = true
	case "temperature":
		h.noTemperature = true
	case "stream_options", "stream_options.include_usage":
		h.noUsage = true
	case "response_format", "response_format.type":
		h.noSchema = true
	}
	if h == before {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.habits[name] = h
	return true
}

func (h habits) params(known core.LLMModel, r core.LLMRequest) openai.ChatCompletionNewParams {
	p := openai.ChatCompletionNewParams{Model: known.Name}
	if r.System != "" {
		p.Messages = append(p.Messages, openai.SystemMessage(r.System))
	}
	p.Messages = append(p.Messages, openai.UserMessage(r.User))
	if !h.noTemperature {
		p.Temperature = param.NewOpt(r.Temperature)
	}
	switch {
	case r.MaxTokens <= 0:
	case h.completionTokens:
		p.MaxCompletionTokens = param.NewOpt(int64(r.MaxTokens))
	default:
		p.MaxTokens = param.NewOpt(int64(r.MaxTokens))
	}
	if !h.noUsage {
		p.StreamOptions.IncludeUsage = param.NewOpt(true)
	}
	if r.JSONSchema != nil && known.JSONSchema && !h.noSchema {
		// Not strict: that takes a part of JSON Schema only, and the schema is a user's.
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "answer", Schema: json.RawMessage(r.JSONSchema)},
		}
	}
	return p
}

// mostText bounds an answer in bytes where no tokens are named: twice what the
// longest answers of today's models have.
const mostText = 1 << 20

// answer is collected from the chunks of a stream.
type answer struct {
	delta   func(string)
	most    int // in tokens; 0: mostText alone bounds it
	counted int // bytes of text when it was last counted
	text    strings.Builder
	model   string
	finish  string
	refused bool
	usage   openai.CompletionUsage
}

func (a *answer) add(c openai.ChatCompletionChunk) {
	if c.Model != "" {
		a.model = c.Model
	}
	if c.Usage.PromptTokens > 0 { // in the last chunk, which has no choices, or in each
		a.usage = c.Usage
	}
	if len(c.Choices) == 0 {
		return
	}
	choice := c.Choices[0] // of one: n is not sent
	a.refused = a.refused || choice.Delta.Refusal != ""
	if choice.FinishReason != "" {
		a.finish = choice.FinishReason
	}
	text := choice.Delta.Content
	if text == "" {
		return
	}
	a.text.WriteString(text)
	if a.delta != nil {
		a.delta(text)
	}
}

// endless reports whether the text is far longer than was asked for. Tokens are
// counted each time that it has grown by an eighth, so that all is looked at nine
// times at most; no text has fewer bytes than tokens.
func (a *answer) endless() bool {
	size := a.text.Len()
	if size > mostText {
		return true
	}
	if a.most <= 0 || size <= a.most || size < a.counted+a.counted/8 {
		return false
	}
	a.counted = size
	return summarize.EstimateTokens(a.text.String()) > a.most
}

// finishes are the reasons that servers name.
var finishes = map[string]core.FinishReason{
	"stop": core.FinishStop, "eos": core.FinishStop, "end_turn": core.FinishStop, "stop_sequence": core.FinishStop,
	"length": core.FinishLength, "max_tokens": core.FinishLength,
	"content_filter": core.FinishFilter, "safety": core.FinishFilter, "refusal": core.FinishFilter,
}

// response returns the whole answer. A stream without a reason for its end broke off.
func (a *answer) response(known core.LLMModel, r core.LLMRequest) (*core.LLMResponse, error) {
	finish, ok := finishes[strings.ToLower(a.finish)]
	if a.refused {
		finish, ok = core.FinishFilter, true
	}
	if !ok {
		return nil, errBrokeOff
	}
	got := &core.LLMResponse{Text: a.text.String(), Finish: finish, Model: a.model}
	if got.Model == "" {
		got.Model = known.Name
	}
	if a.usage.PromptTokens > 0 {
		got.Counted = true
		got.InputTokens, got.OutputTokens = a.usage.PromptTokens, max(0, a.usage.CompletionTokens)
		got.PrefixTokens = min(max(0, a.usage.PromptTokensDetails.CachedTokens), got.InputTokens)
		return got, nil
	}
	got.InputTokens = int64(summarize.EstimateTokens(r.System) + summarize.EstimateTokens(r.User))
	got.OutputTokens = int64(summarize.EstimateTokens(got.Text))
	return got, nil
}
