package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// result is what became of a use.
type result struct {
	passed  bool
	cases   map[string]bool // the tests below it that have none below them
	skipped []string
}

// names are the cases' names in the suite: a test may run one several times.
func (r result) names() map[string]bool {
	names := map[string]bool{}
	for name := range r.cases {
		_, inSuite, ok := strings.Cut(name, "Suite/")
		if !ok {
			inSuite = name
		}
		names[inSuite] = true
	}
	return names
}

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

// runTests runs the tests of all uses, a package at a time.
func runTests(ctx context.Context, root string, uses []use) (map[use]result, error) {
	byDir := map[string][]string{}
	for _, u := range uses {
		byDir[u.dir] = append(byDir[u.dir], u.test)
	}
	results := map[use]result{}
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		events, err := goTest(ctx, filepath.Join(root, dir), "^("+strings.Join(byDir[dir], "|")+")$")
		if err != nil && len(events) == 0 {
			return nil, fmt.Errorf("test %s: %w", dir, err)
		}
		for _, u := range uses {
			if u.dir == dir {
				results[u] = resultOf(u.test, events)
			}
		}
	}
	return results, nil
}

// goTest returns the events of the tests of a package; an error that comes with
// events is that of a failed test.
func goTest(ctx context.Context, dir, pattern string) ([]event, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count", "1", "-run", pattern, ".")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	events, read := decode(out)
	return events, errors.Join(read, cmd.Wait())
}

func decode(out io.Reader) ([]event, error) {
	var events []event
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return events, fmt.Errorf("read what go test says: %w", err)
		}
		events = append(events, e)
	}
	return events, lines.Err()
}

// resultOf picks a test's cases out of a package's events. A case's name is without
// the test's own.
func resultOf(test string, events []event) result {
	r := result{cases: map[string]bool{}}
	for _, e := range events {
		name, below := strings.CutPrefix(e.Test, test+"/")
		switch {
		case e.Test == test && e.Action == "pass":
			r.passed = true
		case below && e.Action == "run":
			delete(r.cases, name[:max(strings.LastIndexByte(name, '/'), 0)])
			r.cases[name] = true
		case below && e.Action == "skip":
			r.skipped = append(r.skipped, name)
		}
	}
	return r
}

// runMutants runs the stores that break a promise and returns a line for each that
// says which case caught it.
func runMutants(ctx context.Context, root string) ([]string, error) {
	events, err := goTest(ctx, filepath.Join(root, "core", "coretest"), "^TestMutants$")
	lines := caught(events)
	if err == nil && len(lines) == 0 {
		err = errors.New("no mutant was run")
	}
	if err != nil {
		return lines, fmt.Errorf("a mutant lives: %w", err)
	}
	predicates, err := goTest(ctx, filepath.Join(root, "adapters", "postgres"), "^TestMutants$")
	lines = append(lines, caught(predicates)...)
	if err != nil {
		return lines, fmt.Errorf("a statement without its predicate on the organization leaks: %w", err)
	}
	return lines, nil
}

// caught finds what the tests of mutants log.
func caught(events []event) []string {
	var lines []string
	for _, e := range events {
		_, said, ok := strings.Cut(strings.TrimSpace(e.Output), "mutants_test.go:")
		if _, said, ok2 := strings.Cut(said, ": "); ok && ok2 && (strings.Contains(said, " caught by ") || strings.Contains(said, " leaks")) {
			lines = append(lines, said)
		}
	}
	slices.Sort(lines)
	return lines
}
