package summarize

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/core"
)

// fakeLLM reads prompts as a model would: what stands in the fence, block by block.
// Its answers are a function of the prompt without the fence's word.
type fakeLLM struct {
	model core.LLMModel
	// answer overrides what the model says to the call of that number, from 1; it
	// returns nil for the usual answer.
	answer func(ctx context.Context, call int, r core.LLMRequest) (*core.LLMResponse, error)

	mu    sync.Mutex // guards calls
	calls []core.LLMRequest
}

func newFake() *fakeLLM {
	return &fakeLLM{model: core.LLMModel{Name: "fake", ContextTokens: 128_000, InputUSD: new(0.4), OutputUSD: new(1.6), JSONSchema: true}}
}

func (f *fakeLLM) Model(name string) (core.LLMModel, error) {
	if name != "" && name != f.model.Name {
		return core.LLMModel{}, core.Invalid("model", "enum", "this model is not known")
	}
	return f.model, nil
}

func (f *fakeLLM) Generate(ctx context.Context, r core.LLMRequest, delta func(string)) (*core.LLMResponse, error) {
	f.mu.Lock()
	f.calls = append(f.calls, r)
	call := len(f.calls)
	f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.answer != nil {
		if got, err := f.answer(ctx, call, r); got != nil || err != nil {
			return f.counted(r, got), err
		}
	}
	text := fakeAnswer(r)
	if delta != nil {
		for i := 0; i < len(text); i += 7 {
			delta(text[i:min(len(text), i+7)])
		}
	}
	return f.counted(r, &core.LLMResponse{Text: text, Finish: core.FinishStop}), nil
}

// counted fills in what a server tells of an answer.
func (f *fakeLLM) counted(r core.LLMRequest, a *core.LLMResponse) *core.LLMResponse {
	if a == nil {
		return nil
	}
	a.Model, a.Calls, a.Counted = f.model.Name, 1, true
	if a.InputTokens == 0 {
		a.InputTokens = int64(EstimateTokens(r.System) + EstimateTokens(r.User) + 12)
	}
	if a.OutputTokens == 0 {
		a.OutputTokens = int64(min(EstimateTokens(a.Text), r.MaxTokens)) // no server writes more
	}
	return a
}

// made returns the calls so far.
func (f *fakeLLM) made() []core.LLMRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]core.LLMRequest{}, f.calls...)
}

// kindOf tells the calls of a plan apart by their system prompts.
func kindOf(r core.LLMRequest) string {
	switch {
	case strings.HasPrefix(r.System, mapSystem):
		return kindMap
	case strings.HasPrefix(r.System, mergeSystem):
		return kindMerge
	case strings.HasPrefix(r.System, finalSystem):
		return kindFinal
	}
	return "marker"
}

var fenceStart = regexp.MustCompile(`<<<([^\n]+)\n`)

// fencedData returns what stands in the first fence of a prompt that holds numbered
// lines, and its word.
func fencedData(user string) (data, word string) {
	for _, m := range fenceStart.FindAllStringSubmatchIndex(user, -1) {
		w := user[m[2]:m[3]]
		if end := strings.Index(user[m[1]:], "\n"+w+">>>"); end >= 0 && numberedLine.MatchString(user[m[1]:m[1]+end]) {
			return user[m[1] : m[1]+end], w
		}
	}
	return "", ""
}

var numberedLine = regexp.MustCompile(`(?m)^\[(\d+)\] (.+)`)

type fakeLine struct{ number, text string }

// fakeLines are the first sentences of the numbered blocks.
func fakeLines(user string) []fakeLine {
	data, _ := fencedData(user)
	var out []fakeLine
	for _, m := range numberedLine.FindAllStringSubmatch(data, -1) {
		text, _, _ := strings.Cut(m[2], " — source: ")
		if strings.HasPrefix(text, "(") {
			if _, rest, ok := strings.Cut(text, ") "); ok {
				text = rest
			}
		}
		text = strings.TrimLeft(text, "#-*> ")
		if ends := sentenceEnds(text); len(ends) > 0 {
			text = strings.TrimSpace(text[ends[0][0]:ends[0][1]])
		}
		if !finished(text) {
			text += "."
		}
		out = append(out, fakeLine{m[1], clipText(text, 300)})
	}
	return out
}

// spread returns at most n of the lines, evenly from begin to end.
func spread(lines []fakeLine, n int) []fakeLine {
	if len(lines) <= n {
		return lines
	}
	out := make([]fakeLine, n)
	for i := range out {
		out[i] = lines[i*len(lines)/n]
	}
	return out
}

var wordLimit = regexp.MustCompile(`at most (\d+) words`)

func fakeAnswer(r core.LLMRequest) string {
	lines := fakeLines(r.User)
	if kindOf(r) == "marker" {
		first, _, _ := strings.Cut(r.User, "\n")
		return strings.TrimPrefix(first, "Marker: ")
	}
	var said []string
	if kindOf(r) != kindFinal {
		for _, l := range spread(lines, 10) {
			said = append(said, "- "+l.text+" ["+l.number+"]")
		}
		return strings.Join(said, "\n")
	}
	limit := 0
	fmt.Sscan(wordLimit.FindStringSubmatch(r.System)[1], &limit)
	words := 0
	for _, l := range spread(lines, limit/15) {
		if words += wordCount(l.text); words > limit && len(said) > 0 {
			break
		}
		said = append(said, l.text+" ["+l.number+"]")
	}
	switch {
	case strings.Contains(r.System, "Form: one JSON value"):
		raw, _ := json.Marshal(map[string]any{"title": "A title", "summary": strings.Join(said, " "), "key_points": said})
		return string(raw)
	case strings.Contains(r.System, "Form: a list"):
		return "* " + strings.Join(said, "\n* ")
	}
	return strings.Join(said, " ")
}

// harness is a pipeline over a fake model.
type harness struct {
	*Pipeline
	llm    *fakeLLM
	nodes  core.NodeCache
	tenant core.Tenant
}

func newHarness(change ...func(*fakeLLM, *Config)) *harness {
	h := &harness{llm: newFake(), nodes: inproc.NewNodes(0), tenant: core.TrustTenant(core.NewID[core.OrgID]())}
	cfg := Config{LLM: h.llm, Nodes: h.nodes}
	for _, c := range change {
		c(h.llm, &cfg)
	}
	h.nodes = cfg.Nodes
	h.Pipeline = New(cfg)
	return h
}

func requestFor(content string) core.SummarizeRequest {
	return core.SummarizeRequest{
		Document: &core.Document{Title: "The harbour", SourceURL: "https://example.org/harbour", Content: content},
		Prompt:   "Summarize {{title}} in {{language}}:\n{{content}}", Format: core.FormatMarkdown, Length: core.LengthMedium,
	}
}

func (h *harness) summarize(t testing.TB, r core.SummarizeRequest) *core.SummaryResult {
	t.Helper()
	got, err := h.Summarize(context.Background(), h.tenant, r, core.SummaryObserver{})
	if err != nil {
		t.Fatalf("summarize: %v", err)
	}
	return got
}
