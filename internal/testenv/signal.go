//go:build unix

package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// kill stops the server first, so that it starts no child while they are listed.
func (p *Process) kill(context.Context) error {
	if !p.running() {
		return nil
	}
	family, err := p.freeze()
	if err != nil {
		return err
	}
	p.paused = nil
	for _, pid := range family {
		if err := signal(pid, syscall.SIGKILL); err != nil {
			return fmt.Errorf("kill %s: %w", p.name, err)
		}
	}
	<-p.ended
	defer p.forget(family)
	return awaitGone(family, stopTimeout)
}

func (p *Process) pause(context.Context) error {
	if !p.running() {
		return fmt.Errorf("%s does not run; start it before it is paused", p.name)
	}
	family, err := p.freeze()
	if err != nil {
		return err
	}
	p.paused = family
	return nil
}

// freeze stops the server and then its children, and lists them for the reaper:
// a stopped child would not notice that the server has gone.
func (p *Process) freeze() ([]int, error) {
	server := p.cmd.Process.Pid
	if err := signal(server, syscall.SIGSTOP); err != nil {
		return nil, fmt.Errorf("pause %s: %w", p.name, err)
	}
	family := []int{server}
	children, err := childrenOf(server)
	if err != nil {
		return nil, fmt.Errorf("pause %s: %w", p.name, err)
	}
	for _, pid := range children {
		if err := p.home.register(pid, p.drop); err != nil {
			return nil, fmt.Errorf("list a child of %s for the reaper: %w", p.name, err)
		}
		if err := signal(pid, syscall.SIGSTOP); err != nil {
			return nil, fmt.Errorf("pause %s: %w", p.name, err)
		}
		family = append(family, pid)
	}
	return family, nil
}

// resume wakes the children first: the server may ask them for an answer at once.
func (p *Process) resume() error {
	family := p.paused
	p.paused = nil
	p.forget(family)
	for _, pid := range slices.Backward(family) {
		if err := signal(pid, syscall.SIGCONT); err != nil {
			return fmt.Errorf("continue %s: %w", p.name, err)
		}
	}
	return nil
}

// forget takes a server's children off the reaper's list.
func (p *Process) forget(family []int) {
	for _, pid := range family {
		if pid != p.cmd.Process.Pid {
			p.home.unregister(pid)
		}
	}
}

// discard ends the server without ceremony and removes its files.
func (p *Process) discard() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.end(context.Background(), p.drop); err != nil {
		return err
	}
	if p.release != nil {
		if err := p.release(); err != nil {
			return err
		}
	}
	return os.RemoveAll(p.dir)
}

// signal sends a signal; a process that has gone is none to complain about.
func signal(pid int, s syscall.Signal) error {
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// childrenOf reads /proc, so pausing and killing whole servers needs Linux.
func childrenOf(parent int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return nil, errors.New("the children of a server are read from /proc, which this system does not have; run this test on Linux")
	}
	var children []int
	for _, stat := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err != nil {
			continue
		}
		if _, ppid := processState(pid); ppid == parent {
			children = append(children, pid)
		}
	}
	return children, nil
}

// processState reads the state letter and the parent of a process; both are zero
// when it has gone.
func processState(pid int) (state byte, ppid int) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0
	}
	// The name in parentheses may hold anything, even parentheses.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0, 0
	}
	ppid, err = strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0, 0
	}
	return fields[0][0], ppid
}

// awaitGone waits until none of the processes runs. A zombie has gone: it holds
// nothing but its number, and in a container nobody may collect it.
func awaitGone(pids []int, limit time.Duration) error {
	deadline := time.After(limit)
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		left := slices.ContainsFunc(pids, func(pid int) bool {
			state, _ := processState(pid)
			return state != 0 && state != 'Z' && state != 'X'
		})
		if !left {
			return nil
		}
		select {
		case <-poll.C:
		case <-deadline:
			return fmt.Errorf("processes %v still run after %s", pids, limit)
		}
	}
}
