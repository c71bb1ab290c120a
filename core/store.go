package core

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Store is everything that outlives the process. Implementations pass
// coretest.RunStore. It may be used concurrently.
type Store interface {
	// Tenant returns the part of the store that is t's. It does no I/O. With an
	// invalid Tenant every call on the result returns CodeInternal.
	Tenant(t Tenant) TenantStore
	// System returns the few reads and claims that are made before a tenant is known.
	System() SystemStore
	// Health returns nil when the store answers, else CodeUnavailable.
	Health(ctx context.Context) error
	// Close ends the store's connections. Calls after it return CodeUnavailable.
	Close() error
}

// TenantStore is one organization's part of a Store. Nothing of another
// organization can be read, changed or pointed to through it.
type TenantStore interface {
	// Read returns the readers. Each call of a reader sees a committed state;
	// two calls may see two. A reader called with the context of an open
	// transaction of the same store returns ErrOuterRead.
	Read() Readers
	// InTx runs fn in one transaction and commits when fn returns nil. When fn
	// returns an error or panics nothing is kept; the error is returned as it is
	// and a panic goes on. The jobs and events that fn put into tx are written
	// with the commit, and their errors returned here. A write of a repository may
	// also be sent with a later call or the commit; when it is refused, or finds no
	// row, the later call or InTx returns its error and nothing is kept. A read
	// sees all writes before it. fn may run again after a
	// conflict with another transaction, so it must be free of other effects and
	// set what it assigns outside anew. tx and its repositories are dead after
	// fn has returned. fn's ctx must be used inside; InTx with it returns
	// ErrOuterRead.
	InTx(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
	// InLease is InTx behind the fence of a job: it first locks the job's row
	// and returns ErrLeaseLost, running nothing, unless the job is leased under
	// l's fence and the lease has not expired by the store's clock.
	InLease(ctx context.Context, l Lease, fn func(ctx context.Context, tx Tx) error) error
	// InLeases is InLease for several jobs at once. It hands fn those of the leases
	// that are held, in their order, with the rows of those jobs locked. It returns
	// ErrLeaseLost, running nothing, when none is.
	InLeases(ctx context.Context, leases []Lease, fn func(ctx context.Context, tx Tx, held []Lease) error) error
}

// Readers is one reader a noun. A store fills every field.
type Readers struct {
	Organizations  OrganizationReader
	Users          UserReader
	Sessions       SessionReader
	APIKeys        APIKeyReader
	Integrations   IntegrationReader
	PublishedPages PublishedPageReader
	Webhooks       WebhookReader
	Deliveries     DeliveryReader
	Documents      DocumentReader
	Summaries      SummaryReader
	Templates      TemplateReader
	Jobs           JobReader
	JobItems       JobItemReader
	Events         EventReader
	Audit          AuditReader
	Usage          UsageReader
	Archive        ArchiveReader
}

// Tx is what can be done inside one transaction: a repository a noun, and the
// outbox of jobs and events that commit with it. A store fills every field.
type Tx struct {
	Organizations  OrganizationRepo
	Users          UserRepo
	Sessions       SessionRepo
	APIKeys        APIKeyRepo
	Idempotency    IdempotencyRepo
	Documents      DocumentRepo
	Summaries      SummaryRepo
	Templates      TemplateRepo
	Jobs           JobRepo
	JobItems       JobItemRepo
	Imports        ImportRepo
	Usage          UsageRepo
	Integrations   IntegrationRepo
	PublishedPages PublishedPageRepo
	Webhooks       WebhookRepo
	Deliveries     DeliveryRepo
	*Outbox
}

// Outbox collects what a transaction leaves behind besides its rows. The store
// writes all of it in one go with the commit, in the order in which it was put
// in; nothing of it can be read before.
type Outbox struct {
	Enqueued   []Job      // new jobs, each dispatched to its FirstQueue at NextAttemptAt
	Dispatched []Dispatch // existing jobs that are to be started again
	Appended   []NewEvent // to the tenant's event log
	Canceled   []JobID    // told to the workers after the commit; not stored
	Told       []Told     // to whoever listens, after the commit; not stored
	Audited    []AuditEntry
	Metered    []Metered // added to the tenant's counts
	Revoked    bool      // somebody's credentials or role changed; told to every node, not stored
}

// Revoke has every node forget, after the commit, what it knows of the
// organization's credentials and roles.
func (o *Outbox) Revoke() { o.Revoked = true }

// Enqueue creates j, whose id, times and NextAttemptAt are set, and dispatches it.
func (o *Outbox) Enqueue(j Job) { o.Enqueued = append(o.Enqueued, j) }

// Dispatch has an existing pending job started at d.RunAt; it replaces the dispatch
// that the job has, if it has one. A job that is not the tenant's fails the
// transaction with CodeNotFound.
func (o *Outbox) Dispatch(d Dispatch) { o.Dispatched = append(o.Dispatched, d) }

// Told is an ephemeral event about a job.
type Told struct {
	Type EventType
	At   time.Time
	Job  Job
}

// Tell has listeners told of j after the commit, now and then.
func (o *Outbox) Tell(t EventType, at time.Time, j *Job) {
	o.Told = append(o.Told, Told{Type: t, At: at, Job: *j})
}

// Audit adds a line to the tenant's audit log.
func (o *Outbox) Audit(e AuditEntry) { o.Audited = append(o.Audited, e) }

// Meter counts m for the tenant.
func (o *Outbox) Meter(m Metered) { o.Metered = append(o.Metered, m) }

// Append adds an event with the present state of data to the tenant's log; its
// place is settled by the commit. data is one of core's types, which always
// have a JSON form; anything else panics.
func (o *Outbox) Append(t EventType, at time.Time, data any) {
	o.Appended = append(o.Appended, NewEvent{Type: t, At: at, Data: mustJSON(data)})
}

// mustJSON is for core's own types.
func mustJSON(data any) json.RawMessage {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("core: %T has no JSON form: %v", data, err))
	}
	return raw
}

// checkFilled refuses a struct of ports with a nil field, so that an adapter that
// was written before a noun existed fails at the start and not in a request.
func checkFilled(name string, ports any) error {
	v := reflect.ValueOf(ports)
	for i := range v.NumField() {
		if f := v.Field(i); (f.Kind() == reflect.Interface || f.Kind() == reflect.Pointer) && f.IsNil() {
			return fmt.Errorf("%s.%s is nil", name, v.Type().Field(i).Name)
		}
	}
	return nil
}
