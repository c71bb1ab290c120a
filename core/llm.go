package core

import (
	"context"
	"time"
)

// LLM is a language model behind some server. Decorators (retry, breaker, meter)
// are LLMs too.
type LLM interface {
	// Generate has the model answer r and calls delta with the text as it comes,
	// in order, before Generate returns; delta may be nil. It returns CodeLLM when
	// the model failed, with a RetryAfter when the server named one;
	// CodeUnavailable when it cannot be reached, or answers that it is busy;
	// CodePayloadTooLarge when the server says that the prompt is longer than the
	// model's context; and CodeValidation when it refuses the request itself, as
	// some do for a prompt that their filter withholds. ErrInVain is in the chain of
	// what no repetition helps: a key that is refused, an account without credit, a
	// model that the server does not have, a request that it refuses. It returns
	// ctx's error soon after ctx ends. An answer that broke off is an error, not an
	// answer. One that goes on beyond LLMMostOver times MaxTokens is read no further
	// and ends with FinishLength. Generate may be called concurrently.
	Generate(ctx context.Context, r LLMRequest, delta func(text string)) (*LLMResponse, error)
	// Model says what is known of a model by name; "" is the configured one. It
	// does no I/O. It returns CodeValidation for a name that cannot be used.
	Model(name string) (LLMModel, error)
}

// LLMMostOver is how many times the tokens it may have an answer is taken with: a
// server that keeps to no bound is not read to its end. What is counted is an
// estimate, which some languages double.
const LLMMostOver = 4

// LLMRequest is one call.
type LLMRequest struct {
	Model       string // "": the configured one
	System      string
	User        string
	MaxTokens   int     // of the answer
	Temperature float64 // 0 to 2
	JSONSchema  []byte  // nil: text; else the answer is JSON of this schema where the server can
}

// FinishReason says why an answer ended.
type FinishReason string

// The reasons.
const (
	FinishStop   FinishReason = "stop"
	FinishLength FinishReason = "length"         // MaxTokens were not enough
	FinishFilter FinishReason = "content_filter" // the server withheld it
)

// LLMResponse is a whole answer.
type LLMResponse struct {
	Text         string
	Finish       FinishReason
	Model        string // as the server names it
	InputTokens  int64  // of the prompt, as the server counted
	OutputTokens int64
	PrefixTokens int64 // of the prompt, those that the server had cached itself
	Counted      bool  // the server told the tokens; else they are estimates
	Calls        int   // that were made for it, retries included; at least 1
}

// LLMModel is what is known of a model.
type LLMModel struct {
	Name          string
	ContextTokens int      // of prompt and answer together
	MaxOutput     int      // most tokens of an answer; 0: unknown
	InputUSD      *float64 // price of a million prompt tokens; nil: unknown
	OutputUSD     *float64 // price of a million answer tokens; nil: unknown
	JSONSchema    bool     // the server can be asked for JSON of a schema
}

// Node is a stored answer: what a call that is a pure function of its input gave.
type Node struct {
	Key          []byte // SHA-256 over all that the answer depends on
	Kind         string // "map", "merge", "final"
	Model        string
	Output       string
	InputTokens  int64
	OutputTokens int64
	CreatedAt    time.Time
}

// NodeCache keeps a tenant's nodes. It is not behind a job's fence: what was paid
// for is kept, whoever paid. It may forget nodes, those first that were not used
// for longest. Its methods may be called concurrently, keep no slice of their
// arguments, refuse the zero Tenant, and return ctx's error when ctx has ended.
type NodeCache interface {
	// Get returns the nodes that are stored under the keys, each once and in no
	// order, and notes that they were used. Keys that are not there are left out;
	// there may be up to 500 keys.
	Get(ctx context.Context, t Tenant, keys [][]byte) ([]Node, error)
	// Put stores a node whose key is not there yet; one that is there stays.
	Put(ctx context.Context, t Tenant, n Node) error
}
