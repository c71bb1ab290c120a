package cli

import (
	"io"

	"github.com/spf13/cobra"
)

// shells are the completion scripts that can be printed.
var shells = map[string]func(root *cobra.Command, w io.Writer) error{
	"bash":       func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) },
	"zsh":        func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) },
	"fish":       func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) },
	"powershell": func(root *cobra.Command, w io.Writer) error { return root.GenPowerShellCompletionWithDesc(w) },
}

// NewCmdCompletion returns docsctl completion. Cobra's own answers help to an
// unknown shell, as if all were well.
func NewCmdCompletion(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the completion script of a shell",
		Example: "  source <(docsctl completion bash)\n" +
			"  docsctl completion zsh >\"${fpath[1]}/_docsctl\"\n" +
			"  docsctl completion fish >~/.config/fish/completions/docsctl.fish",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return shells[args[0]](cmd.Root(), f.IO.Out)
		},
	}
}
