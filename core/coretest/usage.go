package coretest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// RunUsageMeter checks a core.UsageMeter and the core.UsageReader of the store that
// it belongs to. open returns both, without any counts.
func RunUsageMeter(t *testing.T, open func(t *testing.T) (core.UsageMeter, core.Store)) {
	runCases(t, "RunUsageMeter", func(t *testing.T) usageCase {
		m, s := open(t)
		return usageCase{UsageMeter: m, store: s}
	}, map[string]func(t *testing.T, c usageCase){
		"CountsAddUpByModel":           usageAddsUp,
		"MonthsAreApartInUTC":          usageMonths,
		"TenantsAreApart":              usageTenants,
		"MonthWithoutCallsIsEmpty":     usageEmpty,
		"NoneIsLostConcurrently":       usageConcurrently,
		"ZeroTenantIsRefused":          usageZeroTenant,
		"EndedContextCountsNothing":    usageEndedContext,
		"OpenTransactionIsRefused":     usageOuter,
		"UnknownOrganizationIsRefused": usageUnknown,
	})
}

type usageCase struct {
	core.UsageMeter
	store core.Store
}

func (c usageCase) add(t *testing.T, tenant core.Tenant, at time.Time, u core.ModelUsage) {
	t.Helper()
	if err := c.Add(t.Context(), tenant, at, u); err != nil {
		t.Fatalf("add: %v", err)
	}
}

func (c usageCase) want(t *testing.T, tenant core.Tenant, at time.Time, want ...core.ModelUsage) {
	t.Helper()
	got, err := c.store.Tenant(tenant).Read().Usage.Month(t.Context(), at)
	if err != nil {
		t.Fatalf("month: %v", err)
	}
	if len(got) == 0 && len(want) == 0 {
		return
	}
	wantSame(t, "usage of the month", got, want)
}

// usageOf has a different number in each field; its cost is exact in binary.
func usageOf(model string) core.ModelUsage {
	return core.ModelUsage{
		Model: model, Calls: 1, UnpricedCalls: 2, InputTokens: 1 << 40, OutputTokens: 4, PrefixTokens: 5, CachedCalls: 6, CachedTokens: 7, CostUSD: 0.125,
	}
}

func times(u core.ModelUsage, n int64) core.ModelUsage {
	return core.ModelUsage{
		Model: u.Model, Calls: n * u.Calls, UnpricedCalls: n * u.UnpricedCalls, InputTokens: n * u.InputTokens, OutputTokens: n * u.OutputTokens,
		PrefixTokens: n * u.PrefixTokens, CachedCalls: n * u.CachedCalls, CachedTokens: n * u.CachedTokens, CostUSD: float64(n) * u.CostUSD,
	}
}

func usageAddsUp(t *testing.T, c usageCase) {
	o, at := NewOrg(t, c.store), Now()
	for range 3 {
		c.add(t, o.Tenant, at, usageOf("b"))
	}
	c.add(t, o.Tenant, at, usageOf("a/large:7b"))
	c.want(t, o.Tenant, at, usageOf("a/large:7b"), times(usageOf("b"), 3))
}

func usageMonths(t *testing.T, c usageCase) {
	o := NewOrg(t, c.store)
	last := time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC)
	next := time.Date(2026, 2, 1, 1, 0, 0, 0, time.FixedZone("", 2*60*60)) // in UTC it is January still
	c.add(t, o.Tenant, last, usageOf("m"))
	c.add(t, o.Tenant, next, usageOf("m"))
	c.add(t, o.Tenant, last.Add(time.Second), usageOf("m"))
	c.want(t, o.Tenant, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), times(usageOf("m"), 2))
	c.want(t, o.Tenant, time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), usageOf("m"))
}

func usageTenants(t *testing.T, c usageCase) {
	mine, theirs, at := NewOrg(t, c.store), NewOrg(t, c.store), Now()
	c.add(t, mine.Tenant, at, usageOf("m"))
	c.want(t, theirs.Tenant, at)
	c.add(t, theirs.Tenant, at, usageOf("m"))
	c.want(t, mine.Tenant, at, usageOf("m"))
}

func usageEmpty(t *testing.T, c usageCase) { c.want(t, NewOrg(t, c.store).Tenant, Now()) }

func usageConcurrently(t *testing.T, c usageCase) {
	o, at := NewOrg(t, c.store), Now()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if err := c.Add(t.Context(), o.Tenant, at, usageOf("m")); err != nil {
					t.Errorf("add: %v", err)
				}
			}
		})
	}
	wg.Wait()
	c.want(t, o.Tenant, at, times(usageOf("m"), 80))
}

func usageZeroTenant(t *testing.T, c usageCase) {
	wantZeroRefused(t, "add", c.Add(t.Context(), core.Tenant{}, Now(), usageOf("m")))
	_, err := c.store.Tenant(core.Tenant{}).Read().Usage.Month(t.Context(), Now())
	wantZeroRefused(t, "month", err)
}

func usageEndedContext(t *testing.T, c usageCase) {
	o, at := NewOrg(t, c.store), Now()
	wantEnded(t, "add", c.Add(ended(t), o.Tenant, at, usageOf("m")))
	_, err := c.store.Tenant(o.Tenant).Read().Usage.Month(ended(t), at)
	wantEnded(t, "month", err)
	c.want(t, o.Tenant, at)
}

func usageOuter(t *testing.T, c usageCase) {
	o := NewOrg(t, c.store)
	o.InTx(t, func(ctx context.Context, _ core.Tx) error {
		if err := c.Add(ctx, o.Tenant, Now(), usageOf("m")); !errors.Is(err, core.ErrOuterRead) {
			t.Errorf("add within a transaction: got %v, want ErrOuterRead", err)
		}
		return nil
	})
}

func usageUnknown(t *testing.T, c usageCase) {
	if err := c.Add(t.Context(), anotherTenant(), Now(), usageOf("m")); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("add for an organization that is not there: got %v, want CodeNotFound", err)
	}
}
