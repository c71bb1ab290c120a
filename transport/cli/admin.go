package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
)

// SignInOptions are the inputs of docsctl admin sign-in.
type SignInOptions struct {
	IO        *IOStreams
	SignIn    func(ctx context.Context, o Overrides, s SignIn) (Granted, error)
	Overrides Overrides
	SignInFor SignIn
	Print     printing
}

// NewCmdAdmin returns docsctl admin, the parent of what an operator does on the store itself.
func NewCmdAdmin(f *Factory) *cobra.Command {
	return newParent("admin", "Do what only the operator of an installation may", newCmdSignIn(f, nil), newCmdAdminOrg(f))
}

func newCmdSignIn(f *Factory, runF func(context.Context, *SignInOptions) error) *cobra.Command {
	opts := &SignInOptions{IO: f.IO, SignIn: f.SignIn}
	cmd := &cobra.Command{
		Use:   "sign-in --org ID --email ADDRESS",
		Short: "Print a sign-in of a user that can be used once",
		Long: "Print a refresh token for a user, valid once and for a quarter of an hour, such as for\n" +
			"the admin without a password of an organization that was imported. Exchange it at\n" +
			"POST /v1/auth/refresh, then set a password.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.SignInFor.Email == "" {
				return usagef("name the user with --email")
			}
			opts.Overrides = overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), signInRun(cmd.Context(), opts))
		},
	}
	cmd.Flags().StringVar(&opts.SignInFor.Org, "org", "local", "the user's organization, by its `ID`; local: the embedded store's own")
	cmd.Flags().StringVar(&opts.SignInFor.Email, "email", "", "the user's `ADDRESS`")
	databaseSettings(cmd.Flags())
	printingFlag(cmd, &opts.Print)
	return cmd
}

func signInRun(ctx context.Context, opts *SignInOptions) error {
	granted, err := opts.SignIn(ctx, opts.Overrides, opts.SignInFor)
	if err != nil {
		return err
	}
	if opts.Print == printDefault {
		return opts.IO.print(granted.RefreshToken + "\n")
	}
	out, err := render(opts.Print, granted, table{
		head: []string{"REFRESH TOKEN", "EXPIRES IN"},
		rows: [][]string{{granted.RefreshToken, strconv.Itoa(granted.ExpiresIn) + " s"}},
	})
	if err != nil {
		return err
	}
	return opts.IO.print(out)
}
