package core_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestSync_AccountsForEveryItem(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(25))
	c.items["item-003"].Markdown = " "
	c.items["item-004"].State = core.RemoteTrashed
	c.fetchErr = func(id string) error {
		if id == "item-005" {
			return upstream(core.ReasonBroken)
		}
		return nil
	}
	j := c.sync(t, core.SyncRequest{})
	if j.Status != core.JobCompleted {
		t.Fatalf("got %+v", j)
	}
	c.wantCounts(t, "the first sync", core.SyncCounts{Imported: 22, Skipped: 2, Failed: 1})
	items, err := c.Jobs.Items(t.Context(), c.admin, j.ID, core.JobItemFailed, core.PageRequest{})
	if err != nil || len(items.Items) != 1 || !strings.Contains(items.Items[0].Reason, "req-7") || items.Items[0].Item != "item-005" {
		t.Errorf("got %+v, %v, want the failed item with the vendor's request id", items, err)
	}
	fetches := c.fetches
	c.fetchErr = nil
	c.sync(t, core.SyncRequest{})
	c.wantCounts(t, "the next one, which tries again what failed", core.SyncCounts{Imported: 1, Unchanged: 22, Skipped: 2})
	if n := c.fetches - fetches; n != 2 {
		t.Errorf("fetched %d items, want the one that failed and the one without text", n)
	}
}

func TestSync_UnchangedContentChangesNothing(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(3))
	c.sync(t, core.SyncRequest{})
	before := c.documents(t)
	events := len(c.events(t, c.admin))
	c.put("item-001", "Text 1.") // a new version with the same text
	c.sync(t, core.SyncRequest{Full: true})
	c.wantCounts(t, "the second sync", core.SyncCounts{Unchanged: 3})
	for id, d := range c.documents(t) {
		if was := before[id]; d.Version != was.Version || !d.UpdatedAt.Equal(was.UpdatedAt) {
			t.Errorf("%s: got version %d, want it as it was", id, d.Version)
		}
	}
	for _, e := range c.events(t, c.admin)[events:] {
		if e.Topic() == "documents" {
			t.Errorf("got the event %s for text that is the same", e)
		}
	}
	c.put("item-001", "Another text.")
	c.sync(t, core.SyncRequest{})
	c.wantCounts(t, "after an edit", core.SyncCounts{Updated: 1, Unchanged: 2})
	if d := c.documents(t)["item-001"]; d.Version != 2 {
		t.Errorf("got version %d, want 2", d.Version)
	}
}

// Where versions are rounded, an edit within the grain of another has the same one: an
// item that was just edited is read again, one of old is not.
func TestSync_ReadsAgainWhatMayHideAnEdit(t *testing.T) {
	t.Parallel()
	v := newVendor(2)
	v.grain = time.Hour
	fresh, old := v.items["item-000"], v.items["item-001"]
	fresh.LastEdited, old.LastEdited = time.Now().UTC(), time.Now().UTC().Add(-24*time.Hour)
	c := connect(t, v)
	c.sync(t, core.SyncRequest{})
	fresh.Markdown = "Edited in the same hour."
	fetches := c.fetches
	c.sync(t, core.SyncRequest{Full: true})
	c.wantCounts(t, "the second sync", core.SyncCounts{Updated: 1, Unchanged: 1})
	if n := c.fetches - fetches; n != 1 {
		t.Errorf("fetched %d items, want the one that may hide an edit", n)
	}
}

