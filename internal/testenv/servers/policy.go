//go:build unix

package servers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// policyFile is asked by Debian's packages whether a service may start.
const policyFile = "/usr/sbin/policy-rc.d"

// policyDenied is the answer of a policy that forbids what it was asked for.
const policyDenied = 101

// ourPolicy carries its origin, so that one left by a killed run is known as ours.
const ourPolicy = "#!/bin/sh\n# Written by docsctl's tests while they install servers; may be removed.\nexit 101\n"

// forbidServiceStarts keeps Debian's packages from starting their services on
// 5432 and 6379, until allow is called. A policy of the machine itself is never
// changed: when there is one that lets services start, nothing is installed.
func forbidServiceStarts(ctx context.Context, policy string) (allow func(), err error) {
	remove := func() { _ = os.Remove(policy) }
	switch text, err := os.ReadFile(policy); {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.WriteFile(policy, []byte(ourPolicy), 0o755); err != nil {
			return nil, fmt.Errorf("forbid services to start while installing: %w", err)
		}
		return remove, nil
	case err != nil:
		return nil, fmt.Errorf("read the policy for starting services: %w", err)
	case string(text) == ourPolicy:
		return remove, nil
	}
	var exit *exec.ExitError
	err = exec.CommandContext(ctx, policy, "postgresql", "start").Run()
	if errors.As(err, &exit) && exit.ExitCode() == policyDenied {
		return func() {}, nil
	}
	return nil, fmt.Errorf("%s would let the packages start their services; install them by hand", policy)
}

// lockInstalling lets one process install at a time: go test runs the packages
// side by side, and apt-get update does not wait for another.
func lockInstalling(ctx context.Context) (unlock func(), err error) {
	dir, err := os.Open("/var/lib/apt")
	if err != nil {
		return nil, fmt.Errorf("lock the package lists: %w", err)
	}
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = dir.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = dir.Close()
			return nil, fmt.Errorf("lock the package lists: %w", err)
		}
		select {
		case <-ctx.Done():
			_ = dir.Close()
			return nil, ctx.Err()
		case <-retry.C:
		}
	}
}
