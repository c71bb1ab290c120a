package coretest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// RunCache checks a core.Cache. open returns a cache with room for a few entries,
// in which no other call's tenants are known. What a case has set is expected to
// be there: an adapter that forgets at any time has to be one that does not here.
func RunCache(t *testing.T, open func(t *testing.T) core.Cache) {
	runCases(t, "RunCache", open, map[string]func(t *testing.T, c core.Cache){
		"WhatWasSetIsFound":            cacheFindsWhatWasSet,
		"WhatWasNotSetIsNotFound":      cacheMisses,
		"ExpiredValueIsNotFound":       cacheExpires,
		"SetReplacesValueAndTTL":       cacheReplaces,
		"NoPositiveTTLKeepsNothing":    cacheKeepsNothingWithoutTTL,
		"CopyOfTheValueIsKept":         cacheKeepsCopies,
		"DeleteForgetsItsKeysOnly":     cacheDeletes,
		"ClearForgetsAllOfTheTenant":   cacheClears,
		"ClearedCacheKeepsWhatComes":   cacheAfterClear,
		"TenantsAreApart":              cacheKeepsTenantsApart,
		"ZeroTenantIsRefused":          cacheRefusesZeroTenant,
		"EndedContextEndsIt":           cacheHonoursContext,
		"MayBeUsedConcurrently":        cacheConcurrently,
		"KeysAndValuesMayBeAnything":   cacheTakesAnything,
		"HugeValueIsNeverAStaleAnswer": cacheWithHugeValue,
	})
}

// anotherTenant returns the proof for an organization that no other case knows.
func anotherTenant() core.Tenant { return core.TrustTenant(core.NewID[core.OrgID]()) }

// ended returns a context that is over.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func wantEnded(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%s with an ended context: got %v, want context.Canceled", what, err)
	}
}

func wantZeroRefused(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s for the zero Tenant: got no error, want it refused", what)
	}
}

func cacheSet(t *testing.T, c core.Cache, tenant core.Tenant, key, value string, ttl time.Duration) {
	t.Helper()
	if err := c.Set(t.Context(), tenant, key, []byte(value), ttl); err != nil {
		t.Fatalf("set: %v", err)
	}
}

func cacheHolds(t *testing.T, c core.Cache, tenant core.Tenant, key string) (string, bool) {
	t.Helper()
	value, found, err := c.Get(t.Context(), tenant, key)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return string(value), found
}

func wantCached(t *testing.T, c core.Cache, tenant core.Tenant, key, want string) {
	t.Helper()
	if got, found := cacheHolds(t, c, tenant, key); !found || got != want {
		t.Errorf("get %.40q: got %.40q (found %v), want %.40q", key, got, found, want)
	}
}

func wantNotCached(t *testing.T, c core.Cache, tenant core.Tenant, key string) {
	t.Helper()
	if got, found := cacheHolds(t, c, tenant, key); found || got != "" {
		t.Errorf("get %.40q: got %.40q (found %v), want nothing", key, got, found)
	}
}

func cacheFindsWhatWasSet(t *testing.T, c core.Cache) {
	tenant := anotherTenant()
	for i := range 20 {
		cacheSet(t, c, tenant, fmt.Sprint("key ", i), fmt.Sprint("value ", i), time.Hour)
	}
	for i := range 20 {
		wantCached(t, c, tenant, fmt.Sprint("key ", i), fmt.Sprint("value ", i))
	}
}

func cacheMisses(t *testing.T, c core.Cache) {
	tenant := anotherTenant()
	wantNotCached(t, c, tenant, "key")
	cacheSet(t, c, tenant, "key", "value", time.Hour)
	wantNotCached(t, c, tenant, "ke")
	wantNotCached(t, c, tenant, "key2")
	wantNotCached(t, c, tenant, "")
}

func cacheExpires(t *testing.T, c core.Cache) {
	tenant := anotherTenant()
	cacheSet(t, c, tenant, "long", "value", time.Hour)
	const ttl = 200 * time.Millisecond
	began := time.Now()
	cacheSet(t, c, tenant, "short", "value", ttl)
	eventually(t, "the value expires", func() bool {
		_, found := cacheHolds(t, c, tenant, "short")
		return !found
	})
	if lived := time.Since(began); lived < ttl-time.Millisecond {
		t.Errorf("a value of %v was gone after %v", ttl, lived)
	}
	wantCached(t, c, tenant, "long", "value")
}

func cacheReplaces(t *testing.T, c core.Cache) {
	tenant := anotherTenant()
	cacheSet(t, c, tenant, "lengthened", "a longer value than the next", 50*time.Millisecond)
	cacheSet(t, c, tenant, "lengthened", "second", time.Hour)
	cacheSet(t, c, tenant, "shortened", "first", time.Hour)
	cacheSet(t, c, tenant, "shortened", "second", 100*time.Millisecond)
	eventually(t, "the second TTL counts", func() bool {
		_, found := cacheHolds(t, c, tenant, "shortened")
		return !found
	})
	wantCached(t, c, tenant, "lengthened", "second")
}

func cacheKeepsNothingWithoutTTL(t *testing.T, c core.Cache) {
	tenant := anotherTenant()
	for _, ttl := range []time.Duration{0, -1, -time.Hour} {
		cacheSet(t, c, tenant, "new", "value", ttl)
		wantNotCached(t, c, tenant, "new")
		cacheSet(t, c, tenant, "there", "value", time.Hour)
		cacheSet(t, c, tenant, "there", "other", ttl)
		wantNotCached(t, c, tenant, "there")
	}
}

