package sqlite

import (
	"context"
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/archive"
	"github.com/docsctl/docsctl/core/coretest"
)

// fullScan matches a step that reads a whole table or index. An index is scanned
// only where the statement asks for the few rows at its front.
var fullScan = regexp.MustCompile(`^SCAN (\w+)( USING (COVERING )?INDEX (\w+))?`)

// mayScan are what may be read whole, each with its reason.
var mayScan = map[string]string{
	"global_templates":        "the product's few rows",
	"global_templates_newest": "the product's few rows",
	"documents_unindexed":     "holds only what waits to be indexed, in the order that is asked for",
	"w":                       "search_words by a MATCH",
	"webhooks_turn":           "holds only active webhooks, in the order that is asked for",
	"search_words":            "search_words by a MATCH",
}

// itsOwnIndex names the index by which few rows of many are found.
var itsOwnIndex = map[string]string{
	" AND content_hash = ?":                           "documents_hash",
	" AND external_id = ?":                            "documents_external_newest",
	" AND related_id = ?":                             "jobs_related",
	" AND parent_id = ?":                              "jobs_parent",
	" AND doc_id = ?":                                 "summaries_document",
	" FROM api_keys WHERE org_id = ? AND user_id = ?": "api_keys_user",
}

func TestLists_FindFewRowsByTheirIndex(t *testing.T) {
	t.Parallel()
	s := openStore(t, migrated(t))
	useEverything(t, s)
	err := s.writer.do(t.Context(), func(c *session) error {
		for condition, index := range itsOwnIndex {
			seen := 0
			for statement := range s.reader.statements {
				if !strings.Contains(statement, condition) || strings.Contains(statement, "MATCH") || selective(statement) > 1 {
					continue
				}
				seen++
				if plan := strings.Join(planOf(t, c, statement), "\n\t"); !strings.Contains(plan, "INDEX "+index+" ") {
					t.Errorf("%s\n\t%s\n\twant it by %s", statement, plan, index)
				}
			}
			if seen == 0 {
				t.Errorf("no list by%s was run", condition)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// selective counts the conditions of a statement that have an index of their own.
func selective(statement string) int {
	n := 0
	for condition := range itsOwnIndex {
		n += strings.Count(statement, condition)
	}
	return n
}

func TestStatements_ScanNoTable(t *testing.T) {
	t.Parallel()
	s := openStore(t, migrated(t))
	useEverything(t, s)
	all := slices.Sorted(maps.Keys(s.reader.statements))
	err := s.writer.do(t.Context(), func(c *session) error {
		all = append(all, slices.Sorted(maps.Keys(c.statements))...)
		for _, statement := range all {
			if control(statement) {
				continue
			}
			for _, step := range planOf(t, c, statement) {
				checkStep(t, statement, step)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range constants(t) {
		if !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, text) }) {
			t.Errorf("%s was never run; add a use of it to useEverything", name)
		}
	}
}

// control reports whether a statement only opens or ends a transaction.
func control(statement string) bool {
	verb, _, _ := strings.Cut(statement, " ")
	return slices.Contains([]string{"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK"}, verb)
}

func planOf(t *testing.T, c *session, statement string) []string {
	t.Helper()
	var steps []string
	args := make([]any, strings.Count(statement, "?"))
	err := c.each(t.Context(), func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		steps = append(steps, detail)
		return err
	}, "EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		t.Fatalf("explain %s: %v", statement, err)
	}
	return steps
}

func checkStep(t *testing.T, statement, step string) {
	t.Helper()
	m := fullScan.FindStringSubmatch(step)
	if m == nil || m[1] == "CONSTANT" || strings.HasPrefix(m[1], "subquery") {
		return
	}
	if mayScan[m[1]] == "" && mayScan[m[4]] == "" && !strings.Contains(step, "VIRTUAL TABLE INDEX") {
		t.Errorf("%s\n\tin: %s", step, statement)
	}
}

// constants returns the package's string constants that begin a statement.
func constants(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "sql") {
				found[spec.Names[0].Name] = firstLiteral(spec.Values[0])
			}
			return true
		})
	}
	if len(found) < 50 {
		t.Fatalf("saw %d statements; there are more", len(found))
	}
	return found
}

// firstLiteral returns the text with which a constant expression begins.
func firstLiteral(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.BinaryExpr:
		if text := firstLiteral(x.X); text != "" {
			return text
		}
		return firstLiteral(x.Y)
	case *ast.BasicLit:
		text, _ := strconv.Unquote(x.Value)
		return text
	}
	return ""
}

