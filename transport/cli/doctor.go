package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/docsctl/docsctl/core"
)

// FindingStatus says how a part of an installation is.
type FindingStatus string

// The states of a part: it works, it works worse than it could, it does not work.
const (
	FindingOK      FindingStatus = "ok"
	FindingWarning FindingStatus = "warning"
	FindingFailed  FindingStatus = "failed"
)

// Finding is one sentence about one part of an installation.
type Finding struct {
	Part    string        `json:"part"` // "store", "redis", "keys", "model", …
	Status  FindingStatus `json:"status"`
	Message string        `json:"message"`
}

// DoctorOptions are the inputs of docsctl doctor.
type DoctorOptions struct {
	IO        *IOStreams
	Doctor    func(ctx context.Context, o Overrides, tell func(Finding)) error
	Overrides Overrides
	Print     printing
}

// NewCmdDoctor returns docsctl doctor; runF replaces what it does, for tests.
func NewCmdDoctor(f *Factory, runF func(context.Context, *DoctorOptions) error) *cobra.Command {
	opts := &DoctorOptions{IO: f.IO, Doctor: f.Doctor}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Try the configured store, keys and model",
		Long: "Try what is configured, and tell in a sentence each how it is: the store, Redis, the keys\n" +
			"and the model. A language model is asked a few times, which may cost some cents: how fast it\n" +
			"answers, how long a prompt it reads whole, and whether its server cuts longer ones silently.\n" +
			"Nothing is made or changed. It exits with 1 when something does not work.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Overrides = overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), doctorRun(cmd.Context(), opts))
		},
	}
	databaseSettings(cmd.Flags())
	stringSetting(cmd.Flags(), "llm_base_url", "try the model's server at `URL`")
	stringSetting(cmd.Flags(), "llm_model", "try the model `NAME`")
	printingFlag(cmd, &opts.Print)
	return cmd
}

// doctorRun prints each finding as it comes, unless they are asked for as data.
func doctorRun(ctx context.Context, opts *DoctorOptions) error {
	var all []Finding
	var printed error
	failed := 0
	err := opts.Doctor(ctx, opts.Overrides, func(f Finding) {
		all = append(all, f)
		if f.Status == FindingFailed {
			failed++
		}
		if opts.Print == printDefault && printed == nil {
			printed = opts.IO.print(fmt.Sprintf("%-8s %-14s %s\n", f.Status, f.Part, oneLine(f.Message)))
		}
	})
	if err != nil || printed != nil {
		return cmp.Or(err, printed)
	}
	if opts.Print != printDefault {
		t := table{head: []string{"STATUS", "PART", "MESSAGE"}}
		for _, f := range all {
			t.rows = append(t.rows, []string{string(f.Status), f.Part, f.Message})
		}
		out, err := render(opts.Print, list[Finding]{Items: all}, t)
		if err != nil {
			return err
		}
		if err := opts.IO.print(out); err != nil {
			return err
		}
	}
	if failed > 0 {
		return &core.Error{Code: core.CodeUnavailable, Message: fmt.Sprintf("%d of %d checks failed; correct what they name and run docsctl doctor again", failed, len(all))}
	}
	return nil
}
