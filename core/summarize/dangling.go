package summarize

import "strings"

// A sentence dangles when it begins with a pronoun that points at the one
// before it. Such a sentence is only picked behind that one.

// pronouns dangle by themselves.
var pronouns = set(`
	he she they it him them its his her their
	er sie ihm ihn ihr ihre ihnen
	il elle ils elles celui-ci celle-ci ceux-ci celles-ci cela ceci ça
	él ella ellos ellas ello esto eso aquello
	ele ela eles elas isto isso aquilo
	egli ella essi esse ciò lui lei loro
	hij zij ze
	он она оно они его её ее их ему ей им
	він вона воно вони його її їх
	هو هي هم هما هن وهو وهي وهم
	او آنها`)

// demonstratives dangle when a verb follows: "This is", not "This document".
var demonstratives = set(`
	this that these those such
	dies das dieser diese dieses jener jene jenes
	ce c'est
	este esta estos estas ese esa
	это этот эта эти
	هذا هذه ذلك تلك وهذا وهذه
	questo questa
	dit dat`)

var verbsAfter = set(`
	is are was were has have had will would can could may might must should does did do means makes made allows
	allowed leads led helps gives gave also includes included seems became becomes happens happened works
	ist sind war waren wird wurde wurden hat haben hatte kann können soll sollen muss bedeutet gilt führt zeigt
	est sont était étaient sera a ont avait peut doit
	es son era eran fue fueron será ha han puede debe significa
	был была было были является означает может не
	هو هي كان كانت يعني
	è sono era fu può
	zijn waren wordt werd heeft kan`)

// danglingHan are openings of Chinese and Japanese sentences; no space parts
// them from what follows.
var danglingHan = []string{
	"他", "她", "它", "这是", "這是", "这些", "這些", "那是", "其", "此",
	"これ", "それ", "あれ", "彼", "彼女", "この", "その", "そこ",
}

// dangles reports whether a sentence, as plain text, begins with such a pronoun.
func dangles(plain string) bool {
	plain = strings.TrimLeft(plain, "\"'“”„«‘(*_- ")
	for _, opening := range danglingHan {
		if strings.HasPrefix(plain, opening) {
			return true
		}
	}
	first := openingWord(plain)
	folded := strings.ToLower(first)
	if pronouns[folded] {
		return true
	}
	if !demonstratives[folded] {
		return false
	}
	next := strings.ToLower(openingWord(strings.TrimLeft(plain[len(first):], " ")))
	return verbsAfter[next] || folded == "c'est"
}

// openingWord is the first word with what hangs on it by an apostrophe or hyphen.
func openingWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !wordRune(r) && r != '\'' && r != '’' && r != '-' && r != 'ً'
	})
	if end < 0 {
		end = len(s)
	}
	word := s[:end]
	for _, tail := range []string{"'s", "’s", "'ll", "’ll", "'re", "’re", "'d", "’d", "'ve", "’ve"} {
		if cut, ok := strings.CutSuffix(word, tail); ok {
			return cut
		}
	}
	return word
}