// TestSync_AnUpdateOutdatesTheSummaryAtOnce holds what a sync writes to the promise
// of an edit by hand: no reader sees the new text beside a summary that claims to be
// of it, so the two events stand next to each other, once.
func TestSync_AnUpdateOutdatesTheSummaryAtOnce(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(2))
	how := core.ResummarizeFlag
	if _, err := c.Org.Update(t.Context(), c.admin, core.OrganizationPatch{Resummarize: &how}); err != nil {
		t.Fatal(err)
	}
	c.sync(t, core.SyncRequest{})
	sum, _, err := c.Summaries.Request(t.Context(), c.admin, core.SummaryRequest{DocumentID: c.documents(t)["item-001"].ID})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, c.claim(t))
	if s := c.summary(t, c.admin, sum.ID); s.Stale || s.Status != core.SummaryComplete {
		t.Fatalf("before the edit: %+v", s)
	}
	known := len(c.events(t, c.admin))
	c.put("item-001", "Another text.")
	c.sync(t, core.SyncRequest{})
	if s := c.summary(t, c.admin, sum.ID); !s.Stale {
		t.Error("the summary of the older text is not stale")
	}
	after := c.events(t, c.admin)[known:]
	at := slices.Index(after, core.EventDocumentUpdated)
	if at < 0 || at+1 >= len(after) || after[at+1] != core.EventSummaryStale {
		t.Errorf("got events %v, want %s right behind %s", after, core.EventSummaryStale, core.EventDocumentUpdated)
	}
	c.put("item-001", "A third text.")
	c.sync(t, core.SyncRequest{})
	told := 0
	for _, e := range c.events(t, c.admin)[known:] {
		if e == core.EventSummaryStale {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times that the summary is stale, want once", told)
	}
}

func TestSync_GoesOnAtThePageWhereItBroke(t *testing.T) {
	t.Parallel()
	const n = 35
	for broken := range 4 {
		t.Run(fmt.Sprintf("Page%d", broken), func(t *testing.T) {
			t.Parallel()
			c := connect(t, newVendor(n))
			down := true
			c.listErr = func(cursor string) error {
				if down && (cursor == fmt.Sprint(broken*10) || broken == 0 && cursor == "") {
					return upstream(core.ReasonDown)
				}
				return nil
			}
			j := c.sync(t, core.SyncRequest{})
			if j.Status != core.JobPending {
				t.Fatalf("got %+v, want it to wait for the next attempt", j)
			}
			down = false
			fetches, lists := c.fetches, c.lists
			c.again(t, j)
			c.wantCounts(t, "after the second attempt", core.SyncCounts{Imported: n})
			if done := c.fetches - fetches + c.lists - lists; done > n-broken*10+4-broken+1 {
				t.Errorf("the second attempt made %d calls", done)
			}
		})
	}
}

// again has a job that waits for its next attempt run at once.
func (c *connected) again(t *testing.T, j *core.Job) {
	t.Helper()
	c.dispatchNow(t, c.admin, j.ID, 2)
	leases, err := c.Work.Claim(t.Context(), core.QueueLLM, 1, 0) // dispatchNow's queue
	if err != nil || len(leases) != 1 {
		t.Fatalf("claim: got %d leases, %v", len(leases), err)
	}
	r, err := c.Work.Start(t.Context(), leases[0])
	if err != nil {
		t.Fatal(err)
	}
	execute(t, r)
}

func TestSync_DeletesNothingByMistake(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(v *vendor){
		"AListingThatForgets": func(v *vendor) { v.unlisted["item-001"], v.unlisted["item-002"] = true, true },
		"AnIncompleteListing": func(v *vendor) { v.hidden["item-001"], v.incomplete = true, "a space could not be listed" },
		"ATokenThatIsRefused": func(v *vendor) {
			v.listErr = func(string) error { return upstream(core.ReasonToken) }
			v.verifyErr = upstream(core.ReasonToken)
		},
		"AVendorThatIsDown":   func(v *vendor) { v.listErr = func(string) error { return upstream(core.ReasonDown) } },
		"A404WithoutAnyToken": func(v *vendor) { v.hidden["item-001"] = true; v.verifyErr = upstream(core.ReasonToken) },
		"AnItemThatMayNotBeRead": func(v *vendor) {
			v.unlisted["item-001"] = true
			v.fetchErr = func(string) error { return upstream(core.ReasonForbidden) }
		},
		"AnArchivedItem": func(v *vendor) { v.items["item-001"].State = core.RemoteArchived },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, newVendor(12))
			c.sync(t, core.SyncRequest{})
			breaks(c.vendor)
			c.sync(t, core.SyncRequest{Full: true})
			if n := len(c.documents(t)); n != 12 {
				t.Errorf("got %d documents, want all 12", n)
			}
		})
	}
}

