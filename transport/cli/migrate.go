package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/docsctl/docsctl/core"
)

// NewCmdMigrate returns docsctl migrate, the parent of its subcommands.
func NewCmdMigrate(f *Factory) *cobra.Command {
	return newParent("migrate", "Move the store's schema, or show its state",
		newCmdMigration(f, MigrateUp, "Apply every migration that is missing", nil),
		newCmdMigration(f, MigrateDown, "Undo the last migration, with what it holds", nil),
		newCmdMigration(f, MigrateTell, "Show which migrations are applied", nil),
		newCmdRoles(f, nil),
	)
}

// MigrateOptions are the inputs of docsctl migrate up, down and status.
type MigrateOptions struct {
	IO        *IOStreams
	Migrate   func(ctx context.Context, o Overrides, m Migration) ([]MigrationStatus, error)
	Overrides Overrides
	Migration Migration
	Print     printing
}

func newCmdMigration(f *Factory, m Migration, short string, runF func(context.Context, *MigrateOptions) error) *cobra.Command {
	opts := &MigrateOptions{IO: f.IO, Migrate: f.Migrate, Migration: m}
	cmd := &cobra.Command{
		Use:   string(m),
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Overrides = overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), migrateRun(cmd.Context(), opts))
		},
	}
	databaseSettings(cmd.Flags())
	printingFlag(cmd, &opts.Print)
	return cmd
}

func migrateRun(ctx context.Context, opts *MigrateOptions) error {
	states, err := opts.Migrate(ctx, opts.Overrides, opts.Migration)
	if err != nil {
		return err
	}
	t := table{head: []string{"VERSION", "NAME", "APPLIED"}}
	for _, s := range states {
		applied := "no"
		if s.AppliedAt != nil {
			applied = s.AppliedAt.UTC().Format(time.RFC3339)
		}
		t.rows = append(t.rows, []string{strconv.FormatInt(s.Version, 10), s.Name, applied})
	}
	out, err := render(opts.Print, list[MigrationStatus]{Items: states}, t)
	if err != nil {
		return err
	}
	return opts.IO.print(out)
}

// RolesOptions are the inputs of docsctl migrate roles.
type RolesOptions struct {
	IO        *IOStreams
	RolesSQL  func(ctx context.Context, o Overrides) (string, error)
	Overrides Overrides
	Print     bool
}

func newCmdRoles(f *Factory, runF func(context.Context, *RolesOptions) error) *cobra.Command {
	opts := &RolesOptions{IO: f.IO, RolesSQL: f.RolesSQL}
	cmd := &cobra.Command{
		Use:   "roles --print",
		Short: "Print the SQL that makes the database's roles",
		Long: "Print the SQL that makes the roles which the tables need, for an administrator to run\n" +
			"where docsctl's own user may not make roles.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !opts.Print {
				return usagef("roles are only printed, never made by this command; add --print")
			}
			opts.Overrides = overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), rolesRun(cmd.Context(), opts))
		},
	}
	cmd.Flags().BoolVar(&opts.Print, "print", false, "print the SQL")
	databaseSettings(cmd.Flags())
	return cmd
}

func rolesRun(ctx context.Context, opts *RolesOptions) error {
	if opts.RolesSQL == nil {
		return &core.Error{Code: core.CodeValidation, Message: "the embedded store has no roles; they are for Postgres, which --database-url names"}
	}
	sql, err := opts.RolesSQL(ctx, opts.Overrides)
	if err != nil {
		return err
	}
	return opts.IO.print(sql)
}
