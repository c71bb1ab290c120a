package summarize

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// written is a summary as the reader gets it, and where its citation numbers stood.
type written struct {
	text  string
	marks []mark // in order
}

// firstSentinel stands for the first mark while a text is brought into its form:
// private characters that no text has a use for.
const firstSentinel = '\U000f0000'

// bringInto turns a model's answer into a text of the format.
func bringInto(format core.Format, output string) written {
	if format == core.FormatJSON {
		return writtenJSON(output)
	}
	output = strings.Map(func(r rune) rune {
		if r >= firstSentinel || r == 0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(output, "\ufffd"))
	text, marks := stripMarks(unfenced(output))
	text = withSentinels(text, marks)
	switch format {
	case core.FormatPlain:
		text = plainForm(text)
	case core.FormatBullets:
		text = bulletForm(text)
	}
	return takeSentinels(strings.TrimSpace(Canonical(text).String()), marks)
}

func withSentinels(text string, marks []mark) string {
	var out strings.Builder
	at := 0
	for i, m := range marks {
		out.WriteString(text[at:m.at])
		out.WriteRune(firstSentinel + rune(i))
		at = m.at
	}
	out.WriteString(text[at:])
	return out.String()
}

func takeSentinels(text string, marks []mark) written {
	var out strings.Builder
	w := written{}
	for _, r := range text {
		if r < firstSentinel {
			out.WriteRune(r)
			continue
		}
		if i := int(r - firstSentinel); i < len(marks) {
			m := marks[i]
			m.at = out.Len()
			w.marks = append(w.marks, m)
		}
	}
	w.text = out.String()
	return w
}

// plainForm takes Markdown's marks out of a text.
func plainForm(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		l = strings.TrimLeft(l, " \t")
		if n := len(l) - len(strings.TrimLeft(l, "#")); n > 0 && n <= 6 && strings.HasPrefix(l[n:], " ") {
			l = strings.TrimSpace(l[n:])
		}
		if isDivider(l) {
			l = ""
		}
		lines[i] = plainText(l)
	}
	return strings.Join(lines, "\n")
}

// bulletForm makes one line "- " of each point. Lines that go on with a point are
// joined to it; headings are left out where there are points.
func bulletForm(text string) string {
	lines := strings.Split(text, "\n")
	marked := false
	for _, l := range lines {
		marked = marked || listMark(strings.TrimSpace(l)) > 0
	}
	var out []string
	open := false
	for _, l := range lines {
		l = strings.TrimSpace(l)
		n := listMark(l)
		switch {
		case l == "" || isDivider(l):
			open = false
		case n > 0:
			out, open = append(out, "- "+l[n:]), true
		case strings.HasPrefix(l, "#"):
			open = false
			if title := strings.TrimSpace(strings.TrimLeft(l, "#")); !marked && title != "" {
				out = append(out, "- "+title)
			}
		case open:
			out[len(out)-1] += " " + l
		default:
			out = append(out, "- "+l)
		}
	}
	return strings.Join(out, "\n")
}

// writtenJSON takes the marks out of the strings of a JSON value. All else stays
// as the model wrote it, the order of the properties too.
func writtenJSON(output string) written {
	var out strings.Builder
	w := written{}
	at := 0
	for _, s := range stringsIn(output) {
		out.WriteString(output[at:s.start])
		at = s.end
		var value string
		if s.key || json.Unmarshal([]byte(output[s.start:s.end]), &value) != nil {
			out.WriteString(output[s.start:s.end])
			continue
		}
		text, marks := stripMarks(value)
		for _, m := range marks {
			m.at = out.Len() + len(quoted(text[:m.at])) - 1
			w.marks = append(w.marks, m)
		}
		out.WriteString(quoted(text))
	}
	out.WriteString(output[at:])
	w.text = out.String()
	return w
}

// literal is a string of a JSON text, with its quotation marks; key when it names
// a property.
type literal struct {
	start, end int
	key        bool
}

// stringsIn returns the strings of a valid JSON text.
func stringsIn(text string) []literal {
	var out []literal
	for i := 0; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		start := i
		for i++; i < len(text) && text[i] != '"'; i++ {
			if text[i] == '\\' {
				i++
			}
		}
		end := min(i+1, len(text))
		out = append(out, literal{start: start, end: end, key: strings.HasPrefix(strings.TrimLeft(text[end:min(len(text), end+64)], " \t\r\n"), ":")})
	}
	return out
}

// claim is a sentence of a summary, in bytes of its text, and what it says that it
// rests on.
type claim struct {
	start, end int
	text       string  // as it reads, of the same length
	cited      []place // resolved marks
	marked     bool    // it has marks, resolved or not
	label      bool    // a title or the like: no sentence
}

// claims returns the sentences of the summary.
func (w written) claims(json bool, of func(number int) []place) []claim {
	var out []claim
	if json {
		out = jsonClaims(w.text)
	} else {
		x := Canonical(w.text)
		for _, s := range x.Sentences() {
			start, end := x.storedByte(s.Start), x.storedByte(s.End-1)+1
			out = append(out, claim{start: start, end: end, text: joinLines(w.text[start:end])})
		}
	}
	for _, m := range w.marks {
		i := claimOf(out, m)
		if i < 0 {
			continue
		}
		out[i].marked = true
		for _, number := range m.numbers {
			out[i].cited = append(out[i].cited, of(number)...)
		}
	}
	for i := range out {
		out[i].cited = mergePlaces(out[i].cited)
	}
	return out
}

// claimOf returns the sentence that a mark belongs to: the one that it stands in or
// behind, or before when it opens a line.
func claimOf(claims []claim, m mark) int {
	last := -1
	for i, c := range claims {
		if m.opens && c.end > m.at {
			return i
		}
		if c.start >= m.at {
			break
		}
		last = i
	}
	return last
}

// labelWords is the number of words under which a string without a full stop is a
// label and no sentence.
const labelWords = 12

func jsonClaims(text string) []claim {
	var out []claim
	for _, s := range stringsIn(text) {
		if s.key || s.end-s.start < 3 {
			continue
		}
		inner := readable(text[s.start+1 : s.end-1])
		for _, e := range sentenceEnds(inner) {
			from, to := trimSpace(inner, e[0], e[1])
			if from == to {
				continue
			}
			one := inner[from:to]
			c := claim{start: s.start + 1 + from, end: s.start + 1 + to, text: one}
			c.label = !finished(one) && wordCount(one) < labelWords
			out = append(out, c)
		}
	}
	return out
}

// readable replaces the escapes in a JSON string by as many bytes that read alike.
func readable(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	out := []byte(s)
	for i := 0; i+1 < len(out); i++ {
		if out[i] != '\\' {
			continue
		}
		out[i] = ' '
		if i++; out[i] == 'u' {
			for k := i; k < min(len(out), i+5); k++ {
				out[k] = ' '
			}
		} else if !strings.ContainsRune(`"\/`, rune(out[i])) {
			out[i] = ' '
		}
	}
	return string(out)
}

// codePoints counts code points up to offsets that come in order.
type codePoints struct {
	text   string
	at, cp int
}

func (c *codePoints) of(at int) int {
	if at < c.at {
		c.at, c.cp = 0, 0
	}
	c.cp += utf8.RuneCountInString(c.text[c.at:at])
	c.at = at
	return c.cp
}
