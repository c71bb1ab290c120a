package coretest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// use is something that is done with a connector. Its error is nil when all of it was
// done.
type use func(ctx context.Context) error

// connectorUses make the items that a use needs, and return it.
var connectorUses = map[string]func(t *testing.T, w ConnectorWorld) use{
	"Verify": func(t *testing.T, w ConnectorWorld) use {
		w.makeMany(t, 2)
		return func(ctx context.Context) error {
			_, err := w.Verify(ctx, w.Access)
			return err
		}
	},
	"List": func(t *testing.T, w ConnectorWorld) use {
		w.makeMany(t, 2)
		return func(ctx context.Context) error { return w.walk(ctx, core.ListRequest{}) }
	},
	"ListSince": func(t *testing.T, w ConnectorWorld) use {
		w.makeMany(t, 2)
		return func(ctx context.Context) error {
			return w.walk(ctx, core.ListRequest{Since: time.Now().Add(-time.Hour)})
		}
	},
	"Search": func(t *testing.T, w ConnectorWorld) use {
		w.makeMany(t, 2)
		return func(ctx context.Context) error { return w.walk(ctx, core.ListRequest{Query: "Item"}) }
	},
	"Fetch": func(t *testing.T, w ConnectorWorld) use {
		id := w.Make(t, "One", "Text.")
		return func(ctx context.Context) error {
			_, err := w.Fetch(ctx, w.Access, id, nil)
			return err
		}
	},
	"FetchHidden": func(t *testing.T, w ConnectorWorld) use {
		id := w.Make(t, "One", "Text.")
		w.Hide(t, id)
		return func(ctx context.Context) error {
			_, err := w.Fetch(ctx, w.Access, id, nil)
			return unless(err, core.ReasonGone, core.ReasonForbidden)
		}
	},
	"Publish": func(_ *testing.T, w ConnectorWorld) use {
		return w.publishing(w.publication())
	},
	"PublishAgain": func(t *testing.T, w ConnectorWorld) use {
		w.published(t)
		p := w.publication()
		p.Retry = true // it is looked for
		return w.publishing(p)
	},
	"PublishOther": func(t *testing.T, w ConnectorWorld) use {
		p := w.published(t)
		p.Title, p.Markdown, p.Version = "Another title", "The ferry leaves at ten.\n", 4
		return w.publishing(p)
	},
	"PublishNowhere": func(t *testing.T, w ConnectorWorld) use {
		p := w.publication()
		p.Parent = w.Make(t, "One", "Text.")
		w.Hide(t, p.Parent)
		return func(ctx context.Context) error {
			return unless(w.publishing(p)(ctx), core.ReasonGone, core.ReasonRefused)
		}
	},
}

// unless takes what is of one of the reasons for no error.
func unless(err error, reasons ...core.UpstreamReason) error {
	if slices.Contains(reasons, core.ReasonOf(err)) {
		return nil
	}
	return err
}

// walk reads a whole listing.
func (w ConnectorWorld) walk(ctx context.Context, r core.ListRequest) error {
	for range 500 {
		page, err := w.List(ctx, w.Access, r)
		if err != nil || page.Next == "" {
			return err
		}
		r.Cursor = page.Next
	}
	return errors.New("the listing has no end")
}

func (w ConnectorWorld) publishing(p core.Publication) use {
	return func(ctx context.Context) error {
		_, err := w.Publish(ctx, w.Access, p, func(context.Context, core.RemotePage) error { return nil })
		return err
	}
}

// failsAtAnyCall does each use anew with every call going wrong from the first on, from
// the second, and so on until it gets done: whichever call it is, its failure is told as
// what it is, and never taken for an answer.
func failsAtAnyCall(f VendorFault, want core.UpstreamReason) func(t *testing.T, w ConnectorWorld) {
	return func(t *testing.T, w ConnectorWorld) {
		for name, prepare := range connectorUses {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				after := 0
				for ; !w.another(t).failsAt(t, prepare, after, f, want); after++ {
					if after > 50 || t.Failed() {
						t.Fatalf("it does not get done with %d calls", after)
					}
				}
				if after == 0 {
					t.Error("it makes no call")
				}
			})
		}
	}
}

// failsAt does a use whose calls go wrong after so many, and reports whether it took no more.
func (w ConnectorWorld) failsAt(t *testing.T, prepare func(*testing.T, ConnectorWorld) use, after int, f VendorFault, want core.UpstreamReason) (done bool) {
	t.Helper()
	do := prepare(t, w)
	before := w.Calls()
	w.Fail(f, after)
	err := do(t.Context())
	if err == nil && w.Calls()-before <= after {
		return true
	}
	wantReason(t, fmt.Sprintf("call %d", after+1), err, want)
	return false
}
