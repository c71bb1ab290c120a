// Command docsctl turns documents into summaries: on the command line, or as a
// server with a REST API.
package main

import (
	"context"
	"os"

	"github.com/docsctl/docsctl/internal/wire"
	"github.com/docsctl/docsctl/transport/cli"
)

// Set by the release build.
var version, commit, date = "dev", "", ""

func main() {
	if code, asked := wire.Child(os.Args, os.Stdin, os.Stdout); asked {
		os.Exit(code)
	}
	build := cli.BuildInfo{Version: version, Commit: commit, Date: date}
	os.Exit(cli.Run(context.Background(), wire.NewFactory(cli.SystemIO(), build), os.Args[1:]))
}
