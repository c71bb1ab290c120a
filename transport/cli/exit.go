package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/docsctl/docsctl/core"
)

// The exit codes of the contract.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitSignedOut   = 4
	exitInterrupted = 130
)

// exitCodes is the one table from a code to an exit code.
var exitCodes = map[core.Code]int{
	core.CodeValidation:          exitFailed,
	core.CodeAuthentication:      exitSignedOut,
	core.CodeAuthorization:       exitFailed,
	core.CodeNotFound:            exitFailed,
	core.CodeMethodNotAllowed:    exitFailed,
	core.CodeConflict:            exitFailed,
	core.CodePreconditionFailed:  exitFailed,
	core.CodePayloadTooLarge:     exitFailed,
	core.CodeUnsupportedMedia:    exitFailed,
	core.CodeIdempotencyMismatch: exitFailed,
	core.CodeRateLimited:         exitFailed,
	core.CodeBudgetExceeded:      exitFailed,
	core.CodeQuota:               exitFailed,
	core.CodeIntegration:         exitFailed,
	core.CodeLLM:                 exitFailed,
	core.CodeUnavailable:         exitFailed,
	core.CodeInternal:            exitFailed,
}

// usageError is a command line that does not say what to do.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// failures is what went wrong with some of several inputs; of is how many there were.
type failures struct {
	errs []error
	of   int
}

func (f *failures) Error() string {
	return fmt.Sprintf("%d of %d inputs failed", len(f.errs), f.of)
}

// Unwrap makes the first failure decide code and exit code.
func (f *failures) Unwrap() error { return f.errs[0] }

// errInterrupted stands for whatever failed because the user ended the command.
var errInterrupted = &core.Error{
	Code: core.CodeUnavailable, Message: "interrupted; nothing is half-written", Err: context.Canceled,
}

// interrupted makes of a failure that came with the end of ctx what it is: the
// user's own wish.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// exitCode returns what the process ends with for err.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errInterrupted) {
		return exitInterrupted
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if code, ok := exitCodes[describe(err).Code]; ok {
		return code
	}
	return exitFailed
}

// describe returns the code, sentence and details that err is shown with. Causes
// of internal errors are shown too: whoever reads them owns the machine.
func describe(err error) *core.Error {
	if f, ok := errors.AsType[*failures](err); ok {
		return describeFailures(f)
	}
	if e, ok := errors.AsType[*core.Error](err); ok {
		_, shownAlready := errors.AsType[*core.Error](e.Err)
		if e.Code != core.CodeInternal || e.Err == nil || shownAlready {
			return e
		}
		shown := *e
		shown.Message += " (" + e.Err.Error() + ")"
		return &shown
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return &core.Error{Code: core.CodeValidation, Message: err.Error(), Err: err}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return core.AsError(err)
	}
	return &core.Error{Code: core.CodeInternal, Message: err.Error(), Err: err}
}

func describeFailures(f *failures) *core.Error {
	if len(f.errs) == 1 && f.of == 1 {
		return describe(f.errs[0])
	}
	bodies := make([]errorBody, len(f.errs))
	for i, err := range f.errs {
		bodies[i] = bodyOf(describe(err))
	}
	return &core.Error{
		Code:    bodies[0].Code,
		Message: f.Error() + "; the first: " + bodies[0].Message,
		Details: map[string]any{"errors": bodies},
	}
}

// envelope is the API's form of an error.
type envelope struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code    core.Code `json:"code"`
	Message string    `json:"message"`
	Details any       `json:"details"` // an object
}

// fieldDetails is the API's form of FieldErrors.
type fieldDetails struct {
	Field      string           `json:"field"`
	Constraint string           `json:"constraint"`
	Errors     core.FieldErrors `json:"errors"`
}

func bodyOf(e *core.Error) errorBody {
	b := errorBody{Code: e.Code, Message: e.Message, Details: e.Details}
	switch d := e.Details.(type) {
	case nil:
		b.Details = struct{}{}
	case core.FieldErrors:
		if len(d) > 0 {
			b.Details = fieldDetails{Field: d[0].Field, Constraint: d[0].Constraint, Errors: d}
		}
	}
	return b
}

// report prints err to w: the envelope and nothing else, or a line for each failure.
func report(w io.Writer, err error, asJSON bool) {
	if asJSON {
		if raw, jsonErr := encodeJSON(envelope{bodyOf(describe(err))}); jsonErr == nil {
			_, _ = w.Write(raw) // there is nowhere left to tell that it failed
			return
		}
	}
	lines := []error{err}
	if f, ok := errors.AsType[*failures](err); ok {
		lines = f.errs
	}
	for _, e := range lines {
		fmt.Fprintln(w, "docsctl: "+oneLine(describe(e).Message))
	}
}
