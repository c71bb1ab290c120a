// Command mutants changes one small thing of a package at a time and counts how
// often its tests notice. All changes are compiled into one test binary and chosen
// at run time, so that a mutant costs a run of the tests and no build.
//
//	go run ./internal/bench/mutants -files 'convert|render' ./adapters/connectors/notion
//
// A mutant turns a condition around, changes a text or a number by one, or leaves a
// statement out. What survives is printed with its place; each is a case that the
// tests lack, or code that does nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	files := flag.String("files", ".", "regular expression of the files' names that are changed")
	atLeast := flag.Float64("min", 0, "fail when fewer than this many percent are killed")
	tests := flag.String("tests", "", "regular expression of the tests that are run; all if it is empty")
	skip := flag.String("skip", "", "regular expression of tests that are left out, such as those with random input: they would fail of themselves")
	every := flag.Int("every", 1, "try only every n-th mutant")
	flag.Parse()
	if err := run(ctx, *files, flag.Args(), options{*tests, *skip, *atLeast, max(*every, 1)}); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// options are what is wanted of a run.
type options struct {
	tests   string
	skip    string
	atLeast float64
	every   int
}

func run(ctx context.Context, files string, packages []string, o options) error {
	pattern, err := regexp.Compile(files)
	if err != nil {
		return fmt.Errorf("-files is no regular expression: %w", err)
	}
	if len(packages) == 0 {
		return fmt.Errorf("name a package, such as ./adapters/connectors/notion")
	}
	for _, name := range packages {
		p, err := load(name)
		if err != nil {
			return err
		}
		mutants, sources, err := p.mutate(pattern)
		if err != nil {
			return err
		}
		killed, tried, err := p.try(ctx, mutants, sources, o)
		if err != nil {
			return err
		}
		percent := 100 * float64(killed) / float64(max(tried, 1))
		fmt.Printf("%s: %d of %d mutants killed, %.1f %%\n", name, killed, tried, percent)
		if percent < o.atLeast {
			return fmt.Errorf("%s: fewer than %.0f %% killed", name, o.atLeast)
		}
	}
	return nil
}
