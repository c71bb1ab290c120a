// Package render is a core.Renderer: it writes summaries as Markdown, HTML, Word
// documents and JSON, with their citations as footnotes. HTML and Word are made of
// the Markdown, so all three say the same.
package render