// useEverything runs every statement of the package at least once.
func useEverything(t *testing.T, s *Store) {
	t.Helper()
	o := coretest.NewOrg(t, s)
	d := o.NewDocument(t)
	sum := o.NewSummary(t, d)
	tpl := o.NewTemplate(t)
	session, key := o.NewSession(t), o.NewAPIKey(t)
	integration := o.NewIntegration(t, func(i *core.Integration) { i.Sealed = nil })
	published := o.NewPublishedPage(t, integration, d)
	words := core.SearchQuery{Title: "budget", Words: []string{"budget"}}
	useWebhooks(t, s, o)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		tx.Append(core.EventDocumentCreated, d.CreatedAt, d)
		request := core.IdempotentRequest{UserID: o.User.ID, Route: "r", KeyHash: []byte("k"), Fingerprint: []byte("f"), CreatedAt: d.CreatedAt}
		for range 2 {
			if _, err := tx.Idempotency.Claim(ctx, request, d.CreatedAt.Add(-time.Hour)); err != nil {
				return err
			}
		}
		if err := tx.Idempotency.Answer(ctx, request); err != nil {
			return err
		}
		j, err := tx.Jobs.Get(ctx, sum.JobID)
		if err != nil {
			return err
		}
		items := []core.JobItem{{ID: core.NewID[core.JobItemID](), JobID: j.ID, Item: "a", CreatedAt: d.CreatedAt, UpdatedAt: d.CreatedAt}}
		if err := firstError(second(tx.JobItems.Add(ctx, items)), tx.JobItems.Put(ctx, items), second(tx.JobItems.Move(ctx, j.ID, "a", items[0])),
			second(tx.JobItems.Get(ctx, j.ID, "a")), second(tx.JobItems.Count(ctx, j.ID))); err != nil {
			return err
		}
		tx.Audit(core.AuditEntry{ID: core.NewID[string](), At: d.CreatedAt, Action: core.AuditSignedIn})
		if err := firstError(second(tx.Integrations.GetForUpdate(ctx, integration.ID)), second(tx.Integrations.List(ctx, core.Seek{Limit: 5})),
			tx.Integrations.Update(ctx, integration), second(tx.PublishedPages.Get(ctx, published.ID)),
			second(tx.PublishedPages.ListByRemoteID(ctx, integration.ID, []string{"1"})),
			second(tx.PublishedPages.Claim(ctx, published)), tx.PublishedPages.Update(ctx, published)); err != nil {
			return err
		}
		return firstError(
			tx.Documents.PutSearchEntry(ctx, core.SearchEntry{DocumentID: d.ID, Revision: d.Revision, Title: "budget", TitleWords: words.Words, Words: words.Words}),
			tx.Documents.Update(ctx, d), tx.Summaries.Update(ctx, sum), tx.Templates.Update(ctx, tpl), tx.Organizations.Update(ctx, &o.Organization),
			tx.Users.Update(ctx, &o.User), tx.Sessions.MarkUsed(ctx, session.ID, d.CreatedAt), tx.Sessions.RevokeFamily(ctx, session.ID, d.CreatedAt),
			second(tx.Sessions.GetForUpdate(ctx, session.ID)), second(tx.Sessions.Live(ctx, o.User.ID, session.ID)),
			tx.Sessions.RevokeOfUser(ctx, o.User.ID, "", d.CreatedAt), second(tx.APIKeys.Get(ctx, key.ID)),
			tx.APIKeys.MarkUsed(ctx, key.ID, d.CreatedAt), tx.APIKeys.Delete(ctx, key.ID), tx.APIKeys.DeleteOfUser(ctx, o.User.ID),
		)
	})
	readEverything(t, o, d, words)
	if err := firstError(second(s.System().DueIntegrations(t.Context(), d.CreatedAt, 5)), second(s.System().ExpiredInvitations(t.Context(), d.CreatedAt, 5)), second(s.Sealed(t.Context()))); err != nil {
		t.Fatal(err)
	}
	callEverything(t, s, o)
	moveEverything(t, s, o)
	workOnEverything(t, s, o, session)
	if _, err := s.System().Prune(t.Context(), core.PruneRequest{Organizations: 5, Limit: 1, Events: d.CreatedAt.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		return firstError(tx.Integrations.Delete(ctx, integration.ID), tx.Templates.Delete(ctx, tpl.ID), tx.Summaries.Delete(ctx, sum.ID), tx.Summaries.DeleteOfDocument(ctx, d.ID), tx.Documents.Delete(ctx, d.ID))
	})
}

