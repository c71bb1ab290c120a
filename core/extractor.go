package core

import (
	"context"
	"fmt"
	"io"
)

// File is a file as it came in. Its name and media type are the sender's claims
// and only hints: the type is decided by content.
type File struct {
	Name      string // base name; may be empty
	MediaType string // as declared, with its charset parameter; may be empty
	SourceURL string // where it was read from; may be empty
	Body      io.Reader
}

// Extracted is the readable text of a file.
type Extracted struct {
	Title     string // the file's own title; empty when it has none
	Markdown  string // valid UTF-8 without NUL
	MediaType string // as decided by content, without parameters
	Pages     Pages
}

// Extractor turns files into Markdown text.
type Extractor interface {
	// Extract reads f to its end and returns its text, Unicode kept as it is.
	// It returns CodeUnsupportedMedia for a file that has no readable text or is
	// of an unknown kind, with NoText as its cause when the file has pages, CodePayloadTooLarge for one over the extractor's limit,
	// and CodeValidation (field "file") for an empty one. A read error of f.Body
	// is returned as it is. Extract may be called concurrently; it keeps nothing.
	Extract(ctx context.Context, f File) (*Extracted, error)
}

// NoText is the cause of an Extractor's refusal of a file that has pages and no
// text on any, as a scan has.
type NoText struct {
	MediaType string `json:"media_type"` // as decided by content, without parameters
	Pages     int    `json:"pages"`      // how many
}

// Error says it for logs.
func (e *NoText) Error() string { return fmt.Sprintf("none of %d pages has text", e.Pages) }

// Fetcher reads a document from the web.
type Fetcher interface {
	// Fetch gets an http or https URL and follows redirects. The caller closes
	// the body. It returns CodeValidation (field "url") for what is no such URL,
	// CodeIntegration when the server cannot be reached or does not answer 200,
	// and CodeValidation with constraint "public_address" when the address that
	// would be dialled, also after a redirect, is not public.
	Fetch(ctx context.Context, url string) (*FetchedFile, error)
}

// FetchedFile is a File whose Body is open.
type FetchedFile struct {
	File
	Close func() error
}
