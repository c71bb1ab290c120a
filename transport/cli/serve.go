package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// ServeOptions are the inputs of docsctl serve.
type ServeOptions struct {
	Serve     func(ctx context.Context, o Overrides) error
	Overrides Overrides
}

// NewCmdServe returns docsctl serve; runF replaces what it does, for tests.
func NewCmdServe(f *Factory, runF func(context.Context, *ServeOptions) error) *cobra.Command {
	opts := &ServeOptions{Serve: f.Serve}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the API server, with workers in the same process",
		Long: "Run the API server. Without settings it listens on 127.0.0.1:8080, keeps its data in\n" +
			"the user's data folder and runs jobs itself. An interrupt or SIGTERM ends it cleanly:\n" +
			"jobs that are not done by then go on at the next start.",
		Example: "  docsctl serve\n  docsctl serve --listen :8080 --database-url postgres://db/docsctl --no-workers",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Overrides = overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return serveRun(cmd.Context(), opts)
		},
	}
	stringSetting(cmd.Flags(), "listen", "listen on `ADDRESS`, such as 127.0.0.1:8080 or :80")
	databaseSettings(cmd.Flags())
	boolSetting(cmd.Flags(), "no_workers", "answer requests only; jobs are run by docsctl worker")
	return cmd
}

func serveRun(ctx context.Context, opts *ServeOptions) error {
	return untilEnded(ctx, opts.Serve(ctx, opts.Overrides))
}

// untilEnded makes the end that the user asked for no failure.
func untilEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}
