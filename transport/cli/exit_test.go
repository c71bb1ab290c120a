package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	t.Run("EveryCodeHasOne", func(t *testing.T) {
		t.Parallel()
		for _, c := range core.Codes() {
			want := exitFailed
			if c == core.CodeAuthentication {
				want = exitSignedOut
			}
			if got, ok := exitCodes[c]; !ok || got != want {
				t.Errorf("exit code of %s: got %d (known: %t), want %d", c, got, ok, want)
			}
		}
		if got, want := len(exitCodes), len(core.Codes()); got != want {
			t.Errorf("codes in the table: got %d, want %d", got, want)
		}
	})
	t.Run("WrappingChangesNothing", func(t *testing.T) {
		t.Parallel()
		tests := []struct {
			err  error
			want int
		}{
			{nil, 0},
			{errors.New("unforeseen"), 1},
			{fmt.Errorf("open: %w", &core.Error{Code: core.CodeAuthentication}), 4},
			{&failures{errs: []error{&core.Error{Code: core.CodeAuthentication}, errors.New("x")}, of: 3}, 4},
			{fmt.Errorf("x: %w", usagef("y")), 2},
			{errInterrupted, 130},
			{context.DeadlineExceeded, 1},
		}
		for _, tt := range tests {
			if got := exitCode(tt.err); got != tt.want {
				t.Errorf("exitCode(%v): got %d, want %d", tt.err, got, tt.want)
			}
		}
	})
}

// fakeFactory answers every command with err.
func fakeFactory(err error) (*Factory, *bytes.Buffer, *bytes.Buffer) {
	out, errOut := &bytes.Buffer{}, &bytes.Buffer{}
	f := &Factory{
		IO:    &IOStreams{In: strings.NewReader(""), Out: out, ErrOut: errOut, Width: 80},
		Build: BuildInfo{Version: "1.2.3", Commit: "abc", Date: "2026-01-02"},
		Open:  func(context.Context, Overrides) (*Local, error) { return nil, err },
		Serve: func(context.Context, Overrides) error { return err },
		Work:  func(context.Context, Overrides) error { return err },
		Migrate: func(context.Context, Overrides, Migration) ([]MigrationStatus, error) {
			return []MigrationStatus{{Version: 1, Name: "start"}}, err
		},
		Settings: func(Overrides) ([]Setting, error) {
			return []Setting{{Name: "listen", Value: ":80", Source: "flag"}, {Name: "redis_url", Source: "default"}}, err
		},
	}
	return f, out, errOut
}

func TestRun(t *testing.T) {
	t.Parallel()
	signedOut := &core.Error{Code: core.CodeAuthentication, Message: "sign in first", Err: errors.New("secret cause")}
	invalid := core.Invalid("listen", "format", "listen must be an address")
	tests := []struct {
		name   string
		args   string
		err    error
		want   int
		stdout string
		stderr string
	}{
		{"VersionIsAResult", "version -o json", nil, 0, "", ""},
		{"NoArgumentsIsHelp", "", nil, 0, "", ""},
		{"UnknownCommandIsUsage", "frobnicate", nil, 2, "", "docsctl: unknown command \"frobnicate\" for \"docsctl\"; see docsctl --help\n"},
		{"UnknownSubcommandIsUsage", "migrate sideways", nil, 2, "", "docsctl: unknown command \"sideways\" for \"docsctl migrate\"; see docsctl migrate --help\n"},
		{"NoSubcommandIsUsage", "migrate", nil, 2, "", "docsctl: name what to do: up, down, status or roles; see docsctl migrate --help\n"},
		{"UnknownFlagIsUsage", "serve --nope", nil, 2, "", "docsctl: unknown flag: --nope; see docsctl serve --help\n"},
		{"UnknownWordIsUsage", "summarize x --format pdf", nil, 2, "", "docsctl: invalid argument \"pdf\" for \"--format\" flag: must be one of markdown, plain, bullets, json; see docsctl summarize --help\n"},
		{"BadLanguageIsUsage", "summarize x --language !", nil, 2, "", "docsctl: language must be a language tag such as en or pt-BR; see docsctl summarize --help\n"},
		{"NoInputIsUsage", "summarize", nil, 2, "", "docsctl: name a file, a URL or - for standard input; see docsctl summarize --help\n"},
		{"StandardInputOnce", "summarize - -", nil, 2, "", "docsctl: standard input can be read once only; name - once; see docsctl summarize --help\n"},
		{"TitleIsForOne", "summarize a b --title x", nil, 2, "", "docsctl: --title is for one document; summarize them one by one; see docsctl summarize --help\n"},
		{"UsageInJSONIsTheEnvelope", "serve --nope -o json", nil, 2, "", `{
  "error": {
    "code": "VALIDATION_ERROR",
    "message": "unknown flag: --nope; see docsctl serve --help",
    "details": {}
  }
}
`},
		{"SignedOutIsFour", "summarize x", signedOut, 4, "", "docsctl: sign in first\n"},
		{"FailureInJSONIsTheEnvelope", "config -ojson", invalid, 1, "", `{
  "error": {
    "code": "VALIDATION_ERROR",
    "message": "listen must be an address",
    "details": {
      "field": "listen",
      "constraint": "format",
      "errors": [
        {
          "field": "listen",
          "constraint": "format",
          "message": "listen must be an address"
        }
      ]
    }
  }
}
`},
		{"UnforeseenErrorIsTold", "worker", errors.New("odd\nthing"), 1, "", "docsctl: odd thing\n"},
		{"RolesAreForPostgres", "migrate roles --print", nil, 1, "", "docsctl: the embedded store has no roles; they are for Postgres, which --database-url names\n"},
		{"RolesAreOnlyPrinted", "migrate roles", nil, 2, "", "docsctl: roles are only printed, never made by this command; add --print; see docsctl migrate roles --help\n"},
		{"ConfigIsATable", "config", nil, 0, "NAME       VALUE  SOURCE\nlisten     :80    flag\nredis_url  -      default\n", ""},
		{"ConfigInYAML", "config -o yaml", nil, 0, "items:\n  - name: listen\n    value: :80\n    source: flag\n  - name: redis_url\n    value: \"\"\n    source: default\n", ""},
		{"MigrationsAreATable", "migrate status", nil, 0, "VERSION  NAME   APPLIED\n1        start  no\n", ""},
		{"ServeEndsWell", "serve", nil, 0, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, out, errOut := fakeFactory(tt.err)
			if got := Run(t.Context(), f, strings.Fields(tt.args)); got != tt.want {
				t.Errorf("exit code: got %d, want %d", got, tt.want)
			}
			if got := errOut.String(); got != tt.stderr {
				t.Errorf("stderr: got %q, want %q", got, tt.stderr)
			}
			if got := out.String(); got != tt.stdout && (tt.want != 0 || tt.stdout != "") {
				t.Errorf("stdout: got %q, want %q", got, tt.stdout)
			}
		})
	}
}

