package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// WorkerOptions are the inputs of docsctl worker.
type WorkerOptions struct {
	Work      func(ctx context.Context, o Overrides) error
	Overrides Overrides
}

// NewCmdWorker returns docsctl worker; runF replaces what it does, for tests.
func NewCmdWorker(f *Factory, runF func(context.Context, *WorkerOptions) error) *cobra.Command {
	opts := &WorkerOptions{Work: f.Work}
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Run jobs, without the API server",
		Long:  "Run the jobs of an installation whose server was started with --no-workers, or share\nthe work with it. An interrupt or SIGTERM ends it cleanly.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Overrides = overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return workerRun(cmd.Context(), opts)
		},
	}
	databaseSettings(cmd.Flags())
	return cmd
}

func workerRun(ctx context.Context, opts *WorkerOptions) error {
	return untilEnded(ctx, opts.Work(ctx, opts.Overrides))
}
