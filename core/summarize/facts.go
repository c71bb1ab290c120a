package summarize

import (
	"fmt"
	"strings"
)

// Fact is what is said of a table, a listing or a heading in a document that
// has no sentences. Text is in the document's language where we know its words,
// else English; Start and End are the line that it rests on, in bytes of the
// canonical text.
type Fact struct {
	Text       string
	Start, End int
}

// maxFacts bounds the summary of a document of many tables.
const maxFacts = 12

type factWords struct{ table, columns, rows, code, lines string }

var factLanguages = map[string]factWords{
	"en": {"Table", "columns", "rows", "Code", "lines"},
	"de": {"Tabelle", "Spalten", "Zeilen", "Programmtext", "Zeilen"},
	"fr": {"Tableau", "colonnes", "lignes", "Code", "lignes"},
	"es": {"Tabla", "columnas", "filas", "Código", "líneas"},
	"it": {"Tabella", "colonne", "righe", "Codice", "righe"},
	"pt": {"Tabela", "colunas", "linhas", "Código", "linhas"},
	"nl": {"Tabel", "kolommen", "rijen", "Code", "regels"},
	"ru": {"Таблица", "столбцы", "строк", "Код", "строк"},
	"uk": {"Таблиця", "стовпці", "рядків", "Код", "рядків"},
	"ar": {"جدول", "الأعمدة", "الصفوف", "شفرة", "الأسطر"},
	"zh": {"表格", "列", "行数", "代码", "行数"},
	"ja": {"表", "列", "行数", "コード", "行数"},
}

// facts describes tables and listings under their headings; a document of
// headings alone is its headings.
func (t *Text) facts(lang string) []Fact {
	words, ok := factLanguages[lang]
	if !ok {
		words = factLanguages["en"]
	}
	var facts, headings []Fact
	for _, b := range t.Blocks() {
		var f Fact
		switch b.Kind {
		case Table:
			f = t.tableFact(b, words)
		case Code:
			f = t.codeFact(b, words)
		case Heading:
			headings = append(headings, Fact{Text: b.Title, Start: b.Start, End: b.End})
			continue
		default:
			continue
		}
		if n := len(b.HeadingPath); n > 0 {
			f.Text = b.HeadingPath[n-1] + ": " + f.Text
		}
		facts = append(facts, f)
	}
	if len(facts) == 0 {
		facts = headings
	}
	return facts[:min(len(facts), maxFacts)]
}

func (t *Text) codeFact(b Block, words factWords) Fact {
	text := t.canon[b.Start:b.End]
	lines := 0
	for l := range strings.SplitSeq(text, "\n") {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "```") && !strings.HasPrefix(l, "~~~") {
			lines++
		}
	}
	kind := words.code
	if b.Title != "" {
		kind += " (" + b.Title + ")"
	}
	return Fact{
		Text:  fmt.Sprintf("%s — %s: %d", kind, words.lines, lines),
		Start: b.Start, End: b.Start + firstLineLength(text),
	}
}

func (t *Text) tableFact(b Block, words factWords) Fact {
	text := t.canon[b.Start:b.End]
	columns, rows := tableShape(text)
	out := words.table
	if len(columns) > 0 {
		out += fmt.Sprintf(" — %s: %s", words.columns, strings.Join(columns, ", "))
	}
	return Fact{
		Text:  fmt.Sprintf("%s — %s: %d", out, words.rows, rows),
		Start: b.Start, End: b.Start + firstLineLength(text),
	}
}

func firstLineLength(text string) int {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return i
	}
	return len(text)
}

// tableShape returns a table's column names, from its first row, and how many
// rows follow.
func tableShape(text string) (columns []string, rows int) {
	if strings.HasPrefix(text, "<") {
		return nil, strings.Count(strings.ToLower(text), "<tr")
	}
	mark := "|"
	if !strings.Contains(text, "|") {
		for _, mark = range []string{"\t", ";", ","} {
			if strings.Contains(text, mark) {
				break
			}
		}
	}
	for l := range strings.SplitSeq(text, "\n") {
		l = strings.TrimSpace(l)
		if strings.Trim(l, "|+-:= ") == "" {
			continue
		}
		if columns == nil {
			columns = cells(l, mark)
			continue
		}
		rows++
	}
	return columns, rows
}

func cells(row, mark string) []string {
	columns := []string{}
	for c := range strings.SplitSeq(strings.Trim(row, mark), mark) {
		if c = strings.Trim(plainText(strings.TrimSpace(c)), `"`); c != "" {
			columns = append(columns, c)
		}
	}
	return columns
}
