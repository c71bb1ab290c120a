package coretest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// Org is an organization in a store, with one admin. Its methods store things of
// it that are valid as they are; opts change them before that.
type Org struct {
	Store        core.Store
	Tenant       core.Tenant
	Organization core.Organization
	User         core.User
}

// Now returns the present in the form that core gives to stores: UTC, cut to microseconds.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// NewOrg stores an organization with an admin.
func NewOrg(t testing.TB, s core.Store, opts ...func(*core.Organization)) *Org {
	t.Helper()
	at := Now()
	id := core.NewID[core.OrgID]()
	o := &Org{Store: s, Tenant: core.TrustTenant(id), Organization: core.Organization{
		ID: id, Name: "Example Ltd", PlanType: core.PlanFree, Resummarize: core.ResummarizeOff, CreatedAt: at, UpdatedAt: at,
	}}
	apply(&o.Organization, opts)
	o.User = o.newUser()
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		if err := tx.Organizations.Create(ctx, &o.Organization); err != nil {
			return err
		}
		return tx.Users.Create(ctx, &o.User)
	})
	return o
}

func apply[T any](v *T, opts []func(*T)) {
	for _, opt := range opts {
		opt(v)
	}
}

// Actor returns the organization's admin.
func (o *Org) Actor() core.Actor { return core.NewActor(o.Tenant, o.User.ID, o.User.Role) }

// Read returns the organization's readers.
func (o *Org) Read() core.Readers { return o.Store.Tenant(o.Tenant).Read() }

// InTx runs fn in a transaction of the organization and ends the test when it fails.
func (o *Org) InTx(t testing.TB, fn func(ctx context.Context, tx core.Tx) error) {
	t.Helper()
	if err := o.TryTx(t, fn); err != nil {
		t.Fatalf("transaction: %v", err)
	}
}

// TryTx runs fn in a transaction of the organization and returns its error.
func (o *Org) TryTx(t testing.TB, fn func(ctx context.Context, tx core.Tx) error) error {
	return o.Store.Tenant(o.Tenant).InTx(t.Context(), fn)
}

func (o *Org) newUser() core.User {
	at, id := Now(), core.NewID[core.UserID]()
	return core.User{
		ID: id, OrgID: o.Organization.ID, Email: "Ann." + string(id) + "@example.org", EmailKey: "ann." + string(id) + "@example.org",
		Name: "Ann", Role: core.RoleAdmin, AuthProvider: core.AuthLocal, PasswordHash: "hash of " + string(id),
		IsActive: true, CreatedAt: at, UpdatedAt: at,
	}
}

// NewUser stores another user.
func (o *Org) NewUser(t testing.TB, opts ...func(*core.User)) *core.User {
	t.Helper()
	u := o.newUser()
	apply(&u, opts)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Users.Create(ctx, &u) })
	return &u
}

// NewSession stores a session of the admin.
func (o *Org) NewSession(t testing.TB, opts ...func(*core.Session)) *core.Session {
	t.Helper()
	s := o.session()
	apply(&s, opts)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Sessions.Create(ctx, &s) })
	return &s
}

func (o *Org) session() core.Session {
	at, id := Now(), core.NewID[core.SessionID]()
	hash := sha256.Sum256([]byte(id))
	return core.Session{ID: id, FamilyID: id, UserID: o.User.ID, TokenHash: hash[:], CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
}

// NewAPIKey stores an API key of the admin.
func (o *Org) NewAPIKey(t testing.TB, opts ...func(*core.APIKey)) *core.APIKey {
	t.Helper()
	k := o.apiKey()
	apply(&k, opts)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.APIKeys.Create(ctx, &k) })
	return &k
}

func (o *Org) apiKey() core.APIKey {
	id := core.NewID[core.APIKeyID]()
	hash := sha256.Sum256([]byte(id))
	return core.APIKey{
		ID: id, OrgID: o.Organization.ID, UserID: o.User.ID, Name: "Nightly import", Prefix: "dk_abcdefgh",
		KeyHash: hash[:], Role: core.RoleMember, CreatedAt: Now(),
	}
}