// useWebhooks works on a webhook and leaves one with a delivery.
func useWebhooks(t *testing.T, s *Store, o *coretest.Org) {
	t.Helper()
	ctx := t.Context()
	hook := o.NewWebhook(t)
	d := o.NewDelivery(t, hook)
	at := coretest.Now().Add(time.Hour)
	claims, err := s.System().WebhookWork(ctx, core.WebhookWorkRequest{At: at, Limit: 1, TTL: time.Minute, MaxPending: 5})
	if err != nil || len(claims) != 1 {
		t.Fatalf("webhooks: got %v, %v", claims, err)
	}
	r := o.Read()
	err = firstError(second(s.System().WebhookWork(ctx, core.WebhookWorkRequest{All: true, Limit: 1})), second(r.Webhooks.List(ctx, core.Seek{Limit: 5})),
		second(r.Deliveries.Due(ctx, hook.ID, at, 5)), second(r.Deliveries.Pending(ctx, hook.ID, 5)), second(r.Deliveries.Get(ctx, d.ID)),
		second(r.Deliveries.List(ctx, core.DeliveryFilter{WebhookID: hook.ID, Status: core.DeliveryPending, EventType: "x"}, core.Seek{Limit: 5})))
	if err != nil {
		t.Fatal(err)
	}
	o.InTx(t, func(ctx context.Context, tx core.Tx) error {
		if _, _, err := tx.Webhooks.Hold(ctx, claims[0]); err != nil {
			return err
		}
		return firstError(tx.Deliveries.Update(ctx, d), tx.Webhooks.Advance(ctx, hook.ID, "x-0"), tx.Webhooks.Update(ctx, hook),
			tx.Webhooks.Renew(ctx, claims[0], 0), tx.Webhooks.Delete(ctx, hook.ID))
	})
	o.NewDelivery(t, o.NewWebhook(t, func(w *core.Webhook) { w.Sealed = nil }))
}

// callEverything keeps answers of models until the unused ones go.
func callEverything(t *testing.T, s *Store, o *coretest.Org) {
	t.Helper()
	ctx, key := t.Context(), []byte("key")
	j := o.NewJob(t, func(j *core.Job) { j.NextAttemptAt = new(coretest.Now().Add(time.Hour)) })
	s.cfg.Now = func() time.Time { return coretest.Now().Add(-2 * nodesUsed) }
	err := s.Nodes().Put(ctx, o.Tenant, core.Node{Key: key, Kind: "map", CreatedAt: coretest.Now()})
	s.cfg.Now = time.Now
	err = firstError(err, second(s.Nodes().Get(ctx, o.Tenant, [][]byte{key})),
		s.Meter().Add(ctx, o.Tenant, coretest.Now(), core.ModelUsage{Model: "m"}), second(o.Read().Usage.Month(ctx, coretest.Now())),
		o.TryTx(t, func(ctx context.Context, tx core.Tx) error {
			tx.Meter(core.Metered{At: coretest.Now(), Documents: 1})
			r := core.Reservation{ID: core.NewID[string](), JobID: j.ID, CreatedAt: coretest.Now()}
			return firstError(tx.Usage.Reserve(ctx, r), second(tx.Usage.Totals(ctx, coretest.Now())), tx.Usage.Release(ctx, r.ID), second(tx.Usage.Warn(ctx, coretest.Now(), "usd")))
		}))
	if err != nil {
		t.Fatal(err)
	}
}

// moveEverything exports an organization, and begins and gives up an import.
func moveEverything(t *testing.T, s *Store, o *coretest.Org) {
	t.Helper()
	ctx := t.Context()
	sum, err := archive.Export(ctx, s.Tenant(o.Tenant), o.Tenant, nil, io.Discard, nil)
	if err != nil || sum.Counts["event"] == 0 {
		t.Fatalf("export: got %v, %v", sum, err)
	}
	ts := s.Tenant(core.TrustTenant(core.NewID[core.OrgID]()))
	m := core.ImportMark{ID: core.NewID[string](), TTL: -time.Minute}
	err = ts.InTx(ctx, func(ctx context.Context, tx core.Tx) error {
		return firstError(tx.Imports.Retire(ctx, m), tx.Imports.Renew(ctx, m), second(tx.Organizations.Founded(ctx)))
	})
	if err = firstError(err, second(s.System().AbandonedImports(ctx, 5)), core.DiscardAbandoned(ctx, ts), s.SetLocal(ctx, o.Organization.ID)); err != nil {
		t.Fatal(err)
	}
}

// notFound returns the error of a look-up, unless it found nothing.
func notFound[T any](_ T, err error) error {
	if core.CodeOf(err) == core.CodeNotFound {
		return nil
	}
	return err
}

// second returns the error of a call whose answer is of no interest.
func second[T any](_ T, err error) error { return err }

