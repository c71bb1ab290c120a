package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// ConfigOptions are the inputs of docsctl config.
type ConfigOptions struct {
	IO        *IOStreams
	Settings  func(o Overrides) ([]Setting, error)
	Overrides Overrides
	Print     printing
}

// NewCmdConfig returns docsctl config; runF replaces what it does, for tests.
func NewCmdConfig(f *Factory, runF func(context.Context, *ConfigOptions) error) *cobra.Command {
	opts := &ConfigOptions{IO: f.IO, Settings: f.Settings}
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the configuration in force and where it comes from",
		Long: "Show the configuration in force and where each setting comes from: a flag, an\n" +
			"environment variable (DOCSCTL_ and the name in capitals), the configuration file or\n" +
			"the default. Secrets are masked.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Overrides = overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), configRun(cmd.Context(), opts))
		},
	}
	printingFlag(cmd, &opts.Print)
	return cmd
}

func configRun(_ context.Context, opts *ConfigOptions) error {
	settings, err := opts.Settings(opts.Overrides)
	if err != nil {
		return err
	}
	t := table{head: []string{"NAME", "VALUE", "SOURCE"}}
	for _, s := range settings {
		value := s.Value
		if value == "" {
			value = "-"
		}
		t.rows = append(t.rows, []string{s.Name, value, s.Source})
	}
	out, err := render(opts.Print, list[Setting]{Items: settings}, t)
	if err != nil {
		return err
	}
	return opts.IO.print(out)
}
