package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core/summarize"
)

// complete answers a chat completion.
func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	in, q, ok := s.understand(w, r)
	if !ok {
		return
	}
	if !s.admits(r) {
		failure(w, http.StatusUnauthorized, "invalid_api_key", "", "Incorrect API key provided: "+q.Key+".")
		return
	}
	fits := s.fit(&q)
	f := s.next(q)
	switch {
	case s.refuse(w, f, q):
	case q.Model != s.cfg.Model:
		failure(w, http.StatusNotFound, "model_not_found", "", "The model does not exist.")
	case !fits:
		s.refuseLength(w)
	case f == Reset:
		panic(http.ErrAbortHandler)
	case f == Silence:
		s.hang(r)
	default:
		s.answer(w, r, in, q, f)
	}
}

// hang waits for the client to leave.
func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.stop:
	}
}

// fit cuts the user's text to the window, its beginning first, as servers do that
// keep the system's. It reports whether the prompt may be answered.
func (s *Server) fit(q *Question) bool {
	room := s.cfg.ContextTokens - summarize.EstimateTokens(q.System) - leastAnswer
	if summarize.EstimateTokens(q.User) <= room {
		return true
	}
	q.Cut = true
	if !s.cfg.Cut {
		return false
	}
	text := []rune(q.User)
	low, high := 0, len(text) // where the kept end begins
	for low < high {
		if mid := (low + high) / 2; summarize.EstimateTokens(string(text[mid:])) <= room {
			high = mid
		} else {
			low = mid + 1
		}
	}
	q.User = string(text[low:])
	return true
}

// leastAnswer is what a server keeps of the window for its answer, in tokens.
const leastAnswer = 64

// usage is OpenAI's account of tokens.
type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
	Details          struct {
		CachedTokens int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
}

func usageOf(q Question, text string) usage {
	prompt, answer := summarize.EstimateTokens(q.System)+summarize.EstimateTokens(q.User), summarize.EstimateTokens(text)
	u := usage{PromptTokens: prompt, CompletionTokens: answer, TotalTokens: prompt + answer}
	u.Details.CachedTokens = summarize.EstimateTokens(q.System)
	return u
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, in request, q Question, f Fault) {
	text, finish := s.cfg.Answer(q), "stop"
	if pieces := split(text); q.MaxTokens > 0 && len(pieces) > q.MaxTokens {
		text, finish = strings.Join(pieces[:q.MaxTokens], ""), "length"
	}
	text, finish = bend(f, text, finish, q)
	if !in.Stream {
		s.answerWhole(w, q, f, text, finish)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := &stream{w: w, flush: http.NewResponseController(w), model: q.Model}
	if f == HeaderSilence {
		_ = out.flush.Flush() // a client that is gone misses nothing
		s.hang(r)
		return
	}
	fmt.Fprint(w, ": the model is being loaded\n\n") // a comment, as proxies send to keep a connection
	if f == NoChoices {
		out.send(map[string]any{"choices": []any{}})
		out.done()
		return
	}
	out.delta(map[string]any{"role": "assistant", "content": ""}, "")
	if f == Endless || f == EndlessThoughts {
		s.endless(r, out, f)
		return
	}
	if f == Refused {
		out.delta(map[string]any{"refusal": "I cannot help with that."}, "")
	}
	if !s.pieces(r, out, f, split(text)) {
		return
	}
	out.delta(map[string]any{}, finish)
	if in.StreamOptions.IncludeUsage && !s.cfg.NoUsage && f != NoUsage {
		out.send(map[string]any{"choices": []any{}, "usage": usageOf(q, text)})
	}
	out.done()
}

// pieces sends the text, or the half of it that a fault of the second group
// lets through. It reports whether the stream goes on.
func (s *Server) pieces(r *http.Request, out *stream, f Fault, pieces []string) bool {
	broken := f == HalfStream || f == EarlyEnd || f == StreamError || f == BrokenChunk || f == MidSilence
	for i, piece := range pieces {
		if broken && i >= len(pieces)/2 {
			break
		}
		if !s.pause(r) {
			return false
		}
		out.delta(map[string]any{"content": piece}, "")
	}
	switch f {
	case HalfStream:
		panic(http.ErrAbortHandler)
	case StreamError:
		out.send(map[string]any{"error": map[string]any{"message": "The server had an error.", "code": "server_error"}})
	case BrokenChunk:
		fmt.Fprint(out.w, "data: {\"choices\": [{\"delta\": {\"content\": \"and th\n\n")
	case MidSilence:
		s.hang(r)
	}
	return !broken
}

// endless writes until the client leaves.
func (s *Server) endless(r *http.Request, out *stream, f Fault) {
	kind := "content"
	if f == EndlessThoughts {
		kind = "reasoning_content"
	}
	for r.Context().Err() == nil {
		select {
		case <-s.stop:
			return
		default:
			out.delta(map[string]any{kind: " and so it goes on"}, "")
		}
	}
}

// pause waits as long as the configuration says. It reports whether the client is
// still there.
func (s *Server) pause(r *http.Request) bool {
	if s.cfg.Pause <= 0 {
		return true
	}
	timer := time.NewTimer(s.cfg.Pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.stop:
	}
	return false
}

func (s *Server) answerWhole(w http.ResponseWriter, q Question, f Fault, text, finish string) {
	message := map[string]any{"role": "assistant", "content": text}
	if f == Refused {
		message["refusal"] = "I cannot help with that."
	}
	choices := []any{map[string]any{"index": 0, "message": message, "finish_reason": finish}}
	if f == NoChoices {
		choices = []any{}
	}
	body := map[string]any{"id": "chatcmpl-test", "object": "chat.completion", "created": 0, "model": q.Model, "choices": choices}
	if !s.cfg.NoUsage && f != NoUsage {
		body["usage"] = usageOf(q, text)
	}
	writeJSON(w, http.StatusOK, body)
}

// stream writes server-sent events.
type stream struct {
	w     http.ResponseWriter
	flush *http.ResponseController
	model string
}

func (s *stream) delta(d map[string]any, finish string) {
	var reason any
	if finish != "" {
		reason = finish
	}
	s.send(map[string]any{"choices": []any{map[string]any{"index": 0, "delta": d, "finish_reason": reason}}})
}

func (s *stream) send(chunk map[string]any) {
	if _, failed := chunk["error"]; !failed {
		chunk["id"], chunk["object"], chunk["created"], chunk["model"] = "chatcmpl-test", "chat.completion.chunk", 0, s.model
	}
	raw, err := json.Marshal(chunk)
	if err != nil { // maps of strings and numbers always can
		return
	}
	fmt.Fprintf(s.w, "data: %s\n\n", raw)
	_ = s.flush.Flush() // a client that is gone misses nothing
}

func (s *stream) done() { fmt.Fprint(s.w, "data: [DONE]\n\n") }

// split cuts a text into pieces of about a token: words with the blank before them.
func split(text string) []string {
	var pieces []string
	start := 0
	for i, r := range text {
		if (r == ' ' || r == '\n') && i > start {
			pieces, start = append(pieces, text[start:i]), i
		}
	}
	if start < len(text) {
		pieces = append(pieces, text[start:])
	}
	return pieces
}
