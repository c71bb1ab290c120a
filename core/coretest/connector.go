package coretest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// VendorFault is a way in which a vendor's answers go wrong.
type VendorFault string

// The faults that a fake vendor must be able to have.
const (
	VendorLimited        VendorFault = "limited"         // 429, with VendorRetryAfter
	VendorDown           VendorFault = "down"            // 503
	VendorHalfJSON       VendorFault = "half_json"       // 200, and the body breaks off
	VendorSlowBody       VendorFault = "slow_body"       // headers, then nothing
	VendorTokenRefused   VendorFault = "token_refused"   // as that vendor says it: 401, or 403 and 404 behind a gateway
	VendorLostPart       VendorFault = "lost_part"       // of a listing only: a space, database or collection answers 404
	VendorEmptyPage      VendorFault = "empty_page"      // of a listing only: no items, and another page follows
	VendorRepeatedCursor VendorFault = "repeated_cursor" // of a listing only: the next cursor is the present one
	VendorNoCursor       VendorFault = "no_cursor"       // of a listing only: another page follows, without a cursor
)

// VendorRetryAfter is when a limited vendor says that it answers again.
const VendorRetryAfter = 7 * time.Second

// VendorToken is the token of a ConnectorWorld's Access.
const VendorToken = "the-token-of-the-suite"

// ConnectorWorld is a connector and the fake vendor behind it, which starts with no
// items, one place that a page can be published to, and a token, VendorToken, that may do
// all. A function that the vendor has no notion of is nil.
type ConnectorWorld struct {
	core.Connector
	Access core.Access
	Parent string // where pages are published to

	Make    func(t *testing.T, title, markdown string) (id string)
	Edit    func(t *testing.T, id, markdown string)  // replaces the text as somebody at the vendor does
	Append  func(t *testing.T, id, markdown string)  // adds a paragraph at the end, by hand
	Replace func(t *testing.T, id, old, text string) // changes words anywhere in the text, by hand
	Archive func(t *testing.T, id string)
	Trash   func(t *testing.T, id string)
	Hide    func(t *testing.T, id string) // no longer shared with the token
	Pages   func(t *testing.T) int        // pages and cards that are neither archived nor in the trash
	// Fail has every call from the after-th from now on, 0 being the next, answered so; a
	// listing's faults hit calls that list only. VendorWorks heals.
	Fail  func(f VendorFault, after int)
	Calls func() int // that were made
	Wrote func() int // of them, those that wrote

	another func(t *testing.T) ConnectorWorld // opens one more
}

// VendorWorks ends a fault.
const VendorWorks VendorFault = ""

