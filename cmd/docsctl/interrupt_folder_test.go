package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestSummarizeFolder_GoesOnAfterAnInterrupt interrupts the program in the middle of a
// folder of eight texts, each of one call, of which it asks four at a time. The same
// command then asks only what has no answer yet.
func TestSummarizeFolder_GoesOnAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals on Windows")
	}
	dir := t.TempDir()
	folder, output, data := filepath.Join(dir, "reports"), filepath.Join(dir, "all.md"), filepath.Join(dir, "data")
	writeReports(t, folder, 8)
	g := newGatedModel()

	first, said := folderCommand(t, g, data, folder, output)
	start(t, first)
	g.let(3, true)
	await(t, "three texts to be done and four to be under way", func() bool { _, calls, held := g.counts(); return calls == 7 && held == 4 })
	if err := first.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // what it ended with is looked at below
	if code := first.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130; stderr: %s", code, said)
	}
	wantLine(t, said, "8 documents: 3 made, 0 reused, 0 skipped, 0 failed, 5 left; 3 calls, ")
	wantLine(t, said, "stopped with 3 of 8 done; the same command goes on with the rest")
	if _, err := os.Stat(output); !os.IsNotExist(err) {
		t.Errorf("the interrupted run has left its output: %v", err)
	}
	g.let(-1, false) // the calls of the interrupted process: nobody waits for them
	await(t, "the calls of the interrupted process", func() bool { _, _, held := g.counts(); return held == 0 })

	g.let(-1, true)
	second, said := folderCommand(t, g, data, folder, output)
	if err := second.Run(); err != nil {
		t.Fatalf("the second run: %v: %s", err, said)
	}
	wantLine(t, said, "8 documents: 5 made, 3 reused, 0 skipped, 0 failed, 0 left; 5 calls, ")
	if questions, calls, _ := g.counts(); questions != 8 || calls != 12 || g.repeated > 0 {
		t.Errorf("%d calls about %d questions, %d of them although the answer was stored; want 12 about 8, and 0", calls, questions, g.repeated)
	}
	whole, err := os.ReadFile(output)
	if got := strings.Count(string(whole), "\n# ") + 1; err != nil || got != 8 {
		t.Errorf("the output has %d summaries (%v), want 8", got, err)
	}
}

func writeReports(t *testing.T, folder string, n int) {
	t.Helper()
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		text := fmt.Sprintf("Ship %d moors at quay %d. Its crew may leave it after %d o'clock.\n", i, i+20, i+9)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("ship-%d.md", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// folderCommand summarizes a folder into a file; what it says comes into the buffer.
func folderCommand(t *testing.T, g *gatedModel, data, folder, output string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	command := summarizeCommand(t, g, data, folder)
	command.Args = append(command.Args, "--output", output)
	said := &bytes.Buffer{}
	command.Stderr = said
	return command, said
}

// wantLine wants a line that begins so.
func wantLine(t *testing.T, said *bytes.Buffer, beginning string) {
	t.Helper()
	if !strings.Contains("\n"+said.String(), "\n"+beginning) {
		t.Errorf("stderr has no line that begins with %q: %s", beginning, said)
	}
}
