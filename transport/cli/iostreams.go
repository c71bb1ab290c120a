package cli

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// IOStreams are a command's streams and what is known about them.
type IOStreams struct {
	In          io.Reader
	Out         io.Writer
	ErrOut      io.Writer
	IsStdinTTY  bool
	IsStdoutTTY bool
	IsStderrTTY bool
	Dumb        bool // the terminal cannot move its cursor
	Color       bool // stderr may be colored
	Width       int  // of the terminal in cells; 80 when unknown
}

// SystemIO returns the process's own streams. NO_COLOR (no-color.org) and
// TERM=dumb are respected.
func SystemIO() *IOStreams {
	io := &IOStreams{
		In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr,
		IsStdinTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		IsStdoutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		IsStderrTTY: term.IsTerminal(int(os.Stderr.Fd())),
		Dumb:        os.Getenv("TERM") == "dumb",
		Width:       80,
	}
	io.Color = io.IsStderrTTY && !io.Dumb && os.Getenv("NO_COLOR") == ""
	if w, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && w > 0 {
		io.Width = w
	}
	return io
}

// yellow marks s on a stderr that may be colored.
func (s *IOStreams) yellow(text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[33m" + text + "\x1b[0m"
}

// print writes a result to standard output. A terminal gets no control characters
// but line ends and tabs, since a document's text may hold sequences that move
// the cursor or answer for the user.
func (s *IOStreams) print(text string) error {
	if s.IsStdoutTTY {
		text = harmless(text)
	}
	if _, err := io.WriteString(s.Out, text); err != nil {
		return fileError("standard output", "written", err)
	}
	return nil
}

// harmless drops control characters (C0, DEL, C1) but line ends and tabs.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < 0x20 || r >= 0x7f && r < 0xa0) {
			return -1
		}
		return r
	}, s)
}

// oneLine makes s fit for a line of a message.
func oneLine(s string) string { return strings.Join(strings.Fields(harmless(s)), " ") }
