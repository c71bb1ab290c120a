package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/docsctl/docsctl/core"
)

// SummarizeOptions are the inputs of docsctl summarize.
type SummarizeOptions struct {
	IO        *IOStreams
	Open      func(ctx context.Context, o Overrides) (*Local, error)
	Overrides Overrides
	Inputs    []string        // files, folders, URLs, "-" for standard input
	Found     map[string]bool // those of Inputs that were found in a folder
	Title     string          // "": the document's own
	Template  string          // name or id; "": the default one
	Summary   core.SummaryOptions
	Citations bool
	Estimate  bool
	Export    core.ExportFormat // "": the text itself
	Stream    bool
	Wait      time.Duration // for a model's server that does not answer; 0: not at all
	Print     printing      // printDefault: the text itself
	Output    string        // "" or "-": standard output
}

// NewCmdSummarize returns docsctl summarize; runF replaces what it does, for tests.
func NewCmdSummarize(f *Factory, runF func(context.Context, *SummarizeOptions) error) *cobra.Command {
	opts := &SummarizeOptions{IO: f.IO, Open: f.Open}
	cmd := &cobra.Command{
		Use:   "summarize FILE...|DIR|URL|-",
		Short: "Summarize files, folders, web pages or standard input",
		Long: "Summarize PDF, Word, PowerPoint, Excel, OpenDocument text, EPUB, HTML, Markdown, CSV, mail and\n" +
			"plain text, from files, URLs or standard input (-). Of a folder every file in it and below it\n" +
			"is summarized, and what is no text is skipped. With several inputs it is told first what they\n" +
			"will cost, --max-cost is a cap on all together, and a table ends the run. An interrupted run\n" +
			"goes on with the same command: what is done is not paid for again.\n\n" +
			"No server and no set-up is needed: documents and summaries are kept in the user's data\n" +
			"folder. A file that has not changed is not summarized again; --force does it anew.\n" +
			"The summary goes to standard output; the last line on standard error tells how much of\n" +
			"the document was read, and at what cost.",
		Example: "  docsctl summarize report.md\n" +
			"  docsctl summarize *.md --length short -o table\n" +
			"  docsctl summarize book.pdf --estimate\n" +
			"  docsctl summarize reports/ --max-cost 2.50 --output reports.md\n" +
			"  docsctl summarize book.pdf --export docx --output book-summary.docx\n" +
			"  docsctl summarize https://example.org/page --citations --output page.md\n" +
			"  pandoc -t markdown talk.odt | docsctl summarize - --template key-points",
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Inputs, opts.Overrides = args, overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), summarizeRun(cmd.Context(), opts))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Template, "template", "", "use the template of this `NAME|ID`, such as key-points")
	choiceFlag(cmd, &opts.Summary.Format, "format", "", "write the summary as", core.Formats()...)
	choiceFlag(cmd, &opts.Summary.Length, "length", "", "say this much", core.Lengths()...)
	flags.StringVar(&opts.Summary.Language, "language", "", "write in the language of this `TAG`, such as de")
	flags.StringVar(&opts.Summary.Model, "model", "", "use the model of this `NAME`")
	flags.StringVar(&opts.Title, "title", "", "store the document under this `TITLE`")
	flags.BoolVar(&opts.Citations, "citations", false, "quote the source of each statement in a footnote")
	flags.BoolVar(&opts.Summary.Refresh, "force", false, "make the summary anew, and pay for it again")
	flags.BoolVar(&opts.Stream, "stream", false, "print the text while the model writes it")
	flags.BoolVar(&opts.Estimate, "estimate", false, "tell calls, tokens and cost, and make no summary")
	flags.Var(&usdFlag{to: &opts.Summary.MaxCostUSD}, "max-cost", "stop before the summaries cost more than this many `USD`")
	flags.DurationVar(&opts.Wait, "wait", 2*time.Minute, "give up when the model's server has not worked for this `TIME`; 0: wait at no time")
	choiceFlag(cmd, &opts.Export, "export", "", "write a file with footnotes as", core.ExportFormats()...)
	flags.StringVar(&opts.Output, "output", "", "write to `FILE`, whole or not at all")
	printingFlag(cmd, &opts.Print)
	return cmd
}

