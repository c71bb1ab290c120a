//go:build unix

// Package clustertest runs several processes over one private Postgres and Redis
// and takes them, or a server, away under load. What happened is judged by the
// event log: every run of a job has one end, and nothing of it comes later.
//
// The test binary is the processes too: docsctl itself, or a node whose model does
// as a test wishes.
package clustertest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/docsctl/docsctl/internal/wire"
	"github.com/docsctl/docsctl/transport/cli"
)

// The variables that make the test binary one of the processes.
const (
	asProgram = "DOCSCTL_TEST_AS_PROGRAM"
	asNode    = "DOCSCTL_TEST_AS_NODE"
)

func TestMain(m *testing.M) {
	ctx := context.Background()
	if os.Getenv(asProgram) != "" {
		os.Unsetenv(asProgram)
		os.Exit(cli.Run(ctx, wire.NewFactory(cli.SystemIO(), cli.BuildInfo{Version: "test"}), os.Args[1:]))
	}
	if text := os.Getenv(asNode); text != "" {
		if err := runNode(ctx, text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
