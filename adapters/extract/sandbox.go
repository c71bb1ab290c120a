package extract

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/docsctl/docsctl/core"
)

var _ core.Extractor = (*Sandboxed)(nil)

// SandboxConfig holds the limits of a Sandboxed. The zero value is ready to use
// in a program whose main calls ChildMain.
type SandboxConfig struct {
	Config
	Command     []string      // starts the child; default this program with ChildArg
	MaxMemory   int64         // most memory of a child, in bytes; default 1 GiB
	Timeout     time.Duration // longest time of a child; default 2 minutes
	MaxChildren int           // children at the same time, others wait; default 2
}

func (c SandboxConfig) withDefaults() SandboxConfig {
	c.Config = c.Config.withDefaults()
	if c.CacheDir == "" {
		if base, err := os.UserCacheDir(); err == nil { // the child has no environment to ask
			c.CacheDir = filepath.Join(base, "docsctl", "pdf")
		}
	}
	c.TempDir = cmp.Or(c.TempDir, os.TempDir())
	if c.MaxMemory <= 0 {
		c.MaxMemory = 1 << 30
	}
	if c.Timeout <= 0 {
		c.Timeout = 2 * time.Minute
	}
	if c.MaxChildren <= 0 {
		c.MaxChildren = 2
	}
	return c
}

// Sandboxed is an Extractor that reads PDF, the office formats and large texts in a
// child process, one for each file. A file that crashes its reader, or makes it use
// up memory or time, ends that process and nothing else. Texts of up to 4 MiB are
// read in this process, a few at a time: they cost a few times their size.
type Sandboxed struct {
	cfg    SandboxConfig
	inner  *Extractor
	places chan struct{} // one for each child
	texts  chan struct{} // one for each text that is read in this process
}

// NewSandboxed returns a Sandboxed with the given limits. It starts nothing.
func NewSandboxed(cfg SandboxConfig) *Sandboxed {
	cfg = cfg.withDefaults()
	return &Sandboxed{
		cfg: cfg, inner: New(cfg.Config),
		places: make(chan struct{}, cfg.MaxChildren), texts: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
}

// Extract implements core.Extractor as Extractor does. When ctx ends, the child is
// killed at once. A child that fails makes the file unsupported.
func (s *Sandboxed) Extract(ctx context.Context, f core.File) (*core.Extracted, error) {
	if f.Body == nil {
		return nil, emptyFile()
	}
	file, err := newSpool(ctx, f.Body, s.cfg.MaxBytes, s.cfg.TempDir)
	if err != nil {
		return nil, err
	}
	defer file.close()
	head, err := file.head(sniffSize)
	if err != nil {
		return nil, err
	}
	in := newInput(f, file)
	places, read := s.places, s.run
	if file.disk == nil && containerOf(head) == isTextual {
		places, read = s.texts, s.readText
	} else if file.disk == nil {
		if err := file.toDisk(s.cfg.TempDir); err != nil {
			return nil, err
		}
	}
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return read(ctx, in)
}

// readText reads a file in this process.
func (s *Sandboxed) readText(ctx context.Context, in input) (*core.Extracted, error) {
	limited, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	out, err := s.inner.extract(limited, in)
	if limited.Err() != nil && ctx.Err() == nil {
		return nil, errTooSlow(limited.Err())
	}
	return out, err
}

var (
	errTimeout = errors.New("child took too long")
	errMemory  = errors.New("child took too much memory")
)

// run has a child read the file and returns its answer.
func (s *Sandboxed) run(ctx context.Context, in input) (*core.Extracted, error) {
	limited, cancel := context.WithTimeoutCause(ctx, s.cfg.Timeout, errTimeout)
	defer cancel()
	child, kill := context.WithCancelCause(limited)
	defer kill(nil)
	cmd, err := s.command(child, in)
	if err != nil {
		return nil, startFailed(err)
	}
	var said tail
	cmd.Stderr = &said
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, startFailed(err)
	}
	if err := cmd.Start(); err != nil {
		return nil, startFailed(err)
	}
	lowerPriority(cmd.Process.Pid)
	watched := make(chan struct{})
	go func() { // ends when kill is called below
		defer close(watched)
		s.watch(child, cmd.Process.Pid, kill)
	}()
	answer, readErr := readAnswer(stdout, s.cfg.MaxText)
	if readErr != nil {
		kill(readErr) // it may still be writing
	}
	waitErr := cmd.Wait()
	cause := context.Cause(child)
	kill(nil)
	<-watched
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(cause, errTimeout):
		return nil, errTooSlow(cause)
	case errors.Is(cause, errMemory):
		return nil, tooExpensive("reading the file takes more memory than the limit; split it and send its parts", cause)
	case readErr != nil || waitErr != nil:
		return nil, crashed(errors.Join(readErr, waitErr, errors.New(string(said))))
	}
	return answer.result()
}

