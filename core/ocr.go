package core

import (
	"context"
	"io"
)

// OCR recognizes the text of pages that are pictures of it. It is optional and
// asked only for pages in which an Extractor found no text.
type OCR interface {
	// Open returns an empty Scan, which the caller fills and closes. Where its bytes
	// are kept, and for how long, is the adapter's; after Close they are nowhere.
	// Open may be called concurrently; scans know nothing of each other.
	Open(ctx context.Context) (Scan, error)
}

// Scan is one file whose pages are to be recognized. It is used by one goroutine.
type Scan interface {
	// Write appends a piece of the file. It does not keep p.
	io.Writer
	// Recognize returns the text of those of the given pages, ascending and from 1,
	// on which there is any, in their order; a page that the file does not have is
	// left out. It is called once, when the file is whole. When ctx ends it returns
	// what is ready with the error of ctx, and so it does with any other error; for a
	// file that it cannot read CodeUnsupportedMedia.
	Recognize(ctx context.Context, pages []int) ([]PageText, error)
	// Close gives up what the scan keeps, also when nothing was recognized.
	io.Closer
}

// PageText is what was recognized on a page.
type PageText struct {
	Page     int    // from 1
	Markdown string // valid UTF-8 without NUL, not blank
}
