package llmtest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Answer is what a server without an Answer of its own says: JSON where a schema
// was asked for; the code word where there is a question for one and the word was
// seen; notes that cite the numbered blocks of the prompt; else the beginning of
// the text. It is the same for the same question.
func Answer(q Question) string {
	if len(q.Schema) > 0 {
		return answerJSON(q)
	}
	if word, asked := codeWord(q.User); asked {
		return word
	}
	if n := countUpTo.FindString(q.User); n != "" {
		return strings.TrimSpace(strings.Repeat("one two three four five six seven eight nine ten ", 20))
	}
	return notes(q.User)
}

var (
	codeWordTold  = regexp.MustCompile(`(?i)the code word is ([a-z0-9-]+)`)
	codeWordAsked = regexp.MustCompile(`(?i)what is the code word\?`)
	countUpTo     = regexp.MustCompile(`(?i)count from one to `)
	notesAllowed  = regexp.MustCompile(`(?i)\bat most ([0-9]{1,3}) notes\b`)
	block         = regexp.MustCompile(`(?m)^\[([0-9]{1,6})\] (.+)$`)
)

// codeWord answers the question for a code word with what was seen of the prompt.
func codeWord(user string) (string, bool) {
	if !codeWordAsked.MatchString(user) {
		return "", false
	}
	if told := codeWordTold.FindStringSubmatch(user); told != nil {
		return told[1], true
	}
	return "I did not see one.", true
}

// mostNotes is how many blocks are told of where the prompt names no number.
const mostNotes = 8

// notes tells the first sentence of blocks that are spread over the prompt.
func notes(user string) string {
	blocks := block.FindAllStringSubmatch(user, -1)
	if len(blocks) == 0 {
		return firstSentence(longestParagraph(user))
	}
	most := min(mostNotes, len(blocks))
	if told := notesAllowed.FindStringSubmatch(user); told != nil {
		if n, err := strconv.Atoi(told[1]); err == nil && n > 0 {
			most = min(n, len(blocks))
		}
	}
	var out []string
	for i := range most {
		b := blocks[i*len(blocks)/most]
		out = append(out, "- "+firstSentence(fact(b[2]))+" ["+b[1]+"]")
	}
	return strings.Join(out, "\n")
}

// fact is what a block says, without the section in front and the source behind it
// that notes have.
func fact(block string) string {
	text, _, _ := strings.Cut(block, " — source: ")
	if strings.HasPrefix(text, "(") {
		if _, rest, ok := strings.Cut(text, ") "); ok {
			text = rest
		}
	}
	return text
}

// longestParagraph is the document's text rather than what is asked about it.
func longestParagraph(user string) string {
	paragraphs := strings.Split(user, "\n\n")
	return slices.MaxFunc(paragraphs, func(a, b string) int { return len(a) - len(b) })
}

// mostSentence bounds a sentence, in characters.
const mostSentence = 160

func firstSentence(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if i := strings.Index(s, ". "); i > 0 {
		s = s[:i+1]
	}
	if utf8.RuneCountInString(s) > mostSentence {
		s = string([]rune(s)[:mostSentence])
	}
	return s
}

// schema is the part of JSON Schema that is obeyed.
type schema struct {
	Type       any                        `json:"type"` // a word, or a list of them
	Properties map[string]json.RawMessage `json:"properties"`
	Items      json.RawMessage            `json:"items"`
	Enum       []any                      `json:"enum"`
}

func answerJSON(q Question) string {
	raw, err := json.Marshal(fill(q.Schema, notes(q.User), 0))
	if err != nil { // what fill returns always can
		return "null"
	}
	return string(raw)
}

// mostNesting keeps a schema that holds itself from going on for ever.
const mostNesting = 12

// fill makes a value of a schema; its texts are text.
func fill(raw json.RawMessage, text string, depth int) any {
	var s schema
	if json.Unmarshal(raw, &s) != nil || depth > mostNesting {
		return nil
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	kind, _ := s.Type.(string)
	if kinds, ok := s.Type.([]any); ok && len(kinds) > 0 {
		kind, _ = kinds[0].(string)
	}
	switch {
	case kind == "object" || kind == "" && s.Properties != nil:
		object := map[string]any{}
		for name, property := range s.Properties {
			object[name] = fill(property, text, depth+1)
		}
		return object
	case kind == "array":
		return []any{fill(s.Items, text, depth+1)}
	case kind == "number", kind == "integer":
		return 1
	case kind == "boolean":
		return true
	case kind == "null":
		return nil
	}
	return text
}