func (s *Sandboxed) command(ctx context.Context, in input) (*exec.Cmd, error) {
	argv := s.cfg.Command
	if len(argv) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		argv = []string{self, ChildArg}
	}
	request, err := json.Marshal(childRequest{Limits: s.cfg.Config, SourceURL: in.sourceURL, Charset: in.charset, Hint: in.hint})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, argv[0], append(argv[1:len(argv):len(argv)], string(request))...)
	cmd.Stdin = in.file.disk
	// Nothing of this process' environment: the child needs no secrets.
	cmd.Env = []string{fmt.Sprintf("GOMEMLIMIT=%d", s.cfg.MaxMemory*3/4), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
	cmd.Dir = s.cfg.TempDir
	cmd.WaitDelay = time.Second
	dieWithParent(cmd)
	return cmd, nil
}

// watchEvery is how often a child's memory is looked at: one that takes a
// gigabyte in a second is stopped 20 MB over its limit.
const watchEvery = 20 * time.Millisecond

// watch kills the child when it takes too much memory. It ends with ctx.
func (s *Sandboxed) watch(ctx context.Context, pid int, kill context.CancelCauseFunc) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if n, ok := residentBytes(pid); ok && n > s.cfg.MaxMemory {
				kill(errMemory)
				return
			}
		}
	}
}

func startFailed(err error) error {
	return core.Unavailable("the file reader could not be started; try again, and tell an admin if it stays so", 0, err)
}

func crashed(err error) error {
	return &core.Error{
		Code:    core.CodeUnsupportedMedia,
		Message: "the file cannot be read, as it is damaged or made to break its reader; save it anew in its program and send it again",
		Err:     err,
	}
}

func errTooSlow(cause error) error {
	return tooExpensive("reading the file takes longer than the limit; split it and send its parts", cause)
}

func tooExpensive(message string, cause error) error {
	return &core.Error{Code: core.CodePayloadTooLarge, Message: message, Err: cause}
}

// tail keeps the last bytes that are written to it.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	const most = 2 << 10
	*t = append(*t, bytes.ToValidUTF8(p, nil)...)
	if over := len(*t) - most; over > 0 {
		*t = (*t)[over:]
	}
	return len(p), nil
}

// readAnswer reads what a child writes, and no more than it may.
func readAnswer(r io.Reader, maxText int) (*childAnswer, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(maxText)+maxHeader+1))
	if err != nil {
		return nil, err
	}
	header, text, ok := bytes.Cut(data, []byte("\n"))
	if !ok || len(header) > maxHeader {
		return nil, errors.New("child gave no answer")
	}
	var a childAnswer
	if err := json.Unmarshal(header, &a); err != nil {
		return nil, fmt.Errorf("read the child's answer: %w", err)
	}
	if len(text) != a.Bytes {
		return nil, errors.New("child's answer was cut off")
	}
	a.text = string(text)
	return &a, nil
}
