package archive

import (
	"context"
	"reflect"
	"time"

	"github.com/docsctl/docsctl/core"
)

// kind is one noun of an archive. A new noun is a field of core.ArchiveRows and a
// line in kinds.
type kind struct {
	name string
	codec
	export func(rows *core.ArchiveRows, put func(row any) error)               // subscribes put to the noun
	write  func(ctx context.Context, im *importing, tx core.Tx, row any) error // into the target
}

// kinds is every noun in the order of core.ArchiveRows, which is an archive's.
func kinds() []kind {
	return []kind{
		newKind("organization", func(r *core.ArchiveRows) *func(*core.Organization) error { return &r.Organization }, (*importing).organization),
		newKind("user", func(r *core.ArchiveRows) *func(*core.User) error { return &r.User }, (*importing).user),
		newKind("session", func(r *core.ArchiveRows) *func(*core.Session) error { return &r.Session }, (*importing).session),
		newKind("api_key", func(r *core.ArchiveRows) *func(*core.APIKey) error { return &r.APIKey }, (*importing).apiKey),
		newKind("template", func(r *core.ArchiveRows) *func(*core.Template) error { return &r.Template }, (*importing).template, "IsDefault"),
		newKind("integration", func(r *core.ArchiveRows) *func(*core.Integration) error { return &r.Integration }, (*importing).integration),
		newKind("webhook", func(r *core.ArchiveRows) *func(*core.Webhook) error { return &r.Webhook }, (*importing).webhook),
		newKind("delivery", func(r *core.ArchiveRows) *func(*core.Delivery) error { return &r.Delivery }, (*importing).delivery),
		newKind("document", func(r *core.ArchiveRows) *func(*core.Document) error { return &r.Document }, (*importing).document),
		newKind("published_page", func(r *core.ArchiveRows) *func(*core.PublishedPage) error { return &r.PublishedPage }, (*importing).publishedPage),
		newKind("job", func(r *core.ArchiveRows) *func(*core.Job) error { return &r.Job }, (*importing).job),
		newKind("job_item", func(r *core.ArchiveRows) *func(*core.JobItem) error { return &r.JobItem }, (*importing).jobItem),
		newKind("summary", func(r *core.ArchiveRows) *func(*core.Summary) error { return &r.Summary }, (*importing).summary, "Stale"),
		newKind("idempotency_key", func(r *core.ArchiveRows) *func(*core.IdempotentRequest) error { return &r.Idempotent }, (*importing).idempotent),
		newKind("audit", func(r *core.ArchiveRows) *func(*core.AuditEntry) error { return &r.Audit }, (*importing).audit),
		newKind("usage", func(r *core.ArchiveRows) *func(*core.UsageOfMonth) error { return &r.Usage }, (*importing).usage),
		newKind("event", func(r *core.ArchiveRows) *func(*core.NewEvent) error { return &r.Event }, (*importing).event),
	}
}

// newKind ties a noun's name to where its rows come from and where they go to.
// computed names the fields that a store works out anew.
func newKind[T any](name string, from func(*core.ArchiveRows) *func(*T) error,
	write func(im *importing, ctx context.Context, tx core.Tx, row *T) error, computed ...string,
) kind {
	return kind{
		name:  name,
		codec: newCodec(reflect.TypeFor[T](), computed...),
		export: func(rows *core.ArchiveRows, put func(any) error) {
			*from(rows) = func(row *T) error { return put(row) }
		},
		write: func(ctx context.Context, im *importing, tx core.Tx, row any) error {
			return write(im, ctx, tx, row.(*T)) // the codec made it
		},
	}
}

// Kinds returns the names of the nouns in an archive, in its order.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

func (im *importing) organization(ctx context.Context, tx core.Tx, o *core.Organization) error {
	made := *o
	if made.Resummarize == "" { // by an installation that did not have the choice
		made.Resummarize = core.ResummarizeOff
	}
	return tx.Organizations.Create(ctx, &made)
}

