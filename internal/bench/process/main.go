// Command process measures the program itself (S7): how large its file is, how soon a
// server on a migrated store answers, and what memory it keeps when nobody asks.
//
//	make build && go run ./internal/bench/process [-bin bin/docsctl] [-runs 7]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

func main() {
	bin := flag.String("bin", "bin/docsctl", "the program, as make build makes it")
	runs := flag.Int("runs", 7, "how often it is started")
	flag.Parse()
	if err := measure(context.Background(), *bin, max(*runs, 1)); err != nil {
		fmt.Fprintln(os.Stderr, "process:", err)
		os.Exit(1)
	}
}

// idleFor is how long a server is left alone before its memory is looked at.
const idleFor = 10 * time.Second

func measure(ctx context.Context, bin string, runs int) error {
	info, err := os.Stat(bin)
	if err != nil {
		return fmt.Errorf("%w; run make build first", err)
	}
	data, err := os.MkdirTemp("", "docsctl-process")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	fmt.Printf("size                     %d MB\n", info.Size()/1e6)
	first, err := start(ctx, bin, data, nil)
	if err != nil {
		return err
	}
	var all []time.Duration
	for range runs {
		took, err := start(ctx, bin, data, nil)
		if err != nil {
			return err
		}
		all = append(all, took)
	}
	slices.Sort(all)
	fmt.Printf("first 200, new store     %s\n", first.Round(time.Millisecond))
	fmt.Printf("first 200, migrated      %s (%s to %s)\n", all[runs/2].Round(time.Millisecond), all[0].Round(time.Millisecond), all[runs-1].Round(time.Millisecond))
	_, err = start(ctx, bin, data, func(pid int) error {
		time.Sleep(idleFor)
		return printMemory(pid)
	})
	return err
}

// start starts a server, returns how soon it answered, and ends it after while.
func start(ctx context.Context, bin, data string, while func(pid int) error) (took time.Duration, err error) {
	free, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, bin, "serve")
	cmd.Env = append(os.Environ(), "DOCSCTL_DATA_DIR="+data, "DOCSCTL_LISTEN="+addr)
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		err = errors.Join(err, cmd.Process.Signal(os.Interrupt))
		_ = cmd.Wait() // it says that it was interrupted
	}()
	for time.Since(begun) < 20*time.Second {
		if answers(ctx, "http://"+addr+"/healthz") {
			took = time.Since(begun)
			if while != nil {
				err = while(cmd.Process.Pid)
			}
			return took, err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, fmt.Errorf("%s serve did not answer within 20 s", bin)
}

func answers(ctx context.Context, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// printMemory prints what Linux says of a process's memory.
func printMemory(pid int) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return fmt.Errorf("memory is read on Linux only: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if name, value, ok := strings.Cut(line, ":"); ok && slices.Contains([]string{"VmRSS", "RssAnon", "RssFile"}, name) {
			fmt.Printf("idle after %s, %-8s %s\n", idleFor, name, strings.TrimSpace(value))
		}
	}
	return nil
}
