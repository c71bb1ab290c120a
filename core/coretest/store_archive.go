package coretest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/archive"
)

func archiveCases() []storeCase {
	return []storeCase{
		{"ArchiveKeepsEveryRow", archiveKeepsEveryRow},
		{"ArchiveIsASnapshot", archiveIsASnapshot},
		{"ExportReturnsItsReceiversError", exportReturnsItsReceiversError},
		{"ImportedWorkIsStarted", importedWorkIsStarted},
		{"ImportOfABrokenArchiveLeavesNothing", importOfABrokenArchiveLeavesNothing},
		{"ImportConflicts", importConflicts},
		{"UnfinishedImportIsNotThere", unfinishedImportIsNotThere},
		{"AbandonedImportIsTakenOver", abandonedImportIsTakenOver},
		{"RetiredOrganizationIsGone", retiredOrganizationIsGone},
	}
}

// rowLists is every row of an organization, by its noun.
type rowLists map[string][]any

// into returns functions that add to the lists.
func (l rowLists) into() core.ArchiveRows {
	return core.ArchiveRows{
		Organization: adds[core.Organization](l, "organization"), User: adds[core.User](l, "user"), Session: adds[core.Session](l, "session"),
		APIKey: adds[core.APIKey](l, "api_key"), Idempotent: adds[core.IdempotentRequest](l, "idempotency_key"), Audit: adds[core.AuditEntry](l, "audit"),
		Usage:    adds[core.UsageOfMonth](l, "usage"),
		Template: adds[core.Template](l, "template"), Document: adds[core.Document](l, "document"), Job: adds[core.Job](l, "job"),
		JobItem:     adds[core.JobItem](l, "job_item"),
		Integration: adds[core.Integration](l, "integration"), PublishedPage: adds[core.PublishedPage](l, "published_page"),
		Webhook: adds[core.Webhook](l, "webhook"), Delivery: adds[core.Delivery](l, "delivery"),
		Summary: adds[core.Summary](l, "summary"), Event: adds[core.NewEvent](l, "event"),
	}
}

func adds[T any](l rowLists, noun string) func(*T) error {
	return func(row *T) error { l[noun] = append(l[noun], row); return nil }
}

func exportRows(s *scene, store core.Store, t core.Tenant) rowLists {
	s.Helper()
	l := rowLists{}
	if err := store.Tenant(t).Read().Archive.Export(s.Context(), l.into()); err != nil {
		s.Fatalf("export: %v", err)
	}
	return l
}

func exportFile(s *scene, o *Org) []byte {
	s.Helper()
	var file bytes.Buffer
	sum, err := archive.Export(s.Context(), o.Store.Tenant(o.Tenant), o.Tenant, turning{}, &file, nil)
	if err != nil || sum.OrganizationID != o.Organization.ID {
		s.Fatalf("export: got %+v, %v", sum, err)
	}
	return file.Bytes()
}

