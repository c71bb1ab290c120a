package summarize

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark is a run of citation numbers that was taken out of a text.
type mark struct {
	at      int // byte of the text without marks
	opens   bool
	numbers []int
}

// stripMarks takes the citation marks out of a model's text: [3], [3][7], [3, 7]
// and [3-5], with the blanks before them. Marks that open a line belong to what
// follows them. A bracket that holds anything else stays, and so does the text of
// a link.
func stripMarks(s string) (string, []mark) {
	if !strings.Contains(s, "[") {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	var marks []mark
	for i := 0; i < len(s); {
		numbers, size := markAt(s[i:])
		if size == 0 {
			_, n := utf8.DecodeRuneInString(s[i:])
			out = append(out, s[i:i+n]...)
			i += n
			continue
		}
		for next, more := markAt(s[i+size:]); more > 0; next, more = markAt(s[i+size:]) {
			numbers, size = append(numbers, next...), size+more
		}
		i += size
		kept := bytes.TrimRight(out, " \u00a0\t")
		if line := kept[bytes.LastIndexByte(kept, '\n')+1:]; len(line) == 0 || onlyMark(string(line)) {
			if i += len(s[i:]) - len(strings.TrimLeft(s[i:], " \t")); len(line) > 0 {
				out = append(kept, ' ')
			}
			marks = append(marks, mark{at: len(out), opens: true, numbers: numbers})
			continue
		}
		out = kept
		marks = append(marks, mark{at: len(out), numbers: numbers})
	}
	return string(out), marks
}

// onlyMark reports whether a line is nothing but the mark of a list item.
func onlyMark(line string) bool {
	line = strings.TrimSpace(line) + " x"
	return listMark(line) == len(line)-1
}

// longestMark bounds the search for a mark's end.
const longestMark = 64

// markAt reads a mark at the beginning of s and returns how long it is, 0 for none.
func markAt(s string) ([]int, int) {
	rest := strings.TrimLeft(s, " ")
	lead := len(s) - len(rest)
	if !strings.HasPrefix(rest, "[") || lead > 1 {
		return nil, 0
	}
	end := strings.IndexByte(rest[:min(len(rest), longestMark)], ']')
	if end < 2 || strings.HasPrefix(rest[end+1:], "(") || strings.HasPrefix(rest[end+1:], ":") && lead == 0 && strings.HasPrefix(rest[end+1:], ": http") {
		return nil, 0
	}
	numbers, ok := markNumbers(rest[1:end])
	if !ok {
		return nil, 0
	}
	return numbers, lead + end + 1
}

// markNumbers reads "3", "3, 7", "3;7" and "3-5".
func markNumbers(s string) ([]int, bool) {
	var out []int
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) }) {
		part = strings.ReplaceAll(part, "–", "-")
		first, last, ranged := strings.Cut(part, "-")
		from, err := markNumber(first)
		if err != nil {
			return nil, false
		}
		to := from
		if ranged {
			if to, err = markNumber(last); err != nil || to < from || to-from > maxPlaces {
				return nil, false
			}
		}
		for n := from; n <= to; n++ {
			out = append(out, n)
		}
	}
	return out, len(out) > 0 && len(out) <= 2*maxPlaces
}

// markNumber reads a number as models write it: digits without a sign.
func markNumber(s string) (int, error) {
	if s == "" || len(s) > 6 || strings.Trim(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(s)
}
