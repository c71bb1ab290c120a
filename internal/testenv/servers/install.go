//go:build unix

package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Ensure makes sure that all programs are on the machine. It installs what is
// missing when it runs as root on a system with apt-get and writes what it does
// to log; otherwise its error says what to do. No service is started.
func Ensure(ctx context.Context, log io.Writer, programs ...Program) error {
	if len(missing(programs)) == 0 {
		return nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return instructions(missing(programs))
	}
	unlock, err := lockInstalling(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	absent := missing(programs) // another process may have installed them while this one waited
	if len(absent) == 0 {
		return nil
	}
	if err := aptInstall(ctx, log, apt, absent); err != nil {
		return fmt.Errorf("%w (%w)", instructions(absent), err)
	}
	if absent = missing(programs); len(absent) > 0 {
		return instructions(absent)
	}
	return nil
}

// Find returns the folder of one program's binaries, installing it as Ensure does.
func Find(ctx context.Context, log io.Writer, p Program) (dir string, err error) {
	if err := Ensure(ctx, log, p); err != nil {
		return "", err
	}
	dir, ok := p.Locate()
	if !ok {
		return "", instructions([]Program{p})
	}
	return dir, nil
}

func missing(programs []Program) []Program {
	var absent []Program
	for _, p := range programs {
		if _, ok := p.Locate(); !ok {
			absent = append(absent, p)
		}
	}
	return absent
}

func instructions(absent []Program) error {
	var names, apt, brew []string
	for _, p := range absent {
		names = append(names, p.Name)
		apt = append(apt, p.Apt...)
		brew = append(brew, p.Brew)
	}
	return fmt.Errorf("the tests need %s, not found on this machine; install with `sudo apt-get install %s` or `brew install %s`",
		strings.Join(names, ", "), strings.Join(apt, " "), strings.Join(brew, " "))
}

// aptInstall tries with the package lists that are there and fetches them only
// when that fails: the lists of a fresh container are empty.
func aptInstall(ctx context.Context, log io.Writer, apt string, absent []Program) error {
	allow, err := forbidServiceStarts(ctx, policyFile)
	if err != nil {
		return err
	}
	defer allow()
	install := []string{"install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"}
	for _, p := range absent {
		install = append(install, p.Apt...)
	}
	first := run(ctx, log, apt, install...)
	if first == nil {
		return nil
	}
	if err := run(ctx, log, apt, "update"); err != nil {
		return errors.Join(first, err)
	}
	return run(ctx, log, apt, install...)
}

func run(ctx context.Context, log io.Writer, program string, args ...string) error {
	fmt.Fprintln(log, program, strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	// A kill would leave dpkg's database half written.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, args[0], err, lastLine(out.String()))
	}
	return nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// Version returns what the program says of its version, in one line.
func (p Program) Version(ctx context.Context, dir string) (string, error) {
	out, err := exec.CommandContext(ctx, dir+"/"+p.Binaries[0], "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", p.Name, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line, nil
}