// fullOrg stores an organization with rows whose every field is set.
func (s *scene) fullOrg() *Org {
	s.Helper()
	o := s.org(func(o *core.Organization) {
		o.PlanType, o.DefaultTemplateID = core.PlanEnterprise, new(core.NewID[core.TemplateID]())
		o.Resummarize, o.ResummarizeMaxUSD = core.ResummarizeAuto, new(12.5)
	})
	at := Now()
	o.NewUser(s, func(u *core.User) {
		u.Email, u.EmailKey, u.Name, u.LastLoginAt = "Zoë.Straße@Example.org", "zoë.strasse@example.org", "Zoë \u2028 <b>&", &at
		u.ExternalIssuer, u.ExternalSubject = "https://id.example.org", "248289761001"
	})
	o.NewUser(s, func(u *core.User) {
		u.PasswordHash, u.InvitationHash, u.InvitationExpiresAt = "", []byte("\x00\xff a hash"), new(at.Add(time.Hour))
	})
	o.NewUser(s, func(u *core.User) { u.IsActive, u.DeletedAt = false, &at })
	o.furnishAccount(s)
	o.NewSession(s, func(x *core.Session) {
		x.FamilyID, x.UsedAt, x.RevokedAt = core.NewID[core.SessionID](), &at, new(at.Add(time.Microsecond))
		x.APIKeyID = new(core.NewID[core.APIKeyID]())
	})
	schema := json.RawMessage(`{ "type":"object",  "a": "<&>é" }`)
	o.NewTemplate(s, func(x *core.Template) { x.JSONSchema, x.Focus = schema, true })
	d := o.NewDocument(s, func(d *core.Document) {
		d.Content = strings.Repeat("Zeile mit \"Anführung\" \t \u2029 <&> 漢字 \U0001F600\n", 1000)
		d.SourceURL, d.ExternalID, d.ExternalLastUpdated = "https://example.org/?a=1&b=2", "page 1", &at
		d.IntegrationID, d.ErrorMessage, d.Version, d.Revision = new(core.NewID[core.IntegrationID]()), "the last sync failed", 7, 9
		d.ExternalVersion, d.ConversionWarnings = "7", []string{"macro chart: not converted"}
		d.Pages = core.Pages{Starts: []int{0, 4, 4}, WithoutText: []int{2}}
	})
	i := o.NewIntegration(s, func(i *core.Integration) {
		i.ErrorMessage, i.SyncInterval, i.RefreshUntil = "it found nothing", 60, &at
		i.TokenExpiresAt, i.LastSync, i.NextSyncAt, i.DueAt, i.LastResult = &at, &at, &at, &at, &core.SyncCounts{Listed: 1, Failed: 1}
		i.Sync = core.SyncState{Scope: "x", Since: &at, Running: core.SyncCheckpoint{JobID: core.NewID[core.JobID](), Cursor: "c"}}
	})
	o.NewIntegration(s, func(i *core.Integration) { i.Sealed, i.Status = nil, core.IntegrationRevoked })
	o.NewPublishedPage(s, i, d, func(p *core.PublishedPage) {
		p.RemoteID, p.URL, p.Markdown, p.JobID = "1", "https://x", "# Z\n", new(core.NewID[core.JobID]())
	})
	o.NewDelivery(s, o.NewWebhook(s, fullWebhook, func(w *core.Webhook) { w.IsActive = true }), fullDelivery)
	o.NewDelivery(s, o.NewWebhook(s, func(w *core.Webhook) { w.Sealed = nil }))
	o.NewDocument(s)
	parent := o.NewJob(s, func(j *core.Job) { j.Type = core.JobBulkSummarize })
	j := o.NewJob(s, func(j *core.Job) {
		j.ParentID, j.LocalQueue, j.TaskID, j.Attempt = &parent.ID, core.LocalQueue("x"), "task", 2
		j.StartedAt, j.ErrorCode, j.ErrorMessage = &at, core.CodeUnavailable, "it was away"
		j.Progress, j.FinishedAt = core.Progress{Done: 1, Total: 3, Message: "reading"}, new(at.Add(time.Hour))
		j.Result = json.RawMessage(`{"n" : 9007199254740993}`)
		j.Input, j.WaitsFor, j.ConfirmedAt = json.RawMessage(`{ "ids": [] }`), core.WaitRetry, &at
	})
	o.PutItems(s, o.item(parent, "one", func(i *core.JobItem) {
		i.State, i.Code, i.Reason, i.ResultID, i.CostUSD = core.JobItemFailed, core.CodeLLM, "the model failed", string(j.ID), 0.25
	}))
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		return tx.Summaries.Create(ctx, o.fullSummary(d, j, schema))
	})
	for i := range 3 {
		o.InTx(s, func(_ context.Context, tx core.Tx) error {
			tx.Appended = append(tx.Appended,
				core.NewEvent{Type: core.EventDocumentCreated, At: at, Data: json.RawMessage(`{ "n": ` + string(rune('0'+i)) + ` }`)},
				core.NewEvent{Type: core.EventJobQueued, At: at, Data: json.RawMessage(`{"n":"` + string(rune('a'+i)) + `"}`)})
			return nil
		})
	}
	return o
}

