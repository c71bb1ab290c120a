package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// NewCmdDev returns docsctl dev, the parent of what helps to try things.
func NewCmdDev(f *Factory) *cobra.Command {
	return newParent("dev", "Try docsctl without the systems that it works with", newCmdFakes(f, nil))
}

// Fakes says which fake systems are to run, and how.
type Fakes struct {
	Listen string   // address of the first; the others take the ports after it
	Faults []string // what goes wrong, each as "VENDOR RULE"
	Rate   bool     // refuse what comes faster than the vendors allow
	Empty  bool     // without pages of their own
}

// FakesOptions are the inputs of docsctl dev fakes.
type FakesOptions struct {
	IO    *IOStreams
	Run   func(ctx context.Context, o Fakes, tell func(text string) error) error
	Fakes Fakes
}

func newCmdFakes(f *Factory, runF func(context.Context, *FakesOptions) error) *cobra.Command {
	opts := &FakesOptions{IO: f.IO, Run: f.Fakes}
	cmd := &cobra.Command{
		Use:   "fakes",
		Short: "Run fakes of Notion, Guru and Confluence on this machine",
		Long: "Run fakes of Notion, Guru and Confluence on this machine: their APIs with a few pages,\n" +
			"their limits and errors. It prints the settings with which docsctl serve uses them.\n" +
			"\n" +
			"A fault makes calls go wrong. It is the system, what goes wrong, and perhaps how\n" +
			"often and where: \"notion busy times=3 retry=2s GET /v1/blocks/*/children\".\n" +
			"Faults: busy overloaded failed unavailable bad_gateway not_found unauthorized forbidden\n" +
			"conflict empty_page repeated_cursor no_cursor half_body web_page cut_off no_answer stuck_body.",
		Example: "  docsctl dev fakes\n" +
			"  docsctl dev fakes --fault \"guru failed after=1\" --rate",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return fakesRun(cmd.Context(), opts)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Fakes.Listen, "listen", "127.0.0.1:9201", "listen on `ADDRESS` and the two ports after it")
	flags.StringArrayVar(&opts.Fakes.Faults, "fault", nil, "have calls go wrong as `FAULT` says; may be repeated")
	flags.BoolVar(&opts.Fakes.Rate, "rate", false, "refuse calls that come faster than the vendors allow")
	flags.BoolVar(&opts.Fakes.Empty, "empty", false, "begin without pages")
	return cmd
}

func fakesRun(ctx context.Context, opts *FakesOptions) error {
	return untilEnded(ctx, opts.Run(ctx, opts.Fakes, opts.IO.print))
}
