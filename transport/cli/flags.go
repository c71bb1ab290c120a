package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settingKey marks a flag that overrides a configuration key, and holds the key.
const settingKey = "docsctl_setting"

// stringSetting adds a flag for a configuration key: data_dir becomes --data-dir.
func stringSetting(flags *pflag.FlagSet, key, usage string) {
	flags.String(flagName(key), "", usage)
	markSetting(flags, key)
}

// boolSetting adds a switch for a configuration key.
func boolSetting(flags *pflag.FlagSet, key, usage string) {
	flags.Bool(flagName(key), false, usage)
	markSetting(flags, key)
}

func flagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

func markSetting(flags *pflag.FlagSet, key string) {
	flags.Lookup(flagName(key)).Annotations = map[string][]string{settingKey: {key}}
}

// overridesOf collects the settings that the command line gives.
func overridesOf(cmd *cobra.Command) Overrides {
	o := Overrides{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		for _, key := range f.Annotations[settingKey] {
			o[key] = f.Value.String()
		}
	})
	return o
}

// databaseSettings are the flags of every command that needs the team's store.
func databaseSettings(flags *pflag.FlagSet) {
	stringSetting(flags, "database_url", "use the Postgres at `URL` instead of the embedded store")
	stringSetting(flags, "redis_url", "use the Redis at `URL` as the bus between several servers")
}

// serverSettings are the flags of every command that talks to a server.
func serverSettings(flags *pflag.FlagSet) {
	stringSetting(flags, "server", "talk to the server at `URL`")
	stringSetting(flags, "token", "sign in with `TOKEN`, an access token or an API key; others can read it, DOCSCTL_TOKEN is safer")
}

// choice is a flag whose value is one of a few words.
type choice[T ~string] struct {
	to *T
	of []T
}

func (c choice[T]) String() string { return string(*c.to) }
func (c choice[T]) Type() string   { return "string" }

func (c choice[T]) Set(s string) error {
	if !slices.Contains(c.of, T(s)) {
		return errors.New("must be one of " + strings.Join(words(c.of), ", "))
	}
	*c.to = T(s)
	return nil
}

func words[T ~string](of []T) []string {
	out := make([]string, len(of))
	for i, w := range of {
		out[i] = string(w)
	}
	return out
}

// choiceFlag adds a flag that takes one of the given words, and its completion.
func choiceFlag[T ~string](cmd *cobra.Command, to *T, name, short, usage string, of ...T) {
	usage += ": `" + strings.Join(words(of), "|") + "`"
	cmd.Flags().VarP(choice[T]{to: to, of: of}, name, short, usage)
	// It fails for an unknown flag only, and this one is known.
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words(of), cobra.ShellCompDirectiveNoFileComp))
}

// printing is the form in which a command prints its result.
type printing string

const (
	printDefault printing = ""
	printTable   printing = "table"
	printJSON    printing = "json"
	printYAML    printing = "yaml"
)

const (
	printFlag  = "as"
	printShort = "o"
)

// printingFlag adds -o.
func printingFlag(cmd *cobra.Command, to *printing) {
	choiceFlag(cmd, to, printFlag, printShort, "print the result as", printTable, printJSON, printYAML)
}
