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
