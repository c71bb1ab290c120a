package extract

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/docsctl/docsctl/core"
)

func slideXML(shapes string) string {
	return `<p:sld xmlns:p="p" xmlns:a="a" xmlns:r="r"><p:cSld><p:spTree>` + shapes + `</p:spTree></p:cSld></p:sld>`
}

func shapeXML(placeholder, paragraphs string) string {
	return `<p:sp><p:nvSpPr><p:nvPr>` + placeholder + `</p:nvPr></p:nvSpPr><p:txBody>` + paragraphs + `</p:txBody></p:sp>`
}

func ap(props, text string) string {
	return `<a:p>` + props + `<a:r><a:t>` + text + `</a:t></a:r></a:p>`
}

func pptxFile(t testing.TB) []byte {
	return officeFile(t, "ppt/presentation.xml", typePPTX,
		zipPart{"ppt/presentation.xml", `<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst><p:sldId id="256" r:id="b"/><p:sldId id="257" r:id="a"/><p:sldId id="258" r:id="c"/></p:sldIdLst></p:presentation>`},
		rels("ppt/_rels/presentation.xml.rels", "a slide slides/slide1.xml", "b slide slides/slide2.xml", "c slide slides/slide3.xml"),
		zipPart{"ppt/slides/slide1.xml", slideXML(shapeXML("", ap("", "The second slide")) + `<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody>` + ap("", "Fee") + `</a:txBody></a:tc><a:tc><a:txBody>` + ap("", "5") + `</a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`)},
		zipPart{"ppt/slides/slide2.xml", slideXML(shapeXML(`<p:ph type="body"/>`, ap("", "moor")+ap(`<a:pPr lvl="1"/>`, "at the pier")+ap(`<a:pPr><a:buAutoNum type="arabicPeriod"/></a:pPr>`, "pay")) +
			shapeXML(`<p:ph type="title"/>`, ap("", "Harbor rules")) + shapeXML(`<p:ph type="sldNum"/>`, ap("", "17")))},
		zipPart{"ppt/slides/slide3.xml", slideXML("")},
		rels("ppt/slides/_rels/slide2.xml.rels", "n notesSlide ../notesSlides/notesSlide1.xml"),
		zipPart{"ppt/notesSlides/notesSlide1.xml", slideXML(shapeXML(`<p:ph type="body"/>`, ap("", "Say it slowly.")) + shapeXML(`<p:ph type="sldNum"/>`, ap("", "18")))})
}

func TestPPTX_KeepsSlidesInOrder(t *testing.T) {
	t.Parallel()
	got := extractBytes(t, pptxFile(t))
	if got.Title != "Harbor rules" || got.MediaType != typePPTX {
		t.Errorf("got title %q, type %q", got.Title, got.MediaType)
	}
	if want := "## Harbor rules\n\n- moor\n  - at the pier\n1. pay\n\nNotes: Say it slowly.\n\nThe second slide\n\n| Fee | 5 |\n| --- | --- |\n"; got.Markdown != want {
		t.Errorf("got %q, want %q", got.Markdown, want)
	}
	if rest := string([]rune(got.Markdown)[got.Pages.Starts[1]:]); !strings.HasPrefix(rest, "The second slide") {
		t.Errorf("got slide 2 starting with %.20q", rest)
	}
	if want := []int{3}; !slices.Equal(got.Pages.WithoutText, want) {
		t.Errorf("got slides without text %v, want %v", got.Pages.WithoutText, want)
	}
}

