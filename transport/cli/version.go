package cli

import (
	"cmp"
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// VersionOptions are the inputs of docsctl version.
type VersionOptions struct {
	IO    *IOStreams
	Build BuildInfo
	Print printing
}

// NewCmdVersion returns docsctl version; runF replaces what it does, for tests.
func NewCmdVersion(f *Factory, runF func(context.Context, *VersionOptions) error) *cobra.Command {
	opts := &VersionOptions{IO: f.IO, Build: f.Build}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version and what it was built of",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return versionRun(cmd.Context(), opts)
		},
	}
	printingFlag(cmd, &opts.Print)
	return cmd
}

// versionView is what version prints.
type versionView struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func versionRun(_ context.Context, opts *VersionOptions) error {
	b := opts.Build
	v := versionView{b.Version, b.Commit, b.Date, runtime.Version(), runtime.GOOS, runtime.GOARCH}
	if opts.Print == printDefault {
		return opts.IO.print(fmt.Sprintf("docsctl %s (commit %s, built %s, %s, %s/%s)\n",
			cmp.Or(v.Version, "unknown"), cmp.Or(v.Commit, "unknown"), cmp.Or(v.Date, "unknown"), v.Go, v.OS, v.Arch))
	}
	out, err := render(opts.Print, v, table{
		head: []string{"VERSION", "COMMIT", "BUILT", "GO", "PLATFORM"},
		rows: [][]string{{cmp.Or(v.Version, "-"), cmp.Or(v.Commit, "-"), cmp.Or(v.Date, "-"), v.Go, v.OS + "/" + v.Arch}},
	})
	if err != nil {
		return err
	}
	return opts.IO.print(out)
}
