package core

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Format is how a summary is written.
type Format string

// The formats.
const (
	FormatMarkdown Format = "markdown"
	FormatPlain    Format = "plain"
	FormatBullets  Format = "bullets"
	FormatJSON     Format = "json"
)

// Formats returns every format.
func Formats() []Format { return []Format{FormatMarkdown, FormatPlain, FormatBullets, FormatJSON} }

// Length is how much a summary says.
type Length string

// The lengths.
const (
	LengthShort  Length = "short"
	LengthMedium Length = "medium"
	LengthLong   Length = "long"
)

// Lengths returns every length.
func Lengths() []Length { return []Length{LengthShort, LengthMedium, LengthLong} }

// SummaryStatus is the state of a summary.
type SummaryStatus string

// The states of a summary. Complete means that the document was read whole.
const (
	SummaryPending  SummaryStatus = "pending"
	SummaryComplete SummaryStatus = "complete"
	SummaryFailed   SummaryStatus = "failed"
)

// Summary is what was made, or is being made, of one version of a document.
type Summary struct {
	ID              SummaryID       `json:"id"`
	DocID           DocumentID      `json:"doc_id"`
	OrgID           OrgID           `json:"org_id"`
	CreatedBy       UserID          `json:"created_by"`
	TemplateID      TemplateID      `json:"template_id"`
	TemplateVersion int             `json:"template_version"`
	Prompt          string          `json:"prompt"` // the template's text as it was when asked for
	JSONSchema      json.RawMessage `json:"json_schema,omitempty"`
	Focus           bool            `json:"focus"`
	MaxCostUSD      *float64        `json:"max_cost_usd"`
	AllowPartial    bool            `json:"allow_partial"`
	Refresh         bool            `json:"refresh"`
	Text            string          `json:"summary_text"`
	Format          Format          `json:"format"`
	Length          Length          `json:"length"`
	Language        string          `json:"language"`        // of the text; asked for until complete
	ModelRequested  string          `json:"model_requested"` // "": the default one
	ModelUsed       string          `json:"model_used"`
	TokensUsed      int64           `json:"tokens_used"`
	Status          SummaryStatus   `json:"status"`
	JobID           JobID           `json:"job_id"`
	DocVersion      int             `json:"doc_version"`
	Stale           bool            `json:"stale"` // computed: the document has a newer version
	ErrorMessage    string          `json:"error_message,omitempty"`
	Usage           Usage           `json:"usage"`
	Coverage        Coverage        `json:"coverage"`
	Citations       []Citation      `json:"citations"`
	Warnings        []Warning       `json:"warnings"`
	CreatedAt       time.Time       `json:"created_at"`
	UpdatedAt       time.Time       `json:"updated_at"`
}

// Usage is what a summary cost. Cached calls and tokens were not paid again.
type Usage struct {
	InputTokens  int64    `json:"input_tokens"`
	OutputTokens int64    `json:"output_tokens"`
	LLMCalls     int      `json:"llm_calls"`
	CachedCalls  int      `json:"cached_calls"`
	CachedTokens int64    `json:"cached_tokens"`
	CostUSD      *float64 `json:"cost_usd"` // nil for a model without a price
}

// cost returns the cost, 0 when it is not known.
func (u Usage) cost() float64 {
	if u.CostUSD == nil {
		return 0
	}
	return *u.CostUSD
}

// after returns what an attempt used together with what those before it did. What
// they had paid for was not cached before.
func (u Usage) after(earlier Usage) Usage {
	if earlier.LLMCalls == 0 {
		return u
	}
	u.CachedCalls = max(0, u.CachedCalls-earlier.LLMCalls)
	u.CachedTokens = max(0, u.CachedTokens-earlier.InputTokens-earlier.OutputTokens)
	u.InputTokens += earlier.InputTokens
	u.OutputTokens += earlier.OutputTokens
	u.LLMCalls += earlier.LLMCalls
	if u.CostUSD != nil {
		u.CostUSD = new(*u.CostUSD + earlier.cost())
	}
	return u
}

// Coverage accounts for what of the document went into a summary, in characters
// (code points), chunks and pages.
type Coverage struct {
	CharsTotal       int   `json:"chars_total"`
	CharsRead        int   `json:"chars_read"`
	Chunks           int   `json:"chunks"`
	ChunksFailed     int   `json:"chunks_failed"`
	PagesTotal       int   `json:"pages_total"`
	PagesWithoutText []int `json:"pages_without_text"`
}

