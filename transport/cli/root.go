package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Run runs the command line args and returns the exit code. It prints errors to
// f.IO.ErrOut: one clear sentence, or with -o json the API's envelope. The first
// interrupt ends ctx; the second ends the process at once.
func Run(ctx context.Context, f *Factory, args []string) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// With our handler gone the system's own is back, and it ends the process.
	defer context.AfterFunc(ctx, stop)()

	root := NewCmdRoot(f)
	root.SetArgs(append([]string{}, args...)) // cobra reads os.Args for nil
	begun := false
	root.PersistentPreRun = func(*cobra.Command, []string) { begun = true }
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if usage, ok := errors.AsType[*usageError](err); ok || !begun {
		err = explainUsage(cmd, usage, err)
	}
	report(f.IO.ErrOut, err, asksJSON(args))
	return exitCode(err)
}

// explainUsage says where the command's usage is told. What fails before a
// command has begun is its flags, its arguments or its name.
func explainUsage(cmd *cobra.Command, usage *usageError, err error) error {
	if usage != nil {
		err = usage.err
	}
	return &usageError{fmt.Errorf("%s; see %s --help", describe(err).Message, cmd.CommandPath())}
}

// asksJSON reports whether args ask for JSON, whatever else is wrong with them.
func asksJSON(args []string) bool {
	probe := &cobra.Command{FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true}}
	print := probe.Flags().StringP(printFlag, printShort, "", "")
	_ = probe.ParseFlags(args) // what is wrong is told by the command itself
	return *print == string(printJSON)
}

// NewCmdRoot returns the command docsctl with all its commands.
func NewCmdRoot(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "docsctl <command>",
		Short: "Turn documents into summaries that can be checked",
		Long: "docsctl turns documents into summaries that can be checked against their source.\n" +
			"It works on one machine without set-up, and as a server for a team.",
		Example: "  docsctl summarize report.md\n" +
			"  docsctl summarize https://example.org/page --citations\n" +
			"  docsctl serve",
		Version:            f.Build.Version,
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true,
	}
	cmd.SetIn(f.IO.In)
	cmd.SetOut(f.IO.Out)
	cmd.SetErr(f.IO.ErrOut)
	stringSetting(cmd.PersistentFlags(), "config", "read the configuration from `FILE`")
	stringSetting(cmd.PersistentFlags(), "data_dir", "keep the embedded store and its keys in `DIR`")
	cmd.SetUsageFunc(usage(cmd.UsageFunc()))
	cmd.SetHelpCommand(newCmdHelp())
	cmd.AddCommand(
		NewCmdSummarize(f, nil), NewCmdExtract(f, nil), NewCmdServe(f, nil), NewCmdWorker(f, nil),
		NewCmdExport(f, nil), NewCmdImport(f, nil), NewCmdAdmin(f), NewCmdJobs(f), NewCmdMigrate(f), NewCmdConfig(f, nil),
		NewCmdDoctor(f, nil), NewCmdHealth(f, nil), NewCmdVersion(f, nil), NewCmdCompletion(f), NewCmdDev(f), NewCmdKeys(f),
	)
	return cmd
}

// newCmdHelp is cobra's help, but for an unknown command: that is a mistake on the
// command line and no result.
func newCmdHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show the help of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("there is no command %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