func cacheKeepsCopies(t *testing.T, c core.Cache) {
	tenant := anotherTenant()
	value := []byte("value")
	if err := c.Set(t.Context(), tenant, "key", value, time.Hour); err != nil {
		t.Fatalf("set: %v", err)
	}
	clear(value)
	got, found, err := c.Get(t.Context(), tenant, "key")
	if err != nil || !found {
		t.Fatalf("get: found %v, %v", found, err)
	}
	clear(got)
	wantCached(t, c, tenant, "key", "value")
}

func cacheDeletes(t *testing.T, c core.Cache) {
	tenant, other := anotherTenant(), anotherTenant()
	for _, key := range []string{"a", "b", "c"} {
		cacheSet(t, c, tenant, key, key, time.Hour)
		cacheSet(t, c, other, key, key, time.Hour)
	}
	for _, keys := range [][]string{{}, {"missing"}, {"a", "missing", "c"}} {
		if err := c.Delete(t.Context(), tenant, keys...); err != nil {
			t.Errorf("delete %v: %v", keys, err)
		}
	}
	wantNotCached(t, c, tenant, "a")
	wantCached(t, c, tenant, "b", "b")
	wantNotCached(t, c, tenant, "c")
	wantCached(t, c, other, "a", "a")
}

func cacheClears(t *testing.T, c core.Cache) {
	tenant, other := anotherTenant(), anotherTenant()
	for i := range 20 {
		cacheSet(t, c, tenant, fmt.Sprint(i), "value", time.Hour)
		cacheSet(t, c, other, fmt.Sprint(i), "value", time.Hour)
	}
	for range 2 {
		if err := c.Clear(t.Context(), tenant); err != nil {
			t.Fatalf("clear: %v", err)
		}
	}
	for i := range 20 {
		wantNotCached(t, c, tenant, fmt.Sprint(i))
		wantCached(t, c, other, fmt.Sprint(i), "value")
	}
}

func cacheAfterClear(t *testing.T, c core.Cache) {
	tenant := anotherTenant()
	for i := range 3 {
		cacheSet(t, c, tenant, "old", "value", time.Hour)
		if err := c.Clear(t.Context(), tenant); err != nil {
			t.Fatalf("clear: %v", err)
		}
		cacheSet(t, c, tenant, "new", fmt.Sprint(i), time.Hour)
		wantCached(t, c, tenant, "new", fmt.Sprint(i))
		wantNotCached(t, c, tenant, "old")
	}
}

func cacheKeepsTenantsApart(t *testing.T, c core.Cache) {
	one, other := anotherTenant(), anotherTenant()
	cacheSet(t, c, one, "key", "of one", time.Hour)
	wantNotCached(t, c, other, "key")
	cacheSet(t, c, other, "key", "of the other", time.Hour)
	wantCached(t, c, one, "key", "of one")
	wantCached(t, c, other, "key", "of the other")
}

func cacheRefusesZeroTenant(t *testing.T, c core.Cache) {
	for _, zero := range []core.Tenant{{}, core.TrustTenant("*")} {
		_, found, err := c.Get(t.Context(), zero, "key")
		wantZeroRefused(t, "Get", err)
		if found {
			t.Error("Get for the zero Tenant found something")
		}
		wantZeroRefused(t, "Set", c.Set(t.Context(), zero, "key", nil, time.Hour))
		wantZeroRefused(t, "Delete", c.Delete(t.Context(), zero, "key"))
		wantZeroRefused(t, "Clear", c.Clear(t.Context(), zero))
	}
}

func cacheHonoursContext(t *testing.T, c core.Cache) {
	tenant := anotherTenant()
	_, _, err := c.Get(ended(t), tenant, "key")
	wantEnded(t, "Get", err)
	wantEnded(t, "Set", c.Set(ended(t), tenant, "key", nil, time.Hour))
	wantEnded(t, "Delete", c.Delete(ended(t), tenant, "key"))
	wantEnded(t, "Clear", c.Clear(ended(t), tenant))
}

func cacheConcurrently(t *testing.T, c core.Cache) {
	tenants := []core.Tenant{anotherTenant(), anotherTenant()}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			tenant, value := tenants[i%2], fmt.Sprint("of ", i%2)
			for j := range 25 {
				key := fmt.Sprint(j % 5)
				if err := c.Set(t.Context(), tenant, key, []byte(value), time.Hour); err != nil {
					t.Errorf("set: %v", err)
				}
				got, found, err := c.Get(t.Context(), tenant, key)
				if err != nil || found && string(got) != value {
					t.Errorf("get: got %q, %v, want %q", got, err, value)
				}
				if err := c.Delete(t.Context(), tenant, key); err != nil {
					t.Errorf("delete: %v", err)
				}
				if j%10 == 0 {
					if err := c.Clear(t.Context(), tenant); err != nil {
						t.Errorf("clear: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func cacheTakesAnything(t *testing.T, c core.Cache) {
	tenant := anotherTenant()
	odd := []string{"", "\x00", "\xff\xfe", "\r\n", "a:b", "{a}", "*", "世界", strings.Repeat("long ", 1000)}
	for i, key := range odd {
		cacheSet(t, c, tenant, key, odd[len(odd)-1-i], time.Hour)
	}
	for i, key := range odd {
		wantCached(t, c, tenant, key, odd[len(odd)-1-i])
	}
}

func cacheWithHugeValue(t *testing.T, c core.Cache) {
	tenant, huge := anotherTenant(), strings.Repeat("x", 8<<20)
	cacheSet(t, c, tenant, "key", "value", time.Hour)
	cacheSet(t, c, tenant, "key", huge, time.Hour)
	if got, found := cacheHolds(t, c, tenant, "key"); found && got != huge {
		t.Errorf("after a huge value was set: got %d bytes, want it or nothing", len(got))
	}
}