// NewDocument stores an upload.
func (o *Org) NewDocument(t testing.TB, opts ...func(*core.Document)) *core.Document {
	t.Helper()
	d := o.document(opts...)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Documents.Create(ctx, d) })
	return d
}

// document makes an upload without storing it; its hash and size fit its content.
func (o *Org) document(opts ...func(*core.Document)) *core.Document {
	at := Now()
	d := &core.Document{
		ID: core.NewID[core.DocumentID](), OrgID: o.Organization.ID, UserID: o.User.ID, Title: "Minutes of May",
		Content: "# Minutes\n\nThe budget was approved.\n", SourceType: core.SourceUpload, MimeType: "text/markdown", ConversionWarnings: []string{},
		Version: 1, Revision: 1, Status: core.DocumentActive, CreatedAt: at, UpdatedAt: at,
	}
	apply(d, opts)
	d.ContentHash, d.ContentBytes = hashOf(d.Content), int64(len(d.Content))
	return d
}

func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// NewIntegration stores an integration of the admin.
func (o *Org) NewIntegration(t testing.TB, opts ...func(*core.Integration)) *core.Integration {
	t.Helper()
	i := o.integration(opts...)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Integrations.Create(ctx, i) })
	return i
}

func (o *Org) integration(opts ...func(*core.Integration)) *core.Integration {
	at := Now()
	i := &core.Integration{
		ID: core.NewID[core.IntegrationID](), OrgID: o.Organization.ID, UserID: o.User.ID, Type: core.IntegrationConfluence,
		AuthType: core.AuthAPIToken, Name: "Wiki", Config: core.IntegrationConfig{BaseURL: "https://team.atlassian.net", Spaces: []string{"OPS"}},
		Status: core.IntegrationConnected, Sealed: []byte("sealed"), CreatedAt: at, UpdatedAt: at,
	}
	apply(i, opts)
	return i
}

// NewWebhook stores a webhook that has read the log to its present end.
func (o *Org) NewWebhook(t testing.TB, opts ...func(*core.Webhook)) *core.Webhook {
	t.Helper()
	w := o.webhook(opts...)
	log, err := o.Read().Events.State(t.Context())
	must(t, "state of the log", log, err)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Webhooks.Create(ctx, w, log.Last) })
	return w
}

func (o *Org) webhook(opts ...func(*core.Webhook)) *core.Webhook {
	at := Now()
	w := &core.Webhook{
		ID: core.NewID[core.WebhookID](), OrgID: o.Organization.ID, URL: "https://example.org/hook", Topics: []string{"documents", "summaries"},
		IsActive: true, Sealed: []byte("sealed"), CreatedAt: at, UpdatedAt: at,
	}
	apply(w, opts)
	return w
}

// NewDelivery stores a delivery of a webhook that is due.
func (o *Org) NewDelivery(t testing.TB, w *core.Webhook, opts ...func(*core.Delivery)) *core.Delivery {
	t.Helper()
	d := o.delivery(w, opts...)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Deliveries.Add(ctx, []core.Delivery{*d}) })
	return d
}

func (o *Org) delivery(w *core.Webhook, opts ...func(*core.Delivery)) *core.Delivery {
	at, id := Now(), core.NewID[core.DeliveryID]()
	d := &core.Delivery{
		ID: id, WebhookID: w.ID, EventID: core.Position("epoch-" + id), EventType: core.EventDocumentCreated, Subject: string(id),
		Status: core.DeliveryPending, NextAttemptAt: &at, Body: []byte(`{"n": 1}`), CreatedAt: at,
	}
	apply(d, opts)
	return d
}

// NewPublishedPage stores where summaries of a document are published.
func (o *Org) NewPublishedPage(t testing.TB, i *core.Integration, d *core.Document, opts ...func(*core.PublishedPage)) *core.PublishedPage {
	t.Helper()
	p := o.publishedPage(i, d, opts...)
	o.InTx(t, func(ctx context.Context, tx core.Tx) (err error) {
		p, err = tx.PublishedPages.Claim(ctx, p)
		return err
	})
	return p
}

