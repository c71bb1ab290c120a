package wire_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// quickstart is the block of README that can be pasted.
var quickstart = regexp.MustCompile("(?s)<!-- quickstart: run by a test -->\n```sh\n(.*?)```")

func TestReadme_QuickstartWorksAsPasted(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the quickstart needs %s, which is not installed", program)
		}
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := quickstart.FindSubmatch(readme)
	if block == nil {
		t.Fatal("README has no quickstart")
	}
	s := startServer(t)
	script := strings.Replace(string(block[1]), "http://127.0.0.1:8080", s.url, 1)
	if script == string(block[1]) {
		t.Fatal("the quickstart does not name the default address")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`"status":"completed"`, `"status":"complete"`, `"model_used":"extractive"`, "Access logs are kept for 30 days."} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the output lacks %s:\n%s", want, out)
		}
	}
}

// transcript is the block of README that shows a command and what it prints.
var transcript = regexp.MustCompile("(?s)<!-- transcript: checked by a test -->\n```console\n\\$ go run ./cmd/docsctl ([^\n]*)\n(.*?)```")

// took is the one part of a transcript that differs from run to run.
var took = regexp.MustCompile(`, [0-9.]+m?s\n`)

func TestReadme_TranscriptIsTrue(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := transcript.FindSubmatch(readme)
	if block == nil {
		t.Fatal("README has no transcript")
	}
	dir := t.TempDir()
	program, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, strings.Fields(string(block[1]))...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), asProgram+"=1", "DOCSCTL_DATA_DIR="+dir, "XDG_CONFIG_HOME="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := took.ReplaceAllString(string(out), "\n"), took.ReplaceAllString(string(block[2]), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
