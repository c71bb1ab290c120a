package main

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
)

// copyingModel answers with sentences of what it is shown, each with the number of
// its block, and remembers what it was shown of the document.
type copyingModel struct {
	mu    sync.Mutex // guards shown
	shown strings.Builder
}

// Model implements core.LLM.
func (m *copyingModel) Model(string) (core.LLMModel, error) {
	return core.LLMModel{Name: "copying", ContextTokens: 128_000, InputUSD: new(0.4), OutputUSD: new(1.6)}, nil
}

var (
	numbered = regexp.MustCompile(`(?m)^\[(\d+)\] (.+)$`)
	sentence = regexp.MustCompile(`^.{20,400}?[.!?。！？](?:\s|$)`)
)

// mostSentences of an answer.
const mostSentences = 8

// Generate implements core.LLM.
func (m *copyingModel) Generate(ctx context.Context, r core.LLMRequest, _ func(string)) (*core.LLMResponse, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.shown.WriteString(r.User)
	m.mu.Unlock()
	blocks := numbered.FindAllStringSubmatch(r.User, -1)
	var said []string
	for i := range blocks {
		if i*mostSentences/max(len(blocks), mostSentences) < len(said) {
			continue
		}
		if text := sentence.FindString(fact(blocks[i][2])); text != "" {
			said = append(said, "- "+strings.TrimSpace(text)+" ["+blocks[i][1]+"]")
		}
	}
	if len(said) == 0 {
		said = []string{"- Nothing is told in whole sentences [1]"}
	}
	a := &core.LLMResponse{Text: strings.Join(said, "\n"), Finish: core.FinishStop, Model: "copying", Calls: 1, Counted: true}
	a.InputTokens = int64(summarize.EstimateTokens(r.System) + summarize.EstimateTokens(r.User))
	a.OutputTokens = int64(summarize.EstimateTokens(a.Text))
	return a, nil
}

// fact is a note without its section and its source.
func fact(block string) string {
	text, _, _ := strings.Cut(block, " — source: ")
	if strings.HasPrefix(text, "(") {
		if _, rest, ok := strings.Cut(text, ") "); ok {
			text = rest
		}
	}
	return strings.TrimLeft(text, "#-*> ")
}

// saw counts the facts that stood in a prompt.
func (m *copyingModel) saw(facts []string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	shown, n := m.shown.String(), 0
	for _, f := range facts {
		if strings.Contains(shown, f) {
			n++
		}
	}
	return n
}

// letters are those of a text, and its digits.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