func TestRun_Interrupted(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	t.Run("CommandIs130", func(t *testing.T) {
		t.Parallel()
		f, out, errOut := fakeFactory(errors.New("the store noticed"))
		if got := Run(ended, f, []string{"summarize", "x"}); got != 130 {
			t.Errorf("exit code: got %d, want 130", got)
		}
		if got, want := errOut.String(), "docsctl: interrupted; nothing is half-written\n"; got != want {
			t.Errorf("stderr: got %q, want %q", got, want)
		}
		if out.Len() > 0 {
			t.Errorf("stdout: got %q, want nothing", out)
		}
	})
	t.Run("ServerEndsWell", func(t *testing.T) {
		t.Parallel()
		for _, command := range []string{"serve", "worker"} {
			f, _, errOut := fakeFactory(context.Canceled)
			if got := Run(ended, f, []string{command}); got != 0 || errOut.Len() > 0 {
				t.Errorf("%s: got exit code %d and %q, want 0 and nothing", command, got, errOut)
			}
		}
	})
	t.Run("ServerThatFailsAtItsEndSaysSo", func(t *testing.T) {
		t.Parallel()
		f, _, errOut := fakeFactory(errors.New("requests were cut off"))
		if got := Run(ended, f, []string{"serve"}); got != 1 || !strings.Contains(errOut.String(), "cut off") {
			t.Errorf("got exit code %d and %q, want 1 and the reason", got, errOut)
		}
	})
}

func TestReport(t *testing.T) {
	t.Parallel()
	several := &failures{of: 3, errs: []error{
		named("a.md", core.NotFound("file")),
		named("b\x1b[2J.md", core.Invalid("file", "not_empty", "the file is empty")),
	}}
	t.Run("OneLineEach", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		report(&b, several, false)
		want := "docsctl: a.md: file not found; check the id and the organization you are signed in to\ndocsctl: b[2J.md: the file is empty\n"
		if got := b.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("OneEnvelopeForAll", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		report(&b, several, true)
		for _, want := range []string{`"code": "NOT_FOUND"`, `"message": "2 of 3 inputs failed; the first: a.md: `, `"field": "file"`} {
			if got := b.String(); !strings.Contains(got, want) || strings.Count(got, `"error":`) != 1 {
				t.Errorf("got %s, want one envelope with %s", got, want)
			}
		}
	})
	t.Run("CauseOfAnInternalErrorIsShown", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		report(&b, named("a.md", core.AsError(errors.New("disk I/O error"))), false)
		if got := b.String(); strings.Count(got, "disk I/O error") != 1 || !strings.HasPrefix(got, "docsctl: a.md: ") {
			t.Errorf("got %q, want the cause in it once", got)
		}
	})
}
