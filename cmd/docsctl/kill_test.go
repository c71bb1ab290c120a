package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the database's driver

	"github.com/docsctl/docsctl/adapters/llm/llmtest"
)

// gatedModel answers only as many calls as it is allowed to, and knows which
// questions it was asked again although somebody has the answer.
type gatedModel struct {
	mu       sync.Mutex // guards what follows
	open     *sync.Cond
	caller   int             // whose calls count: not those of a process before, which may come late
	allow    int             // calls that may still be answered; below 0: all
	heard    bool            // somebody hears the answers
	answered map[string]bool // questions whose answer was heard; false: asked only
	calls    int
	held     int // that wait
	repeated int // calls whose answer had been heard before
}

func newGatedModel() *gatedModel {
	g := &gatedModel{answered: map[string]bool{}, heard: true}
	g.open = sync.NewCond(&g.mu)
	return g
}

// fence is the word around the data of a prompt, another one each time.
var fence = regexp.MustCompile(`<<<[A-Z0-9]+\n|\n[A-Z0-9]+>>>`)

// answers returns what answers the calls of the process that is begun next.
func (g *gatedModel) answers() func(llmtest.Question) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	caller := g.caller
	return func(q llmtest.Question) string { return g.answer(caller, q) }
}

// hangUp has calls that a dead process made, and that nobody has read yet, not count.
func (g *gatedModel) hangUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.caller++
}

func (g *gatedModel) answer(caller int, q llmtest.Question) string {
	sum := sha256.Sum256([]byte(q.System + "\x00" + fence.ReplaceAllString(q.User, "")))
	key := string(sum[:])
	g.mu.Lock()
	defer g.mu.Unlock()
	if caller != g.caller {
		return llmtest.Answer(q)
	}
	g.calls++
	heard, asked := g.answered[key]
	if heard {
		g.repeated++
	}
	if !asked {
		g.answered[key] = false
	}
	g.held++
	for g.allow == 0 {
		g.open.Wait()
	}
	g.held--
	g.answered[key] = g.answered[key] || g.heard
	if g.allow > 0 {
		g.allow--
	}
	return llmtest.Answer(q)
}

// let has n more calls answered; below 0: all from now on. heard tells whether who
// asked is there to hear it.
func (g *gatedModel) let(n int, heard bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.allow, g.heard = n, heard
	g.open.Broadcast()
}

// counts returns how many different questions were asked, how many calls there were,
// and how many of them wait for their answer.
func (g *gatedModel) counts() (questions, calls, held int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.answered), g.calls, g.held
}

// handbook is a text of some forty parts for a model of 4,096 tokens.
func handbook() string {
	var b strings.Builder
	for i := range 900 {
		if i%45 == 0 {
			fmt.Fprintf(&b, "## Chapter %d\n\n", i/45+1)
		}
		fmt.Fprintf(&b, "Rule %d of the harbour says that a ship of %d metres moors at quay %d until %d o'clock.\n\n", i, 20+i%180, i%11, i%24)
	}
	return b.String()
}

// TestSummarize_KilledAtFiftyPoints kills the command after a random number of
// answers, fifty times over. What was stored is never asked for again, so only calls
// that were in flight at a kill are paid twice, and the summary is that of a run
// that nobody disturbed.
func TestSummarize_KilledAtFiftyPoints(t *testing.T) {
	t.Parallel()
	kills := 50
	if testing.Short() {
		kills = 5
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "handbook.md")
	if err := os.WriteFile(file, []byte(handbook()), 0o600); err != nil {
		t.Fatal(err)
	}
	calm := newGatedModel()
	calm.let(-1, true)
	want := finish(t, summarizeCommand(t, calm, filepath.Join(dir, "calm"), file))
	plan, _, _ := calm.counts()
	if plan < 30 {
		t.Fatalf("the plan has %d calls; the test wants more", plan)
	}

	g := newGatedModel()
	random := rand.New(rand.NewPCG(1, 50))
	data := filepath.Join(dir, "data")
	stored := 0
	for kill := range kills {
		n := random.IntN(2)
		command := summarizeCommand(t, g, data, file)
		start(t, command)
		_, before, _ := g.counts()
		await(t, "calls in flight", func() bool { _, calls, held := g.counts(); return calls > before && held > 0 })
		g.let(n, true)
		await(t, "answers in the store", func() bool { return nodesIn(t, data) >= stored+n })
		g.let(0, true)
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait() // it was killed
		g.hangUp()
		stored = nodesIn(t, data)
		if stored >= plan {
			t.Fatalf("kill %d: all %d answers are stored; the test wants to kill before", kill, stored)
		}
		g.let(-1, false) // those of the killed process go: nobody waits for them
		await(t, "the calls of the killed process", func() bool { _, _, held := g.counts(); return held == 0 })
		g.let(0, true)
	}
	g.let(-1, true)
	got := finish(t, summarizeCommand(t, g, data, file))
	if got != want {
		t.Errorf("the summary differs from that of a calm run:\n%s\nwant:\n%s", got, want)
	}
	if questions, calls, _ := g.counts(); questions != plan || g.repeated > 0 || stored < kills/4 {
		t.Errorf("%d calls about %d questions, %d of them although the answer was stored; the plan has %d, %d were stored at the last kill",
			calls, questions, g.repeated, plan, stored)
	}
}

func summarizeCommand(t *testing.T, g *gatedModel, data, file string) *exec.Cmd {
	t.Helper()
	s, err := llmtest.Start(llmtest.Config{ContextTokens: 4096, Answer: g.answers()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.let(-1, false); _ = s.Close() })
	command := exec.CommandContext(t.Context(), "docsctl", "summarize", file)
	command.Env = append(os.Environ(), "DOCSCTL_DATA_DIR="+data, "DOCSCTL_LLM_BASE_URL="+s.URL(), "DOCSCTL_LLM_MODEL="+llmtest.DefaultModel,
		"DOCSCTL_LLM_CONTEXT=4096", "HOME="+data, "XDG_CONFIG_HOME="+data)
	return command
}

func start(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Signal(syscall.SIGKILL) })
}

// finish runs a command to its end and returns its output.
func finish(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return stdout.String()
}

// nodesIn counts the answers in a store that another process may have open.
func nodesIn(t *testing.T, data string) int {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "docsctl.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n := 0
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM llm_cache").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// await looks until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	late := time.After(patience)
	for !holds() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}
