package extract

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// zipPart is a file of an archive.
type zipPart struct{ name, text string }

func zipOf(t testing.TB, parts ...zipPart) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, p := range parts {
		f, err := w.Create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(p.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	officeRels  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	packageRels = "http://schemas.openxmlformats.org/package/2006/relationships/"
)

// rels returns a part with relations; each is "id kind target", and those to a
// URL are external.
func rels(name string, list ...string) zipPart {
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for _, r := range list {
		f := strings.Fields(r)
		mode, base := "", officeRels
		if strings.Contains(f[2], "://") {
			mode = ` TargetMode="External"`
		}
		if f[1] == "metadata/core-properties" {
			base = packageRels
		}
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s%s" Target="%s"%s/>`, f[0], base, f[1], f[2], mode)
	}
	return zipPart{name, b.String() + "</Relationships>"}
}

func officeFile(t testing.TB, main, contentType string, parts ...zipPart) []byte {
	types := `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/` + main + `" ContentType="` + contentType + `.main+xml"/></Types>`
	return zipOf(t, append([]zipPart{{"[Content_Types].xml", types}, rels("_rels/.rels", "rId1 officeDocument "+main, "rId2 metadata/core-properties docProps/core.xml")}, parts...)...)
}

// docxFile returns a Word file with a body, and with parts that may be left out.
func docxFile(t testing.TB, body string, parts ...zipPart) []byte {
	document := `<w:document xmlns:w="w" xmlns:r="r" xmlns:mc="mc" xmlns:wps="wps" xmlns:v="v"><w:body>` + body + `<w:sectPr/></w:body></w:document>`
	return officeFile(t, "word/document.xml", typeDOCX, append(parts, zipPart{"word/document.xml", document},
		rels("word/_rels/document.xml.rels", "s styles styles.xml", "n numbering numbering.xml", "f footnotes footnotes.xml", "h hyperlink https://port.example/rules"))...)
}

// pdfFile returns a PDF whose pages have the given contents. Fonts are F1, in bold
// F2, for Hebrew letters as the codes 1 to 27 F3, and for code F4.
func pdfFile(pages ...string) []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(text string) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(offsets), text)
	}
	stream := func(dict, data string) {
		object(fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data))
	}
	b.WriteString("%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 10+2*i)
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(pages)))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>")
	object("<< /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H /DescendantFonts [6 0 R] /ToUnicode 8 0 R >>")
	object("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 7 0 R /DW 600 >>")
	object("<< /Type /FontDescriptor /FontName /Any /Flags 4 /FontBBox [0 -200 600 800] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>")
	stream("", "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def\n"+
		"1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfrange <0001> <001b> <05d0> endbfrange endcmap end end")
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>")
	for _, content := range pages {
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R /F4 9 0 R >> >> >>", len(offsets)+2))
		stream("", content)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return b.Bytes()
}

// show draws a text at a place of a page.
func show(font string, size, x, y float64, text string) string {
	text = strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(text)
	return fmt.Sprintf("BT /%s %g Tf %g %g Td (%s) Tj ET\n", font, size, x, y, text)
}

// testExtractor is shared by tests, as loading the PDF engine takes long.
func testExtractor(t testing.TB) *Extractor {
	t.Helper()
	x := New(Config{TempDir: t.TempDir()})
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return x
}

// extractBytes extracts a file and checks that nothing of it stays on disk.
func extractBytes(t testing.TB, data []byte) *core.Extracted {
	t.Helper()
	x := testExtractor(t)
	got, err := x.Extract(t.Context(), core.File{Body: bytes.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	mustBeEmpty(t, x.cfg.TempDir)
	return got
}

func mustBeEmpty(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("%s was left in the temporary folder", e.Name())
	}
}

func mustHold(t testing.TB, md string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(md, w) {
			t.Errorf("got no %q in:\n%s", w, md)
		}
	}
}

func mustLack(t testing.TB, md string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(md, w) {
			t.Errorf("got %q in:\n%s", w, md)
		}
	}
}
