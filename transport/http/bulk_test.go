package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestBulk_FromRequestToItems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	a := w.admin("Acme")
	one, two, gone := a.document("One", article), a.document("Two", article), string(core.NewID[core.DocumentID]())
	asked := a.do("POST", "/v1/summaries/bulk", fmt.Sprintf(`{"document_ids":[%q,%q,%q],"length":"short"}`, one, two, gone)).want(202)
	path := "/v1/jobs/" + asked.str("job.id")
	if asked.header.Get("Location") != path || asked.str("job.job_type") != "bulk_summarize" {
		t.Errorf("asked: %s", asked.body)
	}
	done := a.do("GET", path+"?wait=60", "").want(200)
	if done.str("status") != "completed" || done.at("progress.done") != 3.0 || done.at("result.completed") != 2.0 || done.at("result.failed") != 1.0 {
		t.Errorf("done: %s", done.body)
	}
	for query, n := range map[string]int{"": 3, "?state=completed": 2, "?state=failed": 1, "?state=pending": 0, "?limit=2": 2} {
		if list, _ := a.do("GET", path+"/items"+query, "").want(200).at("items").([]any); len(list) != n {
			t.Errorf("items%s: %d, want %d", query, len(list), n)
		}
	}
	failed := a.do("GET", path+"/items?state=failed", "").want(200)
	if failed.str("items.0.item") != gone || failed.str("items.0.error_code") != "NOT_FOUND" || failed.str("items.0.reason") == "" {
		t.Errorf("failed: %s", failed.body)
	}
	children := a.do("GET", "/v1/jobs?parent_id="+asked.str("job.id"), "").want(200)
	if list, _ := children.at("items").([]any); len(list) != 2 || children.str("items.0.parent_id") != asked.str("job.id") {
		t.Errorf("children: %s", children.body)
	}
	a.do("GET", path+"/items?state=broken", "").fails(422, core.CodeValidation, "state", "enum")
	w.admin("Stranger").do("GET", path+"/items", "").fails(404, core.CodeNotFound, "", "")
}

func TestBulk_ByFilterAndItsRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	a := w.admin("Acme")
	a.document("One", article)
	a.document("Two", article)
	asked := a.do("POST", "/v1/summaries/bulk", `{"filter":{"source_type":"upload"},"max_cost_usd":1}`).want(202)
	done := a.do("GET", "/v1/jobs/"+asked.str("job.id")+"?wait=60", "").want(200)
	if done.str("status") != "completed" || done.at("result.completed") != 2.0 || done.at("result.cost_usd") != 0.0 {
		t.Errorf("done: %s", done.body)
	}
	ids := strings.Repeat(`"`+string(core.NewID[core.DocumentID]())+`",`, 10_001)
	for body, want := range map[string]string{
		`{}`:                  "document_ids",
		`{"document_ids":[]}`: "document_ids",
		`{"document_ids":[` + ids[:38] + `],"filter":{}}`:         "filter",
		`{"filter":{},"max_cost_usd":-1}`:                         "max_cost_usd",
		`{"filter":{"status":"gone"}}`:                            "filter.status",
		`{"document_ids":[` + strings.TrimSuffix(ids, ",") + `]}`: "document_ids",
	} {
		got := a.do("POST", "/v1/summaries/bulk", body)
		if got.status != 422 || got.str("error.details.field") != want {
			t.Errorf("%.60s: %d %.300s, want 422 about %s", body, got.status, got.body, want)
		}
	}
}
