package coretest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// publication is one that makes a new page.
func (w ConnectorWorld) publication() core.Publication {
	return core.Publication{
		Key: "0198c0de-0000-7000-8000-000000000001-ab12cd34", Parent: w.Parent, Title: "Summary of the ferry", OwnPage: true,
		Markdown: "## In short\n\nThe ferry leaves at nine[^1].\n\n- It returns at five.\n- It is closed on **Sundays**.\n\n[^1]: “The ferry leaves at nine.”\n",
		Source:   "Ferry timetable", SourceURL: "https://docs.example.com/ferry", Version: 3,
		At: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC),
	}
}

// publish does it and says how often created was called.
func (w ConnectorWorld) publish(t *testing.T, p core.Publication) (got *core.Published, created int) {
	t.Helper()
	got, err := w.Publish(t.Context(), w.Access, p, func(_ context.Context, page core.RemotePage) error {
		if created++; page.ID == "" || page.URL == "" {
			t.Errorf("created got %+v, want id and address", page)
		}
		return nil
	})
	return must(t, "publish", got, err), created
}

// published makes a page, and returns p as it is published there again.
func (w ConnectorWorld) published(t *testing.T) core.Publication {
	t.Helper()
	p := w.publication()
	got, _ := w.publish(t, p)
	p.RemoteID, p.Last = got.ID, p.Markdown
	return p
}

func (w ConnectorWorld) wantText(t *testing.T, id string, want ...string) {
	t.Helper()
	text := w.fetched(t, id, nil).Markdown
	for _, s := range want {
		if !strings.Contains(text, s) {
			t.Errorf("the page has no %q:\n%s", s, clip(text))
		}
	}
}

func publishMakesOne(t *testing.T, w ConnectorWorld) {
	before := w.Pages(t)
	got, created := w.publish(t, w.publication())
	if created != 1 || got.Outcome != core.PublishCreated || got.ID == "" || got.URL == "" || got.Diff == "" {
		t.Errorf("got %+v and created %d times, want one page and its address", got, created)
	}
	if n := w.Pages(t) - before; n != 1 {
		t.Errorf("got %d new pages, want 1", n)
	}
	w.wantText(t, got.ID, "The ferry leaves at nine", "**Sundays**", "Ferry timetable")
	if title := w.fetched(t, got.ID, nil).Title; title != "Summary of the ferry" {
		t.Errorf("got the title %q", title)
	}
	if listed, _ := w.all(t, core.ListRequest{}); listed[got.ID].ID == "" {
		t.Errorf("no listing names the new page as %s; a sync would not know it again", got.ID)
	}
}

func publishWithoutParent(t *testing.T, w ConnectorWorld) {
	p := w.publication()
	p.Parent = ""
	before, wrote := w.Pages(t), w.Wrote()
	got, err := w.Publish(t.Context(), w.Access, p, func(context.Context, core.RemotePage) error { return nil })
	if !w.Capabilities().NeedsParent {
		if must(t, "publish", got, err); got.Outcome != core.PublishCreated || w.Pages(t)-before != 1 {
			t.Errorf("got %+v and %d new pages, want one where the vendor puts it", got, w.Pages(t)-before)
		}
		return
	}
	if wantReason(t, "publish", err, core.ReasonGone); w.Wrote() != wrote {
		t.Error("something was written")
	}
}

func publishKnownFirst(t *testing.T, w ConnectorWorld) {
	_, err := w.Publish(t.Context(), w.Access, w.publication(), func(_ context.Context, page core.RemotePage) error {
		if text := w.fetched(t, page.ID, nil).Markdown; strings.Contains(text, "ferry leaves") {
			t.Error("the page has content before it is known")
		}
		return nil
	})
	must(t, "publish", true, err)
}

