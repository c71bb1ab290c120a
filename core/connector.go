package core

import (
	"context"
	"encoding/json"
	"time"
)

// Connector speaks to one vendor's API: it reads the vendor's items as Markdown and
// writes summaries into it. Decorators (breaker, rate, metrics) are Connectors too.
// It holds no state of a tenant; every call brings its Access. Its methods may be
// called concurrently, keep nothing of their arguments, and return ctx's error soon
// after ctx ends.
//
// What goes wrong on the vendor's side is an *Error of CodeIntegration, or of
// CodeUnavailable when the vendor could not be reached or the breaker of its host is
// open; its Details are UpstreamDetails with a Reason and What happened, its RetryAfter is the vendor's
// own wish. Its message names neither a token nor what an item says.
type Connector interface {
	// Capabilities says what it can do. It does no I/O.
	Capabilities() ConnectorCapabilities
	// Authorizer returns the connector's OAuth2 side, nil when the installation has
	// no client of this vendor. It does no I/O.
	Authorizer() Authorizer
	// Verify proves a's token with a real call and says what can be seen with it.
	// Config is a's with what was found out, such as a site's id; it is what later
	// calls are to be made with. With a token of OAuth2 its CloudID or Workspace names whose
	// content it opens: every token for the same content has the same, and none for
	// another. A token that is refused is ReasonToken; a site that
	// is not there, or is another product, is ReasonRefused.
	Verify(ctx context.Context, a Access) (*Verified, error)
	// List returns one page of the items that can be read. All pages of a listing
	// together name every item of its scope once, or more than once where the vendor
	// repeats itself; an item that changes meanwhile is not lost. With a Since it
	// names at least those that were edited, archived or put into the trash at that
	// time or later, where the vendor can tell (ListsRemoved). List calls the vendor
	// at most a few times: it returns a page without items and with a Next rather
	// than looking for the next item. A cursor that the vendor repeats, or a page
	// that is said to follow and has no cursor, is ReasonBroken, never the listing's
	// end. A part that may not be listed (403, 404) makes the listing Incomplete and
	// does not end it; any other failure is an error, and the same cursor can be
	// asked for again.
	List(ctx context.Context, a Access, r ListRequest) (*ListPage, error)
	// Fetch returns an item as it is now, as Markdown. listed is what List said of
	// it, or nil; its Body spares a call. An archived item, or one in the trash, is
	// returned with that State and perhaps without Markdown, and is no error. An item
	// that the vendor says does not exist or is not shared is ReasonGone; one that
	// may not be read is ReasonForbidden; a token that no longer works is never
	// either of them, but ReasonToken, even where the vendor answers 404 for it. An
	// item of more than 20 MB is CodePayloadTooLarge.
	Fetch(ctx context.Context, a Access, id string, listed *Item) (*Fetched, error)
	// Publish puts p into a page: a new one below p.Parent, or p.RemoteID. Of a page
	// that exists only the part is written that p.Key names; all else stays byte for
	// byte. When our part says what p says already it is OutcomeUnchanged and nothing
	// was written. When somebody changed our part since, nothing is written and it is
	// OutcomeConflict. The vendor's own version conflicts are met by reading again.
	//
	// A new page is made first and empty, then created is called with its id, and
	// only when it has returned nil is anything else written; its error is returned.
	// A listing names the page by the same id. With p.Retry an earlier call may have made the page, or a part of its content,
	// without anybody knowing: it is looked for, by key, before one is made. With
	// p.DryRun nothing is written, created is not called, and the answer is what
	// would be done. A page that is gone or in the trash is ReasonGone.
	Publish(ctx context.Context, a Access, p Publication, created func(ctx context.Context, p RemotePage) error) (*Published, error)
}

// Authorizer is a vendor's OAuth2: authorization code with PKCE where the vendor has
// it, refresh tokens that may rotate. Its errors are those of a Connector.
type Authorizer interface {
	// AuthorizeURL returns where the user is sent to agree. It does no I/O.
	AuthorizeURL(r AuthorizeRequest) string
	// Exchange makes tokens of the code that the vendor sent back. A code that is
	// used, expired or of another verifier is ReasonRefused.
	Exchange(ctx context.Context, r ExchangeRequest) (*Grant, error)
	// Refresh makes new tokens of a's refresh token. The old ones must be taken to
	// be dead as soon as it has been called. A refresh token that was revoked or has
	// expired is ReasonToken.
	Refresh(ctx context.Context, a Access) (*Grant, error)
	// Revoke tells the vendor to forget a's tokens; a vendor that cannot be told is
	// no error.
	Revoke(ctx context.Context, a Access) error
}

