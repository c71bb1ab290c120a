package wire_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/wire"
	"github.com/docsctl/docsctl/transport/cli"
)

// Environment variables are the process's, so these tests are not parallel.

func isolate(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("XDG_DATA_HOME", dir)
	t.Setenv("HOME", dir)
}

func TestLoad_FlagsWinOverEnvironmentOverFileOverDefaults(t *testing.T) {
	isolate(t)
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte("listen: 127.0.0.1:1\nlog_level: warn\nlog_format: json\nallowed_origins: [https://a.example, https://b.example]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCSCTL_LISTEN", "127.0.0.1:2")
	t.Setenv("DOCSCTL_LOG_LEVEL", "debug")
	got, err := wire.Load(cli.Overrides{"config": file, "listen": "127.0.0.1:3"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != "127.0.0.1:3" || got.LogLevel.String() != "DEBUG" || got.LogFormat != "json" || got.WorkerLLM != 64 || len(got.AllowedOrigins) != 2 {
		t.Errorf("got %+v", got.Config)
	}
	for name, source := range map[string]string{"listen": "flag", "log_level": "env", "log_format": "file", "job_lease": "default"} {
		i := slices.IndexFunc(got.Settings, func(s cli.Setting) bool { return s.Name == name })
		if i < 0 || got.Settings[i].Source != source {
			t.Errorf("%s does not come from %s: %+v", name, source, got.Settings)
		}
	}
}

func TestLoad_TellsAllErrorsAtOnce(t *testing.T) {
	isolate(t)
	t.Setenv("DOCSCTL_JOB_LEASE", "soon")
	t.Setenv("DOCSCTL_WORKER_CONCURRENCY_LLM", "0")
	t.Setenv("DOCSCTL_TRUSTED_PROXIES", "the office")
	_, err := wire.Load(nil)
	if core.CodeOf(err) != core.CodeValidation {
		t.Fatalf("got %v, want CodeValidation", err)
	}
	for _, want := range []string{"job_lease", "worker_concurrency_llm", "trusted_proxies"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}

func TestLoad_MasksSecretsAndTellsUnknownVariables(t *testing.T) {
	isolate(t)
	t.Setenv("DOCSCTL_JWT_SECRETS", "do-not-tell-do-not-tell-do-not-tell")
	t.Setenv("DOCSCTL_LISTNE", "x")
	got, err := wire.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range got.Settings {
		if strings.Contains(s.Value, "do-not-tell") {
			t.Errorf("%s shows a secret", s.Name)
		}
	}
	if !slices.Equal(got.Unknown, []string{"DOCSCTL_LISTNE"}) {
		t.Errorf("unknown: got %v", got.Unknown)
	}
}

func TestLoad_UnknownFileKeysStopTheStart(t *testing.T) {
	isolate(t)
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte("listne: 127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.Load(cli.Overrides{"config": file}); core.CodeOf(err) != core.CodeValidation || !strings.Contains(err.Error(), "listne") {
		t.Errorf("got %v, want CodeValidation that names the key", err)
	}
	if _, err := wire.Load(cli.Overrides{"config": file + ".missing"}); core.CodeOf(err) != core.CodeValidation {
		t.Errorf("a missing file that was named: got %v, want CodeValidation", err)
	}
}

func TestLoad_Quotas(t *testing.T) {
	isolate(t)
	t.Setenv("DOCSCTL_QUOTA_FREE", "documents=10, bytes=1000,tokens=0,usd=2.5,running_jobs=4,requests=60")
	got, err := wire.Load(nil)
	want := core.Quota{Documents: 10, Bytes: 1000, USD: 2.5, RunningJobs: 4, Requests: 60}
	if err != nil || got.QuotaFree != want || got.QuotaEnterprise != (core.Quota{}) {
		t.Errorf("got %+v, %v, want %+v and none", got, err, want)
	}
	for _, bad := range []string{"documents", "documents=many", "documents=-1", "usd=NaN", "usd=-1", "pages=3", "tokens=1,tokens=2"} {
		t.Setenv("DOCSCTL_QUOTA_FREE", bad)
		if _, err := wire.Load(nil); core.CodeOf(err) != core.CodeValidation || !strings.Contains(err.Error(), "quota_free") {
			t.Errorf("%s: got %v, want it refused", bad, err)
		}
	}
}
