// Command suites runs the conformance suites of core/coretest against every adapter
// and prints, side by side, how many cases each ran; then the mutants that the suites
// are tested by, and which case caught each.
//
//	go run ./internal/suites
//
// It fails when a case fails or is skipped, when two adapters of a port ran different
// cases, or when a mutant lives.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := report(ctx, os.Stdout, ".")
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "suites:", err)
		os.Exit(1)
	}
}

func report(ctx context.Context, out io.Writer, root string) error {
	uses, err := findUses(root)
	if err != nil {
		return err
	}
	results, err := runTests(ctx, root, uses)
	if err != nil {
		return err
	}
	suites := printSuites(out, uses, results)
	caught, err := runMutants(ctx, root)
	fmt.Fprintf(out, "\n%d mutants\n", len(caught))
	for _, line := range caught {
		fmt.Fprintln(out, line)
	}
	return errors.Join(suites, err)
}

// printSuites prints a line for each use of a suite and returns what is wrong.
func printSuites(out io.Writer, uses []use, results map[use]result) error {
	slices.SortFunc(uses, func(a, b use) int {
		return cmp.Or(strings.Compare(a.suite, b.suite), strings.Compare(a.dir, b.dir), strings.Compare(a.test, b.test))
	})
	var errs []error
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SUITE\tADAPTER\tTEST\tCASES")
	for i, u := range uses {
		r := results[u]
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", u.suite, u.dir, u.test, len(r.cases))
		if !r.passed || len(r.cases) == 0 {
			errs = append(errs, fmt.Errorf("%s of %s failed; run go test -run %s ./%s", u.suite, u.dir, u.test, u.dir))
		}
		if len(r.skipped) > 0 {
			errs = append(errs, fmt.Errorf("%s of %s skipped %s", u.suite, u.dir, strings.Join(r.skipped, ", ")))
		}
		if i > 0 && uses[i-1].suite == u.suite && uses[i-1].alone && u.alone && !maps.Equal(r.names(), results[uses[i-1]].names()) {
			errs = append(errs, fmt.Errorf("%s ran other cases for %s than for %s", u.suite, u.dir, uses[i-1].dir))
		}
	}
	return errors.Join(append(errs, table.Flush())...)
}