// Connectors has the connector of each vendor that the installation knows.
type Connectors map[IntegrationType]Connector

// Access is what a call to a vendor is made with.
type Access struct {
	Tenant       Tenant // whose rate and breaker it counts against
	Integration  IntegrationID
	AuthType     AuthType
	Config       IntegrationConfig
	Token        Secret
	RefreshToken Secret
}

// ConnectorCapabilities says what a connector can do.
type ConnectorCapabilities struct {
	Name         string        // of the vendor, for people: "Notion"
	AuthTypes    []AuthType    // that it takes
	Permissions  []Permission  // that a token needs, for the form
	Incremental  bool          // List knows Since
	ListsRemoved bool          // a List with Since names archived items and those in the trash
	Publishes    bool          // Publish works; else it is CodeValidation
	NeedsParent  bool          // a new page has no place of its own: without a Parent it is ReasonGone
	Search       bool          // List knows Query
	EditGrain    time.Duration // to which an Item's Version and LastEdited are rounded: an edit within it may not show
	Host         string        // that its calls go to; "": the integration's base URL decides
}

// Permission is one that the vendor's settings name.
type Permission struct {
	Name     string `json:"name"`     // as the vendor writes it
	Purpose  string `json:"purpose"`  // what docsctl does with it
	Required bool   `json:"required"` // else only publishing needs it
}

// Verified is what a token was found to be good for.
type Verified struct {
	Account string         // whose it is, as the vendor names them
	Visible []VisibleCount // what it lets see, largest kind first; counted up to a bound
	Missing []Permission   // those that it does not have, as far as the vendor tells
	Unseen  []string       // the config's spaces that it does not let see
	Config  IntegrationConfig
}

// VisibleCount is how many things of a kind are visible.
type VisibleCount struct {
	Kind    string `json:"kind"` // plural, for people: "spaces", "pages"
	Count   int    `json:"count"`
	AtLeast bool   `json:"at_least"` // counting ended there
}

// ListRequest asks for one page of a listing.
type ListRequest struct {
	Cursor string    // a page's Next; "": the first page
	Since  time.Time // zero: all
	Query  string    // "": all; else items whose title matches, as the vendor matches
	Limit  int       // items a page at most, as a hint; 0: the vendor's most
}

// ListPage is one page of a listing.
type ListPage struct {
	Items []Item
	Next  string // the cursor of the next page; "": this was the last
	// Incomplete says why something of the scope may be missing, in a sentence; "" while
	// nothing is. Absence from a listing of which one page was incomplete means nothing.
	Incomplete string
}

// ItemKind is what an item is on the vendor's side.
type ItemKind string

// The kinds of items.
const (
	ItemPage ItemKind = "page"
	ItemRow  ItemKind = "row" // of a database
	ItemPost ItemKind = "post"
	ItemCard ItemKind = "card"
)

// RemoteState tells apart, among items, what is there from what was put away.
type RemoteState string

// The states of an item on the vendor's side. That it may no longer be seen is no state but an error of Fetch.
const (
	RemotePresent  RemoteState = "present"
	RemoteArchived RemoteState = "archived" // put away, still to be read
	RemoteTrashed  RemoteState = "trashed"  // deleted, perhaps to be restored
)

// Item is one of the vendor's things that can become a document.
type Item struct {
	ID         string          `json:"id"` // the vendor's; the same for as long as the item lives
	Kind       ItemKind        `json:"kind"`
	Title      string          `json:"title"`
	URL        string          `json:"url,omitempty"`
	Path       string          `json:"path,omitempty"` // where it is, for people: its space, database or collection
	State      RemoteState     `json:"state"`
	Version    string          `json:"version,omitempty"` // equal ones mean equal content but within EditGrain; "": not known
	LastEdited time.Time       `json:"last_edited"`       // zero: not known
	Body       json.RawMessage `json:"-"`                 // what Fetch can use; nil when the listing had none
}