// Citation ties the characters [Start, End) of a summary's text to its sources.
type Citation struct {
	Start   int      `json:"start"`
	End     int      `json:"end"`
	Sources []Source `json:"sources"`
}

// Source is the characters [Start, End) of the document's content. Quote is
// exactly that text; Page is 0 where the format has no pages.
type Source struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Quote string `json:"quote"`
	Page  int    `json:"page,omitempty"`
}

// Severity of a warning.
type Severity string

// The severities.
const (
	SeverityHigh Severity = "high"
	SeverityLow  Severity = "low"
)

// Codes of warnings.
const (
	WarnNoSentences      = "no_sentences"
	WarnWrongLanguage    = "wrong_language"
	WarnPagesWithoutText = "pages_without_text"
)

// Warning is something that a reader of the summary should check. Start and End
// are characters of its text; both nil when it is about the whole.
type Warning struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Start    *int     `json:"start,omitempty"`
	End      *int     `json:"end,omitempty"`
}

// SummaryFilter narrows a list; zero fields do not.
type SummaryFilter struct {
	DocID  DocumentID
	Status SummaryStatus
}

// SummaryReader reads the tenant's summaries; each with Stale as of the read.
type SummaryReader interface {
	// Get returns a summary, or CodeNotFound.
	Get(ctx context.Context, id SummaryID) (*Summary, error)
	// List returns summaries by (CreatedAt, ID) descending.
	List(ctx context.Context, f SummaryFilter, s Seek) ([]Summary, error)
	// Source returns a summary and its document, or CodeNotFound. It costs one look; what
	// the two say may be of two moments.
	Source(ctx context.Context, id SummaryID) (*Summary, *Document, error)
	// Material returns, likewise, what a summary is made of: a document, and the template t
	// or, when that is "", the one that Templates.Default returns for otherwise. It returns
	// CodeNotFound of the first that is not there.
	Material(ctx context.Context, d DocumentID, t, otherwise TemplateID) (*Document, *Template, error)
}

// SummaryRepo is SummaryReader inside a transaction.
type SummaryRepo interface {
	SummaryReader
	// Create stores s, or returns CodeNotFound when the tenant has no such document.
	Create(ctx context.Context, s *Summary) error
	// Update stores everything of s but its ids and CreatedAt, or returns CodeNotFound.
	Update(ctx context.Context, s *Summary) error
	// Delete removes a summary, or returns CodeNotFound.
	Delete(ctx context.Context, id SummaryID) error
	// DeleteOfDocument removes every summary of a document; none is no error.
	DeleteOfDocument(ctx context.Context, id DocumentID) error
}

// SummaryOptions say how a summary is wanted. Zero fields take the template's
// choice, then the product's.
type SummaryOptions struct {
	TemplateID   TemplateID // "": the organization's default
	Format       Format     // "": the template's
	Length       Length     // "": LengthMedium
	Model        string     // "": the configured one
	Language     string     // "": the document's; else a BCP 47 tag such as "de"
	MaxCostUSD   *float64   // nil: no cap
	AllowPartial bool
	Refresh      bool // pay for every call again
}

// Validate returns CodeValidation with every field that does not hold.
func (o SummaryOptions) Validate() error {
	var v validation
	if o.Format != "" {
		oneOf(&v, "format", o.Format, Formats()...)
	}
	if o.Length != "" {
		oneOf(&v, "length", o.Length, Lengths()...)
	}
	v.text("model", o.Model, 0, 200)
	if !validLanguage(o.Language) {
		v.add("language", "format", "language must be a language tag such as en or pt-BR")
	}
	if o.MaxCostUSD != nil && !(*o.MaxCostUSD >= 0) {
		v.add("max_cost_usd", "min", "max_cost_usd must not be negative")
	}
	return v.err()
}

// validLanguage checks the shape of a BCP 47 tag: two or three letters and up to
// four subtags. "" is valid.
func validLanguage(s string) bool {
	if s == "" {
		return true
	}
	tags := strings.Split(s, "-")
	if len(tags) > 5 || len(tags[0]) < 2 || len(tags[0]) > 3 {
		return false
	}
	return !slices.ContainsFunc(tags, func(t string) bool { return len(t) < 1 || len(t) > 8 || !alphanumeric(t) })
}

func alphanumeric(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}
