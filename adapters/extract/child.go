package extract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/docsctl/docsctl/core"
)

// ChildArg is the first argument with which Sandboxed starts this program. Its
// main calls ChildMain then, before anything else, and exits with the result.
const ChildArg = "__extract"

// maxHeader bounds the line before the text: that is where the pages are.
const maxHeader = 1 << 20

// childRequest is what a child is asked for; the file is its standard input.
type childRequest struct {
	Limits    Config
	SourceURL string
	Charset   string // as declared
	Hint      string // the text type that is claimed
}

// childAnswer is the line of JSON that a child writes before the text.
type childAnswer struct {
	Title     string       `json:"title,omitempty"`
	MediaType string       `json:"media_type,omitempty"`
	Pages     core.Pages   `json:"pages"`
	Bytes     int          `json:"bytes"` // of the text that follows
	Code      core.Code    `json:"code,omitempty"`
	Message   string       `json:"message,omitempty"`
	Cause     string       `json:"cause,omitempty"`
	NoText    *core.NoText `json:"no_text,omitempty"` // the cause, where it is that
	text      string
}

// ChildMain is the main function of a child: it reads the file in, as args asks in
// the form that Sandboxed gives them, writes the answer to out and returns
// the exit code. The file is never touched by its name.
func ChildMain(args []string, in *os.File, out io.Writer) int {
	answer, err := childAnswerOf(args, in)
	if err == nil {
		err = answer.write(out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "extract:", err)
		return 1
	}
	return 0
}

func childAnswerOf(args []string, in *os.File) (*childAnswer, error) {
	if len(args) != 1 {
		return nil, errors.New("this command is the program's own; it takes its request as JSON")
	}
	var request childRequest
	if err := json.Unmarshal([]byte(args[0]), &request); err != nil {
		return nil, fmt.Errorf("read limits: %w", err)
	}
	info, err := in.Stat()
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	x := New(request.Limits)
	defer x.Close()
	got, err := x.extract(context.Background(), input{
		file: &spool{disk: in, size: info.Size()}, sourceURL: request.SourceURL, charset: request.Charset, hint: request.Hint,
	})
	e, ours := errors.AsType[*core.Error](err)
	switch {
	case ours:
		a := &childAnswer{Code: e.Code, Message: e.Message}
		if e.Err != nil {
			a.Cause = e.Err.Error()
		}
		a.NoText, _ = errors.AsType[*core.NoText](e.Err)
		return a, nil
	case err != nil:
		return nil, err
	}
	return &childAnswer{Title: got.Title, MediaType: got.MediaType, Pages: got.Pages, Bytes: len(got.Markdown), text: got.Markdown}, nil
}

func (a *childAnswer) write(out io.Writer) error {
	header, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if _, err := out.Write(append(header, '\n')); err != nil {
		return err
	}
	_, err = io.WriteString(out, a.text)
	return err
}

// result returns what the child returned.
func (a *childAnswer) result() (*core.Extracted, error) {
	if a.Code == "" {
		return &core.Extracted{Title: a.Title, Markdown: a.text, MediaType: a.MediaType, Pages: a.Pages}, nil
	}
	if a.Code == core.CodeValidation { // its details name a field, and it has one reason only
		return nil, emptyFile()
	}
	e := &core.Error{Code: a.Code, Message: a.Message}
	switch {
	case a.NoText != nil:
		e.Err = a.NoText
	case a.Cause != "":
		e.Err = errors.New(a.Cause)
	}
	return nil, e
}
