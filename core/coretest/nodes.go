package coretest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// RunNodeCache checks a core.NodeCache. open returns a cache with room for 16 MiB
// of a tenant's outputs, in which no other call's tenants are known. What a case has put is
// expected to be there. An adapter over a store gets the tenants' organizations
// made by tenant; nil makes ones that stand nowhere.
func RunNodeCache(t *testing.T, open func(t *testing.T) core.NodeCache, tenant func(t *testing.T, c core.NodeCache) core.Tenant) {
	if tenant == nil {
		tenant = func(*testing.T, core.NodeCache) core.Tenant { return anotherTenant() }
	}
	with := func(run func(t *testing.T, c nodeCase)) func(t *testing.T, c core.NodeCache) {
		return func(t *testing.T, c core.NodeCache) {
			run(t, nodeCase{NodeCache: c, tenant: func() core.Tenant { return tenant(t, c) }})
		}
	}
	runCases(t, "RunNodeCache", open, map[string]func(t *testing.T, c core.NodeCache){
		"WhatWasPutIsFoundWhole":     with(nodesFoundWhole),
		"UnknownKeysAreLeftOut":      with(nodesLeaveOutUnknown),
		"EachNodeComesOnce":          with(nodesComeOnce),
		"OneThatIsThereStays":        with(nodesStay),
		"TenantsAreApart":            with(nodesApart),
		"NoArgumentIsKept":           with(nodesKeepNoSlice),
		"FiveHundredKeysAtOnce":      with(nodesManyKeys),
		"WhatIsOverItsRoomGoes":      with(nodesOverTheirRoom),
		"NoKeysFindNothing":          with(nodesNoKeys),
		"OutputsMayBeLong":           with(nodesLongOutput),
		"ZeroTenantIsRefused":        with(nodesZeroTenant),
		"EndedContextIsReturned":     with(nodesEndedContext),
		"MayBeUsedConcurrently":      with(nodesConcurrently),
		"ConcurrentPutsKeepOneWhole": with(nodesRace),
	})
}

// nodeCase is a cache, and the maker of tenants that may use it.
type nodeCase struct {
	core.NodeCache
	tenant func() core.Tenant
}

func nodeFor(name string) core.Node {
	key := sha256.Sum256([]byte(name))
	return core.Node{
		Key: key[:], Kind: "map", Model: "model", Output: "notes of " + name + " [1] \u4e16\U0001f680\r\n", InputTokens: 2800, OutputTokens: 250, CreatedAt: Now(),
	}
}

func (c nodeCase) put(t *testing.T, tenant core.Tenant, n core.Node) {
	t.Helper()
	if err := c.Put(t.Context(), tenant, n); err != nil {
		t.Fatalf("put: %v", err)
	}
}

func (c nodeCase) wantNodes(t *testing.T, tenant core.Tenant, keys [][]byte, want ...core.Node) {
	t.Helper()
	got, err := c.Get(t.Context(), tenant, keys)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	byKey := func(a, b core.Node) int { return bytes.Compare(a.Key, b.Key) }
	slices.SortFunc(got, byKey)
	slices.SortFunc(want, byKey)
	if len(got) == 0 && len(want) == 0 {
		return
	}
	wantSame(t, "nodes", got, want)
}

func nodesFoundWhole(t *testing.T, c nodeCase) {
	tenant := c.tenant()
	a, b := nodeFor("a"), nodeFor("b")
	b.Kind, b.Model, b.InputTokens, b.OutputTokens = "final", "other/model:7b", 1<<40, 0
	c.put(t, tenant, a)
	c.put(t, tenant, b)
	c.wantNodes(t, tenant, [][]byte{a.Key, b.Key}, a, b)
	c.wantNodes(t, tenant, [][]byte{b.Key}, b)
}

func nodesLeaveOutUnknown(t *testing.T, c nodeCase) {
	tenant, a := c.tenant(), nodeFor("a")
	c.put(t, tenant, a)
	c.wantNodes(t, tenant, [][]byte{nodeFor("unknown").Key, a.Key, a.Key[:31]}, a)
	c.wantNodes(t, tenant, [][]byte{nodeFor("unknown").Key})
}

func nodesComeOnce(t *testing.T, c nodeCase) {
	tenant, a := c.tenant(), nodeFor("a")
	c.put(t, tenant, a)
	c.wantNodes(t, tenant, [][]byte{a.Key, a.Key, a.Key}, a)
}

func nodesStay(t *testing.T, c nodeCase) {
	tenant, first := c.tenant(), nodeFor("a")
	c.put(t, tenant, first)
	second := first
	second.Output, second.Model, second.InputTokens, second.CreatedAt = "another", "another", 1, first.CreatedAt.Add(time.Hour)
	c.put(t, tenant, second)
	c.wantNodes(t, tenant, [][]byte{first.Key}, first)
}

