package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// ExportOptions are the inputs of docsctl export.
type ExportOptions struct {
	IO        *IOStreams
	Export    func(ctx context.Context, o Overrides, e Export) (Moved, error)
	Overrides Overrides
	Org       string
	File      string // "-": standard output
	Print     printing
}

// NewCmdExport returns docsctl export; runF replaces what it does, for tests.
func NewCmdExport(f *Factory, runF func(context.Context, *ExportOptions) error) *cobra.Command {
	opts := &ExportOptions{IO: f.IO, Export: f.Export}
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write a whole organization to an archive",
		Long: "Write every row of an organization, as it is at one moment, to an archive that docsctl\n" +
			"import reads: to move it to another store or installation, or to keep it. The file holds\n" +
			"everything, password hashes too; keep it as safe as the store. - is standard output.",
		Example: "  docsctl export --org local team.docsctl\n" +
			"  docsctl export --org 0192… - | ssh host docsctl import -",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.File, opts.Overrides = args[0], overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), exportRun(cmd.Context(), opts))
		},
	}
	cmd.Flags().StringVar(&opts.Org, "org", "local", "export the organization with this `ID`; local: the embedded store's own")
	databaseSettings(cmd.Flags())
	printingFlag(cmd, &opts.Print)
	return cmd
}

func exportRun(ctx context.Context, opts *ExportOptions) error {
	progress := newRowProgress(opts.IO, "exporting")
	var moved Moved
	write := func(w io.Writer) (err error) {
		moved, err = opts.Export(ctx, opts.Overrides, Export{Org: opts.Org, To: w, Progress: progress.row})
		return err
	}
	err := opts.export(write)
	progress.line.clear()
	if err != nil {
		return err
	}
	return moved.tell(opts.IO, opts.Print, opts.File == "-")
}

func (opts *ExportOptions) export(write func(io.Writer) error) error {
	if opts.File == "-" {
		if opts.IO.IsStdoutTTY {
			return usagef("an archive is not for a terminal; name a file or redirect standard output")
		}
		return streamError("standard output", "written", write(opts.IO.Out))
	}
	out, err := openOutput(opts.File)
	if err != nil {
		return err
	}
	out.private = true // it holds what signs people in
	return out.writeWith(write)
}

// ImportOptions are the inputs of docsctl import.
type ImportOptions struct {
	IO        *IOStreams
	Import    func(ctx context.Context, o Overrides, i Import) (Moved, error)
	Overrides Overrides
	File      string // "-": standard input
	Local     bool
	Print     printing
}

// NewCmdImport returns docsctl import; runF replaces what it does, for tests.
func NewCmdImport(f *Factory, runF func(context.Context, *ImportOptions) error) *cobra.Command {
	opts := &ImportOptions{IO: f.IO, Import: f.Import}
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Read an organization from an archive",
		Long: "Store the organization that docsctl export has written, with the same ids and times.\n" +
			"An organization that is there already is left alone. When an import fails or is\n" +
			"interrupted, nothing of it is kept. - is standard input.",
		Example: "  docsctl import team.docsctl --database-url postgres://db/docsctl\n" +
			"  docsctl import team.docsctl --local",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.File, opts.Overrides = args[0], overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), importRun(cmd.Context(), opts))
		},
	}
	cmd.Flags().BoolVar(&opts.Local, "local", false, "have the commands that need no server work on it from now on")
	databaseSettings(cmd.Flags())
	printingFlag(cmd, &opts.Print)
	return cmd
}

func importRun(ctx context.Context, opts *ImportOptions) error {
	if opts.File == "-" && opts.IO.IsStdinTTY {
		return usagef("an archive cannot be typed; name a file or redirect standard input")
	}
	in := detached(ctx, func() (io.ReadCloser, error) {
		if opts.File == "-" {
			return io.NopCloser(opts.IO.In), nil
		}
		return os.Open(opts.File)
	})
	defer in.Close()
	progress := newRowProgress(opts.IO, "importing")
	moved, err := opts.Import(ctx, opts.Overrides, Import{From: in, Local: opts.Local, Progress: progress.row})
	progress.line.clear()
	if err != nil {
		return streamError(opts.File, "read", err)
	}
	return moved.tell(opts.IO, opts.Print, false)
}

// streamError tells of the stream when that is what failed.
func streamError(what, done string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fileError(what, done, path)
	}
	return err
}

// tell prints what was moved: for people beside the result, for programs as it.
func (m Moved) tell(streams *IOStreams, p printing, outTaken bool) error {
	t := table{head: []string{"KIND", "ROWS"}}
	for _, c := range m.Counts {
		t.rows = append(t.rows, []string{c.Kind, thousands(c.Count)})
	}
	text, err := render(p, m, t)
	if err != nil {
		return err
	}
	if p == printDefault || outTaken {
		if p == printDefault {
			text = "organization " + m.OrganizationID + "\n" + text
		}
		fmt.Fprint(streams.ErrOut, text)
		return nil
	}
	return streams.print(text)
}

// rowProgress tells on a terminal how many rows were moved.
type rowProgress struct {
	line *progress
	what string
	rows int
	next time.Time
}

func newRowProgress(io *IOStreams, what string) *rowProgress {
	return &rowProgress{line: &progress{io: io, notes: io.ErrOut, what: what}, what: what}
}

// drawEvery keeps a terminal from being busier than the store.
const drawEvery = 100 * time.Millisecond

func (p *rowProgress) row(kind string) {
	p.rows++
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(drawEvery)
		p.line.draw(p.what + ": " + plural(p.rows, "row") + " (" + kind + ")")
	}
}
