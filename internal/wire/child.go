package wire

import (
	"io"
	"os"

	"github.com/docsctl/docsctl/adapters/extract"
)

// Child runs what a docsctl process has another one do for it, reading hostile
// files, and reports whether args asked for that. It comes before the commands.
func Child(args []string, in *os.File, out io.Writer) (code int, asked bool) {
	if len(args) < 2 || args[1] != extract.ChildArg {
		return 0, false
	}
	return extract.ChildMain(args[2:], in, out), true
}
