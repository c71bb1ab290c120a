package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// PlanOptions are the inputs of docsctl admin org plan.
type PlanOptions struct {
	IO        *IOStreams
	SetPlan   func(ctx context.Context, o Overrides, p Plan) (Planned, error)
	Overrides Overrides
	Plan      Plan
	Print     printing
}

func newCmdAdminOrg(f *Factory) *cobra.Command {
	return newParent("org", "Change what an organization cannot change itself", newCmdPlan(f, nil))
}

func newCmdPlan(f *Factory, runF func(context.Context, *PlanOptions) error) *cobra.Command {
	opts := &PlanOptions{IO: f.IO, SetPlan: f.SetPlan}
	cmd := &cobra.Command{
		Use:   "plan ORG free|enterprise",
		Short: "Give an organization a plan",
		Long: "Give an organization a plan, which decides its quotas: those of DOCSCTL_QUOTA_FREE or of\n" +
			"DOCSCTL_QUOTA_ENTERPRISE. ORG is its id; local is the embedded store's own.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Overrides, opts.Plan = overridesOf(cmd), Plan{Org: args[0], Plan: args[1]}
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), planRun(cmd.Context(), opts))
		},
	}
	databaseSettings(cmd.Flags())
	printingFlag(cmd, &opts.Print)
	return cmd
}

func planRun(ctx context.Context, opts *PlanOptions) error {
	planned, err := opts.SetPlan(ctx, opts.Overrides, opts.Plan)
	if err != nil {
		return err
	}
	out, err := render(opts.Print, planned, table{
		head: []string{"ORGANIZATION", "NAME", "PLAN"},
		rows: [][]string{{planned.ID, planned.Name, planned.PlanType}},
	})
	if err != nil {
		return err
	}
	return opts.IO.print(out)
}