// A listing with several gaps names each of them once.
func TestSync_NamesEveryGapOfItsListing(t *testing.T) {
	t.Parallel()
	for gaps, want := range map[string]string{
		"A A B":                                  "A; B; nothing was deleted",
		" A  B":                                  "A; B; nothing was deleted",
		strings.Repeat("A", 1000) + " B C":       strings.Repeat("A", 1000) + "; B; nothing was deleted",
		strings.Repeat("Long", 300) + " B C D E": strings.Repeat("Long", 300) + "; nothing was deleted",
	} {
		c := connect(t, newVendor(50)) // of ten pages
		reasons := strings.Split(gaps, " ")
		c.listErr = func(cursor string) error {
			page, _ := strconv.Atoi(cursor)
			c.incomplete = ""
			if page/10 < len(reasons) {
				c.incomplete = reasons[page/10]
			}
			return nil
		}
		j := c.sync(t, core.SyncRequest{})
		var got core.SyncResult
		if err := json.Unmarshal(j.Result, &got); err != nil || !strings.HasPrefix(got.Warning, want) || c.integration(t).ErrorMessage != got.Warning {
			t.Errorf("%q: got %q, %v, want %q, and the integration to say so", gaps, got.Warning, err, want)
		}
	}
}

func TestSync_DeletesWhatIsGone(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(12))
	c.sync(t, core.SyncRequest{})
	c.hidden["item-001"] = true
	c.items["item-002"].State = core.RemoteTrashed
	c.sync(t, core.SyncRequest{Full: true})
	c.wantCounts(t, "the second sync", core.SyncCounts{Unchanged: 10, Deleted: 2})
	if n := len(c.documents(t)); n != 10 {
		t.Errorf("got %d documents, want 10", n)
	}
}

func TestSync_ManyDeletionsWaitForAPerson(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(12))
	c.sync(t, core.SyncRequest{})
	for k := range 4 {
		c.hidden[fmt.Sprintf("item-%03d", k)] = true
	}
	j := c.sync(t, core.SyncRequest{Full: true})
	if j.Status != core.JobPending || j.WaitsFor != core.WaitConfirmation || len(c.documents(t)) != 12 {
		t.Fatalf("got %+v and %d documents, want it to wait", j, len(c.documents(t)))
	}
	_, err := c.Integrations.Sync(t.Context(), c.admin, c.id, core.SyncRequest{})
	wantCode(t, "another sync meanwhile", err, core.CodeConflict)
	if _, err := c.Jobs.Confirm(t.Context(), c.admin, j.ID); err != nil {
		t.Fatal(err)
	}
	lists := c.lists
	c.attempt(t)
	c.wantCounts(t, "after the confirmation", core.SyncCounts{Unchanged: 8, Deleted: 4})
	if n := len(c.documents(t)); n != 8 || c.lists != lists {
		t.Errorf("got %d documents after %d more listings, want 8 and none", n, c.lists-lists)
	}
}

func TestSync_NothingListedIsAWarning(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(0))
	j := c.sync(t, core.SyncRequest{})
	var result core.SyncResult
	if err := json.Unmarshal(j.Result, &result); err != nil || !strings.Contains(result.Warning, "shared") {
		t.Errorf("got %s, %v, want the likely cause", j.Result, err)
	}
	if i := c.integration(t); i.Status != core.IntegrationError || i.ErrorMessage == "" {
		t.Errorf("got %+v, want it to show", i)
	}
	c.put("item-001", "Text.")
	c.sync(t, core.SyncRequest{})
	if i := c.integration(t); i.Status != core.IntegrationConnected || i.ErrorMessage != "" {
		t.Errorf("got %+v, want it well again", i)
	}
}

