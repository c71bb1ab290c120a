package core

import (
	"slices"
	"strings"
	"unicode"
)

// Search tiers: a document is in the first that it meets.
const (
	TierTitleEquals  = iota // the title is the query
	TierTitleWords          // the title has all words of the query
	TierContentWords        // title and content together have them
)

// maxSearchWords bounds a document's search entry: a book has about 20,000
// different words, and a row of the index must stay under a megabyte.
const maxSearchWords = 60_000

// maxQueryWords bounds what one query may ask of the index.
const maxQueryWords = 32

// SearchEntry is what the index keeps of a document. Words are made here, once
// for all stores, and hold letters and digits only, so a store needs no language.
type SearchEntry struct {
	DocumentID DocumentID
	Revision   int64
	Title      string   // the title's words in order, separated by single spaces
	TitleWords []string // different words of the title
	Words      []string // different words of title and content
}

// SearchQuery asks for documents that have all Words, at least one.
type SearchQuery struct {
	Title string // the query's words in order, as SearchEntry.Title
	Words []string
}

// RankedDocument is a document with its tier.
type RankedDocument struct {
	Document
	Tier int
}

// newSearchEntry makes the entry of a document.
func newSearchEntry(d *Document) SearchEntry {
	title := searchWords(d.Title, true)
	e := SearchEntry{DocumentID: d.ID, Revision: d.Revision, Title: strings.Join(searchWords(d.Title, false), " ")}
	e.TitleWords = distinct(title, maxSearchWords)
	e.Words = distinct(append(title, searchWords(d.Content, true)...), maxSearchWords)
	return e
}

// newSearchQuery makes a query of what a user typed; ok is false when there is
// no word in it.
func newSearchQuery(q string) (sq SearchQuery, ok bool) {
	words := searchWords(q, false)
	sq = SearchQuery{Title: strings.Join(words, " "), Words: distinct(words, maxQueryWords)}
	return sq, len(sq.Words) > 0
}

// searchWords folds case and splits at everything that is no letter, digit or
// mark. Scripts that are written without spaces become pairs of neighbouring
// characters, so that any phrase of them is found by its pairs; an entry has
// the single characters too, for queries of one.
func searchWords(s string, entry bool) []string {
	var words []string
	for _, field := range strings.FieldsFunc(strings.ToLower(s), notWord) {
		runes := []rune(field)
		for i := 0; i < len(runes); {
			j := i + 1
			for dense := unspaced(runes[i]); j < len(runes) && unspaced(runes[j]) == dense; j++ {
			}
			words = appendRun(words, runes[i:j], entry)
			i = j
		}
	}
	return words
}

// maxWordRunes cuts what is no word of any language, such as encoded data.
const maxWordRunes = 64

func appendRun(words []string, run []rune, entry bool) []string {
	if !unspaced(run[0]) {
		return append(words, string(run[:min(len(run), maxWordRunes)]))
	}
	if entry || len(run) == 1 {
		for _, r := range run {
			words = append(words, string(r))
		}
	}
	for i := 0; i+1 < len(run); i++ {
		words = append(words, string(run[i:i+2]))
	}
	return words
}

func notWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// distinct sorts, drops repetitions and keeps at most limit words.
func distinct(words []string, limit int) []string {
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), limit)]
}
