package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// patience is how long the tests may take with a mutant; longer ones are killed,
// and so is the mutant: it made a loop endless.
const patience = 20 * time.Second

// try builds the tests with all mutants and runs them once with each. The tests run
// in a copy of the package's testdata, so that only the repository's own samples
// count.
func (p *program) try(ctx context.Context, mutants []mutant, sources map[string][]byte, o options) (killed, tried int, err error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(dir)
	binary, err := p.build(ctx, dir, sources)
	if err != nil {
		return 0, 0, err
	}
	if testdata := filepath.Join(filepath.Dir(p.CompiledGoFiles[0]), "testdata"); exists(testdata) {
		if err := os.CopyFS(filepath.Join(dir, "testdata"), os.DirFS(testdata)); err != nil {
			return 0, 0, err
		}
	}
	if !passes(ctx, binary, dir, o, 0) {
		return 0, 0, fmt.Errorf("%s: its tests fail without a mutant", p.PkgPath)
	}
	numbers := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards killed, tried and the output
	for range runtime.NumCPU() {
		wg.Go(func() { // ends when numbers is closed
			for n := range numbers {
				survived := passes(ctx, binary, dir, o, n)
				mu.Lock()
				tried++
				if survived {
					fmt.Printf("%s: survived: %s\n", mutants[n-1].place, mutants[n-1].what)
				} else {
					killed++
				}
				mu.Unlock()
			}
		})
	}
	for n := 1; n <= len(mutants) && ctx.Err() == nil; n += o.every {
		numbers <- n
	}
	close(numbers)
	wg.Wait()
	return killed, tried, ctx.Err()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// build compiles the tests with other sources than those in the package's folder.
func (p *program) build(ctx context.Context, dir string, sources map[string][]byte) (string, error) {
	replace := map[string]string{}
	for name, source := range sources {
		changed := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(changed, source, 0o600); err != nil {
			return "", err
		}
		replace[name] = changed
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "mutants.test")
	out, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, p.PkgPath).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s with all mutants does not build: %w\n%s", p.PkgPath, err, out)
	}
	return binary, nil
}

// passes reports whether the tests pass with a mutant; 0 is none.
func passes(ctx context.Context, binary, dir string, o options, n int) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.short", "-test.failfast", "-test.run", o.tests, "-test.skip", o.skip)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(n))
	return cmd.Run() == nil
}
