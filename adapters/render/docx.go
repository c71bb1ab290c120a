package render

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/text"

	"github.com/docsctl/docsctl/core"
)

// docx writes a Word document (ECMA-376): the parts that every reader wants, real
// footnotes among them, and no more.
func (r *Renderer) docx(in core.RenderRequest) ([]byte, error) {
	source := []byte(markdownOf(in))
	w := newDocxWriter(source, rightToLeft(in.Summary.Language))
	w.blocks(r.markdown.Parser().Parse(text.NewReader(source)), paragraph{})
	parts := []struct{ name, content string }{
		{"[Content_Types].xml", docxTypes},
		{"_rels/.rels", docxRoot},
		{"docProps/core.xml", docxProperties(in)},
		{"word/document.xml", xmlHead + `<w:document ` + namespaces + `><w:body>` + w.body.String() + `<w:sectPr/></w:body></w:document>`},
		{"word/footnotes.xml", w.footnotes()},
		{"word/styles.xml", docxStyles},
		{"word/numbering.xml", w.numbering()},
		{"word/_rels/document.xml.rels", w.relations()},
	}
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for _, p := range parts {
		part, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate}) // without a time: the same bytes each time
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", p.name, err)
		}
		if _, err := part.Write([]byte(p.content)); err != nil {
			return nil, fmt.Errorf("write %s: %w", p.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("write the document: %w", err)
	}
	return file.Bytes(), nil
}

// rightToLeft reports whether a language is written so.
func rightToLeft(language string) bool {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	switch primary {
	case "ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "dv":
		return true
	}
	return false
}

const (
	xmlHead    = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	namespaces = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relTypes   = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
)

//go:embed docx_styles.xml
var docxStyles string

const docxTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
	`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
	`<Default Extension="xml" ContentType="application/xml"/>` +
	`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
	`<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"/>` +
	`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
	`<Override PartName="/word/numbering.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml"/>` +
	`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`

const docxRoot = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
	`<Relationship Id="rId1" Type="` + relTypes + `officeDocument" Target="word/document.xml"/>` +
	`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`

func docxProperties(in core.RenderRequest) string {
	return xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" ` +
		`xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>` + xmlText(in.Title) + `</dc:title><dc:language>` + xmlText(in.Summary.Language) + `</dc:language>` +
		`<dcterms:created xsi:type="dcterms:W3CDTF">` + in.Summary.UpdatedAt.UTC().Format("2006-01-02T15:04:05Z") + `</dcterms:created></cp:coreProperties>`
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(sound(s))) // a strings.Builder takes everything
	return b.String()
}
