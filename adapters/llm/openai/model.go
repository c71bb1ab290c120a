package openai

import (
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/docsctl/docsctl/core"
)

var _ core.LLM = (*Model)(nil)

// Config says which model is asked, and where.
type Config struct {
	BaseURL       string        // with the version, such as http://127.0.0.1:11434/v1; "": https://api.openai.com/v1
	APIKey        string        // "": none is sent
	Model         string        // the configured model; required
	Timeout       time.Duration // of a call without a byte; 0: 120 s
	ContextTokens int           // the window of the configured model; 0: the list's, else what was learned, else 8192
	ModelsFile    string        // YAML or JSON with more models, in the form of models.json; "": none
	Client        *http.Client  // nil: one of its own, without a time limit on the whole call
}

const (
	defaultBaseURL = "https://api.openai.com/v1"
	defaultTimeout = 120 * time.Second
	defaultWindow  = 8192
)

func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = defaultBaseURL
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Client == nil {
		c.Client = &http.Client{Transport: newTransport()}
	}
	return c
}

func (c Config) validate() error {
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.User != nil, u.RawQuery != "": // err holds the URL
		return core.Invalid("llm_base_url", "http_url", "llm_base_url is no http or https address without user, password and query; write it as https://api.openai.com/v1")
	case !usableName(c.Model):
		return core.Invalid("llm_model", "format", "llm_model is missing or no name of a model; set it to a name that the model's server lists")
	case c.ContextTokens < 0:
		return core.Invalid("llm_context", "minimum", "llm_context is below 0; set it to the tokens that the server was started with")
	case strings.ContainsAny(c.APIKey, "\r\n\x00"):
		return core.Invalid("llm_api_key", "format", "llm_api_key holds a line break; set it to the key alone")
	}
	return nil
}

// newTransport keeps as many connections as calls are usually in flight: the
// default of two would open a connection a call.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// Model is a core.LLM over one base URL.
type Model struct {
	cfg  Config
	chat openai.ChatCompletionService
	list map[string]entry

	mu      sync.Mutex // guards what follows
	learned map[string]int
	habits  map[string]habits
}

// New returns a Model. It calls no server; it returns CodeValidation for a
// Config that cannot work.
func New(c Config) (*Model, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	list, err := readModels(c.ModelsFile)
	if err != nil {
		return nil, err
	}
	options := []option.RequestOption{option.WithBaseURL(c.BaseURL), option.WithHTTPClient(c.Client), option.WithMaxRetries(0)}
	if c.APIKey != "" {
		options = append(options, option.WithAPIKey(c.APIKey))
	}
	return &Model{
		cfg: c, chat: openai.NewChatCompletionService(options...), list: list,
		learned: map[string]int{}, habits: map[string]habits{},
	}, nil
}

// Host returns what the base URL names, to tell models of several servers apart.
func (m *Model) Host() string {
	u, err := url.Parse(m.cfg.BaseURL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Model implements core.LLM. The models that can be used are the configured one
// and those of the list, so that a slip of the pen costs no call.
func (m *Model) Model(name string) (core.LLMModel, error) {
	if name == "" {
		name = m.cfg.Model
	}
	known, listed := m.list[name]
	if !listed && name != m.cfg.Model {
		return core.LLMModel{}, core.Invalid("model", "enum", "the model is neither the configured one nor in the list of models; leave model out, or have it added to the list")
	}
	return core.LLMModel{
		Name: name, ContextTokens: m.window(name, known.ContextTokens), MaxOutput: known.MaxOutput,
		InputUSD: known.InputUSD, OutputUSD: known.OutputUSD, JSONSchema: known.JSONSchema,
	}, nil
}

// window is what an operator set for the configured model, else the list's, else
// what was learned. A smaller one that was learned is what the server really
// reads, whatever else is said of it.
func (m *Model) window(name string, listed int) int {
	known := listed
	if name == m.cfg.Model && m.cfg.ContextTokens > 0 {
		known = m.cfg.ContextTokens
	}
	m.mu.Lock()
	learned := m.learned[name]
	m.mu.Unlock()
	switch {
	case known > 0 && learned > 0:
		return min(known, learned)
	case known > 0:
		return known
	case learned > 0:
		return learned
	}
	return defaultWindow
}

// leastWindow is the smallest that is believed: below it nothing could be summarized.
const leastWindow = 512

// Learn notes that the server reads no more than tokens of prompt and answer with
// the model; "": the configured one. Model tells it from then on.
func (m *Model) Learn(name string, tokens int) {
	if name == "" {
		name = m.cfg.Model
	}
	if tokens < leastWindow || tokens > math.MaxInt32 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.learned[name] = tokens
}

// usableName reports whether s may be a model's name.
func usableName(s string) bool {
	return s != "" && len(s) <= 200 && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}
