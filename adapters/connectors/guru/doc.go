// Package guru connects docsctl with Guru: cards become Markdown, summaries become
// the HTML of cards.
package guru