func TestSync_RefusedTokenRevokes(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(2))
	once := true
	c.listErr = func(string) error {
		if once {
			once = false
			return upstream(core.ReasonToken)
		}
		return nil
	}
	j := c.sync(t, core.SyncRequest{})
	if j.Status != core.JobPending || c.integration(t).Status == core.IntegrationRevoked {
		t.Fatalf("got %+v, want one refusal in the middle to be tried again", j)
	}
	c.listErr = func(string) error { return upstream(core.ReasonToken) }
	c.verifyErr = upstream(core.ReasonToken)
	c.again(t, j)
	if i := c.integration(t); i.Status != core.IntegrationRevoked || i.ErrorMessage == "" {
		t.Errorf("got %+v, want it revoked", i)
	}
	if j = c.job(t, c.admin, j.ID); j.Status != core.JobFailed {
		t.Errorf("got %s, want the job failed", j.Status)
	}
	_, err := c.Integrations.Sync(t.Context(), c.admin, c.id, core.SyncRequest{})
	wantCode(t, "a sync of a revoked integration", err, core.CodeConflict)
}

func TestSync_ContentOfASyncedDocumentIsTheVendors(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	c.sync(t, core.SyncRequest{})
	d := c.documents(t)["item-000"]
	text := "Mine now."
	_, err := c.Documents.Update(t.Context(), c.admin, d.ID, core.DocumentPatch{Content: &text}, nil)
	wantCode(t, "an edit", err, core.CodeAuthorization)
	if err := c.Integrations.Delete(t.Context(), c.admin, c.id); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Documents.Update(t.Context(), c.admin, d.ID, core.DocumentPatch{Content: &text}, nil); err != nil {
		t.Errorf("an edit after the integration is gone: %v", err)
	}
}

func TestSync_ScheduledOnce(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(2))
	minutes := 60
	if _, err := c.Integrations.Update(t.Context(), c.admin, c.id, core.IntegrationPatch{SyncInterval: &minutes}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.Work.KeepIntegrations(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
	}
	p, err := c.Jobs.List(t.Context(), c.admin, core.JobFilter{Type: core.JobSync}, core.PageRequest{})
	if err != nil || len(p.Items) != 1 {
		t.Fatalf("got %d jobs, %v, want one", len(p.Items), err)
	}
	c.attempt(t)
	c.wantCounts(t, "the scheduled sync", core.SyncCounts{Imported: 2})
}

func TestConnect_TokenIsSealedAndProven(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	i := c.integration(t)
	raw, err := json.Marshal(i)
	if err != nil || strings.Contains(string(i.Sealed), "ntn_token") || strings.Contains(string(raw), "ntn_token") || len(i.Sealed) == 0 {
		t.Errorf("got %s, want no trace of the token", raw)
	}
	c.verifyErr = upstream(core.ReasonToken)
	_, err = c.Integrations.Connect(t.Context(), c.admin, core.NewIntegration{Type: core.IntegrationNotion, AuthType: core.AuthAPIToken, Token: core.NewSecret("wrong")})
	wantCode(t, "a token that is refused", err, core.CodeValidation)
	c.verifyErr = upstream(core.ReasonDown)
	_, err = c.Integrations.Connect(t.Context(), c.admin, core.NewIntegration{Type: core.IntegrationNotion, AuthType: core.AuthAPIToken, Token: core.NewSecret("ntn")})
	wantCode(t, "a vendor that is down", err, core.CodeIntegration)
}

func TestPublish_MakesOnePage(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(0))
	sum, _ := c.request(t, c.admin)
	execute(t, c.claim(t))
	r := core.PublishRequest{SummaryID: sum.ID, IntegrationID: c.id, ParentID: "home"}
	publish := func(what string, want core.PublishOutcome) {
		t.Helper()
		j, err := c.Summaries.Publish(t.Context(), c.admin, r)
		if err != nil {
			t.Fatal(err)
		}
		c.attempt(t)
		j = c.job(t, c.admin, j.ID)
		var got core.PublishResult
		if err := json.Unmarshal(j.Result, &got); err != nil || got.Outcome != want {
			t.Errorf("%s: got %s (%s %s), want %s", what, j.Result, j.Status, j.ErrorMessage, want)
		}
	}
	r.DryRun = true
	publish("a dry run", core.PublishCreated)
	if len(c.pages) != 0 {
		t.Error("a dry run made a page")
	}
	r.DryRun = false
	c.createErr = errors.New("the worker dies here")
	j, err := c.Summaries.Publish(t.Context(), c.admin, r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Summaries.Publish(t.Context(), c.admin, r)
	if err != nil || again.ID != j.ID {
		t.Errorf("got the job %v, %v, want the one that is under way", again, err)
	}
	c.attempt(t)
	c.createErr = nil
	c.again(t, j)
	if len(c.pages) != 1 || !strings.Contains(c.pages["page-1"], "a summary") {
		t.Errorf("got %v, want one page with the summary", c.pages)
	}
	publish("the same again", core.PublishUnchanged)
	c.pages["page-1"] += "edited by hand"
	publish("after a change by hand", core.PublishConflict)
	p, err := c.Jobs.List(t.Context(), c.admin, core.JobFilter{Type: core.JobPublish, Status: core.JobFailed}, core.PageRequest{})
	if err != nil || len(p.Items) != 1 || p.Items[0].ErrorCode != core.CodeConflict || !strings.Contains(string(p.Items[0].Result), "edited by hand") {
		t.Errorf("got %+v, %v, want one job failed with CONFLICT and the diff", p.Items, err)
	}
}

