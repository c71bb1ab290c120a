package wire_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/wire"
	"github.com/docsctl/docsctl/transport/cli"
)

// asProgram makes the test binary behave as docsctl, so that tests can start,
// stop and kill the real program.
const asProgram = "DOCSCTL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if code, asked := wire.Child(os.Args, os.Stdin, os.Stdout); asked {
		os.Exit(code)
	}
	if os.Getenv(asProgram) != "" {
		os.Unsetenv(asProgram)
		os.Exit(cli.Run(context.Background(), wire.NewFactory(cli.SystemIO(), cli.BuildInfo{Version: "test"}), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// server is a running `docsctl serve`.
type server struct {
	url   string
	dir   string
	token string
	cmd   *exec.Cmd
	log   *logBuffer
	ended chan error
}

// logBuffer collects stderr and tells the address that the program listens on.
type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *logBuffer) add(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.WriteString(line + "\n")
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

var listens = regexp.MustCompile(`docsctl listens on (http://[^ ]+)`)

// startServer starts docsctl serve on a free port with a store of its own.
func startServer(t *testing.T, env ...string) *server {
	t.Helper()
	return startIn(t, t.TempDir(), env...)
}

func startIn(t *testing.T, dir string, env ...string) *server {
	t.Helper()
	cmd := exec.Command(os.Args[0], "serve", "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), asProgram+"=1", "DOCSCTL_DATA_DIR="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.Env = append(cmd.Env, env...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{dir: dir, cmd: cmd, log: &logBuffer{}, ended: make(chan error, 1)}
	address := make(chan string, 1)
	go func() { // ends with the program
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			s.log.add(lines.Text())
			if m := listens.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
			}
		}
		s.ended <- cmd.Wait()
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	select {
	case s.url = <-address:
	case err := <-s.ended:
		t.Fatalf("serve ended at once: %v\n%s", err, s.log)
	case <-time.After(time.Minute):
		t.Fatalf("serve did not listen within a minute\n%s", s.log)
	}
	return s
}

// stop asks the program to end and returns how it did.
func (s *server) stop(t *testing.T, signal os.Signal) error {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.ended:
		return err
	case <-time.After(time.Minute):
		t.Fatalf("the server did not end within a minute\n%s", s.log)
		return nil
	}
}

// call makes a request and decodes a JSON answer into out, unless it is nil.
func (s *server) call(t *testing.T, method, path string, body, out any) int {
	t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, in)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			t.Fatalf("%s %s: %d %s: %v", method, path, res.StatusCode, raw, err)
		}
	}
	return res.StatusCode
}

// register signs up an organization for the calls that follow.
func (s *server) register(t *testing.T) {
	t.Helper()
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	status := s.call(t, http.MethodPost, "/v1/auth/register", map[string]string{
		"organization_name": "Acme", "name": "Ann", "email": "ann@example.org", "password": "a long passphrase",
	}, &pair)
	if status != http.StatusCreated || pair.AccessToken == "" {
		t.Fatalf("register: got %d", status)
	}
	s.token = pair.AccessToken
}

// summarize stores a document, asks for its summary and returns the job's path.
func (s *server) summarize(t *testing.T, content string) string {
	t.Helper()
	var doc, answer struct {
		ID  string `json:"id"`
		Job struct {
			ID string `json:"id"`
		} `json:"job"`
	}
	if status := s.call(t, http.MethodPost, "/v1/documents", map[string]string{"title": "Report", "content": content}, &doc); status != http.StatusCreated {
		t.Fatalf("create: got %d", status)
	}
	if status := s.call(t, http.MethodPost, "/v1/documents/"+doc.ID+"/summaries", map[string]string{}, &answer); status != http.StatusAccepted {
		t.Fatalf("summarize: got %d", status)
	}
	return "/v1/jobs/" + answer.Job.ID
}

const sentences = "Access logs are kept for 30 days. Audit logs are kept for seven years, because the law asks for it. "

// status returns how a job ended.
func (s *server) status(t *testing.T, job string) string {
	t.Helper()
	var j struct {
		Status core.JobStatus `json:"status"`
	}
	for range 4 { // each waits half a minute
		if s.call(t, http.MethodGet, job+"?wait=30", nil, &j); j.Status.Ended() {
			break
		}
	}
	return string(j.Status)
}

func TestServe_SummarizesAndEndsCleanly(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.register(t)
	if got := s.status(t, s.summarize(t, sentences)); got != "completed" {
		t.Errorf("job: got %s, want completed", got)
	}
	if err := s.stop(t, syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: got %v, want exit 0\n%s", err, s.log)
	}
	for _, want := range []string{"docs", s.dir, "extractive", "register"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the greeting does not tell of %q:\n%s", want, s.log)
		}
	}
}

func TestServe_TakesUpWhatWasRunning(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{"after SIGTERM": syscall.SIGTERM, "after kill -9": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, "DOCSCTL_JOB_LEASE=3s", "DOCSCTL_SHUTDOWN_GRACE=0s", "DOCSCTL_WORKER_CONCURRENCY_LLM=1")
			s.register(t)
			var jobs []string
			for range 20 {
				jobs = append(jobs, s.summarize(t, strings.Repeat(sentences, 2000)))
			}
			_ = s.stop(t, signal)
			again := startIn(t, s.dir)
			again.token = s.token
			for _, job := range jobs {
				if got := again.status(t, job); got != "completed" {
					t.Errorf("job: got %s, want completed", got)
				}
			}
		})
	}
}

func TestServe_LocalSignInSeesWhatTheCommandLineSummarized(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "summarize", "-")
	cmd.Env = append(os.Environ(), asProgram+"=1", "DOCSCTL_DATA_DIR="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.Stdin = strings.NewReader(sentences)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := startIn(t, dir)
	token := regexp.MustCompile(`"refresh_token":"([^"]+)"`).FindStringSubmatch(s.log.waitFor(t, "refresh_token"))
	if token == nil {
		t.Fatalf("no sign-in is printed:\n%s", s.log)
	}
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	s.call(t, http.MethodPost, "/v1/auth/refresh", map[string]string{"refresh_token": token[1]}, &pair)
	s.token = pair.AccessToken
	var docs struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if status := s.call(t, http.MethodGet, "/v1/documents", nil, &docs); status != http.StatusOK || len(docs.Items) != 1 {
		t.Errorf("got %d with %d documents, want the one", status, len(docs.Items))
	}
	if status := s.call(t, http.MethodPost, "/v1/auth/refresh", map[string]string{"refresh_token": token[1]}, nil); status != http.StatusUnauthorized {
		t.Errorf("a second use: got %d, want 401", status)
	}
}

// waitFor returns the log once it has the text.
func (b *logBuffer) waitFor(t *testing.T, text string) string {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !strings.Contains(b.String(), text) {
		select {
		case <-tick.C:
		case <-deadline:
			return b.String()
		}
	}
	return b.String()
}