func publishRefusedID(t *testing.T, w ConnectorWorld) {
	refused := errors.New("the store is away")
	var id string
	wrote := 0
	_, err := w.Publish(t.Context(), w.Access, w.publication(), func(_ context.Context, page core.RemotePage) error {
		id, wrote = page.ID, w.Wrote()
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("got %v, want the error of created", err)
	}
	if n := w.Wrote() - wrote; n != 0 {
		t.Errorf("got %d writes after created had failed", n)
	}
	p := w.publication()
	p.RemoteID, p.Retry = id, true
	if got, _ := w.publish(t, p); got.ID != id {
		t.Errorf("got page %s, want %s that was made before", got.ID, id)
	}
	w.wantText(t, id, "The ferry leaves at nine")
}

func publishUnchanged(t *testing.T, w ConnectorWorld) {
	p := w.published(t)
	wrote := w.Wrote()
	got, created := w.publish(t, p)
	if got.Outcome != core.PublishUnchanged || created != 0 || w.Wrote() != wrote || got.Diff != "" {
		t.Errorf("got %+v, %d writes, want it unchanged and nothing written", got, w.Wrote()-wrote)
	}
}

func publishReplaces(t *testing.T, w ConnectorWorld) {
	p := w.published(t)
	p.Markdown, p.Version = "The ferry leaves at ten.\n", 4
	got, _ := w.publish(t, p)
	if got.Outcome != core.PublishUpdated || !strings.Contains(got.Diff, "ten") {
		t.Errorf("got %+v, want it updated, with the difference", got)
	}
	w.wantText(t, p.RemoteID, "The ferry leaves at ten")
	if text := w.fetched(t, p.RemoteID, nil).Markdown; strings.Contains(text, "nine") {
		t.Errorf("the former part is still there:\n%s", clip(text))
	}
}

func publishKeepsOthers(t *testing.T, w ConnectorWorld) {
	p := w.published(t)
	w.Append(t, p.RemoteID, "A remark by hand.")
	p.Markdown, p.Version = "The ferry leaves at ten.\n", 4
	if got, _ := w.publish(t, p); got.Outcome != core.PublishUpdated {
		t.Errorf("got %+v, want it updated beside the remark", got)
	}
	w.wantText(t, p.RemoteID, "The ferry leaves at ten", "A remark by hand.")
}

func publishConflict(t *testing.T, w ConnectorWorld) {
	p := w.published(t)
	w.Replace(t, p.RemoteID, "at five", "at six, by hand")
	wrote := w.Wrote()
	p.Markdown, p.Version = "The ferry leaves at ten.\n", 4
	got, _ := w.publish(t, p)
	if got.Outcome != core.PublishConflict || !strings.Contains(got.Diff, "six, by hand") || w.Wrote() != wrote {
		t.Errorf("got %+v and %d writes, want a conflict that shows the change, and nothing written", got, w.Wrote()-wrote)
	}
	w.wantText(t, p.RemoteID, "six, by hand")
}

func publishDryRun(t *testing.T, w ConnectorWorld) {
	before, wrote := w.Pages(t), w.Wrote()
	p := w.publication()
	p.DryRun = true
	got, created := w.publish(t, p)
	if got.Outcome != core.PublishCreated || created != 0 || w.Pages(t) != before || w.Wrote() != wrote || !strings.Contains(got.Diff, "nine") {
		t.Errorf("got %+v and %d writes, want what would be made and nothing written", got, w.Wrote()-wrote)
	}
	p = w.published(t)
	wrote = w.Wrote()
	p.Markdown, p.DryRun = "The ferry leaves at ten.\n", true
	if got, _ = w.publish(t, p); got.Outcome != core.PublishUpdated || !strings.Contains(got.Diff, "ten") || w.Wrote() != wrote {
		t.Errorf("got %+v and %d writes, want what would be changed and nothing written", got, w.Wrote()-wrote)
	}
	w.wantText(t, p.RemoteID, "nine")
}

func publishRetry(t *testing.T, w ConnectorWorld) {
	before := w.Pages(t)
	p := w.publication()
	first, _ := w.publish(t, p)
	p.Retry = true // the worker died before it could store the id
	again, _ := w.publish(t, p)
	if n := w.Pages(t) - before; n != 1 || again.ID != first.ID {
		t.Errorf("got %d pages, %s and %s, want one", n, first.ID, again.ID)
	}
}

func publishIntoForeign(t *testing.T, w ConnectorWorld) {
	id := w.Make(t, "Somebody's page", "Words of somebody.")
	p := w.publication()
	p.Parent, p.RemoteID, p.OwnPage = "", id, false
	got, created := w.publish(t, p)
	if got.ID != id || created != 0 || got.Outcome != core.PublishCreated {
		t.Errorf("got %+v, want a part in the page that is there", got)
	}
	w.wantText(t, id, "Words of somebody.", "The ferry leaves at nine")
	if title := w.fetched(t, id, nil).Title; title != "Somebody's page" {
		t.Errorf("got the title %q, want it kept", title)
	}
}

func publishGone(t *testing.T, w ConnectorWorld) {
	p := w.publication()
	p.RemoteID = unknownItem
	_, err := w.Publish(t.Context(), w.Access, p, func(context.Context, core.RemotePage) error { return nil })
	wantReason(t, "publish", err, core.ReasonGone)
}

func publishComparesEqual(t *testing.T, w ConnectorWorld) {
	p := w.publication()
	p.Markdown = "## In short\n\nThe ferry leaves at **nine**.\n\n- It returns at `five`.\n- It is closed on *Sundays*.\n\n1. Buy a ticket.\n2. Board.\n\n> Mind the gap.\n"
	got, _ := w.publish(t, p)
	text := w.fetched(t, got.ID, nil).Markdown
	if !strings.HasPrefix(strings.TrimSpace(text), strings.TrimSpace(p.Markdown)) {
		t.Errorf("the page does not begin with what was published:\n%s", clip(text))
	}
}
