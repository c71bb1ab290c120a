package extract

import (
	"strconv"
	"strings"
)

// docxLists numbers the items of lists as Word does.
type docxLists struct {
	abstract map[string]map[int]docxLevel // by id of the definition, by level
	lists    map[string]docxList          // by numId
	counts   map[string]*[9]int           // by id of the definition: lists of one go on
	begun    map[string]bool              // numIds whose own start has been used
}

type docxList struct {
	abstract string
	starts   map[int]int
}

// docxLevel is one level of a list: how its number looks and where it starts.
type docxLevel struct {
	format, text string
	start        int
}

func newDocxLists(root *node) *docxLists {
	l := &docxLists{abstract: map[string]map[int]docxLevel{}, lists: map[string]docxList{}, counts: map[string]*[9]int{}, begun: map[string]bool{}}
	for _, a := range root.all("abstractNum") {
		levels := map[int]docxLevel{}
		for _, lvl := range a.all("lvl") {
			levels[lvl.number("ilvl", 0)] = docxLevel{
				format: lvl.child("numFmt").get("val"), text: lvl.child("lvlText").get("val"),
				start: lvl.child("start").number("val", 1),
			}
		}
		l.abstract[a.get("abstractNumId")] = levels
	}
	for _, n := range root.all("num") {
		list := docxList{abstract: n.child("abstractNumId").get("val"), starts: map[int]int{}}
		for _, o := range n.all("lvlOverride") {
			if s := o.child("startOverride"); s != nil {
				list.starts[o.number("ilvl", 0)] = s.number("val", 1)
			}
		}
		l.lists[n.get("numId")] = list
	}
	return l
}

// next returns the label and level of a paragraph that is an item of a list: "-"
// for a bullet, "" for an item without a mark.
func (l *docxLists) next(st docxStyle, props *node) (label string, level int, ok bool) {
	id, level := st.list, st.level
	if num := props.child("numPr"); num != nil {
		if v := num.child("numId"); v != nil {
			id = v.get("val")
		}
		level = num.child("ilvl").number("val", level)
	}
	list, known := l.lists[id]
	if id == "" || id == "0" || !known {
		return "", 0, false
	}
	level = min(level, 8)
	def := l.abstract[list.abstract][level]
	counts := l.count(id, list, level)
	switch def.format {
	case "bullet", "":
		return "-", level, true
	case "none":
		return "", level, true
	}
	return l.label(list, def.text, counts), level, true
}

// count steps a level's number and sets those below it back.
func (l *docxLists) count(id string, list docxList, level int) *[9]int {
	counts := l.counts[list.abstract]
	if counts == nil {
		counts = new([9]int)
		for i := range counts {
			counts[i] = -1
		}
		l.counts[list.abstract] = counts
	}
	if !l.begun[id] {
		l.begun[id] = true
		for i, start := range list.starts {
			if i < len(counts) {
				counts[i] = start - 1
			}
		}
	}
	if counts[level] < 0 {
		counts[level] = l.abstract[list.abstract][level].start - 1
	}
	counts[level]++
	for i := level + 1; i < len(counts); i++ {
		counts[i] = -1
	}
	return counts
}

// label fills the numbers into a text such as "%1.%2".
func (l *docxLists) label(list docxList, text string, counts *[9]int) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) || text[i+1] < '1' || text[i+1] > '9' {
			b.WriteByte(text[i])
			continue
		}
		i++
		level := int(text[i] - '1')
		def := l.abstract[list.abstract][level]
		n := counts[level]
		if n < 0 {
			n = def.start
		}
		b.WriteString(formatNumber(n, def.format))
	}
	return strings.TrimSpace(b.String())
}

// formatNumber writes a number in one of Word's formats.
func formatNumber(n int, format string) string {
	switch format {
	case "lowerLetter", "upperLetter":
		if n < 1 || n > 26*20 {
			break
		}
		s := strings.Repeat(string(rune('a'+(n-1)%26)), (n-1)/26+1)
		if format == "upperLetter" {
			s = strings.ToUpper(s)
		}
		return s
	case "lowerRoman":
		return strings.ToLower(roman(n))
	case "upperRoman":
		return roman(n)
	case "decimalZero":
		if n < 10 {
			return "0" + strconv.Itoa(n)
		}
	}
	return strconv.Itoa(n)
}

func roman(n int) string {
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	var b strings.Builder
	for _, d := range []struct {
		value int
		s     string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= d.value {
			b.WriteString(d.s)
			n -= d.value
		}
	}
	return b.String()
}