func TestPublish_SaysAtOnceThatAPlaceIsMissing(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(0))
	sum, _ := c.request(t, c.admin)
	execute(t, c.claim(t))
	r := core.PublishRequest{SummaryID: sum.ID, IntegrationID: c.id}
	c.placed = true
	if _, err := c.Summaries.Publish(t.Context(), c.admin, r); fieldsOf(err) != "parent_id required" || !strings.Contains(err.Error(), "external_id") {
		t.Errorf("got %v, want the field named", err)
	}
	c.placed = false // it has a place for what is given none
	if _, err := c.Summaries.Publish(t.Context(), c.admin, r); err != nil {
		t.Errorf("where none is needed: %v", err)
	}
}

func TestSync_OfChosenItemsIsNoFullOne(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(3))
	for _, r := range []struct {
		request core.SyncRequest
		full    bool
	}{{core.SyncRequest{ItemIDs: []string{"item-001"}}, false}, {core.SyncRequest{}, true}, {core.SyncRequest{}, false}, {core.SyncRequest{Full: true}, true}} {
		var got core.SyncResult
		if err := json.Unmarshal(c.sync(t, r.request).Result, &got); err != nil || got.Full != r.full {
			t.Errorf("%+v: got %+v, %v, want full %t", r.request, got, err, r.full)
		}
	}
}

// What docsctl has published comes back as a document only when somebody chooses it; a
// page of somebody else's, into which it wrote, is one like all others.
func TestSync_LeavesOutWhatWasPublished(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(2))
	sum, _ := c.request(t, c.admin)
	execute(t, c.claim(t))
	for _, r := range []core.PublishRequest{{ParentID: "home"}, {ExternalID: "item-000"}} {
		r.SummaryID, r.IntegrationID = sum.ID, c.id
		if _, err := c.Summaries.Publish(t.Context(), c.admin, r); err != nil {
			t.Fatal(err)
		}
		c.attempt(t)
	}
	c.put("page-1", c.pages["page-1"])
	j := c.sync(t, core.SyncRequest{Full: true})
	c.wantCounts(t, "all", core.SyncCounts{Imported: 2, Skipped: 1})
	if d := c.documents(t); len(d) != 2 || d["item-000"].ID == "" {
		t.Errorf("got %d documents, want the two of others", len(d))
	}
	items, err := c.Jobs.Items(t.Context(), c.admin, j.ID, core.JobItemSkipped, core.PageRequest{})
	if err != nil || len(items.Items) != 1 || items.Items[0].Item != "page-1" || !strings.HasPrefix(items.Items[0].Reason, "docsctl published it") {
		t.Errorf("got %+v, %v, want it accounted for with the reason", items.Items, err)
	}
	c.sync(t, core.SyncRequest{})
	c.wantCounts(t, "what changed", core.SyncCounts{Unchanged: 2, Skipped: 1})
	c.sync(t, core.SyncRequest{ItemIDs: []string{"page-1"}})
	if d := c.documents(t); d["page-1"].ID == "" {
		t.Error("it was chosen and not imported")
	}
	c.put("page-1", "another text")
	c.sync(t, core.SyncRequest{Full: true})
	c.wantCounts(t, "after it was chosen", core.SyncCounts{Updated: 1, Unchanged: 2})
}
