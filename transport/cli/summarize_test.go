package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/core"
)

func TestNewCmdSummarize(t *testing.T) {
	t.Parallel()
	f, _, _ := fakeFactory(nil)
	var got *SummarizeOptions
	root := NewCmdRoot(f)
	root.RemoveCommand(root.Commands()...)
	root.AddCommand(NewCmdSummarize(f, func(_ context.Context, o *SummarizeOptions) error {
		got = o
		return nil
	}))
	root.SetArgs(strings.Fields("summarize a.md - --template key-points --format bullets --length short --language de --model m " +
		"--citations -o yaml --output out.md --force --max-cost 0.25 --title T --wait 10m --data-dir d --config c.yaml"))
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := SummarizeOptions{
		Overrides: Overrides{"data_dir": "d", "config": "c.yaml"}, Inputs: []string{"a.md", "-"}, Title: "T", Template: "key-points",
		Summary:   core.SummaryOptions{Format: core.FormatBullets, Length: core.LengthShort, Language: "de", Model: "m", Refresh: true, MaxCostUSD: new(0.25)},
		Citations: true, Wait: 10 * time.Minute, Print: printYAML, Output: "out.md",
	}
	got.IO, got.Open = nil, nil
	if d := cmp.Diff(want, *got, cmp.AllowUnexported()); d != "" {
		t.Errorf("options (-want +got):\n%s", d)
	}
}

func TestOverridesOf(t *testing.T) {
	t.Parallel()
	f, _, _ := fakeFactory(nil)
	var got Overrides
	f.Serve = func(_ context.Context, o Overrides) error { got = o; return nil }
	if code := Run(t.Context(), f, strings.Fields("serve --listen :1 --no-workers --database-url postgres://x --redis-url redis://y")); code != 0 {
		t.Fatalf("exit code: got %d, want 0", code)
	}
	want := Overrides{"listen": ":1", "no_workers": "true", "database_url": "postgres://x", "redis_url": "redis://y"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("overrides (-want +got):\n%s", d)
	}
}

func TestExternalKey(t *testing.T) {
	t.Parallel()
	if got, want := externalKey("file:/a b/ü.md"), "file:/a b/ü.md"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, s := range []string{"file:/" + strings.Repeat("x", 1000), "file:/\xff"} {
		if got := externalKey(s); !strings.HasPrefix(got, "sha256:") || len(got) != 7+64 {
			t.Errorf("got %q, want a hash", got)
		}
	}
	if externalKey("file:/\xff") == externalKey("file:/\xfe") {
		t.Error("two paths have one key")
	}
}

func TestOpenFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a\xff.md"), "text", 0o600)
	t.Run("FileIsKnownByItsAbsolutePath", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(dir, "b.md")
		put(t, path, "text", 0o600)
		f, id, err := openFile(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if want := "file:" + path; id != want || f.Name != "b.md" {
			t.Errorf("got %q named %q, want %q named b.md", id, f.Name, want)
		}
	})
	t.Run("NameIsMadeText", func(t *testing.T) {
		t.Parallel()
		f, _, err := openFile(t.Context(), filepath.Join(dir, "a\xff.md"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if f.Name != "a\ufffd.md" {
			t.Errorf("name: got %q, want a\ufffd.md", f.Name)
		}
	})
	t.Run("DeviceIsKnownByItsContent", func(t *testing.T) {
		t.Parallel()
		f, id, err := openFile(t.Context(), os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if raw, err := io.ReadAll(f.Body); id != "" || err != nil || len(raw) > 0 {
			t.Errorf("got %q, %q, %v, want no id and nothing", id, raw, err)
		}
	})
	t.Run("MissingAndDirectoryAreToldApart", func(t *testing.T) {
		t.Parallel()
		for path, want := range map[string]string{
			filepath.Join(dir, "none"):              "there is no such file; check the path",
			filepath.Join(dir, "a\xff.md", "below"): "there is no such file; check the path",
			dir:                                     "this is a directory; name the files in it",
			filepath.Join(dir, strings.Repeat("n", 999)): "the file cannot be read (file name too long)",
		} {
			if _, _, err := openFile(t.Context(), path); core.AsError(err).Message != want {
				t.Errorf("got %v, want %q", err, want)
			}
		}
	})
	t.Run("PermissionIsNamed", func(t *testing.T) {
		t.Parallel()
		err := openError(&fs.PathError{Op: "open", Path: "secret.md", Err: syscall.EACCES})
		if got := core.AsError(err).Message; !strings.Contains(got, "may not read") || strings.Contains(got, "secret") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("ErrorOfReadingIsTold", func(t *testing.T) {
		t.Parallel()
		_, err := readErrors{brokenReader{}}.Read(nil)
		if got, want := core.AsError(err).Message, "the file cannot be read (input/output error)"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: "x", Err: syscall.EIO}
}

func TestDetached(t *testing.T) {
	t.Parallel()
	t.Run("ReadsToTheEnd", func(t *testing.T) {
		t.Parallel()
		r := detached(t.Context(), func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("all of it")), nil })
		if got, err := io.ReadAll(r); string(got) != "all of it" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("SilenceEndsWithTheContext", func(t *testing.T) {
		t.Parallel()
		silent, w := io.Pipe()
		defer w.Close()
		ctx, cancel := context.WithCancel(t.Context())
		r := detached(ctx, func() (io.ReadCloser, error) { return silent, nil })
		cancel()
		if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	})
	t.Run("ErrorOfOpeningIsTheReadersOwn", func(t *testing.T) {
		t.Parallel()
		r := detached(t.Context(), func() (io.ReadCloser, error) { return nil, fs.ErrPermission })
		if _, err := io.ReadAll(r); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v, want %v", err, fs.ErrPermission)
		}
	})
}

func TestSameName(t *testing.T) {
	t.Parallel()
	for asked, name := range map[string]string{
		"key-points": "Key points", "KEY POINTS": "Key points", "tldr": "TL;DR", "tl-dr": "TL;DR", "überblick": "Überblick",
	} {
		if !sameName(name, asked) {
			t.Errorf("%q does not name %q", asked, name)
		}
	}
	for asked, name := range map[string]string{"key": "Key points", "-": "!", "points": ""} {
		if sameName(name, asked) {
			t.Errorf("%q names %q", asked, name)
		}
	}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	cost, tiny := 0.0123, 0.00001
	half := core.Coverage{CharsTotal: 1234567, CharsRead: 1234566, PagesTotal: 12, PagesWithoutText: []int{3}, Chunks: 9, ChunksFailed: 1}
	tests := []struct {
		name string
		r    result
		want string
	}{
		{"ExtractiveCallsNoModel", result{sum: &core.Summary{ModelUsed: "extractive", Coverage: core.Coverage{CharsTotal: 900, CharsRead: 900}, Usage: core.Usage{CostUSD: new(float64)}}, took: 12345 * time.Microsecond},
			"extractive: read 900 of 900 characters (100 %), no model calls, cost $0.00, 12ms"},
		{"PartIsNeverAHundredPercent", result{sum: &core.Summary{ModelUsed: "m", Coverage: half, Usage: core.Usage{LLMCalls: 1, CachedCalls: 2, CostUSD: &cost}}, took: 2 * time.Second},
			"m: read 1,234,566 of 1,234,567 characters (99 %), 11 of 12 pages with text, 1 of 9 parts failed, 1 call, 2 cached, cost $0.0123, 2s"},
		{"UnknownPriceIsNotZero", result{sum: &core.Summary{ModelUsed: "m", Usage: core.Usage{LLMCalls: 2000}}},
			"m: read 0 of 0 characters (100 %), 2,000 calls, 0 cached, cost unknown, 0s"},
		{"SmallCostIsNotZero", result{sum: &core.Summary{ModelUsed: "m", Usage: core.Usage{LLMCalls: 2, CostUSD: &tiny}}},
			"m: read 0 of 0 characters (100 %), 2 calls, 0 cached, cost under $0.0001, 0s"},
		{"ReusedCostsNothing", result{reused: true, sum: &core.Summary{ModelUsed: "m", Usage: core.Usage{LLMCalls: 2, CostUSD: &cost}}},
			"m: read 0 of 0 characters (100 %), no new calls, cost $0.00, 0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.r.account(); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	at := func(i int) *int { return &i }
	const text = "Zwölf 🎉 Leute"
	for _, tt := range []struct {
		start, end *int
		want       string
	}{
		{nil, nil, ""},
		{at(0), at(5), ` ("Zwölf")`},
		{at(6), at(7), ` ("🎉")`},
		{at(8), at(99), ` ("Leute")`},
		{at(9), at(-4), ""},
	} {
		if got := excerpt(text, core.Warning{Start: tt.start, End: tt.end}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
