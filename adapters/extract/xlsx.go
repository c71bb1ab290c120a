package extract

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/docsctl/docsctl/core"
)

// convertXLSX writes the visible sheets of a workbook as tables of the values
// that its reader sees.
func convertXLSX(a *archive, file *spool, cfg Config) (*core.Extracted, error) {
	if err := a.measure(); err != nil {
		return nil, err
	}
	book, err := excelize.OpenReader(io.NewSectionReader(file, 0, file.size), excelize.Options{
		UnzipSizeLimit: a.left, UnzipXMLSizeLimit: a.left, // the same, so that nothing is unpacked to disk
	})
	switch {
	case a.ctx.Err() != nil:
		return nil, a.ctx.Err()
	case errors.Is(err, excelize.ErrWorkbookPassword), errors.Is(err, excelize.ErrWorkbookFileFormat):
		return nil, protected()
	case err != nil:
		return nil, damaged(err)
	}
	defer book.Close()
	md := &markdown{max: cfg.MaxText}
	sheets := book.GetSheetList()
	for _, name := range sheets {
		if visible, err := book.GetSheetVisible(name); err != nil || !visible {
			continue
		}
		rows, more, err := sheetRows(a, book, name, cfg)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			continue
		}
		md.heading(2, escapeInline(name))
		md.table(rows)
		if more > 0 {
			md.paragraph(moreRows(more))
		}
		if err := md.check(); err != nil {
			return nil, err
		}
	}
	title, err := a.coreTitle()
	if err != nil {
		return nil, err
	}
	if err := md.check(); err != nil {
		return nil, err
	}
	return &core.Extracted{Title: title, Markdown: md.text(), MediaType: typeXLSX}, nil // a sheet's name is no title
}

// moreRows says that a table was cut, so that no reader takes it for the whole.
func moreRows(n int) string { return fmt.Sprintf("… and %d more rows, which were left out.", n) }

// measure checks the sizes that the archive claims before a library unpacks it;
// archive/zip does not unpack more than is claimed.
func (a *archive) measure() error {
	total := uint64(0)
	for _, f := range a.zip.File {
		if f.UncompressedSize64 > uint64(a.left) {
			return tooExpanded()
		}
		if total += f.UncompressedSize64; total > uint64(a.left) {
			return tooExpanded()
		}
	}
	return nil
}

// sheetRows returns the rows of a sheet that have values, and how many of them
// are over the limit.
func sheetRows(a *archive, book *excelize.File, name string, cfg Config) (kept [][]string, more int, err error) {
	rows, err := book.Rows(name)
	if err != nil {
		return nil, 0, nil // a chart sheet, or one that is broken
	}
	defer rows.Close()
	size := 0
	for n := 0; rows.Next(); n++ {
		if n%256 == 0 && a.ctx.Err() != nil {
			return nil, 0, a.ctx.Err()
		}
		cells, err := rows.Columns()
		if err != nil {
			return nil, 0, damaged(err)
		}
		if isBlank(strings.Join(cells, "")) {
			continue
		}
		if len(kept) == cfg.MaxRows {
			more++
			continue
		}
		for i, c := range cells {
			cells[i] = escapeInline(c)
			size += len(cells[i])
		}
		if size > cfg.MaxText {
			return nil, 0, textTooLarge()
		}
		kept = append(kept, cells[:min(len(cells), maxColumns)])
	}
	return trimColumns(kept), more, nil
}

// trimColumns takes off the columns at the left that no row uses.
func trimColumns(rows [][]string) [][]string {
	first := maxColumns
	for _, row := range rows {
		for i, c := range row {
			if !isBlank(c) {
				first = min(first, i)
				break
			}
		}
	}
	for i, row := range rows {
		rows[i] = row[min(first, len(row)):]
	}
	return rows
}