// readEverything lists with every filter alone and with all.
func readEverything(t *testing.T, o *coretest.Org, d *core.Document, words core.SearchQuery) {
	t.Helper()
	ctx, r := t.Context(), o.Read()
	id := core.NewID[string]()
	var errs []error
	for _, k := range []core.Seek{{Limit: 5}, {Limit: 5, After: &core.Key{At: d.CreatedAt, ID: id}}} {
		for _, f := range []core.DocumentFilter{
			{}, {SourceType: core.SourceUpload}, {Status: core.DocumentActive}, {IntegrationID: core.IntegrationID(id)}, {ContentHash: "x"}, {ExternalID: "x"},
			{SourceType: core.SourceUpload, Status: core.DocumentActive, IntegrationID: core.IntegrationID(id), ContentHash: "x", ExternalID: "x"},
		} {
			errs = append(errs, second(r.Documents.List(ctx, f, k)), second(r.Documents.Search(ctx, words, f, k)))
		}
		for _, f := range []core.SummaryFilter{{}, {DocID: d.ID}, {Status: core.SummaryPending}, {DocID: d.ID, Status: core.SummaryPending}} {
			errs = append(errs, second(r.Summaries.List(ctx, f, k)))
		}
		for _, f := range []core.JobFilter{
			{}, {Status: core.JobPending}, {Type: core.JobSummarize}, {RelatedID: id}, {ParentID: core.JobID(id)},
			{Status: core.JobPending, Type: core.JobSummarize, RelatedID: id, ParentID: core.JobID(id)},
		} {
			errs = append(errs, second(r.Jobs.List(ctx, f, k)))
		}
		errs = append(errs, notFound(r.Jobs.Dispatch(ctx, core.JobID(id))))
		errs = append(errs, second(r.Documents.ListByID(ctx, []core.DocumentID{d.ID})))
		errs = append(errs, second(r.JobItems.List(ctx, core.JobID(id), "", k)), second(r.JobItems.List(ctx, core.JobID(id), core.JobItemFailed, k)))
		errs = append(errs, second(r.Templates.List(ctx, k)), second(r.Users.List(ctx, k)), second(r.Audit.List(ctx, core.AuditFilter{}, k)),
			second(r.Audit.List(ctx, core.AuditFilter{Action: "x", UserID: o.User.ID, TargetID: id, Since: d.CreatedAt, Until: d.CreatedAt}, k)),
			second(r.APIKeys.List(ctx, core.APIKeyFilter{}, k)),
			second(r.APIKeys.List(ctx, core.APIKeyFilter{UserID: o.User.ID}, k)))
	}
	state, err := r.Events.State(ctx)
	errs = append(errs, err, second(r.Events.After(ctx, state.First, 5)), second(r.Documents.Get(ctx, d.ID)), second(r.Users.Get(ctx, o.User.ID)), second(r.Users.CountAdmins(ctx)),
		second(r.Templates.Get(ctx, core.DefaultTemplateID)), second(r.Templates.Default(ctx, core.DefaultTemplateID)), second(r.Organizations.Get(ctx)))
	if err := firstError(errs...); err != nil {
		t.Fatal(err)
	}
}

func workOnEverything(t *testing.T, s *Store, o *coretest.Org, session *core.Session) {
	t.Helper()
	ctx, sys := t.Context(), s.System()
	claim := func(ttl time.Duration) []core.Lease {
		leases, err := sys.Claim(ctx, core.ClaimRequest{Queue: core.QueueLLM, PlanLimits: map[core.PlanType]int{core.PlanFree: 100}, Limit: 1, OrgLimit: 9, TTL: ttl})
		if err != nil || len(leases) != 1 {
			t.Fatalf("claim: got %v, %v, want a lease", leases, err)
		}
		return leases
	}
	o.NewJob(t, func(j *core.Job) {
		j.LocalQueue = core.LocalQueue("x")
		j.NextAttemptAt = new(j.CreatedAt.Add(-time.Hour))
	})
	lease := claim(time.Minute)[0]
	errs := []error{
		second(sys.Heartbeat(ctx, []core.Lease{lease}, time.Hour)), second(sys.Logins(ctx, o.User.EmailKey)),
		second(sys.Session(ctx, session.TokenHash)), notFound(sys.Credential(ctx, core.CredentialAPIKey, session.TokenHash)),
		notFound(sys.Credential(ctx, core.CredentialInvitation, session.TokenHash)), second(sys.Unindexed(ctx, 5)),
		s.Tenant(o.Tenant).InLease(ctx, lease, func(ctx context.Context, tx core.Tx) error {
			j, err := tx.Jobs.GetForUpdate(ctx, lease.JobID)
			if err != nil {
				return err
			}
			j.Status, j.FinishedAt = core.JobCanceled, &j.CreatedAt
			return tx.Jobs.Update(ctx, j)
		}),
	}
	o.NewJob(t)
	claim(-time.Minute)
	errs = append(errs, second(sys.Rescue(ctx, 5, 0)))
	if err := firstError(errs...); err != nil {
		t.Fatal(err)
	}
}
