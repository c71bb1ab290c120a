package probe

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
)

// Limit is what a server does with a prompt that is too long for it.
type Limit string

// The limits.
const (
	LimitNone    Limit = ""        // the longest prompt that was tried was read whole
	LimitRefuses Limit = "refuses" // it says so
	LimitCuts    Limit = "cuts"    // it answers from a part, and does not say so
)

// Speed is how fast a model answers.
type Speed struct {
	Model           string        // as the server names it
	FirstText       time.Duration // from the question to the first text
	TokensPerSecond float64       // from then on; 0: the answer came at once
	Counted         bool          // the server tells tokens
}

// MeasureSpeed makes one short call.
func MeasureSpeed(ctx context.Context, m core.LLM) (Speed, error) {
	began := time.Now()
	var first, last time.Time
	got, err := m.Generate(ctx, core.LLMRequest{User: "Count from one to one hundred, in words. Answer with the numbers alone.", MaxTokens: 128},
		func(string) {
			last = time.Now()
			if first.IsZero() {
				first = last
			}
		})
	if err != nil {
		return Speed{}, err
	}
	s := Speed{Model: got.Model, FirstText: first.Sub(began), Counted: got.Counted}
	if first.IsZero() {
		s.FirstText = time.Since(began)
	}
	if took := last.Sub(first).Seconds(); took > 0 && got.OutputTokens > 1 {
		s.TokensPerSecond = float64(got.OutputTokens-1) / took // the first came at the beginning
	}
	return s, nil
}

// Window is how much of a prompt a server reads.
type Window struct {
	Tokens int   // of the longest prompt that is known to be read whole, or of what was left of a cut one
	Limit  Limit // what happens above it; LimitNone: it may read more than was tried
}

const (
	leastPrompt  = 256 // tokens; below it nothing is tried
	answerTokens = 32  // for a code word, which some models embed in a sentence
	// A count under this share of the estimate means that a part was left out:
	// the estimate is rarely off by more than a fifth.
	cutShare = 0.7
)

// MeasureWindow finds out how long a prompt is read whole, up to most tokens. It
// plants a random code word at the prompt's beginning and asks for it at the end,
// in one call where the server reads all or tells tokens, else in a few.
func MeasureWindow(ctx context.Context, m core.LLM, most int) (Window, error) {
	t, err := try(ctx, m, most)
	if err != nil || t.limit == LimitNone {
		return Window{Tokens: most}, err
	}
	if t.counted > 0 {
		return Window{Tokens: t.counted, Limit: t.limit}, nil
	}
	if t.limit == LimitRefuses { // it may have said how much it takes
		if known, err := m.Model(""); err == nil && known.ContextTokens < most {
			return Window{Tokens: known.ContextTokens, Limit: t.limit}, nil
		}
	}
	limit, low, high := t.limit, leastPrompt, most // low is read whole, high is not
	for high-low > high/16 {
		middle := (low + high) / 2
		if t, err = try(ctx, m, middle); err != nil {
			return Window{}, err
		}
		if t.limit == LimitNone {
			low = middle
		} else {
			high = middle
		}
	}
	return Window{Tokens: low, Limit: limit}, nil
}

// trial is what became of one prompt.
type trial struct {
	limit   Limit
	counted int // tokens of a cut prompt, where the server told them
}

// try asks for a code word at the beginning of a prompt of so many tokens.
func try(ctx context.Context, m core.LLM, tokens int) (trial, error) {
	word := strings.ToLower(rand.Text()[:10])
	prompt := promptOf(word, tokens)
	got, err := m.Generate(ctx, core.LLMRequest{User: prompt, MaxTokens: answerTokens}, nil)
	if core.CodeOf(err) == core.CodePayloadTooLarge {
		return trial{limit: LimitRefuses}, nil
	}
	if err != nil {
		return trial{}, err
	}
	// Either sign is enough that all was read: weak models miss the word, and
	// some count fewer tokens than the estimate.
	if strings.Contains(strings.ToLower(got.Text), word) {
		return trial{}, nil
	}
	if !got.Counted {
		return trial{limit: LimitCuts}, nil
	}
	if float64(got.InputTokens) >= cutShare*float64(summarize.EstimateTokens(prompt)) {
		return trial{}, nil
	}
	return trial{limit: LimitCuts, counted: int(got.InputTokens)}, nil
}

// promptOf fills the room between the code word and the question for it.
func promptOf(word string, tokens int) string {
	const line = "Entry %d: the harbour office notes which ship comes in, which one leaves, and how the wind is.\n"
	var b strings.Builder
	fmt.Fprintf(&b, "The code word is %s. Remember it. A log follows, which does not matter.\n\n", word)
	question := "\nWhat is the code word? Answer with the word alone."
	room := tokens - summarize.EstimateTokens(b.String()) - summarize.EstimateTokens(question)
	for i := 1; room > 0; i++ {
		entry := fmt.Sprintf(line, i)
		room -= summarize.EstimateTokens(entry)
		b.WriteString(entry)
	}
	return b.String() + question
}