// furnishAccount stores what belongs to the account and is none of the organization's work.
func (o *Org) furnishAccount(s *scene) {
	s.Helper()
	at := Now()
	k := o.NewAPIKey(s, func(k *core.APIKey) { k.ExpiresAt, k.LastUsedAt = new(at.Add(time.Hour)), &at })
	o.NewAPIKey(s)
	o.NewAuditEntry(s, func(e *core.AuditEntry) { e.APIKeyID, e.Data = &k.ID, json.RawMessage(`{ "n" : 9007199254740993}`) })
	o.NewAuditEntry(s)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		tx.Meter(core.Metered{At: at, Documents: 3, Bytes: 1 << 40})
		tx.Meter(core.Metered{At: at, Documents: 1, Bytes: 1})
		return tx.Usage.Restore(ctx, core.UsageOfMonth{Month: "2025-12", Calls: usageOf("m")})
	})
	r := o.onceRequest()
	r.Answer = []byte("\x00 sealed")
	o.claimOnce(s, r, at.Add(-time.Hour))
	r.KeyHash, r.CreatedAt = []byte("another"), at.Add(-48*time.Hour)
	o.claimOnce(s, r, at.Add(-100*time.Hour))
}

func (o *Org) fullSummary(d *core.Document, j *core.Job, schema json.RawMessage) *core.Summary {
	return o.summary(d, func(x *core.Summary) {
		x.JobID, x.JSONSchema, x.Focus, x.MaxCostUSD, x.AllowPartial, x.Refresh = j.ID, schema, true, new(0.1), true, true
		x.Text, x.Language, x.ModelRequested, x.ModelUsed, x.TokensUsed = "A text.", "de", "large", "larger", 1<<53+1
		x.Status, x.ErrorMessage, x.DocVersion = core.SummaryComplete, "partly", 6
		x.Usage = core.Usage{InputTokens: 1, OutputTokens: 2, LLMCalls: 3, CachedCalls: 4, CachedTokens: 5, CostUSD: new(0.3)}
		x.Coverage = core.Coverage{CharsTotal: 9, CharsRead: 8, Chunks: 7, ChunksFailed: 6, PagesTotal: 5, PagesWithoutText: []int{4}}
		x.Citations = []core.Citation{{Start: 1, End: 2, Sources: []core.Source{{Start: 3, End: 4, Quote: "é", Page: 5}}}}
		x.Warnings = []core.Warning{{Code: core.WarnNoSentences, Severity: core.SeverityLow, Message: "m", Start: new(1), End: new(2)}}
	})
}

// archiveKeepsEveryRow moves an organization with every field set to another store
// and compares what is exported there.
func archiveKeepsEveryRow(s *scene) {
	o := s.fullOrg()
	want := exportRows(s, s.store, o.Tenant)
	wantEveryField(s, want)
	file := exportFile(s, o)
	target := s.factory.Open(s.T)
	sum, err := archive.Import(s.Context(), target, turning{}, bytes.NewReader(file), nil)
	if err != nil {
		s.Fatalf("import: %v", err)
	}
	got := exportRows(s, target, o.Tenant)
	for _, noun := range archive.Kinds() {
		if sum.Counts[noun] != len(want[noun]) {
			s.Errorf("%s: counted %d, want %d", noun, sum.Counts[noun], len(want[noun]))
		}
		wantSame(s, noun, got[noun], want[noun])
	}
	logins, err := target.System().Logins(s.Context(), o.User.EmailKey)
	if err != nil || len(logins) != 1 || logins[0].PasswordHash != o.User.PasswordHash {
		s.Errorf("sign-in data afterwards: got %v, %v, want the admin's", logins, err)
	}
	refs, err := target.System().Unindexed(s.Context(), 10)
	if err != nil || len(refs) != len(want["document"]) {
		s.Errorf("documents to be indexed: got %v, %v, want every one", refs, err)
	}
	abandoned, err := target.System().AbandonedImports(s.Context(), 10)
	if err != nil || len(abandoned) != 0 {
		s.Errorf("imports afterwards: got %v, %v, want none", abandoned, err)
	}
}

