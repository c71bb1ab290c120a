// Package summarize reads a document's text and summarizes it without a model.
//
// Canonical brings a stored text into the one form that everything here works
// on, and keeps the way back: every offset can be told in code points of the
// stored text. Blocks and Sentences read its structure (headings, lists, turns
// of a transcript; code and tables are never taken for sentences), Extractive
// picks the sentences of a summary, and Render writes them down with a citation
// each.
//
// Everything is a pure function of its input: no I/O, no clock, no randomness.
// The same text always gives the same summary. Sentences are weighed without any
// word list, in every language alike; short lists of abbreviations, pronouns and
// function words serve to part sentences, to keep those that need the one before
// them behind it, and to name the language.
package summarize