func nodesApart(t *testing.T, c nodeCase) {
	mine, theirs := c.tenant(), c.tenant()
	a := nodeFor("a")
	c.put(t, mine, a)
	c.wantNodes(t, theirs, [][]byte{a.Key})
	other := a
	other.Output = "theirs"
	c.put(t, theirs, other)
	c.wantNodes(t, mine, [][]byte{a.Key}, a)
	c.wantNodes(t, theirs, [][]byte{a.Key}, other)
}

func nodesKeepNoSlice(t *testing.T, c nodeCase) {
	tenant, a := c.tenant(), nodeFor("a")
	given := a
	given.Key = bytes.Clone(a.Key)
	c.put(t, tenant, given)
	clear(given.Key)
	c.wantNodes(t, tenant, [][]byte{a.Key}, a)
	got, err := c.Get(t.Context(), tenant, [][]byte{a.Key})
	if err != nil || len(got) != 1 {
		t.Fatalf("get: %v, %d nodes, want one", err, len(got))
	}
	clear(got[0].Key)
	c.wantNodes(t, tenant, [][]byte{a.Key}, a)
}

func nodesManyKeys(t *testing.T, c nodeCase) {
	tenant := c.tenant()
	var keys [][]byte
	var want []core.Node
	for i := range 500 {
		n := nodeFor(fmt.Sprint(i))
		keys = append(keys, n.Key)
		if i%7 == 0 {
			c.put(t, tenant, n)
			want = append(want, n)
		}
	}
	c.wantNodes(t, tenant, keys, want...)
}

// nodesOverTheirRoom fills a cache twice over: the first nodes go, the last stay.
func nodesOverTheirRoom(t *testing.T, c nodeCase) {
	const puts = 260 // caches may look at their room now and then only
	tenant := c.tenant()
	long := strings.Repeat("notes ", 1<<17/6)
	var first, last core.Node
	for i := range puts {
		n := nodeFor(fmt.Sprint(i))
		n.Output = long
		c.put(t, tenant, n)
		if i == 0 {
			first = n
		}
		last = n
	}
	c.wantNodes(t, tenant, [][]byte{first.Key, last.Key}, last)
}

func nodesNoKeys(t *testing.T, c nodeCase) {
	tenant := c.tenant()
	c.put(t, tenant, nodeFor("a"))
	c.wantNodes(t, tenant, nil)
}

func nodesLongOutput(t *testing.T, c nodeCase) {
	tenant, a := c.tenant(), nodeFor("a")
	a.Output = strings.Repeat("a long answer \u4e16 ", 20_000)
	c.put(t, tenant, a)
	c.wantNodes(t, tenant, [][]byte{a.Key}, a)
}

func nodesZeroTenant(t *testing.T, c nodeCase) {
	a := nodeFor("a")
	wantZeroRefused(t, "put", c.Put(t.Context(), core.Tenant{}, a))
	_, err := c.Get(t.Context(), core.Tenant{}, [][]byte{a.Key})
	wantZeroRefused(t, "get", err)
}

func nodesEndedContext(t *testing.T, c nodeCase) {
	tenant, a := c.tenant(), nodeFor("a")
	over := ended(t)
	wantEnded(t, "put", c.Put(over, tenant, a))
	_, err := c.Get(over, tenant, [][]byte{a.Key})
	wantEnded(t, "get", err)
	c.wantNodes(t, tenant, [][]byte{a.Key})
}

func nodesConcurrently(t *testing.T, c nodeCase) {
	tenants := []core.Tenant{c.tenant(), c.tenant()}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 20 {
				n := nodeFor(fmt.Sprint(i%2, k))
				if err := c.Put(t.Context(), tenants[i%2], n); err != nil {
					t.Errorf("put: %v", err)
				}
				got, err := c.Get(t.Context(), tenants[i%2], [][]byte{n.Key})
				if err != nil || len(got) != 1 || got[0].Output != n.Output {
					t.Errorf("get after put: %v, %d nodes", err, len(got))
				}
			}
		})
	}
	wg.Wait()
}

func nodesRace(t *testing.T, c nodeCase) {
	tenant, a := c.tenant(), nodeFor("a")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			n := a
			n.Output, n.Model = fmt.Sprint("writer ", i), fmt.Sprint("writer ", i)
			if err := c.Put(t.Context(), tenant, n); err != nil {
				t.Errorf("put: %v", err)
			}
		})
	}
	wg.Wait()
	got, err := c.Get(t.Context(), tenant, [][]byte{a.Key})
	if err != nil || len(got) != 1 || got[0].Output != got[0].Model {
		t.Errorf("after eight writers at once: got %+v, %v, want one writer's node", got, err)
	}
}
