package coretest

import (
	"context"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

func externalIDIsUniquePerIntegration(s *scene) {
	o, other := s.org(), s.org()
	first, second := core.NewID[core.IntegrationID](), core.NewID[core.IntegrationID]()
	create := func(o *Org, integration *core.IntegrationID, external string) error {
		return o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			return tx.Documents.Create(ctx, o.document(func(d *core.Document) { d.IntegrationID, d.ExternalID = integration, external }))
		})
	}
	for _, c := range []struct {
		name        string
		o           *Org
		integration *core.IntegrationID
		external    string
		want        core.Code
	}{
		{"an upload", o, nil, "x", ""},
		{"a second upload with its external id", o, nil, "x", core.CodeConflict},
		{"an upload whose external id differs in case", o, nil, "X", ""},
		{"an upload whose external id differs in a space", o, nil, "x ", ""},
		{"an upload of another organization", other, nil, "x", ""},
		{"a synced document", o, &first, "x", ""},
		{"a second one of its integration", o, &first, "x", core.CodeConflict},
		{"one of another integration", o, &second, "x", ""},
		{"an upload without external id", o, nil, "", ""},
		{"a second one without", o, nil, "", ""},
		{"a synced one without", o, &first, "", ""},
		{"a second synced one without", o, &first, "", ""},
	} {
		wantCode(s, c.name, create(c.o, c.integration, c.external), c.want)
	}
}

func updateToATakenExternalIDIsConflict(s *scene) {
	o := s.org()
	taken := o.NewDocument(s, func(d *core.Document) { d.ExternalID = "x" })
	free := o.NewDocument(s)
	changed := *free
	changed.ExternalID = taken.ExternalID
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Update(ctx, &changed) })
	wantCode(s, "update to the external id of another", err, core.CodeConflict)
	o.wantDocument(s, "the document that was not updated", free)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Update(ctx, taken) }) // with its own
}

// namedIsMadeOnce has two ask for a document that is to be there once. The first has
// seen that it is not there when the second asks, which is to wait for its end.
func namedIsMadeOnce(s *scene) {
	o := s.org()
	seen, ended := make(chan struct{}), make(chan struct{})
	var second error
	go func() {
		defer close(ended)
		<-seen
		second = o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return o.makeOnce(ctx, tx, "the text", func() {}) })
	}()
	saw := sync.OnceFunc(func() { close(seen) }) // the store may run fn again
	first := o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
		return o.makeOnce(ctx, tx, "the text", func() {
			saw()
			select {
			case <-ended: // a store that does not have it wait
			case <-time.After(brief):
			}
		})
	})
	saw()
	<-ended
	if first != nil || second != nil {
		s.Fatalf("make a document unless it is there: %v and %v", first, second)
	}
	made, err := o.Read().Documents.List(s.Context(), core.DocumentFilter{ContentHash: hashOf("the text")}, core.Seek{Limit: 10})
	if must(s, "list what was made", made, err); len(made) != 1 {
		s.Errorf("%d documents were made, want 1", len(made))
	}
}

// makeOnce makes a document of a text unless there is one; it calls absent in between.
func (o *Org) makeOnce(ctx context.Context, tx core.Tx, text string, absent func()) error {
	if err := tx.Documents.LockName(ctx, hashOf(text)); err != nil {
		return err
	}
	found, err := tx.Documents.List(ctx, core.DocumentFilter{ContentHash: hashOf(text)}, core.Seek{Limit: 1})
	if err != nil || len(found) > 0 {
		return err
	}
	absent()
	return tx.Documents.Create(ctx, o.document(func(d *core.Document) {
		d.Content, d.ContentHash, d.ContentBytes = text, hashOf(text), int64(len(text))
	}))
}