// alwaysZero are the fields that no row of fullOrg can have.
var alwaysZero = map[string]bool{"Template.IsDefault": true}

// wantEveryField reports fields of a noun that no row has set: a field that is
// added must be in fullOrg, so that the case notices when an archive drops it.
func wantEveryField(s *scene, rows rowLists) {
	s.Helper()
	for _, noun := range archive.Kinds() {
		if len(rows[noun]) == 0 {
			s.Errorf("there is no %s", noun)
			continue
		}
		t := reflect.TypeOf(rows[noun][0]).Elem()
		for i := range t.NumField() {
			set := false
			for _, row := range rows[noun] {
				set = set || !reflect.ValueOf(row).Elem().Field(i).IsZero()
			}
			if name := t.Name() + "." + t.Field(i).Name; !set && !alwaysZero[name] {
				s.Errorf("%s is not set in any row: set it in fullOrg", name)
			}
		}
	}
}

func archiveIsASnapshot(s *scene) {
	o := s.fullOrg()
	want := exportRows(s, s.store, o.Tenant)
	got := rowLists{}
	to := got.into()
	user, wrote := to.User, false
	to.User = func(u *core.User) error {
		if !wrote { // the export has begun
			wrote = true
			d := o.NewDocument(s)
			o.NewSummary(s, d)
			o.NewTemplate(s)
			o.NewSession(s)
			o.appendEvent(s, "later")
			first := *want["document"][0].(*core.Document)
			first.Title = "changed meanwhile"
			o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Update(ctx, &first) })
		}
		return user(u)
	}
	if err := o.Read().Archive.Export(s.Context(), to); err != nil {
		s.Fatalf("export: %v", err)
	}
	wantSame(s, "export while others write", got, want)
}

func exportReturnsItsReceiversError(s *scene) {
	o := s.fullOrg()
	to := rowLists{}.into()
	to.Document = func(*core.Document) error { return errOfTest }
	to.Job = func(*core.Job) error { s.Error("called after an error"); return nil }
	if err := o.Read().Archive.Export(s.Context(), to); !errors.Is(err, errOfTest) {
		s.Errorf("got %v, want the receiver's error", err)
	}
	exportRows(s, s.store, o.Tenant) // and the store goes on
	err := s.store.Tenant(core.TrustTenant(core.NewID[core.OrgID]())).Read().Archive.Export(s.Context(), rowLists{}.into())
	wantCode(s, "export of an unknown organization", err, core.CodeNotFound)
	err = o.TryTx(s, func(ctx context.Context, _ core.Tx) error { return o.Read().Archive.Export(ctx, rowLists{}.into()) })
	if !errors.Is(err, core.ErrOuterRead) {
		s.Errorf("export inside a transaction: got %v, want ErrOuterRead", err)
	}
}

// turning is a sealer that hides nothing and can be told from its absence.
type turning struct{}

func (turning) Seal(_ context.Context, _ core.Tenant, _ string, plain []byte) ([]byte, error) {
	sealed := slices.Clone(plain)
	slices.Reverse(sealed)
	return sealed, nil
}

func (turning) Open(_ context.Context, _ core.Tenant, _ string, sealed []byte) ([]byte, error) {
	return turning{}.Seal(context.Background(), core.Tenant{}, "", sealed)
}

func (turning) Current([]byte) bool { return true }
