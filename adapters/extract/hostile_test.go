package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// TestExtract_HostileFilesAreRefused holds files that take gigabytes or hours of a
// reader without bounds, and files that are broken.
func TestExtract_HostileFilesAreRefused(t *testing.T) {
	t.Parallel()
	const w = `<w:document xmlns:w="w"><w:body>`
	whole := docxFile(t, wp("", strings.Repeat("Words. ", 100)))
	noise := bytes.Clone(whole)
	for i := 200; i < len(noise)-400; i += 7 {
		noise[i] ^= 0x55
	}
	for name, tt := range map[string]struct {
		data []byte
		code core.Code
	}{
		"ZipBomb":            {bomb(t, "word/document.xml", w+`<w:p><w:r><w:t>`, 64<<20), core.CodePayloadTooLarge},
		"ZipBombInAPart":     {bomb(t, "word/styles.xml", "<s>", 64<<20), core.CodePayloadTooLarge},
		"SheetBomb":          {sheetBomb(t), core.CodePayloadTooLarge},
		"ManyEntries":        {manyEntries(t, maxEntries+1), core.CodePayloadTooLarge},
		"EntityBomb":         {docxWith(t, `<!DOCTYPE a [<!ENTITY b "words"><!ENTITY c "&b;&b;&b;">]>`+w+`<w:p><w:r><w:t>&c;</w:t></w:r></w:p></w:body></w:document>`), core.CodeUnsupportedMedia},
		"DeepElements":       {docxWith(t, w+strings.Repeat("<w:tbl><w:tr><w:tc>", 200_000)), core.CodeUnsupportedMedia},
		"Truncated":          {whole[:len(whole)/2], core.CodeUnsupportedMedia},
		"CutOffXML":          {docxWith(t, w+"<w:p><w:r><w:t>Words"), core.CodeUnsupportedMedia},
		"Noise":              {noise, core.CodeUnsupportedMedia},
		"EmptyArchive":       {zipOf(t), core.CodeUnsupportedMedia},
		"NoMainPart":         {officeFile(t, "word/gone.xml", typeDOCX), core.CodeUnsupportedMedia},
		"NestedArchive":      {zipOf(t, zipPart{"inner.zip", string(whole)}), core.CodeUnsupportedMedia},
		"OfficeWithPassword": {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"), core.CodeUnsupportedMedia},
		"DeepMail":           {[]byte(strings.Repeat("From: a\nMessage-ID: <1>\nTo: b\nContent-Type: message/rfc822\n\n", 5000)), core.CodeUnsupportedMedia},
		"ManyParts":          {[]byte("From: a\nMessage-ID: <1>\nTo: b\nContent-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n\na\n", 5000)), core.CodeUnsupportedMedia},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := testExtractor(t)
			begin := time.Now()
			_, err := x.Extract(t.Context(), core.File{Name: "a.docx", Body: bytes.NewReader(tt.data)})
			if got := core.CodeOf(err); got != tt.code {
				t.Errorf("got %v, want %s", err, tt.code)
			}
			if took := time.Since(begin); took > time.Minute {
				t.Errorf("got an answer after %v, want it soon", took)
			}
			mustBeEmpty(t, x.cfg.TempDir)
		})
	}
}

func TestExtract_TextOverTheLimitOfAnyKindIsTooLarge(t *testing.T) {
	t.Parallel()
	x := New(Config{MaxText: 2000})
	t.Cleanup(func() { _ = x.Close() })
	long := strings.Repeat("word ", 500)
	var lines strings.Builder
	for i := range 60 {
		lines.WriteString(show("F1", 10, 50, 740-12*float64(i), "Forty words or so in each of these lines."))
	}
	for name, data := range map[string][]byte{
		"docx": docxFile(t, wp("", long)), "odt": odtFile(t, "<text:p>"+long+"</text:p>"), "pdf": pdfFile(lines.String()), "xlsx": xlsxFile(t, 1000),
		"epub": epubFile(t, zipPart{"OEBPS/gone.xhtml", "<html><p>" + long + "</p></html>"}), "mail": []byte(mailHead + "\r\n" + long),
	} {
		_, err := x.Extract(t.Context(), core.File{Body: bytes.NewReader(data)})
		if e := core.AsError(err); core.CodeOf(err) != core.CodePayloadTooLarge || !strings.Contains(e.Message, "text in the file") {
			t.Errorf("%s: got %v, want %s", name, err, core.CodePayloadTooLarge)
		}
	}
}

