package coretest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// RunPresence checks a core.Presence. open returns those of two nodes of one
// installation; an adapter for installations of one node returns the same one twice.
func RunPresence(t *testing.T, open func(t *testing.T) (one, other core.Presence)) {
	openNodes := func(t *testing.T) presences {
		one, other := open(t)
		return presences{Presence: one, other: other}
	}
	runCases(t, "RunPresence", openNodes, map[string]func(t *testing.T, p presences){
		"WhoWasPutIsListed":            presenceLists,
		"NobodyIsListedBeforeAnyPut":   presenceIsEmpty,
		"OldestComesFirst":             presenceSorts,
		"EntryThatIsNotRenewedIsGone":  presenceExpires,
		"RenewedEntryStays":            presenceRenews,
		"RenewalReplacesWhatWasKnown":  presenceReplaces,
		"NoPositiveTTLKeepsNothing":    presenceKeepsNothingWithoutTTL,
		"RemovedIsForgottenOthersStay": presenceRemoves,
		"NodesKnowEachOthersEntries":   presenceIsShared,
		"TenantsAreApart":              presenceKeepsTenantsApart,
		"ZeroTenantIsRefused":          presenceRefusesZeroTenant,
		"EndedContextEndsIt":           presenceHonoursContext,
		"MayBeUsedConcurrently":        presenceConcurrently,
	})
}

// presences are two nodes, the first of which most cases ask alone.
type presences struct {
	core.Presence
	other core.Presence
}

// connection returns a connection that began some seconds after a fixed time.
func connection(id string, seconds int) core.Connection {
	return core.Connection{
		ID: id, UserID: core.NewID[core.UserID](), Node: "node-1", RemoteAddr: "[2001:db8::1]:4711", UserAgent: "agent/1.0",
		Since: time.Date(2025, 3, 1, 12, 0, seconds, 123_456_000, time.UTC),
	}
}

func put(t *testing.T, p core.Presence, tenant core.Tenant, ttl time.Duration, connections ...core.Connection) {
	t.Helper()
	for _, c := range connections {
		if err := p.Put(t.Context(), tenant, c, ttl); err != nil {
			t.Fatalf("put: %v", err)
		}
	}
}

func listed(t *testing.T, p core.Presence, tenant core.Tenant) []core.Connection {
	t.Helper()
	list, err := p.List(t.Context(), tenant)
	return must(t, "list", list, err)
}

func wantListed(t *testing.T, p core.Presence, tenant core.Tenant, want ...core.Connection) {
	t.Helper()
	wantSame(t, "list", listed(t, p, tenant), want)
}

func presenceLists(t *testing.T, p presences) {
	tenant := anotherTenant()
	odd := core.Connection{ID: "\x00 世界 \n", UserAgent: strings.Repeat("a \"'{}<>", 200), Since: Now()}
	local := connection("local", 1)
	put(t, p, tenant, time.Hour, odd, local)
	wantListed(t, p, tenant, local, odd)

	zoned := local
	zoned.Since = local.Since.In(time.FixedZone("", 3600))
	put(t, p, tenant, time.Hour, zoned)
	wantListed(t, p, tenant, local, odd)
}

func presenceIsEmpty(t *testing.T, p presences) {
	if got := listed(t, p, anotherTenant()); len(got) != 0 {
		t.Errorf("list: got %d connections, want none", len(got))
	}
}

func presenceSorts(t *testing.T, p presences) {
	tenant := anotherTenant()
	var all []core.Connection
	for i := range 30 {
		all = append(all, connection(fmt.Sprintf("%02d", i), i/2))
	}
	for i := range all {
		put(t, p, tenant, time.Hour, all[i*7%30])
	}
	wantListed(t, p, tenant, all...)
}

func presenceExpires(t *testing.T, p presences) {
	tenant := anotherTenant()
	const ttl = 200 * time.Millisecond
	stays := connection("stays", 1)
	put(t, p, tenant, time.Hour, stays)
	began := time.Now()
	put(t, p, tenant, ttl, connection("goes", 2))
	eventually(t, "the entry goes", func() bool { return len(listed(t, p, tenant)) == 1 })
	if lived := time.Since(began); lived < ttl-time.Millisecond {
		t.Errorf("an entry of %v was gone after %v", ttl, lived)
	}
	wantListed(t, p, tenant, stays)
}

