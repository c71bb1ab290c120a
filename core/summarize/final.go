package summarize

import (
	"context"
	"errors"
	"unicode"

	"github.com/docsctl/docsctl/core"
)

// write has the model write the summary. An answer that cannot be used, or is in
// the wrong language, is asked for once more.
func (r *pass) write(ctx context.Context, n *node) (*answer, core.LLMResponse, error) {
	var paid core.LLMResponse
	addition := ""
	for try := 0; ; try++ {
		c, err := r.finalCall(n, addition)
		if err != nil {
			return nil, paid, err
		}
		got, err := r.complete(ctx, c)
		if err != nil {
			return nil, paid, finalError(err)
		}
		paid = addUsage(got.LLMResponse, paid)
		a := &answer{output: got.Text, cut: got.cut, read: paid.InputTokens, wrote: paid.OutputTokens}
		broken := r.accept(a)
		switch {
		case broken == nil && (!a.wrong || try > 0):
			return a, paid, nil
		case broken == nil:
			addition = "Write in " + languageName(r.final.language) + ", whatever the language of the document is."
		case try > 0:
			return nil, paid, &core.Error{Code: core.CodeLLM, Err: broken, Message: "the model did not write valid JSON, also when asked again; choose another model or format"}
		default:
			f := r.p.newFence(got.Text)
			addition = "Your last answer was:\n" + f.enclose(got.Text) + "\nIt cannot be used: " + broken.Error() +
				". Write the whole JSON again, correctly, and nothing else."
		}
	}
}

// finalError returns what the user is told when the last call fails.
func finalError(err error) error {
	switch {
	case errors.Is(err, errRefused):
		return &core.Error{Code: core.CodeLLM, Err: err, Message: "the model refused to write this summary; choose another model or template"}
	case core.CodeOf(err) == core.CodeValidation:
		return &core.Error{Code: core.CodeLLM, Err: err, Message: "the model's server refused the request; check the model's configuration or choose another model"}
	}
	return err
}

// accept brings an answer into its form and looks at its language. It returns what
// makes JSON unusable, as a sentence for the model.
func (r *pass) accept(a *answer) error {
	if r.final.format == core.FormatJSON {
		s, err := parseSchema(r.final.schema)
		if err != nil {
			return err
		}
		if a.output, err = parseAnswer(a.output, s); err != nil {
			return err
		}
		a.cut = false // what parses is whole
	}
	a.wrong = wrongLanguage(a.output, r.final.language)
	return nil
}

// leastLetters is the length under which a text's language is not judged.
const leastLetters = 40

// wrongLanguage reports whether a text is not in the asked language: its letters
// are of another script, or its function words clearly another language's.
func wrongLanguage(text, asked string) bool {
	tables := scriptTables(primary(asked))
	if tables == nil {
		return false
	}
	own, letters := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if unicode.In(r, tables...) {
				own++
			}
		}
	}
	if letters < leastLetters {
		return false
	}
	if unicode.Is(tables[0], 'a') {
		if own*2 < letters {
			return true
		}
	} else if own*4 < letters { // names and terms in Latin letters are at home everywhere
		return true
	}
	have := Language(text)
	return have != "" && have != primary(asked) && toldApart(have) && toldApart(primary(asked)) && letters > 5*leastLetters && !siblings(have, primary(asked))
}

// toldApart reports whether a language is known by its function words.
func toldApart(code string) bool {
	for _, l := range functionWords {
		if l.code == code {
			return true
		}
	}
	return false
}

// siblings are languages that share most function words.
func siblings(a, b string) bool {
	for _, pair := range []string{"da sv", "es pt", "cs pl", "ru uk", "ru bg", "ru sr", "bg sr", "uk bg", "fa ur", "it es", "de nl"} {
		if pair == a+" "+b || pair == b+" "+a {
			return true
		}
	}
	return false
}