// Fetched is an item with its text.
type Fetched struct {
	Item
	Markdown string   // without the title; "" when there is no text
	Warnings []string // what of it Markdown cannot hold, a sentence each
}

// RemotePage is a page on the vendor's side.
type RemotePage struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

// Publication is a summary that is put into a page.
type Publication struct {
	Key       string    // names our part among others in a page, over all updates: letters, digits, hyphens, at most 64
	RemoteID  string    // the page; "": a new one is made
	Parent    string    // where a new page goes: a page's, space's or collection's id; "": the vendor's default, if it has one
	Title     string    // of a new page; one that exists keeps its own, unless OwnPage
	OwnPage   bool      // the page was made by docsctl, so that its title is ours too
	Markdown  string    // the summary with its citations as footnotes
	Source    string    // the document's title, for the footer
	SourceURL string    // its address; "": none
	Version   int       // the document's that was summarized
	At        time.Time // when the summary was made
	Last      string    // the Markdown that was published there before; "": not known
	Retry     bool      // an earlier call may have got somewhere
	DryRun    bool
}

// PublishOutcome says what publishing did, or would do.
type PublishOutcome string

// The outcomes of publishing.
const (
	PublishCreated   PublishOutcome = "created"
	PublishUpdated   PublishOutcome = "updated"
	PublishUnchanged PublishOutcome = "unchanged"
	PublishConflict  PublishOutcome = "conflict"
)

// Published is what Publish did.
type Published struct {
	RemotePage
	Outcome PublishOutcome
	Diff    string // unified, of Markdown: what changes; of a conflict, what somebody changed
}

// AuthorizeRequest is what an authorization address is made of.
type AuthorizeRequest struct {
	RedirectURL string
	State       string
	Verifier    string // of PKCE; a vendor without it ignores it
}

// ExchangeRequest is what came back from the vendor, with what was kept for it.
type ExchangeRequest struct {
	RedirectURL string
	Code        Secret
	Verifier    string
}

// Grant is a vendor's answer with tokens.
type Grant struct {
	Token        Secret
	RefreshToken Secret            // empty: the one that was used stays good, or there is none
	ExpiresAt    time.Time         // zero: it does not say
	Config       IntegrationConfig // what the vendor told of the account, such as the site
}

// UpstreamReason says what kind of failure the vendor's side had; it decides what
// becomes of an item and of a sync.
type UpstreamReason string

// The reasons.
const (
	ReasonToken     UpstreamReason = "token"     // the token is refused: revoked, expired, of another site
	ReasonForbidden UpstreamReason = "forbidden" // the token works, and this may not be done with it
	ReasonGone      UpstreamReason = "gone"      // there is no such thing, or it is not shared
	ReasonLimited   UpstreamReason = "limited"   // too many calls; RetryAfter says until when
	ReasonDown      UpstreamReason = "down"      // 5xx, a timeout, no connection
	ReasonOpen      UpstreamReason = "open"      // not asked: its host's breaker is open; RetryAfter says until when
	ReasonBroken    UpstreamReason = "broken"    // an answer that cannot be understood
	ReasonRefused   UpstreamReason = "refused"   // the request is not acceptable; repeating it does not help
)

// UpstreamDetails is the Details of an error of a Connector.
type UpstreamDetails struct {
	IntegrationType   IntegrationType `json:"integration_type"`
	Reason            UpstreamReason  `json:"reason"`
	UpstreamStatus    int             `json:"upstream_status,omitempty"`     // HTTP's; 0: there was no answer
	UpstreamCode      string          `json:"upstream_code,omitempty"`       // the vendor's own word
	UpstreamRequestID string          `json:"upstream_request_id,omitempty"` // for the vendor's support
	What              string          `json:"-"`                             // the message without its next step, where another one may follow; "": the message stands as it is
}

// ReasonOf returns the reason of a Connector's error, "" for any other.
func ReasonOf(err error) UpstreamReason {
	if e := AsError(err); e != nil {
		if d, ok := e.Details.(UpstreamDetails); ok {
			return d.Reason
		}
	}
	return ""
}
