//go:build unix

package clustertest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// childConfig says what a node in a process of its own does.
type childConfig struct {
	site
	Workers  int           // how many jobs run at once
	Maintain bool          // also rescue jobs
	Lease    time.Duration // of its jobs
	Model    string        // "" answers at once
	// Asks names a document of which the child asks for a summary, to die once that
	// is committed and before anybody is told.
	Asks *question
}

type question struct {
	Org      core.OrgID
	User     core.UserID
	Document core.DocumentID
}

const (
	modelHangs    = "hangs"    // answers when it is told to end
	modelStubborn = "stubborn" // waits for a line on stdin, whatever happens, and its writes do not give up
	modelHasty    = "hasty"    // answers within 40 ms, and its writes do not give up
)

// What a child says on stdout.
const (
	saysReady  = "ready"
	saysWorks  = "works"   // a job has come as far as its model
	saysFenced = "fenced " // and the job whose write was refused
	saysFailed = "failed " // and why a write failed otherwise
)

// runNode is a child's main function. It ends when its parent does.
func runNode(ctx context.Context, text string) error {
	var c childConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	said, gone := make(chan struct{}), make(chan struct{})
	go func() { // ends with stdin
		lines := bufio.NewScanner(os.Stdin)
		if lines.Scan() {
			close(said)
		}
		for lines.Scan() {
		}
		close(gone)
	}()
	n, err := openNode(ctx, c.site, c.parts(said))
	if err != nil {
		return err
	}
	if c.Workers > 0 {
		if _, err := n.work(ctx, c.Workers, c.Maintain); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stdout, saysReady)
	if q := c.Asks; q != nil {
		<-said
		actor := core.NewActor(core.TrustTenant(q.Org), q.User, core.RoleAdmin)
		_, _, err := n.app.Summaries.Request(ctx, actor, core.SummaryRequest{DocumentID: q.Document})
		return errors.Join(err, errors.New("still alive after the commit"))
	}
	<-gone
	return nil
}

func (c childConfig) parts(said <-chan struct{}) parts {
	p := parts{lease: c.Lease}
	if c.Asks != nil {
		p.bus = func(b core.EventBus) core.EventBus { return deadlyBus{b} }
	}
	stubborn := func(s core.Store) core.Store { return stubbornStore{s} }
	switch c.Model {
	case modelHangs:
		p.model = func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() }
	case modelStubborn:
		p.store, p.model = stubborn, func(_ context.Context, content string) (string, error) {
			fmt.Fprintln(os.Stdout, saysWorks)
			<-said
			return "late, of " + content, nil
		}
	case modelHasty:
		p.store, p.model = stubborn, hasty
	}
	return p
}

func hasty(ctx context.Context, content string) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(rand.N(40 * time.Millisecond)):
		return "of " + content, nil
	}
}

// deadlyBus ends the process instead of telling anybody, as kill -9 does.
type deadlyBus struct{ core.EventBus }

func (deadlyBus) Notify(context.Context, ...core.Notice) error {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// stubbornStore writes although the handler was told to end, so that nothing but
// the fence stands in its way, and tells of what the fence refused.
type stubbornStore struct{ core.Store }

func (s stubbornStore) Tenant(t core.Tenant) core.TenantStore {
	return stubbornTenant{s.Store.Tenant(t)}
}

type stubbornTenant struct{ core.TenantStore }

func (s stubbornTenant) InLease(ctx context.Context, l core.Lease, fn func(ctx context.Context, tx core.Tx) error) error {
	err := s.TenantStore.InLease(context.WithoutCancel(ctx), l, fn)
	if errors.Is(err, core.ErrLeaseLost) {
		sayFenced(l)
	} else {
		sayFailed(err)
	}
	return err
}

func (s stubbornTenant) InLeases(ctx context.Context, all []core.Lease, fn func(ctx context.Context, tx core.Tx, held []core.Lease) error) error {
	lost := all
	err := s.TenantStore.InLeases(context.WithoutCancel(ctx), all, func(ctx context.Context, tx core.Tx, held []core.Lease) error {
		lost = slices.DeleteFunc(slices.Clone(all), func(l core.Lease) bool { return slices.Contains(held, l) })
		return fn(ctx, tx, held)
	})
	if err == nil || errors.Is(err, core.ErrLeaseLost) {
		sayFenced(lost...)
	} else {
		sayFailed(err)
	}
	return err
}

func sayFenced(leases ...core.Lease) {
	for _, l := range leases {
		fmt.Fprintln(os.Stdout, saysFenced+string(l.JobID))
	}
}

func sayFailed(err error) {
	if err != nil {
		fmt.Fprintln(os.Stdout, saysFailed+err.Error())
	}
}

// child is a node in a process of its own.
type child struct {
	cmd   *exec.Cmd
	stdin io.Writer
	lines <-chan string // closed when the process has ended
}

func startChild(t *testing.T, c childConfig) *child {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asNode+"="+string(text))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000) // more than any test has a child say
	go func() {                      // ends with the process
		defer close(lines)
		out := bufio.NewScanner(stdout)
		for out.Scan() {
			lines <- out.Text()
		}
		_ = cmd.Wait()
	}()
	k := &child{cmd: cmd, stdin: stdin, lines: lines}
	t.Cleanup(func() { k.signal(t, syscall.SIGKILL); k.ended(t) })
	if got := k.next(t); got != saysReady {
		t.Fatalf("the child said %q, want %q", got, saysReady)
	}
	return k
}

// patience bounds every wait for another process.
const patience = 2 * time.Minute

// next returns the child's next line, or "" when it has ended.
func (k *child) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-k.lines:
		return line
	case <-time.After(patience):
		t.Fatal("a child says nothing")
		return ""
	}
}

// tell writes a line to the child, which may be stopped.
func (k *child) tell(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(k.stdin, "\n"); err != nil {
		t.Fatal(err)
	}
}

func (k *child) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := k.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// ended waits for the child's end and returns what it had still to say.
func (k *child) ended(t *testing.T) string {
	t.Helper()
	var said strings.Builder
	for line := k.next(t); line != ""; line = k.next(t) {
		said.WriteString(line + "\n")
	}
	return said.String()
}
