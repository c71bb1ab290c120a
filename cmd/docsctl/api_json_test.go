package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/internal/wire"
	"github.com/docsctl/docsctl/transport/cli"
)

// TestJSONIsTheAPIs has the command line and the server tell of one summary.
func TestJSONIsTheAPIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, data := filepath.Join(dir, "ferry.md"), filepath.Join(dir, "data")
	text := "# The ferry\n\nThe ferry leaves at nine. It returns at five & <never> later 🎉.\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	f := wire.NewFactory(&cli.IOStreams{In: strings.NewReader(""), Out: &stdout, ErrOut: &stderr, Width: 80}, cli.BuildInfo{})
	if code := cli.Run(t.Context(), f, []string{"summarize", file, "-o", "json", "--data-dir", data}); code != 0 {
		t.Fatalf("exit code: got %d, want 0; stderr: %s", code, &stderr)
	}
	told := decode(t, &stdout)
	base, token := serve(t, data)
	got := call(t, http.MethodGet, base+"/v1/summaries/"+told["id"].(string), token, "")
	if len(got) < 20 {
		t.Fatalf("the API's summary: got %v, want all its fields", got)
	}
	if d := cmp.Diff(got, told); d != "" {
		t.Errorf("summary (-API +command line):\n%s", d)
	}
}

var (
	greetingBase  = regexp.MustCompile(`listens on (http://\S+)`)
	greetingToken = regexp.MustCompile(`"refresh_token":"([^"]+)"`)
)

// serve runs a server on the data folder until the test ends, and signs in to it.
func serve(t *testing.T, data string) (base, token string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	f := wire.NewFactory(&cli.IOStreams{ErrOut: w}, cli.BuildInfo{})
	ended := make(chan error, 1)
	go func() { // ends with ctx
		ended <- f.Serve(ctx, cli.Overrides{"data_dir": data, "listen": "127.0.0.1:0"})
		w.Close()
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	var refresh string
	for lines := bufio.NewScanner(r); refresh == "" && lines.Scan(); {
		if m := greetingBase.FindStringSubmatch(lines.Text()); m != nil {
			base = m[1]
		}
		if m := greetingToken.FindStringSubmatch(lines.Text()); m != nil {
			refresh = m[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, r) }() // what it says at its end
	if base == "" || refresh == "" {
		t.Fatal("the server's greeting names no address or no sign-in")
	}
	tokens := call(t, http.MethodPost, base+"/v1/auth/refresh", "", `{"refresh_token":"`+refresh+`"}`)
	token, _ = tokens["access_token"].(string)
	return base, token
}

func call(t *testing.T, method, url, token, body string) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer := decode(t, resp.Body)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %d %v, want 200", method, resp.StatusCode, answer)
	}
	return answer
}

func decode(t *testing.T, r io.Reader) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.NewDecoder(r).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
