package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestFindUses_FindsEveryStore(t *testing.T) {
	t.Parallel()
	uses, err := findUses("../..")
	if err != nil {
		t.Fatal(err)
	}
	var stores []string
	for _, u := range uses {
		if u.suite == "RunStore" {
			stores = append(stores, u.dir+" "+u.test)
		}
	}
	slices.Sort(stores)
	want := []string{"adapters/postgres TestConformance", "adapters/postgres TestConformanceThroughPgBouncer", "adapters/sqlite TestConformance"}
	if !slices.Equal(stores, want) {
		t.Errorf("got the stores %q, want %q", stores, want)
	}
}

const said = `{"Action":"run","Package":"p","Test":"TestConformance"}
{"Action":"run","Package":"p","Test":"TestConformance/Store"}
{"Action":"run","Package":"p","Test":"TestConformance/Store/A"}
{"Action":"run","Package":"p","Test":"TestConformance/Store/B"}
{"Action":"run","Package":"p","Test":"TestConformanceOfOthers/Store/C"}
{"Action":"output","Package":"p","Test":"TestMutants/FenceIsIgnored","Output":"    mutants_test.go:51: FenceIsIgnored  caught by Leases/A\n"}
{"Action":"pass","Package":"p","Test":"TestConformance/Store/A"}
{"Action":"skip","Package":"p","Test":"TestConformance/Store/B"}
{"Action":"pass","Package":"p","Test":"TestConformance"}
`

func TestResultOf_CountsCasesAndNotGroups(t *testing.T) {
	t.Parallel()
	events, err := decode(strings.NewReader(said))
	if err != nil {
		t.Fatal(err)
	}
	r := resultOf("TestConformance", events)
	if got := slices.Sorted(maps.Keys(r.cases)); !r.passed || !slices.Equal(got, []string{"Store/A", "Store/B"}) {
		t.Errorf("got %v, passed %v, want two cases and passed", got, r.passed)
	}
	if !slices.Equal(r.skipped, []string{"Store/B"}) {
		t.Errorf("got %v skipped, want Store/B", r.skipped)
	}
	if got := caught(events); !slices.Equal(got, []string{"FenceIsIgnored  caught by Leases/A"}) {
		t.Errorf("got the mutants %q", got)
	}
}

func TestPrintSuites_RefusesDifferentCases(t *testing.T) {
	t.Parallel()
	one := use{dir: "adapters/one", test: "TestConformance", suite: "RunStore", alone: true}
	two := one
	two.dir = "adapters/two"
	results := map[use]result{
		one: {passed: true, cases: map[string]bool{"A": true, "B": true}},
		two: {passed: true, cases: map[string]bool{"A": true}},
	}
	var out strings.Builder
	if err := printSuites(&out, []use{one, two}, results); err == nil || !strings.Contains(err.Error(), "ran other cases for adapters/two") {
		t.Errorf("got %v, want that the cases differ", err)
	}
	results[two] = results[one]
	if err := printSuites(&out, []use{one, two}, results); err != nil {
		t.Errorf("equal cases: %v", err)
	}
	results[two] = result{passed: true, cases: map[string]bool{"once/Suite/A": true, "once/Suite/B": true, "again/Suite/A": true, "again/Suite/B": true}}
	if err := printSuites(&out, []use{one, two}, results); err != nil {
		t.Errorf("the same cases, run twice: %v", err)
	}
	results[two] = result{cases: results[one].cases}
	if err := printSuites(&out, []use{one, two}, results); err == nil {
		t.Error("a failed suite: got nil, want an error")
	}
}
