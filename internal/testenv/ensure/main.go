//go:build unix

// Command ensure makes sure that the programs which the tests run are on this
// machine: it installs what is missing when it may, else it says what to do.
//
//	go run ./internal/testenv/ensure
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/docsctl/docsctl/internal/testenv/servers"
)

func main() {
	// Caught, because an installation that is broken off has a policy file to remove.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := ensure(ctx, servers.Postgres(), servers.Redis(), servers.PgBouncer(), servers.Compiler())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ensure:", err)
		os.Exit(1)
	}
}

func ensure(ctx context.Context, programs ...servers.Program) error {
	if err := servers.Ensure(ctx, os.Stderr, programs...); err != nil {
		return err
	}
	for _, p := range programs {
		dir, err := servers.Find(ctx, os.Stderr, p)
		if err != nil {
			return err
		}
		version, err := p.Version(ctx, dir)
		if err != nil {
			return err
		}
		fmt.Printf("%-12s %s (%s)\n", p.Name, version, dir)
	}
	return nil
}
