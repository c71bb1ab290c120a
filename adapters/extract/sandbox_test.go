package extract

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/docsctl/docsctl/core"
)

// misbehaving returns a Sandboxed whose child does what arg says.
func misbehaving(t *testing.T, arg string, cfg SandboxConfig) *Sandboxed {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Command = []string{self, arg}
	cfg.TempDir = t.TempDir()
	return NewSandboxed(cfg)
}

func TestSandboxed_SurvivesItsChild(t *testing.T) {
	t.Parallel()
	file := pdfFile(show("F1", 10, 50, 700, "Words"))
	for _, tt := range []struct {
		name, arg string
		cfg       SandboxConfig
		code      core.Code
		says      string
	}{
		{"Crash", "__crash", SandboxConfig{}, core.CodeUnsupportedMedia, "cannot be read"},
		{"Garbage", "__garbage", SandboxConfig{}, core.CodeUnsupportedMedia, "cannot be read"},
		{"Hang", "__hang", SandboxConfig{Timeout: 200 * time.Millisecond}, core.CodePayloadTooLarge, "longer than the limit"},
		{"Memory", "__eat", SandboxConfig{MaxMemory: 100 << 20}, core.CodePayloadTooLarge, "more memory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.name == "Memory" && runtime.GOOS != "linux" {
				t.Skip("a child's memory is known on Linux only")
			}
			s := misbehaving(t, tt.arg, tt.cfg)
			begin := time.Now()
			_, err := s.Extract(t.Context(), core.File{Body: bytes.NewReader(file)})
			if core.CodeOf(err) != tt.code || !strings.Contains(core.AsError(err).Message, tt.says) {
				t.Errorf("got %v, want %s about %q", err, tt.code, tt.says)
			}
			if took := time.Since(begin); took > time.Minute {
				t.Errorf("got an answer after %v, want it soon", took)
			}
			mustBeEmpty(t, s.cfg.TempDir)
		})
	}
}

func TestSandboxed_TextTakesNoLongerThanTheLimit(t *testing.T) {
	t.Parallel()
	s := NewSandboxed(SandboxConfig{Config: Config{TempDir: t.TempDir()}, Timeout: time.Nanosecond})
	_, err := s.Extract(t.Context(), core.File{Body: strings.NewReader("Words.")})
	if core.CodeOf(err) != core.CodePayloadTooLarge {
		t.Errorf("got %v, want %s", err, core.CodePayloadTooLarge)
	}
}

func TestSandboxed_MissingProgramIsUnavailable(t *testing.T) {
	t.Parallel()
	s := NewSandboxed(SandboxConfig{Config: Config{TempDir: t.TempDir()}, Command: []string{"/nowhere/docsctl"}})
	_, err := s.Extract(t.Context(), core.File{Body: bytes.NewReader(pdfFile(""))})
	if core.CodeOf(err) != core.CodeUnavailable || strings.Contains(core.AsError(err).Message, "nowhere") {
		t.Errorf("got %v, want %s without the path", err, core.CodeUnavailable)
	}
}

func TestSandboxed_EndedContextKillsTheChild(t *testing.T) {
	t.Parallel()
	s := misbehaving(t, "__hang", SandboxConfig{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := s.Extract(ctx, core.File{Body: bytes.NewReader(pdfFile(""))})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("got an end after %v, want it at once", took)
	}
	mustBeEmpty(t, s.cfg.TempDir)
}

func TestSandboxed_AnswersAsTheExtractorDoes(t *testing.T) {
	t.Parallel()
	inProcess := testExtractor(t)
	s := NewSandboxed(SandboxConfig{Config: Config{TempDir: t.TempDir()}})
	long := strings.Repeat("caf\xe9\n", 1<<20) // more than is read in this process
	for name, data := range map[string][]byte{
		"long": []byte(long), "blank": []byte(strings.Repeat(" ", 5<<20)),
		"pdf": pdfFile(show("F2", 20, 50, 700, "A title"), "", show("F1", 10, 50, 700, "Words")), "scan": pdfFile(""),
		"docx": docxFile(t, wp("", "Words")), "pptx": pptxFile(t), "xlsx": xlsxFile(t, 3), "odt": odtFile(t, "<text:p>x</text:p>"), "epub": epubFile(t),
		"bomb": bomb(t, "word/styles.xml", "<s>", 64<<20), "text": []byte("Words."), "broken": []byte("PK\x03\x04"),
	} {
		const declared = "text/markdown; charset=windows-1257"
		want, wantErr := inProcess.Extract(t.Context(), core.File{MediaType: declared, Body: bytes.NewReader(data)})
		got, err := s.Extract(t.Context(), core.File{MediaType: declared, Body: bytes.NewReader(data)})
		if core.CodeOf(err) != core.CodeOf(wantErr) || err != nil && core.AsError(err).Message != core.AsError(wantErr).Message {
			t.Errorf("%s: got %v, want %v", name, err, wantErr)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %.2000s", name, diff)
		}
		if diff := cmp.Diff(core.AsError(wantErr), core.AsError(err), cmpopts.IgnoreFields(core.Error{}, "Err")); wantErr != nil && diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		wantNone, _ := errors.AsType[*core.NoText](wantErr)
		gotNone, _ := errors.AsType[*core.NoText](err)
		if diff := cmp.Diff(wantNone, gotNone); diff != "" || (gotNone != nil) != (name == "scan") {
			t.Errorf("%s: got the cause %v, want %v", name, gotNone, wantNone)
		}
	}
	mustBeEmpty(t, s.cfg.TempDir)
}

func TestChildMain_RefusesToBeACommand(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, args := range [][]string{nil, {"{"}, {"{}", "{}"}} {
		if code := ChildMain(args, os.Stdin, &out); code == 0 || out.Len() > 0 {
			t.Errorf("%q: got code %d and %q, want an error and nothing", args, code, out.String())
		}
	}
}
