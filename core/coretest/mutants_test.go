package coretest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/sqlite"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

// mutantEnv names, in a child process, the mutant that the suite is run against.
const mutantEnv = "CORETEST_MUTANT"

// unbroken is the control: with it every case that catches a mutant must pass.
const unbroken = "unbroken"

// TestMutants proves that RunStore can fail: each mutant is a store that breaks
// one promise, and the case that is named with it must notice. The suite runs in
// a child process, where a failure is what is wanted.
func TestMutants(t *testing.T) {
	if name := os.Getenv(mutantEnv); name != "" {
		coretest.RunStore(t, mutantFactory(name))
		return
	}
	t.Run("Unbroken", func(t *testing.T) {
		t.Parallel()
		var groups, cases []string
		for _, m := range mutants() {
			group, name, _ := strings.Cut(m.caughtBy, "/")
			groups, cases = append(groups, group), append(cases, name)
		}
		out, err := runSuite(t, unbroken, strings.Join(groups, "|"), strings.Join(cases, "|"))
		if err != nil || !strings.Contains(out, "--- PASS: TestMutants/Store/Leases/StaleLeaseWritesNothing") {
			t.Errorf("the unbroken store: %v\n%s", err, out)
		}
	})
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			group, name, _ := strings.Cut(m.caughtBy, "/")
			out, err := runSuite(t, m.name, group, name)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.Contains(out, "--- FAIL: TestMutants/Store/"+m.caughtBy+" ") {
				t.Errorf("%s was not caught by %s: %v\n%s", m.name, m.caughtBy, err, out)
				return
			}
			t.Logf("%-28s caught by %s", m.name, m.caughtBy)
		})
	}
}

// runSuite runs the named cases against a mutant in a child process.
func runSuite(t *testing.T, mutant, groups, cases string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pattern := fmt.Sprintf("^TestMutants$/^Store$/^(%s)$/^(%s)$", groups, cases)
	cmd := exec.CommandContext(t.Context(), self, "-test.run="+pattern, "-test.v", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), mutantEnv+"="+mutant)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mutantFactory opens SQLite stores and breaks them.
func mutantFactory(name string) coretest.StoreFactory {
	breaks := func(s core.Store) core.Store { return s }
	known := name == unbroken
	for _, m := range mutants() {
		if m.name == name {
			breaks, known = m.breaks, true
		}
	}
	return coretest.StoreFactory{
		Open: func(t *testing.T) core.Store {
			if !known {
				t.Fatalf("no mutant %q", name)
			}
			s, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "store.db"), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return breaks(s)
		},
		Again: func(t *testing.T, _ core.Store) core.Store {
			t.Fatal("no case that catches a mutant opens a second store")
			return nil
		},
	}
}

// mutant is a store with one broken promise.
type mutant struct {
	name     string
	caughtBy string // group and case
	breaks   func(core.Store) core.Store
}

// mutants are the broken promises that would cost money or show one tenant
// another's data.
func mutants() []mutant {
	return []mutant{
		{"LeasesAreNotLookedAt", "Leases/LeasesAreHeldTogether", tenantMutant(func(ts tenantStore) core.TenantStore { return heldByAll{ts} })},
		{"FenceIsIgnored", "Leases/StaleLeaseWritesNothing", tenantMutant(func(ts tenantStore) core.TenantStore { return unfenced{ts} })},
		{"WebhooksFenceIsIgnored", "Webhooks/LostClaimOfAWebhookWritesNothing", webhookMutant(func(w core.WebhookRepo) core.WebhookRepo { return unfencedWebhooks{w} })},
		{"WebhooksLeaseIsNotRenewed", "Webhooks/RenewedClaimOfAWebhookGoesOn", webhookMutant(func(w core.WebhookRepo) core.WebhookRepo { return forgetfulWebhooks{w} })},
		{"UpdateKeepsTheLease", "Leases/CancelEndsTheLease", tenantMutant(func(ts tenantStore) core.TenantStore { return leaseKeeper{ts} })},
		{"HeartbeatHidesLosses", "Leases/HeartbeatRenewsAndReportsLost", systemMutant(func(s core.SystemStore) core.SystemStore { return cheerful{s} })},
		{"ClaimLeasesTwice", "Queue/ClaimLeasesAJobOnce", systemMutant(newRepeating())},
		{"OrgLimitIsIgnored", "Queue/ClaimRespectsOrgLimit", systemMutant(func(s core.SystemStore) core.SystemStore { return unlimited{s} })},
		{"ErrorCommits", "Transactions/ErrorLeavesNothing", tenantMutant(func(ts tenantStore) core.TenantStore { return committing{ts} })},
		{"OutboxIsWrittenApart", "Transactions/JobOfRolledBackTxIsNeverClaimed", tenantMutant(func(ts tenantStore) core.TenantStore { return parted{ts} })},
		{"PanicIsSwallowed", "Transactions/PanicLeavesNothingAndGoesOn", tenantMutant(func(ts tenantStore) core.TenantStore { return calm{ts} })},
		{"OuterReadIsAllowed", "Transactions/OuterReadIsRefused", tenantMutant(func(ts tenantStore) core.TenantStore { return unmarked{ts} })},
		{"GetIgnoresTheTenant", "Tenants/ReadsFindNothingOfOthers", sharing(func(d *sharedDocuments) { d.get = true })},
		{"ListIgnoresTheTenant", "Tenants/ReadsFindNothingOfOthers", sharing(func(d *sharedDocuments) { d.list = true })},
		{"SearchIgnoresTheTenant", "Tenants/ReadsFindNothingOfOthers", sharing(func(d *sharedDocuments) { d.search = true })},
		{"EventsAreOvertaken", "Events/EventsAreNeverOvertaken", tenantMutant(newOvertaking())},
		{"YoungEventsArePruned", "Prune/NewestAndYoungEventsStay", systemMutant(func(s core.SystemStore) core.SystemStore { return eager{s} })},
		{"PrunedGapIsNotTold", "Prune/FollowerIsToldOrMissesNothing", tenantMutant(func(ts tenantStore) core.TenantStore { return silent{ts} })},
		{"EventsAreReversedInATx", "Events/EventsHaveOrderWithinATransaction", tenantMutant(func(ts tenantStore) core.TenantStore { return reversed{ts} })},
	}
}
