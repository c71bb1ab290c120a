package extract

import (
	"strings"
	"testing"
)

const docxStylesXML = `<w:styles xmlns:w="w">
<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="H2"><w:name w:val="heading 2"/><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="3"/></w:numPr></w:pPr></w:style>
<w:style w:styleId="Mine"><w:name w:val="Own heading"/><w:basedOn w:val="H1"/></w:style>
<w:style w:styleId="Pre"><w:name w:val="HTML Preformatted"/></w:style>
</w:styles>`

const docxNumberingXML = `<w:numbering xmlns:w="w">
<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%2)"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="decimal"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>
<w:num w:numId="4"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="6"/></w:lvlOverride></w:num>
</w:numbering>`

func wp(props, text string) string {
	return "<w:p><w:pPr>" + props + "</w:pPr>" + wr("", text) + "</w:p>"
}

func wr(props, text string) string {
	return `<w:r><w:rPr>` + props + `</w:rPr><w:t xml:space="preserve">` + text + "</w:t></w:r>"
}

func numbered(level, id string) string {
	return `<w:numPr><w:ilvl w:val="` + level + `"/><w:numId w:val="` + id + `"/></w:numPr>`
}

func TestDOCX_KeepsItsStructure(t *testing.T) {
	t.Parallel()
	body := wp(`<w:pStyle w:val="H1"/>`, "Harbor rules") + wp(`<w:pStyle w:val="H2"/>`, "Fees") + wp(`<w:pStyle w:val="H2"/>`, "Berths") + wp(`<w:pStyle w:val="Mine"/>`, "Annex") +
		wp(numbered("0", "2"), "moor") + wp(numbered("1", "2"), "at the pier") +
		wp("", "between") +
		wp(numbered("0", "1"), "first") + wp(numbered("1", "1"), "first part") + wp(numbered("1", "1"), "second part") + wp(numbered("0", "1"), "second") + wp(numbered("0", "4"), "sixth") +
		wp(`<w:pStyle w:val="Pre"/>`, "if a * b {") + wp(`<w:pStyle w:val="Pre"/>`, "}") +
		`<w:p>` + wr("<w:b/>", "Boats") + wr("", " of ") + wr("<w:i/>", "nine") + wr(`<w:rFonts w:ascii="Courier New"/>`, " ls -l") + wr("", " 2 * 3 and a*b &lt;b>") + `<w:hyperlink r:id="h">` + wr("", "the rules") + `</w:hyperlink></w:p>` +
		`<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK "https://fee.example/a b" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>` + wr("", "fees") + `<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`
	got := extractBytes(t, docxFile(t, body, zipPart{"word/styles.xml", docxStylesXML}, zipPart{"word/numbering.xml", docxNumberingXML}))
	if got.Title != "Harbor rules" || got.MediaType != typeDOCX {
		t.Errorf("got title %q, type %q", got.Title, got.MediaType)
	}
	mustHold(t, got.Markdown, "# Harbor rules\n\n## 4.1 Fees\n\n## 4.2 Berths\n\n# Annex\n", "- moor\n  - at the pier\n\nbetween\n\n",
		"1. first\n   - a) first part\n   - b) second part\n2. second\n6. sixth\n", "```\nif a * b {\n}\n```\n",
		"**Boats** of *nine* `ls -l` 2 * 3 and a\\*b \\<b>[the rules](https://port.example/rules)", "[fees](https://fee.example/a%20b)")
	mustLack(t, got.Markdown, "HYPERLINK")
}

func TestDOCX_ShowsWhatAReaderSees(t *testing.T) {
	t.Parallel()
	box := `<w:r><mc:AlternateContent><mc:Choice><w:drawing><wp:posOffset xmlns:wp="wp">3089910</wp:posOffset><wps:txbx><w:txbxContent>` + wp("", "In the box") + `</w:txbxContent></wps:txbx></w:drawing></mc:Choice>` +
		`<mc:Fallback><w:pict><v:textbox><w:txbxContent>` + wp("", "In the box") + `</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>`
	body := `<w:p>` + wr("", "The fee is ") + `<w:del>` + `<w:r><w:delText>five</w:delText></w:r></w:del><w:ins>` + wr("", "six") + `</w:ins><w:r><w:footnoteReference w:id="2"/></w:r>` + wr("", " euros") + wr("<w:vanish/>", "SECRET") + `</w:p>` +
		`<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>` + wr("", "Joined ") + `</w:p>` + wp("", "by a deleted mark") +
		`<w:p>` + wr("", "Beside") + box + `</w:p>` +
		`<w:moveFrom>` + wp("", "moved away") + `</w:moveFrom><w:moveTo>` + wp("", "moved here") + `</w:moveTo>` +
		`<w:sdt><w:sdtPr><w:alias w:val="no"/></w:sdtPr><w:sdtContent>` + wp("", "In a control") + `</w:sdtContent></w:sdt>` +
		wp("", "# no heading") + wp("", "1. no list")
	notes := `<w:footnotes xmlns:w="w"><w:footnote w:id="0">` + wp("", "separator") + `</w:footnote><w:footnote w:id="2">` + wp("", "Paid at noon.") + `</w:footnote></w:footnotes>`
	got := extractBytes(t, docxFile(t, body, zipPart{"word/footnotes.xml", notes},
		zipPart{"docProps/core.xml", `<cp:coreProperties xmlns:cp="cp" xmlns:dc="dc"><dc:title>Own title</dc:title></cp:coreProperties>`}))
	if got.Title != "Own title" {
		t.Errorf("got title %q, want that of the properties", got.Title)
	}
	mustHold(t, got.Markdown, "The fee is six euros[^1]\n", "[^1]: Paid at noon.", "Joined by a deleted mark\n", "Beside\n\nIn the box\n", "moved here", "In a control", `\# no heading`, `1\. no list`)
	mustLack(t, got.Markdown, "five", "SECRET", "3089910", "moved away", "separator")
	if n := strings.Count(got.Markdown, "In the box"); n != 1 {
		t.Errorf("got the text box %d times, want once", n)
	}
}

func TestDOCX_Tables(t *testing.T) {
	t.Parallel()
	tc := func(props, text string) string {
		return "<w:tc><w:tcPr>" + props + "</w:tcPr>" + wp("", text) + "</w:tc>"
	}
	body := `<w:tbl><w:tr>` + tc("", "Length") + tc(`<w:gridSpan w:val="2"/>`, "Fee") + `</w:tr><w:tr>` + tc(`<w:vMerge w:val="restart"/>`, "up to 9 m") + tc("", "5 | day") + tc("", "7") +
		`</w:tr><w:tr>` + tc("<w:vMerge/>", "hidden") + tc("", "6") + tc("", "") + `</w:tr><w:tr><w:trPr><w:del/></w:trPr>` + tc("", "deleted") + `</w:tr></w:tbl>` +
		`<w:tbl><w:tr>` + tc("", "A frame") + `</w:tr></w:tbl>`
	got := extractBytes(t, docxFile(t, body))
	mustHold(t, got.Markdown, "| Length | Fee | |\n| --- | --- | --- |\n| up to 9 m | 5 \\| day | 7 |\n| | 6 | |\n", "\n\nA frame\n")
	mustLack(t, got.Markdown, "hidden", "deleted", "| A frame")
}
