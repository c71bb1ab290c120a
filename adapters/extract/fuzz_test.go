package extract

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/docsctl/docsctl/core"
)

// The fuzz targets of the formats that are archives change their parts and not
// the archive: few changed archives have anything in them. FuzzArchive is theirs.

func FuzzDOCX(f *testing.F) {
	f.Add(wp("", "Words")+`<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="3"/></w:tcPr>`+wp("", "a")+`</w:tc></w:tr></w:tbl>`, docxStylesXML, docxNumberingXML)
	f.Add(wp(numbered("0", "1"), "a")+wp(numbered("1", "4"), "b")+`<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>HYPERLINK "http://a"</w:instrText><w:fldChar w:fldCharType="separate"/><w:t>x</w:t></w:r></w:p>`, docxStylesXML, docxNumberingXML)
	f.Add(`<w:p><w:r><w:sym w:char="41"/><w:footnoteReference w:id="1"/></w:r><w:ins><w:r><w:t>*_[a](b)`+"`"+`</w:t></w:r></w:ins></w:p>`, `<w:styles><w:style w:styleId="A"><w:basedOn w:val="A"/></w:style></w:styles>`, "<a/>")
	f.Fuzz(func(t *testing.T, body, styles, numbering string) {
		mustBeSound(t, fuzzed, docxFile(t, body, zipPart{"word/styles.xml", styles}, zipPart{"word/numbering.xml", numbering},
			zipPart{"word/footnotes.xml", `<w:footnotes><w:footnote w:id="1">` + body + `</w:footnote></w:footnotes>`}))
	})
}

func FuzzPPTX(f *testing.F) {
	f.Add(shapeXML(`<p:ph type="title"/>`, ap("", "Title"))+shapeXML(`<p:ph/>`, ap(`<a:pPr lvl="7"/>`, "a")), "a slide slides/slide1.xml")
	f.Add(`<p:grpSp>`+shapeXML("", ap(`<a:pPr><a:buAutoNum startAt="5"/></a:pPr>`, "a"))+`</p:grpSp><p:graphicFrame><a:tbl><a:tr><a:tc/></a:tr></a:tbl></p:graphicFrame>`, "a slide slides/slide1.xml")
	f.Fuzz(func(t *testing.T, shapes, rel string) {
		if len(strings.Fields(rel)) != 3 {
			t.Skip("no relation")
		}
		mustBeSound(t, fuzzed, officeFile(t, "ppt/presentation.xml", typePPTX, rels("ppt/_rels/presentation.xml.rels", rel),
			zipPart{"ppt/presentation.xml", `<p:presentation xmlns:r="r"><p:sldIdLst><p:sldId r:id="a"/></p:sldIdLst></p:presentation>`}, zipPart{"ppt/slides/slide1.xml", slideXML(shapes)}))
	})
}

