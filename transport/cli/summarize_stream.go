package cli

import (
	"strings"

	"github.com/docsctl/docsctl/core"
)

// streamed is what --stream has printed of a summary so far.
type streamed struct {
	out     *IOStreams
	text    []rune
	attempt [2]int // run and attempt that wrote it
}

// write prints text that continues what stands there. Text that replaces some of it
// begins on a new line: what is printed cannot be taken back.
func (s *streamed) write(d core.SummaryDelta) {
	again := s.attempt != [2]int{d.Run, d.Attempt}
	if again {
		s.attempt = [2]int{d.Run, d.Attempt}
	}
	if again && len(s.text) > 0 || d.Offset < len(s.text) {
		s.print("\n\n" + string(s.text[:min(d.Offset, len(s.text))]))
		s.text = s.text[:min(d.Offset, len(s.text))]
	}
	if d.Offset > len(s.text) {
		return // a part was not heard of; the summary has it
	}
	s.text = append(s.text, []rune(d.Text)...)
	s.print(d.Text)
}

// print ignores what the output says: the rest of the summary finds out.
func (s *streamed) print(text string) { _ = s.out.print(text) }

// rest returns what is left to print of the finished text: its end, or a line end and
// all of it where it came out otherwise than it was written.
func (s *streamed) rest(whole string) string {
	said := string(s.text)
	switch {
	case said == "":
		return whole
	case strings.HasPrefix(whole, said):
		return whole[len(said):]
	case strings.HasPrefix(whole, strings.TrimRight(said, " \t\n")):
		return "\n"
	default:
		return "\n\n" + whole
	}
}