// TestExtract_AwkwardTextIsFast holds texts on which a quadratic step takes minutes.
func TestExtract_AwkwardTextIsFast(t *testing.T) {
	t.Parallel()
	x := New(Config{MaxExpansion: 10_000})
	t.Cleanup(func() { _ = x.Close() })
	spans := "<w:tbl><w:tr>" + strings.Repeat(`<w:tc><w:tcPr><w:gridSpan w:val="256"/></w:tcPr><w:p/></w:tc>`, 50_000) + "</w:tr></w:tbl>"
	for name, data := range map[string][]byte{
		"Brackets":     docxFile(t, wp("", strings.Repeat("[", 2<<20))),
		"Spans":        docxFile(t, wp("", "word")+spans),
		"OneParagraph": pdfFile("BT /F1 1 Tf 10 790 Td 1 TL " + strings.Repeat("(words of a line that never ends and goes on) Tj T*\n", 20_000) + "ET"),
		"Gaps":         pdfFile(strings.Repeat(show("F1", 4, 10, 700, "left")+show("F1", 4, 300, 700, "right"), 3000)),
		"Marks":        pdfFile("BT /F3 1 Tf 10 700 Td <" + strings.Repeat("00010002", 10_000) + "> Tj ET"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Not a measure: work that grows with the square would take many minutes.
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			if _, err := x.Extract(ctx, core.File{Body: bytes.NewReader(data)}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestExtract_DepthIsConfigurable(t *testing.T) {
	t.Parallel()
	nested := docxFile(t, strings.Repeat("<w:tbl><w:tr><w:tc>", 10)+wp("", "Words.")+strings.Repeat("</w:tc></w:tr></w:tbl>", 10))
	for depth, want := range map[int]core.Code{20: core.CodeUnsupportedMedia, 60: ""} {
		_, err := New(Config{MaxDepth: depth}).Extract(t.Context(), core.File{Body: bytes.NewReader(nested)})
		if got := core.CodeOf(err); got != want {
			t.Errorf("depth %d: got %v, want %q", depth, err, want)
		}
	}
}

func docxWith(t testing.TB, document string) []byte {
	return officeFile(t, "word/document.xml", typeDOCX, zipPart{"word/document.xml", document}, rels("word/_rels/document.xml.rels", "s styles styles.xml"))
}

// bomb returns a Word file of a few kilobytes with a part that unpacks to size.
func bomb(t testing.TB, name, start string, size int) []byte {
	document := zipPart{"word/document.xml", "<w:document xmlns:w=\"w\"><w:body/></w:document>"}
	long := zipPart{name, start + strings.Repeat(" ", size)}
	parts := []zipPart{long, rels("word/_rels/document.xml.rels", "s styles styles.xml")}
	if name != document.name {
		parts = append(parts, document)
	}
	return officeFile(t, "word/document.xml", typeDOCX, parts...)
}

func sheetBomb(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	r, err := zip.NewReader(bytes.NewReader(xlsxFile(t, 0)), int64(len(xlsxFile(t, 0))))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if f.Name == "xl/worksheets/sheet1.xml" {
			continue
		}
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, `<worksheet><sheetData><row><c t="inlineStr"><is><t>`+strings.Repeat("a", 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func manyEntries(t testing.TB, n int) []byte {
	parts := make([]zipPart, n)
	for i := range parts {
		parts[i].name = fmt.Sprint(i)
	}
	return zipOf(t, parts...)
}

func TestExtract_LargeFilesGoToDiskAndLeaveIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x := New(Config{TempDir: dir, MaxBytes: 16 << 20})
	seen := 0
	watch := readerFunc(func(p []byte) (int, error) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return 0, err
		}
		seen = max(seen, len(entries))
		return copy(p, bytes.Repeat([]byte("words of a text.\n"), 4096)), nil
	})
	for name, tt := range map[string]struct {
		body io.Reader
		want core.Code
	}{
		"Whole":     {io.LimitReader(watch, 8<<20), ""},
		"OverLimit": {watch, core.CodePayloadTooLarge},
		"Broken":    {io.MultiReader(io.LimitReader(watch, 8<<20), readerFunc(func([]byte) (int, error) { return 0, errors.New("the line broke") })), core.CodeInternal},
	} {
		_, err := x.Extract(t.Context(), core.File{Body: tt.body})
		if got := core.CodeOf(err); got != tt.want {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		mustBeEmpty(t, dir)
	}
	if seen > 1 {
		t.Errorf("got %d temporary files at once, want one at most", seen)
	}
}

func TestExtract_WithoutATemporaryFolderIsUnavailable(t *testing.T) {
	t.Parallel()
	x := New(Config{TempDir: "/nowhere/at/all"})
	_, err := x.Extract(t.Context(), core.File{Body: strings.NewReader(strings.Repeat("words\n", 1<<20))})
	if got := core.CodeOf(err); got != core.CodeUnavailable {
		t.Errorf("got %v, want %s", err, core.CodeUnavailable)
	}
}

func TestExtract_OfficeFilesEndWithTheirContext(t *testing.T) {
	t.Parallel()
	long := docxFile(t, strings.Repeat(wp("", "Some words, and more of them."), 60_000))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := testExtractor(t).Extract(ctx, core.File{Body: bytes.NewReader(long)})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("got an end after %v, want it soon", took)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
