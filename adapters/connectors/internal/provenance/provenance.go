// Package provenance keeps apart, in a page of somebody else's, what docsctl wrote
// and what people wrote. What docsctl writes ends with a footer that says where it
// comes from and how much of the page it is, with a checksum, so that the part is
// found again and a change inside it is seen.
package provenance

import "time"

// Publication is a text that is put into a page.
type Publication struct {
	// Markdown is the summary, its citations as footnotes.
	Markdown string
	// Footer ends it.
	Footer Footer
	// Last is the Markdown that was published there before, for the diff that a
	// conflict shows; "" when it is not known.
	Last string
	// Retry says that an earlier attempt may have written a part of it.
	Retry bool
}

// Footer says where a published text comes from.
type Footer struct {
	// Key names the publication among others in one page. It stays the same over all
	// updates: letters, digits and hyphens, at most 64.
	Key string
	// Source is the document's title, URL its address or "".
	Source, URL string
	// Version is the document's version that was summarized.
	Version int
	// At is when the summary was made.
	At time.Time
}

// State says what publishing finds in a page and does to it.
type State string

// The states of a page.
const (
	// Created: the page has no part of ours yet; one is added at its end.
	Created State = "created"
	// Unchanged: our part is there and says the same already; nothing is to be written.
	Unchanged State = "unchanged"
	// Updated: our part is there as we left it; it is replaced.
	Updated State = "updated"
	// Conflict: our part, or its footer, was changed by somebody else; nothing may be written.
	Conflict State = "conflict"
)

// Outcome is what publishing does to a page.
type Outcome struct {
	State State
	// Diff is a unified diff, in Markdown: of Updated and Created from our part as it
	// is to the new one; of Conflict from what was last published to what is there
	// now. "" for Unchanged.
	Diff string
}