func FuzzXLSX(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="XFD1"><v>1.5</v></c></row>`, `<si><r><t>a</t></r><rPh sb="0" eb="1"><t>b</t></rPh></si>`)
	f.Add(`<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>_x0000_</t></is></c></row>`, `<si><t>a</t></si>`)
	f.Add(`<row><c t="s"><v>-1</v></c></row><row r="1"><c r="A1" s="99"><f>1+1</f><v>2</v></c></row>`, ``)
	f.Fuzz(func(t *testing.T, rows, shared string) {
		mustBeSound(t, fuzzed, officeFile(t, "xl/workbook.xml", typeXLSX,
			zipPart{"xl/workbook.xml", `<workbook xmlns:r="` + strings.TrimSuffix(officeRels, "/") + `"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>`},
			rels("xl/_rels/workbook.xml.rels", "a worksheet worksheets/sheet1.xml", "b sharedStrings sharedStrings.xml"),
			zipPart{"xl/worksheets/sheet1.xml", `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`}, zipPart{"xl/sharedStrings.xml", `<sst>` + shared + `</sst>`}))
	})
}

func FuzzODT(f *testing.F) {
	f.Add(`<text:h text:outline-level="9">a</text:h><text:list text:style-name="L1"><text:list-item text:start-value="7"><text:p>b</text:p></text:list-item></text:list>`)
	f.Add(`<table:table><table:table-row><table:table-cell table:number-columns-repeated="99999"><text:p>a<text:s text:c="99999"/><text:note><text:note-body><text:p>b</text:p></text:note-body></text:note></text:p></table:table-cell></table:table-row></table:table>`)
	f.Fuzz(func(t *testing.T, text string) { mustBeSound(t, fuzzed, odtFile(t, text)) })
}

func FuzzEPUB(f *testing.F) {
	f.Add(`<package><manifest><item id="a" href="a.xhtml" media-type="text/html"/></manifest><spine><itemref idref="a"/><itemref idref="a"/></spine></package>`, `<html><body><h1>a</h1></body></html>`)
	f.Fuzz(func(t *testing.T, book, chapter string) {
		mustBeSound(t, fuzzed, zipOf(t, zipPart{"mimetype", typeEPUB}, zipPart{"META-INF/container.xml", `<c><rootfiles><rootfile full-path="b.opf"/></rootfiles></c>`}, zipPart{"b.opf", book}, zipPart{"a.xhtml", chapter}))
	})
}

func FuzzArchive(f *testing.F) {
	for _, data := range [][]byte{docxFile(f, wp("", "a")), pptxFile(f), odtFile(f, "<text:p>a</text:p>"), epubFile(f), []byte("PK\x05\x06")} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { mustBeSound(t, fuzzed, data) })
}

func FuzzPDF(f *testing.F) {
	f.Add(show("F2", 20, 50, 700, "A title") + paragraphAt(50, 600, "Words and well-", "known words.", "- an item", "1. another"))
	f.Add("BT /F3 12 Tf 300 700 Td <000200010005> Tj ET\n" + show("F1", 12, 270, 700, "42 (a)") + show("F1", 8, 90, 700, "a") + show("F1", 8, 390, 700, "b"))
	f.Add("BT /F1 0 Tf 1e30 0 0 -1e30 NaN 5 Tm (a) Tj ET 1 0 0 1 nan nan cm BT /F1 1e9 Tf (\\000\\377) Tj ET")
	x := New(Config{MaxPages: 20, MaxText: 1 << 20})
	f.Cleanup(func() { _ = x.Close() })
	f.Fuzz(func(t *testing.T, content string) { mustBeSound(t, x, pdfFile(content, "", content)) })
}

func FuzzPDFFile(f *testing.F) {
	f.Add(pdfFile(show("F1", 10, 50, 700, "Words")))
	f.Add([]byte("%PDF-1.7\ntrailer<</Root 1 0 R>>"))
	x := New(Config{MaxPages: 20, MaxText: 1 << 20})
	f.Cleanup(func() { _ = x.Close() })
	f.Fuzz(func(t *testing.T, data []byte) { mustBeSound(t, x, append([]byte("%PDF-1.4\n"), data...)) })
}

func FuzzMail(f *testing.F) {
	f.Add([]byte(mailHead + "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nWords\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>x\r\n--a--\r\n"))
	f.Add([]byte(mailHead + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nRnJvbTogYQ0KDQphYg=="))
	f.Fuzz(func(t *testing.T, data []byte) { mustBeSound(t, fuzzed, data) })
}

func FuzzCSV(f *testing.F) {
	f.Add("a,b\n1,2\n")
	f.Add("a;\"b\n;c\"\n\xff;2\n")
	f.Fuzz(func(t *testing.T, s string) {
		_, err := fuzzed.Extract(context.Background(), core.File{Name: "a.csv", Body: strings.NewReader(s)})
		mustBeOurs(t, err)
	})
}

// fuzzed has limits that let no input take long.
var fuzzed = New(Config{MaxBytes: 1 << 20, MaxText: 1 << 20, MaxUnzipped: 4 << 20})

// mustBeSound checks what holds for all bytes: a result is text of one of our
// types with its pages in it, an error is one of the port's, nothing panics.
func mustBeSound(t *testing.T, x *Extractor, data []byte) {
	got, err := x.Extract(context.Background(), core.File{Body: bytes.NewReader(data)})
	if err != nil {
		mustBeOurs(t, err)
		return
	}
	if text := got.Markdown + got.Title; !utf8.ValidString(text) || strings.ContainsRune(text, 0) || isBlank(got.Markdown) {
		t.Errorf("got title %q, text %q: no text", got.Title, got.Markdown)
	}
	if !slices.Contains([]string{typeHTML, typeMarkdown, typePlain, typeCSV, typeMail, typePDF, typeEPUB, typeODT, typeDOCX, typePPTX, typeXLSX}, got.MediaType) {
		t.Errorf("got type %q", got.MediaType)
	}
	checkPages(t, got)
}

func mustBeOurs(t *testing.T, err error) {
	switch core.CodeOf(err) {
	case "", core.CodeUnsupportedMedia, core.CodeValidation, core.CodePayloadTooLarge:
	default:
		t.Errorf("got %v, want an error of the port", err)
	}
}