func xlsxFile(t testing.TB, rows int) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	percent, err := book.NewStyle(&excelize.Style{NumFmt: 9})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		book.SetSheetRow("Sheet1", "B2", &[]any{"Length", "Share"}), book.SetCellValue("Sheet1", "B3", "up to 9 | m"),
		book.SetCellValue("Sheet1", "C3", 0.25), book.SetCellStyle("Sheet1", "C3", "C3", percent),
		first2(book.NewSheet("Hidden")), book.SetCellValue("Hidden", "A1", "SECRET"), book.SetSheetVisible("Hidden", false),
		first2(book.NewSheet("More")), book.SetCellValue("More", "A1", true),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range rows {
		if err := book.SetCellValue("More", fmt.Sprintf("A%d", i+2), i); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func first2(_ int, err error) error { return err }

func TestXLSX_ShowsFormattedValues(t *testing.T) {
	t.Parallel()
	got := extractBytes(t, xlsxFile(t, 0))
	if want := "## Sheet1\n\n| Length | Share |\n| --- | --- |\n| up to 9 \\| m | 25% |\n\n## More\n\n| TRUE |\n| --- |\n"; got.Markdown != want {
		t.Errorf("got %q, want %q", got.Markdown, want)
	}
	if got.MediaType != typeXLSX || got.Title != "" {
		t.Errorf("got title %q, type %s", got.Title, got.MediaType)
	}
}

func TestXLSX_LongSheetsAreCut(t *testing.T) {
	t.Parallel()
	got, err := New(Config{MaxRows: 10}).Extract(t.Context(), core.File{Body: bytes.NewReader(xlsxFile(t, 30))})
	if err != nil {
		t.Fatal(err)
	}
	mustHold(t, got.Markdown, "| 8 |\n\n… and 21 more rows")
	mustLack(t, got.Markdown, "| 9 |")
}

func odtFile(t testing.TB, text string, parts ...zipPart) []byte {
	content := `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="tb" xmlns:draw="d" xmlns:xlink="x" xmlns:style="s" xmlns:fo="f"><office:automatic-styles>` +
		`<style:style style:name="T1"><style:text-properties fo:font-weight="bold"/></style:style>` +
		`<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1"/><text:list-level-style-bullet text:level="2"/></text:list-style>` +
		`</office:automatic-styles><office:body><office:text>` + text + `</office:text></office:body></office:document-content>`
	return zipOf(t, append([]zipPart{{"mimetype", typeODT}, {"content.xml", content},
		{"meta.xml", `<m><meta><dc:title xmlns:dc="dc">Port rules</dc:title></meta></m>`}}, parts...)...)
}

func TestODT_KeepsItsStructure(t *testing.T) {
	t.Parallel()
	got := extractBytes(t, odtFile(t, `<text:tracked-changes><text:changed-region><text:deletion><text:p>deleted</text:p></text:deletion></text:changed-region></text:tracked-changes>`+
		`<text:h text:outline-level="2">Fees</text:h>`+
		`<text:p>The <text:span text:style-name="T1">fee</text:span> is`+"\n   "+`six<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Paid at noon.</text:p></text:note-body></text:note> euros<text:s text:c="2"/>each, see <text:a xlink:href="https://port.example/">rules</text:a>.<office:annotation><text:p>a remark</text:p></office:annotation></text:p>`+
		`<text:list text:style-name="L1"><text:list-item><text:p>first</text:p><text:list><text:list-item><text:p>inner</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>second</text:p></text:list-item></text:list>`+
		`<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Length</text:p></table:table-cell><table:table-cell><text:p>Fee</text:p></table:table-cell></table:table-row></table:table-header-rows>`+
		`<table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>9</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>`+
		`<text:p text:style-name="Preformatted_20_Text">ls -l</text:p>`+
		`<text:p>Beside<draw:frame><draw:text-box><text:p>In the box</text:p></draw:text-box></draw:frame></text:p>`))
	if want := "## Fees\n\nThe **fee** is six euros  each, see [rules](https://port.example/).[^1]\n\n1. first\n   - inner\n2. second\n\n| Length | Fee |\n| --- | --- |\n| 9 | 9 |\n\n```\nls -l\n```\n\nBeside\n\nIn the box\n\n[^1]: Paid at noon.\n"; got.Markdown != want {
		t.Errorf("got %q, want %q", got.Markdown, want)
	}
	if got.Title != "Port rules" || got.MediaType != typeODT {
		t.Errorf("got title %q, type %q", got.Title, got.MediaType)
	}
}

func TestODT_ProtectedIsRefused(t *testing.T) {
	t.Parallel()
	file := odtFile(t, "<text:p>x</text:p>", zipPart{"META-INF/manifest.xml", `<m:manifest xmlns:m="m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>`})
	_, err := New(Config{}).Extract(t.Context(), core.File{Body: bytes.NewReader(file)})
	if core.CodeOf(err) != core.CodeUnsupportedMedia || !strings.Contains(core.AsError(err).Message, "password") {
		t.Errorf("got %v, want %s about its password", err, core.CodeUnsupportedMedia)
	}
}

func epubFile(t testing.TB, parts ...zipPart) []byte {
	return zipOf(t, append([]zipPart{{"mimetype", typeEPUB},
		{"META-INF/container.xml", `<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>`},
		{"OEBPS/book.opf", `<package><metadata><dc:title xmlns:dc="dc">The  harbor</dc:title></metadata><manifest><item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>` +
			`<item id="one" href="text/chapter%201.xhtml" media-type="application/xhtml+xml"/><item id="two" href="text/2.xhtml" media-type="application/xhtml+xml"/><item id="gone" href="gone.xhtml" media-type="application/xhtml+xml"/></manifest>` +
			`<spine><itemref idref="n"/><itemref idref="two"/><itemref idref="gone"/><itemref idref="one"/></spine></package>`},
		{"OEBPS/nav.xhtml", "<html><body>NAVIGATION</body></html>"},
		{"OEBPS/text/chapter 1.xhtml", `<?xml version="1.0" encoding="utf-8"?><html><head><title>x</title></head><body><h1>Second chapter</h1><p>See <a href="2.xhtml#a">before</a>.</p><img src="map.png" alt="map"/></body></html>`},
		{"OEBPS/text/2.xhtml", "<html><body><h1>First chapter</h1><p>Words.</p></body></html>"}}, parts...)...)
}

func TestEPUB_FollowsTheSpine(t *testing.T) {
	t.Parallel()
	got := extractBytes(t, epubFile(t))
	if want := "# First chapter\n\nWords.\n\n# Second chapter\n\nSee before.\n"; got.Markdown != want {
		t.Errorf("got %q, want %q", got.Markdown, want)
	}
	if got.Title != "The harbor" || got.MediaType != typeEPUB {
		t.Errorf("got title %q, type %q", got.Title, got.MediaType)
	}
}

func TestEPUB_Protection(t *testing.T) {
	t.Parallel()
	for alg, want := range map[string]core.Code{"http://www.idpf.org/2008/embedding": "", "http://www.w3.org/2001/04/xmlenc#aes128-cbc": core.CodeUnsupportedMedia} {
		file := epubFile(t, zipPart{"META-INF/encryption.xml", `<encryption><EncryptedData><EncryptionMethod Algorithm="` + alg + `"/></EncryptedData></encryption>`})
		_, err := New(Config{}).Extract(t.Context(), core.File{Body: bytes.NewReader(file)})
		if got := core.CodeOf(err); got != want {
			t.Errorf("%s: got %v, want %q", alg, err, want)
		}
	}
}
