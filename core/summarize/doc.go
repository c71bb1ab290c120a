// Package summarize reads a document's text and summarizes it, with a language
// model or without one, and checks what a summary says against the document.
//
// Canonical brings a stored text into the one form that everything here works
// on, and keeps the way back: every offset can be told in code points of the
// stored text. Blocks and Sentences read its structure (headings, lists, turns
// of a transcript; code and tables are never taken for sentences).
//
// Without a model, ExtractiveModel: Extractive picks the sentences of a summary,
// and Render writes them down with a citation each. Sentences are weighed without
// any word list, in every language alike; short lists of abbreviations, pronouns
// and function words serve to part sentences, to keep those that need the one
// before them behind it, and to name the language.
//
// With a model, Pipeline: a plan cuts the text into parts at places that an edit
// elsewhere does not move (plan.go), each part is read for notes, notes are merged
// in a tree of the same kind, and one last call writes the summary (prompts.go,
// solve.go, final.go). Each answer is stored under all that it depends on
// (keys.go), so what did not change is not paid for again.
//
// Check, and the Pipeline itself, find for each sentence of a summary where it
// stands in the document (evidence.go, ground.go), and warn of numbers, dates and
// names that do not stand there.
//
// All but the Pipeline are pure functions of their input: no I/O, no clock, no
// randomness. The same text always gives the same summary.
package summarize
