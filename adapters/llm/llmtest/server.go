package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// DefaultModel is the name of the one model that a server has.
const DefaultModel = "docsctl-test"

// Config says what kind of server it is. The zero value is ready to use.
type Config struct {
	Addr          string        // to listen on; "": a free port of 127.0.0.1
	Key           string        // that must be sent; "": none is asked for
	Model         string        // "": DefaultModel
	ContextTokens int           // window of prompt and answer; 0: 8192
	Cut           bool          // a longer prompt is cut silently, as Ollama does, and not refused
	NoUsage       bool          // usage is not told, though it was asked for
	Pause         time.Duration // before each chunk of an answer; 0: none
	RetryAfter    time.Duration // that Busy, Failed, Overloaded and NoCredit name; 0: none is named
	Refuses       []string      // names of parameters that are answered with 400, such as "max_tokens"
	Answer        func(Question) string
}

func (c Config) withDefaults() Config {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.Model == "" {
		c.Model = DefaultModel
	}
	if c.ContextTokens == 0 {
		c.ContextTokens = 8192
	}
	if c.Answer == nil {
		c.Answer = Answer
	}
	return c
}

// Question is what a call asked.
type Question struct {
	Model       string
	System      string
	User        string // as the model saw it: cut, where the server cuts
	MaxTokens   int    // 0: none given
	Temperature float64
	Schema      []byte // nil: text was asked for
	Key         string // that was sent
	Cut         bool   // the prompt was longer than the window
}

// Server is a running one.
type Server struct {
	cfg  Config
	http *http.Server
	url  string
	done chan struct{} // closed when the last request was answered or broken off
	stop chan struct{} // closed by Close: what hangs ends

	mu     sync.Mutex // guards what follows
	script []Fault
	always Fault
	asked  []Question
	closed bool
}

// Start runs a server until Close.
func Start(c Config) (*Server, error) {
	s := &Server{cfg: c.withDefaults(), done: make(chan struct{}), stop: make(chan struct{})}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("llmtest: listen: %w", err)
	}
	s.url = "http://" + listener.Addr().String() + "/v1"
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.complete)
	mux.HandleFunc("GET /v1/models", s.models)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { // ended by Close
		defer close(s.done)
		_ = s.http.Serve(listener) // it ends with ErrServerClosed
	}()
	return s, nil
}

// URL returns the base URL, to be given to a client.
func (s *Server) URL() string { return s.url }

// Close breaks off what is under way. Closing again does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	if again {
		return nil
	}
	close(s.stop)
	err := s.http.Close()
	<-s.done
	return err
}

// Script has the coming calls go wrong in these ways, one each; those after them
// go as Always says.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, faults...)
}

// Always has every call from now on, after the script's, go wrong in one way.
func (s *Server) Always(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = f
}

// Asked returns the questions of every call that was understood, in order.
func (s *Server) Asked() []Question {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// next notes a question and returns how its call goes.
func (s *Server) next(q Question) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, q)
	if len(s.script) == 0 {
		return s.always
	}
	f := s.script[0]
	s.script = s.script[1:]
	return f
}

func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	if !s.admits(r) {
		failure(w, http.StatusUnauthorized, "invalid_api_key", "", "Incorrect API key provided.")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": []any{
		map[string]any{"id": s.cfg.Model, "object": "model", "created": 0, "owned_by": "llmtest"},
	}})
}

func (s *Server) admits(r *http.Request) bool {
	return s.cfg.Key == "" || r.Header.Get("Authorization") == "Bearer "+s.cfg.Key
}

// request is the part of OpenAI's form that is understood.
type request struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	Stream        bool `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	MaxTokens           int     `json:"max_tokens"`
	MaxCompletionTokens int     `json:"max_completion_tokens"`
	Temperature         float64 `json:"temperature"`
	ResponseFormat      struct {
		JSONSchema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

// mostRequest bounds a request, in bytes.
const mostRequest = 64 << 20

// understand reads a request; it has answered when it returns false.
func (s *Server) understand(w http.ResponseWriter, r *http.Request) (request, Question, bool) {
	var in request
	var names map[string]json.RawMessage
	var raw json.RawMessage
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostRequest)).Decode(&raw)
	if err := errors.Join(err, json.Unmarshal(raw, &in), json.Unmarshal(raw, &names)); err != nil {
		failure(w, http.StatusBadRequest, "invalid_request_error", "", "We could not parse the JSON body of your request.")
		return in, Question{}, false
	}
	for _, name := range s.cfg.Refuses {
		if _, sent := names[name]; sent {
			failure(w, http.StatusBadRequest, "unsupported_parameter", name, "Unsupported parameter: '"+name+"'.")
			return in, Question{}, false
		}
	}
	q := Question{
		Model: in.Model, MaxTokens: max(in.MaxTokens, in.MaxCompletionTokens), Temperature: in.Temperature,
		Schema: in.ResponseFormat.JSONSchema.Schema, Key: bearer(r),
	}
	for _, m := range in.Messages {
		if m.Role == "system" {
			q.System += m.Content
		} else {
			q.User += m.Content
		}
	}
	return in, q, true
}

func bearer(r *http.Request) string {
	const scheme = "Bearer "
	if h := r.Header.Get("Authorization"); len(h) > len(scheme) {
		return h[len(scheme):]
	}
	return ""
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that is gone misses nothing
}

// failure answers in OpenAI's form of an error.
func failure(w http.ResponseWriter, status int, code, param, message string) {
	var named any
	if param != "" {
		named = param
	}
	writeJSON(w, status, map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "param": named, "code": code}})
}
