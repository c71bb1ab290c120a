package httpapi

import (
	"encoding/json"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestUsage_QuotaIsToldAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *core.Config) {
		c.Quotas = map[core.PlanType]core.Quota{core.PlanFree: {Documents: 2, RunningJobs: 3, Requests: 500}}
	})
	a, other := w.admin("Acme"), w.admin("Other")
	a.document("One", article)
	a.document("Two", article)
	refused := a.do("POST", "/v1/documents", `{"title":"Three","content":"Text."}`)
	refused.fails(429, core.CodeQuota, "", "")
	var body struct {
		Error struct{ Details core.QuotaDetails }
	}
	if err := json.Unmarshal(refused.body, &body); err != nil || body.Error.Details.Quota != "documents" || body.Error.Details.Limit != 2 ||
		body.Error.Details.Used != 2 || body.Error.Details.ResetsAt.Day() != 1 {
		t.Errorf("details: %s", refused.body)
	}
	other.document("Theirs", article)
	got := a.do("GET", "/v1/usage", "").want(200)
	for path, want := range map[string]any{
		"documents": 2.0, "quota.documents.limit": 2.0, "quota.documents.used": 2.0, "quota.tokens.limit": nil, "quota.running_jobs.limit": 3.0,
		"plan_type": "free", "llm_calls": 0.0,
	} {
		if v := got.at(path); v != want {
			t.Errorf("%s: got %v, want %v", path, v, want)
		}
	}
	if limit := got.header.Get("RateLimit-Limit"); limit != "500" {
		t.Errorf("requests a minute: got %s, want the plan's 500", limit)
	}
	a.do("GET", "/v1/usage?month=2020-01", "").want(200)
	a.do("GET", "/v1/usage?month=2020-13", "").fails(422, core.CodeValidation, "month", "format")
	if _, err := w.app.Org.SetPlan(t.Context(), core.TrustTenant(core.OrgID(a.org)), core.PlanEnterprise); err != nil {
		t.Fatal(err)
	}
	a.do("POST", "/v1/documents", `{"title":"Three","content":"Text."}`).want(201)
}
