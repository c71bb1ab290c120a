package extract

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// delimiters are what the values of a line may be parted by.
const delimiters = ",;\t|"

// errNoTable means that a text has no rows of separated values.
var errNoTable = errors.New("text is no table")

// convertCSV returns a text of separated values as a table, or errNoTable when it
// is none.
func convertCSV(s string, cfg Config) (*core.Extracted, error) {
	comma := sniffDelimiter(s)
	if comma == 0 {
		return nil, errNoTable
	}
	r := csv.NewReader(strings.NewReader(s))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = comma, true, -1, true
	md := &markdown{max: cfg.MaxText}
	var rows [][]string
	more, size := 0, 0
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(errNoTable, err)
		}
		if len(rows) == cfg.MaxRows {
			more++
			continue
		}
		row := make([]string, 0, len(record))
		for _, field := range record[:min(len(record), maxColumns)] {
			field = escapeInline(field)
			size += len(field)
			row = append(row, field)
		}
		if size > cfg.MaxText {
			return nil, textTooLarge()
		}
		rows = append(rows, row)
	}
	md.table(rows)
	if more > 0 {
		md.paragraph(moreRows(more))
	}
	if err := md.check(); err != nil {
		return nil, err
	}
	return &core.Extracted{Markdown: md.text(), MediaType: typeCSV}, nil
}

// sniffLines is how many lines the delimiter is looked for in.
const sniffLines = 50

// sniffDelimiter returns the delimiter that parts most lines into the same number
// of values, at least two, or 0.
func sniffDelimiter(s string) rune {
	best, at := 0, rune(0)
	for _, d := range delimiters {
		r := csv.NewReader(strings.NewReader(s))
		r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = d, true, -1, true
		counts, lines := map[int]int{}, 0
		for ; lines < sniffLines; lines++ {
			record, err := r.Read()
			if err != nil {
				break
			}
			counts[len(record)]++
		}
		for width, n := range counts {
			if score := n * width; width > 1 && n*3 >= lines*2 && score > best {
				best, at = score, d
			}
		}
	}
	return at
}
