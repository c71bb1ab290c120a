// Command model serves an OpenAI-compatible model that needs neither a network
// nor weights: what it answers is cut from the prompt. With it the product can be
// tried as with a language model.
//
//	go run ./examples/model &
//	export DOCSCTL_LLM_BASE_URL=http://127.0.0.1:8089/v1 DOCSCTL_LLM_MODEL=docsctl-test
//	docsctl doctor
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/docsctl/docsctl/adapters/llm/llmtest"
)

func main() {
	var c llmtest.Config
	flag.StringVar(&c.Addr, "listen", "127.0.0.1:8089", "listen on `ADDRESS`")
	flag.IntVar(&c.ContextTokens, "context", 32_000, "read `TOKENS` of prompt and answer")
	flag.BoolVar(&c.Cut, "cut", false, "cut longer prompts silently instead of refusing them")
	flag.DurationVar(&c.Pause, "pause", 10*time.Millisecond, "wait before each piece of an answer")
	fault := flag.String("fault", "", "have every call go wrong in this `WAY`: busy, half_stream, refused, …")
	flag.Parse()
	if err := run(c, llmtest.Fault(*fault)); err != nil {
		fmt.Fprintln(os.Stderr, "model:", err)
		os.Exit(1)
	}
}

func run(c llmtest.Config, f llmtest.Fault) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s, err := llmtest.Start(c)
	if err != nil {
		return err
	}
	s.Always(f)
	fmt.Fprintf(os.Stderr, "export DOCSCTL_LLM_BASE_URL=%s DOCSCTL_LLM_MODEL=%s\n", s.URL(), llmtest.DefaultModel)
	<-ctx.Done()
	return s.Close()
}