// RunConnector checks a core.Connector. open returns one with a vendor of its own.
func RunConnector(t *testing.T, open func(t *testing.T) ConnectorWorld) {
	openKnown := func(t *testing.T) ConnectorWorld {
		w := open(t)
		w.another = open
		return w
	}
	runCases(t, "RunConnector", openKnown, map[string]func(t *testing.T, w ConnectorWorld){
		"VerifyCountsWhatIsVisible":           connectorVerify,
		"RefusedTokenIsReasonToken":           connectorRefusedToken,
		"ErrorsHoldNoToken":                   connectorErrorsHoldNothing,
		"ListingNamesEveryItem":               connectorListsAll,
		"ListedItemsCanBeTold":                connectorListedItems,
		"ListingSinceNamesWhatChanged":        connectorListsSince,
		"EmptyPageIsNotTheEnd":                connectorEmptyPage,
		"RepeatedCursorIsBroken":              connectorRepeatedCursor,
		"MissingCursorIsBroken":               connectorMissingCursor,
		"LostPartMakesAListingIncomplete":     connectorLostPart,
		"FailedPageCanBeAskedForAgain":        connectorAsksAgain,
		"HalfAnAnswerIsBroken":                connectorHalfAnswer,
		"LimitSaysWhenToComeBack":             connectorLimited,
		"FailureIsRetryable":                  connectorDown,
		"SlowAnswerEndsWithTheContext":        connectorSlow,
		"FetchGivesTheTextAsItIs":             connectorFetches,
		"ListedItemIsFetchedAlike":            connectorFetchesListed,
		"UnknownItemIsGone":                   connectorUnknown,
		"HiddenItemIsGoneOrForbidden":         connectorHidden,
		"ItemInTheTrashSaysSo":                connectorTrashed,
		"ArchivedItemSaysSo":                  connectorArchived,
		"RefusedTokenIsNeverAGoneItem":        connectorNeverGone,
		"RefusedTokenIsToldByAnyCall":         failsAtAnyCall(VendorTokenRefused, core.ReasonToken),
		"LimitIsToldByAnyCall":                failsAtAnyCall(VendorLimited, core.ReasonLimited),
		"PublishingMakesOnePage":              publishMakesOne,
		"NewPageNeedsAParentOrNone":           publishWithoutParent,
		"PageIsKnownBeforeItsContent":         publishKnownFirst,
		"RefusedIDWritesNothingMore":          publishRefusedID,
		"UnchangedPublicationWritesNothing":   publishUnchanged,
		"NewSummaryReplacesOurPart":           publishReplaces,
		"TextOfOthersIsKept":                  publishKeepsOthers,
		"ChangeInOurPartIsAConflict":          publishConflict,
		"DryRunWritesNothing":                 publishDryRun,
		"RetryFindsThePageOfAnUnknownOutcome": publishRetry,
		"ForeignPageGetsAPart":                publishIntoForeign,
		"PublishingIntoAGonePageIsGone":       publishGone,
		"PublishedPageComparesEqual":          publishComparesEqual,
	})
}

// all reads a whole listing, and fails the test when it does not end.
func (w ConnectorWorld) all(t *testing.T, r core.ListRequest) (items map[string]core.Item, incomplete string) {
	t.Helper()
	items = map[string]core.Item{}
	for range 500 {
		page, err := w.List(t.Context(), w.Access, r)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		for _, i := range page.Items {
			items[i.ID] = i
		}
		if page.Incomplete != "" {
			incomplete = page.Incomplete
		}
		if page.Next == "" {
			return items, incomplete
		}
		if page.Next == r.Cursor {
			t.Fatal("the next cursor is the present one")
		}
		r.Cursor = page.Next
	}
	t.Fatal("the listing has no end")
	return nil, ""
}

// firstError reads a listing until it fails, and returns the cursor that failed; a listing
// that ends without is a failure of the test.
func (w ConnectorWorld) firstError(t *testing.T) (cursor string, err error) {
	t.Helper()
	for range 500 {
		page, err := w.List(t.Context(), w.Access, core.ListRequest{Cursor: cursor})
		if err != nil {
			return cursor, err
		}
		if page.Next == "" {
			t.Fatal("the listing ended; want an error")
		}
		cursor = page.Next
	}
	t.Fatal("the listing has no end and no error")
	return "", nil
}

// makeMany makes n items, each with a text of its own.
func (w ConnectorWorld) makeMany(t *testing.T, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = w.Make(t, fmt.Sprintf("Item %d", i), fmt.Sprintf("Text of item %d.", i))
	}
	return ids
}

// wantReason reports an error that is not of the reason, or without details for the user.
func wantReason(t *testing.T, what string, err error, want ...core.UpstreamReason) {
	t.Helper()
	got := core.ReasonOf(err)
	for _, r := range want {
		if got == r {
			return
		}
	}
	t.Errorf("%s: got %v (reason %q), want the reason %q", what, err, got, want)
}

func connectorVerify(t *testing.T, w ConnectorWorld) {
	w.makeMany(t, 3)
	got, err := w.Verify(t.Context(), w.Access)
	must(t, "verify", got, err)
	counted := 0
	for _, v := range got.Visible {
		if v.Kind == "" {
			t.Errorf("got %+v, want kinds that have a name", v)
		}
		counted += v.Count
	}
	if counted < 3 || len(got.Missing) != 0 {
		t.Errorf("got %+v, want the three items counted and no permission missing", got)
	}
}