func summarizeRun(ctx context.Context, opts *SummarizeOptions) (err error) {
	if err := opts.check(); err != nil {
		return err
	}
	if err := opts.expandFolders(); err != nil {
		return err
	}
	if err := opts.check(); err != nil { // again: a folder may be several files
		return err
	}
	var output *outputFile
	if opts.Output != "" && opts.Output != stdinName {
		if output, err = openOutput(opts.Output); err != nil {
			return err
		}
		if err := output.checkInputs(opts.Inputs); err != nil {
			return err
		}
	}
	local, err := opts.Open(ctx, opts.Overrides)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := local.Close(); err == nil {
			err = closeErr
		}
	}()
	if opts.Summary.TemplateID, err = findTemplate(ctx, local, opts.Template); err != nil {
		return err
	}
	s := &summarizing{opts: opts, local: local, output: output, notes: opts.IO.ErrOut, patience: &patience{most: opts.Wait}}
	if opts.Estimate {
		return s.estimate(ctx)
	}
	run := s.run
	if len(opts.Inputs) > 1 || len(opts.Found) > 0 {
		run = s.runBulk
	}
	if opts.Print != printJSON {
		return run(ctx)
	}
	// A failure's envelope stands alone on stderr, so what is told waits for the end.
	held := &bytes.Buffer{}
	s.notes = held
	if err := run(ctx); err != nil {
		return err
	}
	_, err = io.Copy(opts.IO.ErrOut, held)
	return err
}

func (o *SummarizeOptions) check() error {
	if len(o.Inputs) == 0 {
		return usagef("name a file, a URL or - for standard input")
	}
	stdin := 0
	for _, in := range o.Inputs {
		if in == stdinName {
			stdin++
		}
	}
	switch {
	case o.Wait < 0:
		return usagef("--wait is below 0; write it as 30s or 10m")
	case stdin > 1:
		return usagef("standard input can be read once only; name - once")
	case o.Stream && (o.Print != printDefault || o.Output != "" || o.Citations || o.Estimate || len(o.Inputs) > 1):
		return usagef("--stream prints the text of one summary alone; leave out -o, --output, --citations and --estimate")
	case o.Export != "" && (o.Print != printDefault || o.Stream || o.Estimate || o.Citations || len(o.Inputs) > 1):
		return usagef("--export writes the file of one summary; leave out -o, --stream, --estimate and --citations")
	case o.Export == core.ExportDocx && (o.Output == "" || o.Output == stdinName) && o.IO.IsStdoutTTY:
		return usagef("a Word file is nothing for a terminal; name a file with --output")
	case o.Estimate && o.Output != "":
		return usagef("--estimate makes no summary to be written to --output; leave one of them out")
	case o.Title != "" && len(o.Inputs) > 1:
		return usagef("--title is for one document; summarize them one by one")
	}
	if err := o.Summary.Validate(); err != nil {
		return &usageError{err}
	}
	return nil
}

// summarizing is one run of the command.
type summarizing struct {
	opts   *SummarizeOptions
	local  *Local
	output *outputFile // nil: standard output
	notes  io.Writer   // what is told besides the result
	said   streamed    // of --stream

	patience *patience       // with the model's server, of the whole command
	watching func(*core.Job) // is told how a job gets on; nil: nobody is
}

// result is what became of one input.
type result struct {
	input   string
	sum     *core.Summary
	reused  bool // it was made by an earlier run
	skipped bool // err says why it has no summary, and that is no failure
	took    time.Duration
	err     error
}

// run summarizes the one input.
func (s *summarizing) run(ctx context.Context) error {
	r := s.one(ctx, s.opts.Inputs[0])
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r.err != nil {
		return &failures{of: 1, errs: []error{r.err}}
	}
	if s.printsTexts() {
		if err := s.opts.IO.print(s.said.rest(s.text(0, r))); err != nil {
			return err
		}
	}
	s.account(r)
	return s.finish(ctx, []result{r}, false)
}

