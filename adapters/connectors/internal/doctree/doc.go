// Package doctree is the one document tree that every connector's reader builds,
// the one writer that makes Markdown of it, and the reader that makes a tree of
// Markdown that is to be published.
//
// The writer owns what is hard about Markdown: escaping, delimiters beside
// punctuation and scripts without spaces, spaces at the edges of marked text,
// neighbouring lists, fences, cells. Readers own what a vendor's format means.
package doctree