func connectorRefusedToken(t *testing.T, w ConnectorWorld) {
	id := w.Make(t, "One", "Text.")
	w.Fail(VendorTokenRefused, 0)
	_, err := w.Verify(t.Context(), w.Access)
	wantReason(t, "verify", err, core.ReasonToken)
	_, err = w.List(t.Context(), w.Access, core.ListRequest{})
	wantReason(t, "list", err, core.ReasonToken)
	_, err = w.Fetch(t.Context(), w.Access, id, nil)
	wantReason(t, "fetch", err, core.ReasonToken)
	if core.Retryable(err) {
		t.Error("a refused token is said to be worth another try")
	}
}

func connectorErrorsHoldNothing(t *testing.T, w ConnectorWorld) {
	id := w.Make(t, "One", "Text.")
	for _, f := range []VendorFault{VendorTokenRefused, VendorDown, VendorLimited, VendorHalfJSON} {
		w.Fail(f, 0)
		ctx, cancel := context.WithTimeout(t.Context(), faultTime)
		_, err := w.Fetch(ctx, w.Access, id, nil)
		cancel()
		if err == nil {
			t.Errorf("%s: got no error", f)
		} else if s := fmt.Sprintf("%v %+v", err, core.AsError(err)); strings.Contains(s, VendorToken) {
			t.Errorf("%s: the error holds the token", f)
		}
		if e := core.AsError(err); e != nil {
			d, _ := e.Details.(core.UpstreamDetails)
			if next, found := strings.CutPrefix(e.Message, d.What+"; "); d.What == "" || !found || next == "" {
				t.Errorf("%s: got %q, want what happened (%q) and a next step", f, e.Message, d.What)
			}
		}
	}
}

// faultTime is more than a connector's own repetitions of a failed call may take.
const faultTime = 20 * time.Second

func connectorHalfAnswer(t *testing.T, w ConnectorWorld) {
	id := w.Make(t, "One", "Text.")
	w.Fail(VendorHalfJSON, 0)
	ctx, cancel := context.WithTimeout(t.Context(), faultTime)
	defer cancel()
	_, err := w.Fetch(ctx, w.Access, id, nil)
	wantReason(t, "fetch", err, core.ReasonBroken, core.ReasonDown)
}

func connectorLimited(t *testing.T, w ConnectorWorld) {
	w.Fail(VendorLimited, 0)
	ctx, cancel := context.WithTimeout(t.Context(), faultTime)
	defer cancel()
	_, err := w.List(ctx, w.Access, core.ListRequest{})
	wantReason(t, "list", err, core.ReasonLimited)
	if e := core.AsError(err); e != nil && (e.RetryAfter <= 0 || e.RetryAfter > VendorRetryAfter) || !core.Retryable(err) {
		t.Errorf("got %+v, want a pause of up to %v and a try after it", e, VendorRetryAfter)
	}
}

func connectorDown(t *testing.T, w ConnectorWorld) {
	w.Fail(VendorDown, 0)
	ctx, cancel := context.WithTimeout(t.Context(), faultTime)
	defer cancel()
	_, err := w.List(ctx, w.Access, core.ListRequest{})
	wantReason(t, "list", err, core.ReasonDown, core.ReasonOpen)
	if d, ok := core.AsError(err).Details.(core.UpstreamDetails); !core.Retryable(err) || !ok || d.UpstreamStatus != 503 && d.Reason == core.ReasonDown {
		t.Errorf("got %+v, want another try and the vendor's status", core.AsError(err))
	}
}

func connectorSlow(t *testing.T, w ConnectorWorld) {
	w.Fail(VendorSlowBody, 0)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	before := w.Calls()
	go func() { // ended by cancel
		_, err := w.List(ctx, w.Access, core.ListRequest{})
		done <- err
	}()
	eventually(t, "the call", func() bool { return w.Calls() > before })
	cancel()
	select {
	case err := <-done:
		if err == nil {
			t.Error("got no error from a call that was given up")
		}
	case <-time.After(patience):
		t.Fatal("the call goes on after its context has ended")
	}
}
