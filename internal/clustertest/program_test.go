//go:build unix

package clustertest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// server is a running `docsctl serve`.
type server struct {
	url     string
	token   string
	cmd     *exec.Cmd
	address chan string // told once

	mu  sync.Mutex // guards log
	log strings.Builder
}

var listens = regexp.MustCompile(`docsctl listens on (http://[^ ]+)`)

// launch starts docsctl serve on a free port, and does not wait for it.
func launch(t *testing.T, s site, env ...string) *server {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "serve", "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), asProgram+"=1", "DOCSCTL_DATA_DIR="+dir, "XDG_CONFIG_HOME="+dir, "DOCSCTL_DATABASE_URL="+s.Database,
		"DOCSCTL_REDIS_URL="+s.Redis, "DOCSCTL_JWT_SECRETS="+secret, "DOCSCTL_ENCRYPTION_KEYS="+secret, "DOCSCTL_JOB_LEASE="+longLease.String(), "DOCSCTL_LOG_LEVEL=error")
	cmd.Env = append(cmd.Env, env...)
	p := &server{cmd: cmd, address: make(chan string, 1)}
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Error(err)
		close(p.address)
		return p
	}
	ended := make(chan struct{})
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	go func() { // ends with the program
		defer close(ended)
		defer close(p.address)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.note(lines.Text())
			if m := listens.FindStringSubmatch(lines.Text()); m != nil {
				p.address <- m[1]
			}
		}
		_ = cmd.Wait()
	}()
	return p
}

func (p *server) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.WriteString(line + "\n")
}

func (p *server) told() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// listening waits until the server answers requests.
func (p *server) listening(t *testing.T) *server {
	t.Helper()
	select {
	case p.url = <-p.address:
	case <-time.After(patience):
	}
	if p.url == "" {
		t.Fatalf("serve does not listen:\n%s", p.told())
	}
	return p
}

// serve starts docsctl serve and waits until it listens.
func serve(t *testing.T, s site, env ...string) *server {
	t.Helper()
	return launch(t, s, env...).listening(t)
}

// answer is what a server answered.
type answer struct {
	status int
	body   []byte
}

// call makes a request; an error means that there was no answer.
func (p *server) call(ctx context.Context, method, path string, body any) (answer, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(raw))
	if err != nil {
		return answer{}, err
	}
	if body == nil {
		req.Body = http.NoBody
	}
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, body: text}, err
}

// must makes a request that has to be answered with status, and decodes the answer.
func (p *server) must(t *testing.T, status int, method, path string, body, out any) {
	t.Helper()
	got, err := p.call(t.Context(), method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if got.status != status {
		t.Fatalf("%s %s: got %d %s, want %d", method, path, got.status, got.body, status)
	}
	if out != nil {
		if err := json.Unmarshal(got.body, out); err != nil {
			t.Fatalf("%s %s: %s: %v", method, path, got.body, err)
		}
	}
}

// register founds an organization, for whose admin the given servers are then called.
func register(t *testing.T, n *node, servers ...*server) *coretest.Org {
	t.Helper()
	return registerAs(t, n, "ann@example.org", servers...)
}

func registerAs(t *testing.T, n *node, email string, servers ...*server) *coretest.Org {
	t.Helper()
	servers[0].token = ""
	var pair struct {
		AccessToken  string `json:"access_token"`
		Organization struct {
			ID core.OrgID `json:"id"`
		} `json:"organization"`
		User struct {
			ID core.UserID `json:"id"`
		} `json:"user"`
	}
	servers[0].must(t, http.StatusCreated, http.MethodPost, "/v1/auth/register", map[string]string{
		"organization_name": "Acme", "name": "Ann", "email": email, "password": "a long passphrase",
	}, &pair)
	for _, p := range servers {
		p.token = pair.AccessToken
	}
	o := &coretest.Org{Store: n.Store, Tenant: core.TrustTenant(pair.Organization.ID)}
	o.User = core.User{ID: pair.User.ID, Role: core.RoleAdmin}
	return o
}

type named struct {
	ID string `json:"id"`
}

type requested struct {
	Job struct {
		ID core.JobID `json:"id"`
	} `json:"job"`
}

// summarize stores a document on this server and asks for its summary.
func (p *server) summarize(t *testing.T) core.JobID {
	t.Helper()
	var d named
	var r requested
	p.must(t, http.StatusCreated, http.MethodPost, "/v1/documents", newDocument, &d)
	p.must(t, http.StatusAccepted, http.MethodPost, "/v1/documents/"+d.ID+"/summaries", map[string]string{}, &r)
	return r.Job.ID
}

var newDocument = map[string]string{
	"title": "Retention", "content": "Access logs are kept for 30 days. Audit logs are kept for seven years, because the law asks for it.",
}

// job is a job as a server answers it.
type job struct {
	Status     core.JobStatus `json:"status"`
	FinishedAt time.Time      `json:"finished_at"`
}

// wait asks this server for a job once it has ended.
func (p *server) wait(t *testing.T, id core.JobID) (j job) {
	t.Helper()
	for late := time.Now().Add(patience); !j.Status.Ended() && time.Now().Before(late); {
		p.must(t, http.StatusOK, http.MethodGet, fmt.Sprintf("/v1/jobs/%s?wait=30", id), nil, &j)
	}
	return j
}

type readiness struct {
	status int
	Status string `json:"status"`
	Checks map[string]struct {
		Status string `json:"status"`
	} `json:"checks"`
}

// becomes waits until the server says so of its readiness.
func (p *server) becomes(t *testing.T, what string, so func(readiness) bool) {
	t.Helper()
	var got readiness
	if !reached(t, patience, func() bool { got = p.ready(t); return so(got) }) {
		t.Errorf("%s readiness is %+v", what, got)
	}
}

func well(r readiness) bool { return r.status == http.StatusOK && r.Status == "ok" }

// degradedBy says whether the server goes on without that part, and has all others.
func (r readiness) degradedBy(part string) bool {
	for name, c := range r.Checks {
		if name != part && c.Status != "ok" {
			return false
		}
	}
	return r.status == http.StatusOK && r.Status == "degraded" && r.Checks[part].Status == "degraded"
}

func (p *server) ready(t *testing.T) (r readiness) {
	t.Helper()
	got, err := p.call(t.Context(), http.MethodGet, "/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got.body, &r); err != nil {
		t.Fatalf("%s: %v", got.body, err)
	}
	r.status = got.status
	return r
}
