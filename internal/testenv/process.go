//go:build unix

package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 2 * time.Minute
	stopTimeout  = time.Minute
	pollInterval = 5 * time.Millisecond
)

// Process is a server program that tests may stop, kill and start again on the
// same port with the same files. Its methods fail the test when the server is not
// ours; call them from the test's goroutine.
type Process struct {
	name  string
	argv  []string
	dir   string         // its own: log and data
	ready string         // what it logs when it answers
	stop  syscall.Signal // asks for an orderly end
	drop  syscall.Signal // ends it at once, leaving nothing outside of dir
	home  *home
	// release frees what lies outside of dir when the server could not; nil: nothing does.
	release func() error

	mu     sync.Mutex // guards what follows
	cmd    *exec.Cmd
	ended  chan struct{} // closed when cmd has been waited for; nil before the first start
	paused []int
}

// Start starts the server again after Stop or Kill and waits until it answers.
func (p *Process) Start(tb testing.TB) {
	tb.Helper()
	p.do(tb, p.start)
}

// Stop ends the server in an orderly way, as an administrator would.
func (p *Process) Stop(tb testing.TB) {
	tb.Helper()
	p.do(tb, p.shutdown)
}

// Restart is Stop and Start.
func (p *Process) Restart(tb testing.TB) {
	tb.Helper()
	p.do(tb, p.shutdown)
	p.do(tb, p.start)
}

// Kill ends the server and its children by SIGKILL, as the kernel does when memory
// runs out, and returns when they have gone.
func (p *Process) Kill(tb testing.TB) {
	tb.Helper()
	p.do(tb, p.kill)
}

// Pause stops the server and its children in place: connections stay open and
// nothing answers until Continue.
func (p *Process) Pause(tb testing.TB) {
	tb.Helper()
	p.do(tb, p.pause)
}

// Continue ends a Pause.
func (p *Process) Continue(tb testing.TB) {
	tb.Helper()
	p.do(tb, func(context.Context) error { return p.resume() })
}

func (p *Process) do(tb testing.TB, action func(context.Context) error) {
	tb.Helper()
	if p == nil {
		tb.Fatal("this server is not the tests' own; take one with StartPostgres or StartRedis")
	}
	p.mu.Lock()
	err := action(context.WithoutCancel(tb.Context())) // may be called from Cleanup
	p.mu.Unlock()
	if err != nil {
		tb.Fatal(err)
	}
}

// launch starts the server for the first time, on another port when the one it
// was given has been taken meanwhile.
func (p *Process) launch(ctx context.Context, argv func(port int) ([]string, error)) (port int, err error) {
	for range 3 {
		if port, err = freePort(); err != nil {
			break
		}
		if p.argv, err = argv(port); err != nil {
			break
		}
		if err = p.start(ctx); err == nil {
			return port, nil
		}
	}
	return 0, errors.Join(err, p.discard())
}

// start holds the program at a gate until it is listed, so that a process killed
// between fork and listing leaves nothing: the gate's pipe breaks with it.
func (p *Process) start(ctx context.Context) error {
	if p.running() {
		return fmt.Errorf("%s runs already", p.name)
	}
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.name, err)
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("find the end of the log of %s: %w", p.name, err)
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", `read -r _ && exec "$@" </dev/null`, p.name}, p.argv...)...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = p.dir, environment(), p.home.attributes()
	cmd.Stdout, cmd.Stderr = log, log
	gate, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.cmd, p.ended, p.paused = cmd, make(chan struct{}), nil
	listed := p.home.register(cmd.Process.Pid, p.drop)
	go p.wait(cmd, p.ended) // ends with the server
	if listed != nil {
		_ = gate.Close()
		return fmt.Errorf("list %s for the reaper: %w", p.name, listed)
	}
	if _, err := gate.Write([]byte("\n")); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	return p.awaitReady(ctx, int(from))
}

func (p *Process) wait(cmd *exec.Cmd, ended chan<- struct{}) {
	_ = cmd.Wait() // how it ended does not matter: the log says it
	p.home.unregister(cmd.Process.Pid)
	close(ended)
}

func (p *Process) awaitReady(ctx context.Context, from int) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		log, err := os.ReadFile(p.logFile())
		if err != nil {
			return fmt.Errorf("read the log of %s: %w", p.name, err)
		}
		if bytes.Contains(log[from:], []byte(p.ready)) {
			return nil
		}
		select {
		case <-poll.C:
		case <-p.ended:
			return fmt.Errorf("%s ended instead of answering; its log says:\n%s", p.name, log[from:])
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s does not answer: %w; its log says:\n%s", p.name, ctx.Err(), log[from:]), p.kill(ctx))
		}
	}
}

func (p *Process) logFile() string { return filepath.Join(p.dir, "log") }

func (p *Process) running() bool {
	if p.ended == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// answers says whether the server runs and is not paused.
func (p *Process) answers() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running() && p.paused == nil
}

func (p *Process) shutdown(ctx context.Context) error { return p.end(ctx, p.stop) }

// end kills a server that does not end by the signal, and says so.
func (p *Process) end(ctx context.Context, s syscall.Signal) error {
	if !p.running() {
		return nil
	}
	if err := p.resume(); err != nil {
		return err
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("%s did not stop within %s", p.name, stopTimeout), p.kill(ctx))
	}
}
