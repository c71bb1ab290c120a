package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/wire"
	"github.com/docsctl/docsctl/transport/cli"
)

// TestInterrupt_CancelsTheJob interrupts a command whose job nobody runs.
func TestInterrupt_CancelsTheJob(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, output := filepath.Join(dir, "ferry.md"), filepath.Join(dir, "out.md")
	for path, text := range map[string]string{file: "The ferry leaves at nine.", output: "old"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, interrupt := context.WithTimeout(t.Context(), patience)
	defer interrupt()
	var stdout, stderr bytes.Buffer
	f := wire.NewFactory(&cli.IOStreams{In: strings.NewReader(""), Out: &stdout, ErrOut: &stderr, Width: 80}, cli.BuildInfo{})
	open := f.Open
	f.Open = func(ctx context.Context, o cli.Overrides) (*cli.Local, error) {
		l, err := open(ctx, o)
		if err == nil {
			l.Queue = core.LocalQueue("nobody")
			go interruptWhenQueued(ctx, l, interrupt) // ends with ctx
		}
		return l, err
	}
	data := filepath.Join(dir, "data")
	if got := cli.Run(ctx, f, []string{"summarize", file, "--output", output, "--data-dir", data}); got != 130 {
		t.Errorf("exit code: got %d, want 130; stderr: %s", got, &stderr)
	}
	if raw, err := os.ReadFile(output); string(raw) != "old" || stdout.Len() > 0 {
		t.Errorf("output: got %q (%v) and %q on stdout, want the old file and nothing", raw, err, &stdout)
	}
	l, err := open(t.Context(), cli.Overrides{"data_dir": data})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	jobs, err := l.App.Jobs.List(t.Context(), l.Actor, core.JobFilter{}, core.PageRequest{})
	if err != nil || len(jobs.Items) != 1 || jobs.Items[0].Status != core.JobCanceled {
		t.Errorf("jobs: got %+v (%v), want one that is canceled", jobs.Items, err)
	}
}

// interruptWhenQueued interrupts as soon as there is a job.
func interruptWhenQueued(ctx context.Context, l *cli.Local, interrupt func()) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			jobs, err := l.App.Jobs.List(ctx, l.Actor, core.JobFilter{}, core.PageRequest{})
			if err != nil && !errors.Is(err, context.Canceled) || err == nil && len(jobs.Items) > 0 {
				interrupt()
				return
			}
		}
	}
}

// TestInterrupt_OfAnImportLeavesNothing interrupts an import whose stream hangs.
func TestInterrupt_OfAnImportLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, target, file := filepath.Join(dir, "source"), filepath.Join(dir, "target"), filepath.Join(dir, "a.docsctl")
	run := func(ctx context.Context, in io.Reader, args ...string) (int, string) {
		var stdout, stderr bytes.Buffer
		f := wire.NewFactory(&cli.IOStreams{In: in, Out: &stdout, ErrOut: &stderr, Width: 80}, cli.BuildInfo{})
		return cli.Run(ctx, f, args), stderr.String()
	}
	if got, said := run(t.Context(), strings.NewReader(""), "export", file, "--data-dir", source); got != 0 {
		t.Fatalf("export: got %d; %s", got, said)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithTimeout(t.Context(), patience)
	defer interrupt()
	in, out := io.Pipe()
	go func() { // ends with the pipe's reader
		if _, err := out.Write(whole[:len(whole)/2]); err == nil {
			interrupt()
		}
	}()
	got, said := run(ctx, in, "import", "-", "--data-dir", target)
	if got != 130 || said != "docsctl: interrupted; nothing is half-written\n" {
		t.Errorf("import that was interrupted: got %d and %q, want 130", got, said)
	}
	if got, said := run(t.Context(), bytes.NewReader(whole), "import", "-", "--data-dir", target); got != 0 {
		t.Errorf("import afterwards: got %d and %q, want 0", got, said)
	}
}
