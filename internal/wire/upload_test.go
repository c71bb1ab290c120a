package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/internal/testenv/expect"
	"github.com/docsctl/docsctl/internal/testenv/fixture"
)

// uploaded is what the API answers to an upload.
type uploaded struct {
	ID      string `json:"id"`
	Content string `json:"content"`
	Error   struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// upload sends a file and returns the status and the answer.
func (s *server) upload(t *testing.T, name string, data []byte) (int, uploaded) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err := errors.Join(err, form.Close()); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/documents/upload", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got uploaded
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatalf("%s: %d: %v", name, res.StatusCode, err)
	}
	return res.StatusCode, got
}

// wantEmpty reports what is left in a temporary folder.
func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("the temporary folder has %v, %v, want nothing", left, err)
	}
}

func TestServe_SharedFilesComeOutRight(t *testing.T) {
	t.Parallel()
	files := expect.Files(t)
	temp := t.TempDir()
	s := startServer(t, "TMPDIR="+temp)
	s.register(t)
	for _, f := range files {
		data, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(f.Path)
		status, got := s.upload(t, name, data)
		if want := map[bool]int{false: http.StatusCreated, true: http.StatusUnsupportedMediaType}[f.Refused()]; status != want {
			t.Errorf("%s: got %d %s, want %d", name, status, got.Error.Message, want)
			continue
		}
		for _, line := range f.NotMet(got.Content) {
			t.Errorf("%s: not met: %s", name, line)
		}
		if status, again := s.upload(t, "again-"+name, data); !f.Refused() && (status != http.StatusOK || again.ID != got.ID) {
			t.Errorf("%s again: got %d with %s, want 200 with %s", name, status, again.ID, got.ID)
		}
	}
	wantEmpty(t, temp)
}

// TestServe_HostileFilesHarmNobody sends every hostile file, several at once, and
// asks for other things meanwhile.
func TestServe_HostileFilesHarmNobody(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	s := startServer(t, "TMPDIR="+temp, "DOCSCTL_RATE_LIMIT=0")
	s.register(t)
	others, stop := context.WithCancel(t.Context())
	slowest, asked := time.Duration(0), 0
	var watching sync.WaitGroup
	watching.Go(func() {
		for others.Err() == nil {
			begin := time.Now()
			if status := s.call(t, http.MethodGet, "/v1/documents", nil, nil); status != http.StatusOK {
				t.Errorf("another request: got %d, want 200", status)
			}
			slowest, asked = max(slowest, time.Since(begin)), asked+1
		}
	})
	var uploads sync.WaitGroup
	for _, h := range fixture.Hostile() {
		uploads.Go(func() {
			status, got := s.upload(t, h.Name, h.Data)
			if got.Error.Code != h.Code || status < 400 || status > 499 || got.Error.Message == "" {
				t.Errorf("%s: got %d %s, want a clear %s", h.Name, status, got.Error, h.Code)
			}
		})
	}
	uploads.Wait()
	stop()
	watching.Wait()
	t.Logf("%d other requests meanwhile, the slowest took %v", asked, slowest)
	if asked < 10 {
		t.Errorf("only %d other requests were answered meanwhile", asked)
	}
	if status := s.call(t, http.MethodGet, "/readyz", nil, nil); status != http.StatusOK {
		t.Errorf("readiness afterwards: got %d", status)
	}
	wantEmpty(t, temp)
}

// command runs docsctl with a store and a temporary folder of its own.
func command(t *testing.T, temp string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "DOCSCTL_DATA_DIR="+dir, "XDG_CONFIG_HOME="+dir, "TMPDIR="+temp)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), errOut.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), 0
}

func TestCommands_SharedFilesComeOutRight(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	for _, f := range expect.Files(t) {
		name := filepath.Base(f.Path)
		text, told, code := command(t, temp, "extract", f.Path)
		summary, toldOfSummary, codeOfSummary := command(t, temp, "summarize", f.Path)
		want := map[bool]int{false: 0, true: 1}[f.Refused()]
		if code != want || codeOfSummary != want || (strings.TrimSpace(summary) == "") != f.Refused() {
			t.Errorf("%s: got exit codes %d and %d, want %d\n%s%s", name, code, codeOfSummary, want, told, toldOfSummary)
			continue
		}
		for _, line := range f.NotMet(text) {
			t.Errorf("%s: not met: %s", name, line)
		}
	}
	wantEmpty(t, temp)
}

func TestCommands_HostileFilesAreRefused(t *testing.T) {
	t.Parallel()
	temp, files := t.TempDir(), t.TempDir()
	for _, h := range fixture.Hostile() {
		path := filepath.Join(files, h.Name)
		if err := os.WriteFile(path, h.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := command(t, temp, "summarize", path, "-o", "json")
		if want := fmt.Sprintf("%q", h.Code); code != 1 || stdout != "" || !strings.Contains(stderr, want) || !strings.Contains(stderr, h.Name) {
			t.Errorf("%s: got exit code %d, %q, %s, want %s", h.Name, code, stdout, stderr, want)
		}
	}
	wantEmpty(t, temp)
}

// TestServe_UploadThatBreaksOffLeavesNothing cuts a request off in its file, which
// is on disk by then.
func TestServe_UploadThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	s := startServer(t, "TMPDIR="+temp)
	s.register(t)
	body, cut := io.Pipe()
	go func() { // ends with the pipe
		form := multipart.NewWriter(cut)
		err := form.SetBoundary("x")
		part, createErr := form.CreateFormFile("file", "a.txt")
		if err = errors.Join(err, createErr); err == nil {
			_, err = part.Write(bytes.Repeat([]byte("Boats need a permit.\n"), 400_000))
		}
		cut.CloseWithError(errors.Join(err, errors.New("the line broke")))
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/documents/upload", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	req.Header.Set("Authorization", "Bearer "+s.token)
	if res, err := http.DefaultClient.Do(req); err == nil {
		t.Errorf("got %d, want no answer", res.StatusCode)
		res.Body.Close()
	}
	if status, got := s.upload(t, "a.txt", []byte("Text.")); status != http.StatusCreated {
		t.Errorf("another upload: got %d %s", status, got.Error.Message)
	}
	wantEmpty(t, temp)
}