// printsTexts reports whether summaries are printed one by one as they come.
func (s *summarizing) printsTexts() bool {
	return s.output == nil && s.opts.Print == printDefault && s.opts.Export == ""
}

// finish writes the results that are written together. --output and the forms for
// programs are all or nothing; a table tells of failures, too.
func (s *summarizing) finish(ctx context.Context, results []result, failed bool) error {
	if failed && s.output != nil && len(s.opts.Inputs) > 1 {
		note(s.notes, "nothing is written to --output, since an input failed; the summaries that were made are kept for the next run")
	}
	printed := s.printsTexts()
	forPeople := s.output == nil && s.opts.Print == printTable && len(s.opts.Inputs) > 1
	if printed || failed && !forPeople {
		return nil
	}
	out, err := s.render(ctx, results)
	if err != nil {
		return err
	}
	if s.output != nil {
		return s.output.write(out)
	}
	return s.opts.IO.print(out)
}

func (s *summarizing) render(ctx context.Context, results []result) (string, error) {
	if s.opts.Export != "" {
		file, err := s.local.App.Summaries.Export(ctx, s.local.Actor, results[0].sum.ID, s.opts.Export)
		if err != nil {
			return "", err
		}
		return string(file.Body), nil
	}
	switch s.opts.Print {
	case printDefault:
		var b strings.Builder
		for i, r := range results {
			b.WriteString(s.text(i, r))
		}
		return b.String(), nil
	case printTable:
		return resultTable(results).String(), nil
	}
	if len(results) == 1 && len(s.opts.Inputs) == 1 {
		return render(s.opts.Print, viewSummary(results[0].sum), table{})
	}
	var views []summaryView
	for _, r := range results {
		views = append(views, viewSummary(r.sum))
	}
	return render(s.opts.Print, list[summaryView]{Items: views}, table{})
}

// one summarizes one input, or finds the summary that is there.
func (s *summarizing) one(ctx context.Context, input string) result {
	r := result{input: input}
	began := time.Now()
	doc, outcome, err := s.importInput(ctx, input)
	if err == nil {
		r.sum, r.reused, err = s.summaryOf(ctx, input, doc, outcome)
	}
	r.took = time.Since(began)
	if err != nil {
		r.err = named(input, err)
	}
	return r
}

func (s *summarizing) summaryOf(ctx context.Context, input string, doc *core.Document, outcome core.Outcome) (sum *core.Summary, reused bool, err error) {
	request := core.SummaryRequest{DocumentID: doc.ID, Options: s.opts.Summary, Queue: s.local.Queue}
	if !s.opts.Summary.Refresh {
		found, err := s.local.App.Summaries.Find(ctx, s.local.Actor, request)
		if err == nil {
			s.tell(input, "unchanged since %s; using the summary made then (--force makes it anew)", clock(found.CreatedAt))
			return found, true, nil
		}
		if core.CodeOf(err) != core.CodeNotFound {
			return nil, false, err
		}
	}
	switch outcome {
	case core.OutcomeUnchanged:
		s.tell(input, "unchanged since %s; using the document that is there", clock(doc.UpdatedAt))
	case core.OutcomeUpdated:
		s.tell(input, "changed; the document is now at version %d", doc.Version)
	}
	s.warnOfPages(input, doc)
	sum, job, err := s.local.App.Summaries.Request(ctx, s.local.Actor, request)
	if err != nil {
		return nil, false, err
	}
	sum, err = s.await(ctx, input, sum.ID, job.ID)
	return sum, false, err
}

// tell writes a note about an input, by name where there are several.
func (s *summarizing) tell(input, format string, args ...any) {
	if len(s.opts.Inputs) > 1 {
		format, args = "%s: "+format, append([]any{displayName(input)}, args...)
	}
	note(s.notes, format, args...)
}

// clock is a time as the user's own clock shows it.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
