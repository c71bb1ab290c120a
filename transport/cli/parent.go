package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// newParent returns a command that does nothing but to hold others: without one of
// their names it is a usage error that tells them.
func newParent(name, short string, commands ...*cobra.Command) *cobra.Command {
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.Name()
	}
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return usagef("name what to do: %s", either(names)) },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// usage is cobra's, where a command that holds others is no usage by itself, though it
// is runnable for its own error's sake. A template would say so as well, but what
// executes templates calls methods by name, and the linker then leaves out none.
func usage(cobras func(*cobra.Command) error) func(*cobra.Command) error {
	return func(cmd *cobra.Command) error {
		if cmd.HasAvailableSubCommands() {
			run := cmd.RunE
			cmd.RunE = nil
			defer func() { cmd.RunE = run }()
		}
		return cobras(cmd)
	}
}

// either is "a, b or c".
func either(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
