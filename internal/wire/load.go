package wire

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/transport/cli"
)

const envPrefix = "DOCSCTL_"

// keyConfig names the configuration file itself; it is no setting of one.
const keyConfig = "config"

// outsideKeys are variables with our prefix that are known and no settings: the file's
// own, and those of the tests.
var outsideKeys = []string{keyConfig, "test_postgres_url", "test_redis_url"}

// layer is one source of settings.
type layer struct {
	name   string // "flag", "env", "file", "default"
	values *koanf.Koanf
}

// Loaded is a Config with the account of where it came from.
type Loaded struct {
	Config
	Settings []cli.Setting
	Unknown  []string // environment variables with our prefix that mean nothing
}

// Load reads the configuration: flags, then environment, then file, then
// defaults. It returns one error that names everything that does not hold.
func Load(flags cli.Overrides) (*Loaded, error) {
	layers, unknown, err := readLayers(flags)
	if err != nil {
		return nil, err
	}
	loaded := &Loaded{Unknown: unknown}
	var problems []string
	for _, s := range settings() {
		value, source := lookup(layers, s)
		if err := s.parse(&loaded.Config, value); err != nil {
			problems = append(problems, fmt.Sprintf("%s (from %s) %v", s.key, source, err))
		}
		loaded.Settings = append(loaded.Settings, cli.Setting{Name: s.key, Value: masked(s, value), Source: source})
	}
	problems = append(problems, loaded.check()...)
	if len(problems) > 0 {
		return nil, &core.Error{Code: core.CodeValidation, Message: "the configuration does not hold: " + strings.Join(problems, "; ")}
	}
	return loaded, nil
}

// check is about settings that depend on each other.
func (c Config) check() []string {
	var problems []string
	if c.LLMBaseURL != "" && c.LLMModel == "" {
		problems = append(problems, "llm_model is required with llm_base_url; name a model that the server has")
	}
	if !c.Postgres() && c.DataDir == "" {
		problems = append(problems, "data_dir is required, since this user has no home folder")
	}
	return append(problems, c.checkVendors()...)
}

func masked(s setting, value string) string {
	if s.secret && value != "" {
		return "********"
	}
	return value
}

func lookup(layers []layer, s setting) (value, source string) {
	for _, l := range layers {
		if l.values.Exists(s.key) {
			return flatten(l.values.Get(s.key)), l.name
		}
	}
	if v := os.Getenv(s.also); s.also != "" && v != "" {
		return v, "env"
	}
	return "", "default"
}

// flatten writes a list of the file as the environment writes it.
func flatten(v any) string {
	items, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = fmt.Sprint(item)
	}
	return strings.Join(parts, ",")
}

// readLayers reads every source, the winning one first.
func readLayers(flags cli.Overrides) ([]layer, []string, error) {
	known := map[string]any{}
	for _, s := range settings() {
		if s.value != "" {
			known[s.key] = s.value
		}
	}
	defaults, given := koanf.New("."), koanf.New(".")
	overrides := map[string]any{}
	for k, v := range flags {
		overrides[k] = v
	}
	if err := errors.Join(defaults.Load(confmap.Provider(known, ""), nil), given.Load(confmap.Provider(overrides, ""), nil)); err != nil {
		return nil, nil, fmt.Errorf("read flags and defaults: %w", err)
	}
	environment, unknown, err := readEnvironment()
	if err != nil {
		return nil, nil, err
	}
	fromFile, err := readFile(given.String(keyConfig), environment.String(keyConfig))
	if err != nil {
		return nil, nil, err
	}
	return []layer{{"flag", given}, {"env", environment}, {"file", fromFile}, {"default", defaults}}, unknown, nil
}

func isSetting(key string) bool {
	return slices.ContainsFunc(settings(), func(s setting) bool { return s.key == key })
}

func readEnvironment() (*koanf.Koanf, []string, error) {
	k := koanf.New(".")
	err := k.Load(env.Provider(".", env.Opt{Prefix: envPrefix, TransformFunc: func(name, value string) (string, any) {
		return strings.ToLower(strings.TrimPrefix(name, envPrefix)), value
	}}), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("read the environment: %w", err)
	}
	var unknown []string
	for _, key := range k.Keys() {
		if !isSetting(key) && !slices.Contains(outsideKeys, key) {
			unknown = append(unknown, envPrefix+strings.ToUpper(key))
		}
	}
	return k, unknown, nil
}

// readFile reads the file that a flag or a variable names, or the user's own when
// it is there.
func readFile(named ...string) (*koanf.Koanf, error) {
	k := koanf.New(".")
	path := ""
	for _, p := range named {
		if path == "" {
			path = p
		}
	}
	asked := path != ""
	if !asked {
		dir, err := os.UserConfigDir()
		if err != nil { // no home folder, so no file of the user's
			return k, nil //nolint:nilerr // see above
		}
		path = filepath.Join(dir, "docsctl", "config.yaml")
	}
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		if !asked && errors.Is(err, fs.ErrNotExist) {
			return k, nil
		}
		return nil, &core.Error{Code: core.CodeValidation, Message: "the configuration file cannot be read as YAML; check its path and form", Err: err}
	}
	for _, key := range k.Keys() {
		if !isSetting(key) {
			return nil, &core.Error{Code: core.CodeValidation, Message: fmt.Sprintf("the configuration file has an unknown key %q; remove it", key)}
		}
	}
	return k, nil
}