// user stores everybody as inactive: nobody signs in before the end.
func (im *importing) user(ctx context.Context, tx core.Tx, u *core.User) error {
	hidden := *u
	hidden.IsActive = false
	return tx.Users.Create(ctx, &hidden)
}

func (im *importing) session(ctx context.Context, tx core.Tx, s *core.Session) error {
	return tx.Sessions.Create(ctx, s)
}

func (im *importing) apiKey(ctx context.Context, tx core.Tx, k *core.APIKey) error {
	return tx.APIKeys.Create(ctx, k)
}

func (im *importing) template(ctx context.Context, tx core.Tx, t *core.Template) error {
	return tx.Templates.Create(ctx, t)
}

func (im *importing) integration(ctx context.Context, tx core.Tx, i *core.Integration) error {
	made := *i
	var err error
	if made.Sealed, err = im.seal(ctx, core.SealedTokens, i.Sealed); err != nil {
		return err
	}
	return tx.Integrations.Create(ctx, &made)
}

// webhook stores one that has read no log yet: places of the source's log are none
// here. It goes on at the end of this one, and what was pending is sent from here.
func (im *importing) webhook(ctx context.Context, tx core.Tx, w *core.Webhook) error {
	made := *w
	var err error
	if made.Sealed, err = im.seal(ctx, core.SealedWebhookSecrets, w.Sealed); err != nil {
		return err
	}
	return tx.Webhooks.Create(ctx, &made, "")
}

func (im *importing) delivery(ctx context.Context, tx core.Tx, d *core.Delivery) error {
	return tx.Deliveries.Add(ctx, []core.Delivery{*d})
}

func (im *importing) publishedPage(ctx context.Context, tx core.Tx, p *core.PublishedPage) error {
	_, err := tx.PublishedPages.Claim(ctx, p)
	return err
}

func (im *importing) document(ctx context.Context, tx core.Tx, d *core.Document) error {
	return tx.Documents.Create(ctx, d)
}

// job gives a job that was running back unharmed, as a worker does that is shut
// down: the run at the source is none here.
func (im *importing) job(ctx context.Context, tx core.Tx, j *core.Job) error {
	waiting := *j
	if j.Status == core.JobInProgress {
		waiting.Status, waiting.Attempt = core.JobPending, max(j.Attempt-1, 0)
	}
	if waiting.WaitsFor == core.WaitChildren { // whether they have ended is looked at again
		waiting.WaitsFor = ""
	}
	if waiting.Status == core.JobPending && waiting.NextAttemptAt == nil && waiting.WaitsFor != core.WaitConfirmation {
		waiting.NextAttemptAt = &im.at
	}
	return tx.Jobs.Restore(ctx, &waiting)
}

func (im *importing) jobItem(ctx context.Context, tx core.Tx, it *core.JobItem) error {
	return tx.JobItems.Put(ctx, []core.JobItem{*it})
}

func (im *importing) summary(ctx context.Context, tx core.Tx, s *core.Summary) error {
	return tx.Summaries.Create(ctx, s)
}

// idempotent stores a request as its own first claim, whatever its age.
func (im *importing) idempotent(ctx context.Context, tx core.Tx, r *core.IdempotentRequest) error {
	earlier, err := tx.Idempotency.Claim(ctx, *r, time.Time{})
	switch {
	case err != nil:
		return err
	case earlier != nil:
		return damaged("the archive has a request twice; export it again", nil)
	}
	return tx.Idempotency.Answer(ctx, *r)
}

func (im *importing) audit(_ context.Context, tx core.Tx, e *core.AuditEntry) error {
	tx.Audit(*e)
	return nil
}

func (im *importing) usage(ctx context.Context, tx core.Tx, u *core.UsageOfMonth) error {
	return tx.Usage.Restore(ctx, *u)
}

// event bypasses Outbox.Append, whose encoder would change the data's spaces.
func (im *importing) event(_ context.Context, tx core.Tx, e *core.NewEvent) error {
	tx.Appended = append(tx.Appended, *e)
	return nil
}
