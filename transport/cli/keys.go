package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/docsctl/docsctl/core"
)

// RotateOptions are the inputs of docsctl keys rotate.
type RotateOptions struct {
	IO        *IOStreams
	Rotate    func(ctx context.Context, o Overrides) (core.Rotated, error)
	Overrides Overrides
}

// NewCmdKeys returns docsctl keys, the parent of what is done with the keys of an installation.
func NewCmdKeys(f *Factory) *cobra.Command {
	return newParent("keys", "Care for the keys of an installation", newCmdRotate(f, nil))
}

func newCmdRotate(f *Factory, runF func(context.Context, *RotateOptions) error) *cobra.Command {
	opts := &RotateOptions{IO: f.IO, Rotate: f.RotateKeys}
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Seal tokens and secrets anew under the first encryption key",
		Long: "Seal the tokens of all integrations and the secrets of all webhooks anew under the first of\n" +
			"the encryption keys. Put the new key first and keep the old one behind it; when this has\n" +
			"ended the old one can go.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Overrides = overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), rotateRun(cmd.Context(), opts))
		},
	}
	databaseSettings(cmd.Flags())
	return cmd
}

func rotateRun(ctx context.Context, opts *RotateOptions) error {
	r, err := opts.Rotate(ctx, opts.Overrides)
	if err != nil {
		return err
	}
	return opts.IO.print(fmt.Sprintf("%d of %d integrations and webhooks were sealed anew; none needs an older key\n", r.Sealed, r.Looked))
}
