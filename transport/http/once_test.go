package httpapi

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// onceExempt are the POSTs of signed-in callers that make and enqueue nothing that
// lasts; a ticket is worth nothing the second time.
var onceExempt = []string{"createTicket", "startOAuth", "cancelJob", "confirmJob", "estimateSummary", "estimateSummaries", "setDefaultTemplate", "previewTemplate", "changePassword"}

// TestOnce_EveryCreatingRoute repeats a request to every route that makes or
// enqueues something, and demands of every other POST that it is exempt.
func TestOnce_EveryCreatingRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	walked := 0
	for _, o := range w.api.routes {
		if o.public || o.method != "POST" {
			continue
		}
		exempt := false
		for _, id := range onceExempt {
			exempt = exempt || id == o.id
		}
		if exempt == o.once {
			t.Errorf("%s %s: honours an Idempotency-Key: %t, is exempt: %t", o.method, o.path, o.once, exempt)
		}
		if !o.once {
			continue
		}
		row := permissionTable[o.id]
		if row.admin >= 400 { // refused here: what was not carried out may be asked again
			continue
		}
		walked++
		path, body := o.path, row.body
		if row.thing != "" {
			path = strings.ReplaceAll(path, "{id}", a.thing(row.thing, a))
		}
		if strings.Contains(body, "%s") {
			body = fmt.Sprintf(body, core.NewID[string]())
		}
		first := a.do(o.method, path, body, "Idempotency-Key", "a key")
		if first.status != row.admin || first.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s: %d, replayed %q: %s", o.id, first.status, first.header.Get("Idempotency-Replayed"), first.body)
		}
		again := a.do(o.method, path, body, "Idempotency-Key", "a key")
		if again.status != first.status || again.anonymous() != first.anonymous() || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: the repetition got %d %s, want %d %s", o.id, again.status, again.body, first.status, first.body)
		}
		for _, name := range []string{"Location", "ETag"} {
			if first.header.Get(name) != again.header.Get(name) {
				t.Errorf("%s: %s is %q and %q", o.id, name, first.header.Get(name), again.header.Get(name))
			}
		}
		if body != "" && body != "{}" {
			a.do(o.method, path, strings.Replace(body, "\n\r\n--", "\n \r\n--", 1)+" ", "Idempotency-Key", "a key").fails(422, core.CodeIdempotencyMismatch, "", "")
		}
		a.do(o.method, path, body, "Idempotency-Key", strings.Repeat("k", 256)).fails(422, core.CodeValidation, "Idempotency-Key", "format")
	}
	if walked < 6 {
		t.Errorf("only %d routes were walked", walked)
	}
}

func TestOnce_FiftyAtOnceMakeOneAndGetOneAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	var mu sync.Mutex
	answers, replayed := map[string]int{}, 0
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			got := a.do("POST", "/v1/documents", `{"title":"One","content":"Only one."}`, "Idempotency-Key", "50")
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprint(got.status, got.anonymous(), got.header.Get("Location"), got.header.Get("ETag"))]++
			if got.header.Get("Idempotency-Replayed") == "true" {
				replayed++
			}
		})
	}
	wg.Wait()
	if len(answers) != 1 || replayed != 49 {
		t.Errorf("%d different answers and %d replays, want 1 and 49: %v", len(answers), replayed, answers)
	}
	if items, _ := a.do("GET", "/v1/documents", "").want(200).at("items").([]any); len(items) != 1 {
		t.Errorf("%d documents, want 1", len(items))
	}
}

func TestOnce_KeysBelongToUserAndRouteAndFailuresFreeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, other := w.admin("Acme"), w.admin("Other")
	bob := a.add("Bob", "member")
	doc := `{"title":"One","content":"Only one."}`
	ids := map[string]bool{}
	for _, p := range []*person{a, bob, other} {
		ids[p.do("POST", "/v1/documents", doc, "Idempotency-Key", "k").want(201).str("id")] = true
	}
	if len(ids) != 3 {
		t.Errorf("three users made %d documents with one key, want 3", len(ids))
	}
	a.do("POST", "/v1/templates", `{"name":"T","prompt_template":"Sum up."}`, "Idempotency-Key", "k").want(201)

	a.do("POST", "/v1/templates", `{"name":"T","prompt_template":"Sum up."}`, "Idempotency-Key", "failed").fails(409, core.CodeConflict, "", "")
	a.do("POST", "/v1/templates", `{"name":"U","prompt_template":"Sum up."}`, "Idempotency-Key", "failed").want(201)
	first := a.do("POST", "/v1/documents", doc, "Idempotency-Key", "later").want(201)
	a.do("PATCH", "/v1/documents/"+first.str("id"), `{"title":"Two","content":"Changed."}`).want(200)
	again := a.do("POST", "/v1/documents", doc, "Idempotency-Key", "later").want(201)
	if again.anonymous() != first.anonymous() {
		t.Errorf("after a change the first answer is %s, want %s", again.body, first.body)
	}
	plain := a.do("POST", "/v1/documents", doc).want(201)
	if plain.str("id") == first.str("id") || plain.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("without a key: %s", plain.body)
	}
}
