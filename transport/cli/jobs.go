package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/docsctl/docsctl/client"
	"github.com/docsctl/docsctl/core"
)

// NewCmdJobs returns docsctl jobs.
func NewCmdJobs(f *Factory) *cobra.Command {
	return newParent("jobs", "Ask a server about its jobs", newCmdJobsWhy(f, nil))
}

// JobsWhyOptions are the inputs of docsctl jobs why.
type JobsWhyOptions struct {
	IO        *IOStreams
	Server    func(o Overrides) (Server, error)
	Overrides Overrides
	ID        string
	Print     printing
}

func newCmdJobsWhy(f *Factory, runF func(context.Context, *JobsWhyOptions) error) *cobra.Command {
	opts := &JobsWhyOptions{IO: f.IO, Server: f.Server}
	cmd := &cobra.Command{
		Use:   "why ID",
		Short: "Say why a job has not run yet, or how it stands",
		Long:  "Say in a sentence what a job of a server waits for: its place in the queue, the plan's limit, an\nopen circuit breaker, a quota, its next attempt, a person's word.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Overrides, opts.ID = overridesOf(cmd), args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), jobsWhyRun(cmd.Context(), opts))
		},
	}
	serverSettings(cmd.Flags())
	printingFlag(cmd, &opts.Print)
	return cmd
}

func jobsWhyRun(ctx context.Context, opts *JobsWhyOptions) error {
	c, err := newClient(opts.Server, opts.Overrides)
	if err != nil {
		return err
	}
	j, err := c.Job(ctx, opts.ID)
	if err != nil {
		return explainClient(err)
	}
	sentence := whyOf(j)
	if opts.Print == "" || opts.Print == printTable {
		return opts.IO.print(sentence + "\n")
	}
	out, err := render(opts.Print, j.Raw, table{})
	if err != nil {
		return err
	}
	return opts.IO.print(out)
}

// whyOf says in a sentence how a job stands.
func whyOf(j *client.Job) string {
	switch {
	case j.Waiting != nil && j.Waiting.Until != nil && j.Waiting.Reason != string(core.WaitQueue):
		return fmt.Sprintf("%s Next: %s.", j.Waiting.Message, j.Waiting.Until.Local().Format("15:04:05"))
	case j.Waiting != nil:
		return j.Waiting.Message
	case j.Status == string(core.JobInProgress) && j.Progress.Message != "":
		return fmt.Sprintf("It runs: %s.", j.Progress.Message)
	case j.Status == string(core.JobInProgress):
		return "It runs."
	case j.Status == string(core.JobFailed):
		return fmt.Sprintf("It has failed (%s): %s.", j.ErrorCode, j.ErrorMessage)
	default:
		return fmt.Sprintf("It waits for nothing: it is %s.", j.Status)
	}
}

// newClient returns a client of the server that is configured.
func newClient(server func(o Overrides) (Server, error), o Overrides) (*client.Client, error) {
	s, err := server(o)
	if err != nil {
		return nil, err
	}
	if s.URL == "" {
		return nil, usagef("no server is named; give --server URL or set DOCSCTL_SERVER")
	}
	if s.Token == "" {
		return nil, &core.Error{Code: core.CodeAuthentication, Message: "no token is given; set DOCSCTL_TOKEN to an access token or an API key"}
	}
	c, err := client.New(s.URL, s.Token)
	if err != nil {
		return nil, core.Invalid("server", "url", "server must be an http or https address, such as https://docs.example.org")
	}
	return c, nil
}

// explainClient turns the server's refusal into ours, with its code.
func explainClient(err error) error {
	if e, ok := errors.AsType[*client.Error](err); ok {
		return &core.Error{Code: core.Code(e.Code), Message: e.Message, Err: err}
	}
	return core.Unavailable("the server cannot be reached; check its address and that it runs", 0, err)
}
