package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/docsctl/docsctl/adapters/llm/llmtest"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"docsctl": main})
}

// TestScript runs testdata/script/*.txtar: what the command line does, a script
// for each command and each class of failure. Every script has a home of its own.
func TestScript(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	site := httptest.NewServer(pages(asked))
	t.Cleanup(site.Close)
	model := startModel(t, llmtest.Config{ContextTokens: 32_000})
	cutting := startModel(t, llmtest.Config{ContextTokens: 4096, Cut: true})
	broken := map[string]string{}
	for _, f := range []llmtest.Fault{llmtest.Silence, llmtest.HeaderSilence, llmtest.WrongKey, llmtest.NoCredit, llmtest.UnknownModel, llmtest.BadRequest, llmtest.Endless} {
		broken["MODEL_"+strings.ToUpper(string(f))] = startModel(t, llmtest.Config{ContextTokens: 32_000}, f)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, ".home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
			e.Setenv("DOCSCTL_DATA_DIR", filepath.Join(home, "data"))
			e.Setenv("TZ", "UTC")
			e.Setenv("SITE", site.URL)
			e.Setenv("MODEL", model)
			e.Setenv("CUTTINGMODEL", cutting)
			for name, url := range broken {
				e.Setenv(name, url)
			}
			e.Values[signaledKey{}] = &[]*exec.Cmd{}
			return os.MkdirAll(home, 0o700)
		},
		Condition: func(name string) (bool, error) {
			if name != "root" {
				return false, errors.New("unknown condition")
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": exitCode,
			"sparse":   sparse,
			"rawfile":  rawFile,
			"handbook": writeHandbook,
			"freeport": freePort,
			"waitfor":  func(ts *testscript.TestScript, _ bool, args []string) { waitFor(ts, asked, args) },
			"runjob":   runJob,
			"askjob":   askJob,
			"signal":   sendSignal,
			"ended":    ended,
		},
	})
}

// startModel runs a model's server and returns its base URL. Every call of it goes
// wrong in the way that is named, if any is.
func startModel(t *testing.T, c llmtest.Config, always ...llmtest.Fault) string {
	t.Helper()
	s, err := llmtest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, f := range always {
		s.Always(f)
	}
	return s.URL()
}

// pages is a small web site. What asks for /slow gets no answer, and asked is told.
func pages(asked chan<- struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /article", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><head><title>Tide tables</title></head><body><article>
<h1>Tide tables</h1>
<p>The harbour office publishes new tide tables every December for the following year.</p>
<p>Skippers who rely on last year's tables run aground on the northern bank, which moved by forty metres.</p>
<p>The office asks every boat to carry the printed table, since the radio mast is under repair until May.</p>
</article></body></html>`))
	})
	mux.HandleFunc("GET /empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	})
	return mux
}

// exitCode runs a program and checks what it ends with: exitcode N program args…
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code: got %d, want %d", got, want)
	}
}

// sparse makes a file of zeros that takes no space: sparse FILE BYTES
func sparse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sparse file bytes")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(f.Truncate(size))
	ts.Check(f.Close())
}

// writeHandbook makes a text of many parts: handbook FILE
func writeHandbook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: handbook file")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(handbook()), 0o600))
}

// rawFile makes a file of any bytes, written as in a Go string: rawfile FILE BYTES
func rawFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: rawfile file bytes")
	}
	raw, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(raw), 0o600))
}

// freePort sets an environment variable to an address that nobody listens on.
func freePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport NAME")
	}
	address, err := testenv.FreeAddress()
	ts.Check(err)
	ts.Setenv(args[0], address)
}

// patience bounds every wait of a script.
const patience = time.Minute

// waitFor waits until an address answers well, or until the site's slow page was
// asked for: waitfor http://… | slow
func waitFor(ts *testscript.TestScript, asked <-chan struct{}, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: waitfor URL|slow")
	}
	late := time.After(patience)
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for answers := false; !answers; {
		var tick <-chan time.Time
		var slow <-chan struct{}
		if args[0] == "slow" {
			slow = asked
		} else {
			tick = retry.C
		}
		select {
		case <-late:
			ts.Fatalf("%s: nothing within %s", args[0], patience)
		case <-slow:
			return
		case <-tick:
			resp, err := http.Get(args[0])
			if err != nil {
				continue
			}
			ts.Check(resp.Body.Close())
			answers = resp.StatusCode == http.StatusOK
		}
	}
}

// runJob has a server's workers make a summary: runjob URL
func runJob(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: runjob URL")
	}
	token, id := request(ts, args[0])
	req, err := http.NewRequest(http.MethodGet, args[0]+"/v1/jobs/"+id+"?wait=30", nil)
	ts.Check(err)
	var job map[string]any
	if exchange(ts, req, token, &job); job["status"] != "completed" {
		ts.Fatalf("the job is %v", job["status"])
	}
}

// askJob asks a server for a summary and leaves the job's id and a token in the
// environment: askjob URL
func askJob(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: askjob URL")
	}
	token, id := request(ts, args[0])
	ts.Setenv("JOB", id)
	ts.Setenv("DOCSCTL_TOKEN", token)
}

// request founds an organization at a server and asks for a summary; it returns an
// access token and the job's id.
func request(ts *testscript.TestScript, server string) (token, job string) {
	var pair, doc, accepted map[string]any
	post := func(path, body string, out *map[string]any) {
		req, err := http.NewRequest(http.MethodPost, server+path, strings.NewReader(body))
		ts.Check(err)
		exchange(ts, req, pair["access_token"], out)
	}
	post("/v1/auth/register", `{"organization_name":"Acme","name":"Ann","email":"ann@example.org","password":"a long passphrase"}`, &pair)
	post("/v1/documents", `{"title":"Ferry","content":"The ferry leaves at nine. The ferry returns at five."}`, &doc)
	post("/v1/documents/"+doc["id"].(string)+"/summaries", `{}`, &accepted)
	return pair["access_token"].(string), accepted["job"].(map[string]any)["id"].(string)
}

// exchange makes a request as whoever the token is for and decodes its good answer.
func exchange(ts *testscript.TestScript, req *http.Request, token any, out *map[string]any) {
	req.Header.Set("Content-Type", "application/json")
	if token != nil {
		req.Header.Set("Authorization", "Bearer "+token.(string))
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		ts.Fatalf("%s: %s", req.URL.Path, resp.Status)
	}
	*out = nil
	ts.Check(json.NewDecoder(resp.Body).Decode(out))
}

// signaledKey is where a script's signaled programs are kept for "ended".
type signaledKey struct{}

// sendSignal signals every program that runs in the background: signal INT|TERM
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}
	if neg || len(args) != 1 || signals[args[0]] == nil {
		ts.Fatalf("usage: signal INT|TERM")
	}
	cmds := ts.BackgroundCmds()
	for _, cmd := range cmds {
		ts.Check(cmd.Process.Signal(signals[args[0]]))
	}
	*ts.Value(signaledKey{}).(*[]*exec.Cmd) = cmds
}

// ended checks, after "wait", what the signaled programs ended with: ended N
func ended(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ended N")
	}
	cmds := *ts.Value(signaledKey{}).(*[]*exec.Cmd)
	if len(cmds) == 0 {
		ts.Fatalf("no program was signaled")
	}
	for _, cmd := range cmds {
		if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
			ts.Fatalf("exit code: got %s, want %s", got, args[0])
		}
	}
}