func presenceRenews(t *testing.T, p presences) {
	tenant := anotherTenant()
	renewed := connection("renewed", 1)
	put(t, p, tenant, 100*time.Millisecond, renewed)
	put(t, p, tenant, time.Hour, renewed)
	put(t, p, tenant, 150*time.Millisecond, connection("witness", 2))
	eventually(t, "the witness goes", func() bool {
		return !slices.ContainsFunc(listed(t, p, tenant), func(c core.Connection) bool { return c.ID == "witness" })
	})
	wantListed(t, p, tenant, renewed)
}

func presenceReplaces(t *testing.T, p presences) {
	tenant := anotherTenant()
	first, second := connection("id", 1), connection("id", 2)
	second.Node = "node-2"
	put(t, p, tenant, time.Hour, first, second)
	wantListed(t, p, tenant, second)
}

func presenceKeepsNothingWithoutTTL(t *testing.T, p presences) {
	tenant := anotherTenant()
	stays := connection("stays", 1)
	put(t, p, tenant, time.Hour, stays, connection("goes", 2))
	put(t, p, tenant, 0, connection("goes", 2))
	put(t, p, tenant, -time.Hour, connection("never", 3))
	wantListed(t, p, tenant, stays)
}

func presenceRemoves(t *testing.T, p presences) {
	tenant, other := anotherTenant(), anotherTenant()
	a, b := connection("a", 1), connection("b", 2)
	put(t, p, tenant, time.Hour, a, b)
	put(t, p, other, time.Hour, a)
	for _, id := range []string{"a", "a", "missing", ""} {
		if err := p.Remove(t.Context(), tenant, id); err != nil {
			t.Errorf("remove %q: %v", id, err)
		}
	}
	wantListed(t, p, tenant, b)
	wantListed(t, p, other, a)
}

func presenceIsShared(t *testing.T, p presences) {
	tenant := anotherTenant()
	a, b := connection("a", 1), connection("b", 2)
	put(t, p, tenant, time.Hour, a)
	put(t, p.other, tenant, time.Hour, b)
	wantListed(t, p, tenant, a, b)
	wantListed(t, p.other, tenant, a, b)
	if err := p.other.Remove(t.Context(), tenant, "a"); err != nil {
		t.Errorf("remove: %v", err)
	}
	wantListed(t, p, tenant, b)
}

func presenceKeepsTenantsApart(t *testing.T, p presences) {
	one, other := anotherTenant(), anotherTenant()
	mine, theirs := connection("id", 1), connection("id", 2)
	put(t, p, one, time.Hour, mine)
	if got := listed(t, p, other); len(got) != 0 {
		t.Errorf("another tenant: got %d connections, want none", len(got))
	}
	put(t, p, other, time.Hour, theirs)
	wantListed(t, p, one, mine)
	wantListed(t, p, other, theirs)
}

func presenceRefusesZeroTenant(t *testing.T, p presences) {
	for _, zero := range []core.Tenant{{}, core.TrustTenant("*")} {
		wantZeroRefused(t, "Put", p.Put(t.Context(), zero, connection("id", 1), time.Hour))
		wantZeroRefused(t, "Remove", p.Remove(t.Context(), zero, "id"))
		list, err := p.List(t.Context(), zero)
		wantZeroRefused(t, "List", err)
		if len(list) != 0 {
			t.Error("List for the zero Tenant returned connections")
		}
	}
}

func presenceHonoursContext(t *testing.T, p presences) {
	tenant := anotherTenant()
	wantEnded(t, "Put", p.Put(ended(t), tenant, connection("id", 1), time.Hour))
	wantEnded(t, "Remove", p.Remove(ended(t), tenant, "id"))
	_, err := p.List(ended(t), tenant)
	wantEnded(t, "List", err)
}

func presenceConcurrently(t *testing.T, p presences) {
	tenant := anotherTenant()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				c := connection(fmt.Sprint(i), j)
				if err := p.Put(t.Context(), tenant, c, time.Hour); err != nil {
					t.Errorf("put: %v", err)
				}
				if _, err := p.List(t.Context(), tenant); err != nil {
					t.Errorf("list: %v", err)
				}
				if j%2 == 0 {
					if err := p.Remove(t.Context(), tenant, c.ID); err != nil {
						t.Errorf("remove: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	if got := listed(t, p, tenant); len(got) != 8 {
		t.Errorf("got %d connections, want 8", len(got))
	}
}
