package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/docsctl/docsctl/core"
)

// ExtractOptions are the inputs of docsctl extract.
type ExtractOptions struct {
	IO        *IOStreams
	Read      func(ctx context.Context, o Overrides, f core.File) (*core.Extracted, error)
	Overrides Overrides
	Input     string // a file, or "-" for standard input
	Print     printing
	Output    string // "" or "-": standard output
}

// NewCmdExtract returns docsctl extract; runF replaces what it does, for tests.
func NewCmdExtract(f *Factory, runF func(context.Context, *ExtractOptions) error) *cobra.Command {
	opts := &ExtractOptions{IO: f.IO, Read: f.Extract}
	cmd := &cobra.Command{
		Use:   "extract FILE|-",
		Short: "Print the text of a file as docsctl reads it",
		Long: "Print the text of a file as Markdown, as it is summarized and cited. Nothing is stored.\n" +
			"-o json has the title, the type and where the pages begin, in characters.",
		Example: "  docsctl extract report.pdf | less\n" +
			"  docsctl extract talk.pptx -o json --output talk.json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Input, opts.Overrides = args[0], overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), extractRun(cmd.Context(), opts))
		},
	}
	cmd.Flags().StringVar(&opts.Output, "output", "", "write to `FILE`, whole or not at all")
	printingFlag(cmd, &opts.Print)
	return cmd
}

// extractedView is what was read of a file.
type extractedView struct {
	Title            string `json:"title"`
	MimeType         string `json:"mime_type"`
	PageStarts       []int  `json:"page_starts"`
	PagesWithoutText []int  `json:"pages_without_text"`
	Content          string `json:"content"`
}

func extractRun(ctx context.Context, opts *ExtractOptions) (err error) {
	var output *outputFile
	if opts.Output != "" && opts.Output != stdinName {
		if output, err = openOutput(opts.Output); err != nil {
			return err
		}
		if err := output.checkInputs([]string{opts.Input}); err != nil {
			return err
		}
	}
	x, err := extractInput(ctx, opts)
	if err != nil {
		return named(opts.Input, err)
	}
	if w := x.Pages.Warning(); w != "" {
		note(opts.IO.ErrOut, "%s %s", opts.IO.yellow("warning:"), w)
	}
	out := x.Markdown
	if opts.Print == printJSON || opts.Print == printYAML {
		out, err = render(opts.Print, extractedView{
			Title: x.Title, MimeType: x.MediaType, PageStarts: append([]int{}, x.Pages.Starts...),
			PagesWithoutText: append([]int{}, x.Pages.WithoutText...), Content: x.Markdown,
		}, table{})
		if err != nil {
			return err
		}
	}
	if output != nil {
		return output.write(out)
	}
	return opts.IO.print(out)
}

func extractInput(ctx context.Context, opts *ExtractOptions) (*core.Extracted, error) {
	if opts.Input == stdinName {
		body := detached(ctx, func() (io.ReadCloser, error) { return io.NopCloser(opts.IO.In), nil })
		defer body.Close()
		return opts.Read(ctx, opts.Overrides, core.File{Body: body})
	}
	f, _, err := openFile(ctx, opts.Input)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read only
	return opts.Read(ctx, opts.Overrides, f.File)
}