func (o *Org) publishedPage(i *core.Integration, d *core.Document, opts ...func(*core.PublishedPage)) *core.PublishedPage {
	at := Now()
	p := &core.PublishedPage{
		ID: core.NewID[core.PublishedPageID](), OrgID: o.Organization.ID, IntegrationID: i.ID, DocID: d.ID, TemplateID: core.DefaultTemplateID,
		Target: "below:229500", SummaryID: core.NewID[core.SummaryID](), CreatedAt: at, UpdatedAt: at,
	}
	apply(p, opts)
	return p
}

// NewTemplate stores a template of the admin.
func (o *Org) NewTemplate(t testing.TB, opts ...func(*core.Template)) *core.Template {
	t.Helper()
	x := o.template(opts...)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Templates.Create(ctx, x) })
	return x
}

func (o *Org) template(opts ...func(*core.Template)) *core.Template {
	at, id := Now(), core.NewID[core.TemplateID]()
	x := &core.Template{
		ID: id, OrgID: new(o.Organization.ID), Name: "House style " + string(id), Description: "Ours",
		PromptTemplate: "Summarize {{title}}: {{content}}", TemplateType: core.TemplateSummary, Format: core.FormatMarkdown,
		Version: 1, CreatedBy: new(o.User.ID), CreatedAt: at, UpdatedAt: at,
	}
	apply(x, opts)
	return x
}

// NewSummary stores a pending summary of a document, with the job that is to fill it.
func (o *Org) NewSummary(t testing.TB, d *core.Document, opts ...func(*core.Summary)) *core.Summary {
	t.Helper()
	x, j := o.summary(d, opts...), o.job()
	j.ID, j.RelatedID = x.JobID, string(x.ID)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		tx.Enqueue(*j)
		return tx.Summaries.Create(ctx, x)
	})
	return x
}

func (o *Org) summary(d *core.Document, opts ...func(*core.Summary)) *core.Summary {
	at := Now()
	x := &core.Summary{
		ID: core.NewID[core.SummaryID](), DocID: d.ID, OrgID: o.Organization.ID, CreatedBy: o.User.ID,
		TemplateID: core.DefaultTemplateID, TemplateVersion: 1, Prompt: "Summarize {{content}}", Format: core.FormatMarkdown,
		Length: core.LengthMedium, Status: core.SummaryPending, JobID: core.NewID[core.JobID](), DocVersion: d.Version,
		Coverage: core.Coverage{PagesWithoutText: []int{}}, Citations: []core.Citation{}, Warnings: []core.Warning{},
		CreatedAt: at, UpdatedAt: at,
	}
	apply(x, opts)
	return x
}

// NewJob enqueues a job that is due.
func (o *Org) NewJob(t testing.TB, opts ...func(*core.Job)) *core.Job {
	t.Helper()
	j := o.job(opts...)
	o.InTx(t, func(_ context.Context, tx core.Tx) error { tx.Enqueue(*j); return nil })
	return j
}

// PutItems stores items of jobs.
func (o *Org) PutItems(t testing.TB, items ...core.JobItem) {
	t.Helper()
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.JobItems.Put(ctx, items) })
}

func (o *Org) item(j *core.Job, item string, opts ...func(*core.JobItem)) core.JobItem {
	at := Now()
	i := core.JobItem{ID: core.NewID[core.JobItemID](), JobID: j.ID, Item: item, Title: "Minutes of May", State: core.JobItemPending, CreatedAt: at, UpdatedAt: at}
	apply(&i, opts)
	return i
}

func (o *Org) job(opts ...func(*core.Job)) *core.Job {
	at := Now()
	j := &core.Job{
		ID: core.NewID[core.JobID](), OrgID: o.Organization.ID, UserID: o.User.ID, Type: core.JobSummarize,
		RelatedID: core.NewID[string](), RelatedType: "summary", Status: core.JobPending, Run: 1, MaxAttempts: 3,
		Queue: core.QueueLLM, NextAttemptAt: new(at), QueuedAt: at, CreatedAt: at,
	}
	apply(j, opts)
	return j
}
