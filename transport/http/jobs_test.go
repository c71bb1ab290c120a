package httpapi

import (
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

const article = `# The canal

The canal was opened in 1847 after nine years of work. It joined the two rivers for the first time.
Barges carried coal and grain on it for sixty years. The railway took most of its trade by 1910.
Today the canal is a park. Four locks still work, and volunteers repair a fifth.`

func TestSummaries_FromRequestToText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	w.work()
	path := "/v1/documents/" + a.document("The canal", article)
	asked := a.do("POST", path+"/summaries", `{"length":"short","max_cost_usd":0}`).want(202)
	job := "/v1/jobs/" + asked.str("job.id")
	if asked.header.Get("Location") != job || asked.str("summary.job_id") != asked.str("job.id") ||
		asked.str("summary.status") != "pending" || asked.at("summary.summary_text") != nil || asked.str("job.related_id") != asked.str("summary.id") {
		t.Errorf("asked %v %s", asked.header, asked.body)
	}
	ended := a.do("GET", job+"?wait=60", "").want(200)
	if ended.str("status") != "completed" || ended.at("finished_at") == nil || ended.str("result.summary_id") != asked.str("summary.id") {
		t.Fatalf("job %s", ended.body)
	}
	got := a.do("GET", "/v1/summaries/"+asked.str("summary.id"), "").want(200)
	if got.str("status") != "complete" || got.str("summary_text") == "" || got.at("stale") != false || got.at("usage.cost_usd") != 0.0 ||
		got.str("model_used") != "extractive" || got.at("coverage.chars_read") != got.at("coverage.chars_total") || got.at("template_version") != 1.0 {
		t.Errorf("summary %s", got.body)
	}
	runes := []rune(article)
	start, end := int(got.at("citations.0.sources.0.start").(float64)), int(got.at("citations.0.sources.0.end").(float64))
	if quote := got.str("citations.0.sources.0.quote"); string(runes[start:end]) != quote {
		t.Errorf("quote %q, want %q", quote, string(runes[start:end]))
	}
	a.do("PATCH", path, `{"content":"Another text."}`).want(200)
	if again := a.do("GET", "/v1/summaries/"+asked.str("summary.id"), "").want(200); again.at("stale") != true {
		t.Errorf("after an edit: %s", again.body)
	}
	for _, list := range []string{path + "/summaries", "/v1/summaries?status=complete", "/v1/summaries?doc_id=" + strings.TrimPrefix(path, "/v1/documents/")} {
		if got := a.do("GET", list, "").want(200); got.at("items.0.id") != asked.at("summary.id") {
			t.Errorf("%s: %s", list, got.body)
		}
	}
	a.do("DELETE", "/v1/summaries/"+asked.str("summary.id"), "").want(204)
	a.do("GET", "/v1/summaries/"+asked.str("summary.id"), "").fails(404, core.CodeNotFound, "", "")
}

func TestSummaries_RequestWithoutABody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	path := "/v1/documents/" + a.document("The canal", article) + "/summaries"
	got := a.do("POST", path, "").want(202)
	if got.str("summary.template_id") != string(core.DefaultTemplateID) || got.str("summary.length") != "medium" {
		t.Errorf("asked %s", got.body)
	}
	a.do("POST", path, `{"format":"poem"}`).fails(422, core.CodeValidation, "format", "enum")
	a.do("POST", path, `{"max_cost_usd":-1}`).fails(422, core.CodeValidation, "max_cost_usd", "range")
	a.do("POST", path, `{"language":"x y"}`).fails(422, core.CodeValidation, "language", "format")
	a.do("POST", path, `{"template_id":"nope"}`).fails(404, core.CodeNotFound, "", "")
	if got := a.do("GET", "/v1/documents/"+a.document("Empty", "Text.")+"/summaries", "").want(200); string(got.body) != `{"items":[]}` {
		t.Errorf("no summaries: %s", got.body)
	}
}

func TestJobs_CancelAndRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // nobody works
	a := w.admin("Acme")
	asked := a.do("POST", "/v1/documents/"+a.document("The canal", article)+"/summaries", "{}").want(202)
	path := "/v1/jobs/" + asked.str("job.id")
	pending := a.do("GET", path, "").want(200)
	for _, field := range []string{"started_at", "finished_at", "result", "error_code", "error_message", "task_id", "parent_id"} {
		if !strings.Contains(string(pending.body), `"`+field+`":null`) {
			t.Errorf("%s is not null: %s", field, pending.body)
		}
	}
	if pending.str("waiting.reason") != "queue" || pending.at("waiting.position") != 1.0 || pending.str("waiting.message") == "" {
		t.Errorf("waiting: %s", pending.body)
	}
	a.do("POST", path+"/retry", "").fails(409, core.CodeConflict, "", "")
	a.member().do("POST", path+"/cancel", "").fails(403, core.CodeAuthorization, "", "")
	canceled := a.do("POST", path+"/cancel", "").want(200)
	if canceled.str("status") != "canceled" || canceled.at("finished_at") == nil {
		t.Errorf("canceled %s", canceled.body)
	}
	if got := a.do("GET", "/v1/summaries/"+asked.str("summary.id"), "").want(200); got.str("status") != "failed" || got.str("error_message") == "" {
		t.Errorf("its summary %s", got.body)
	}
	a.do("POST", path+"/cancel", "").fails(409, core.CodeConflict, "", "")
	if got := a.do("GET", path+"?wait=60", "").want(200); got.str("status") != "canceled" {
		t.Errorf("waiting for an ended job: %s", got.body)
	}
	again := a.do("POST", path+"/retry", "").want(200)
	if again.str("status") != "pending" || again.at("run") != 2.0 || again.at("attempt") != 0.0 || again.at("finished_at") != nil {
		t.Errorf("retried %s", again.body)
	}
	for query, n := range map[string]int{
		"": 1, "status=pending": 1, "status=failed": 0, "job_type=summarize_document": 1, "job_type=cleanup": 0,
		"related_id=" + asked.str("summary.id"): 1, "related_id=" + asked.str("job.id"): 0, "parent_id=" + asked.str("job.id"): 0,
	} {
		if list, _ := a.do("GET", "/v1/jobs?"+query, "").want(200).at("items").([]any); len(list) != n {
			t.Errorf("%q: %d jobs, want %d", query, len(list), n)
		}
	}
}

func TestJobs_WaitEndsAtShutdown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	id := a.do("POST", "/v1/documents/"+a.document("The canal", article)+"/summaries", "{}").want(202).str("job.id")
	if got := a.do("GET", "/v1/jobs/"+id+"?wait=1", "").want(200); got.str("status") != "pending" {
		t.Errorf("after a second: %s", got.body)
	}
	start := time.Now()
	answered := make(chan *reply)
	go func() { answered <- a.do("GET", "/v1/jobs/"+id+"?wait=60", "") }()
	w.stop()
	if got := (<-answered).want(200); got.str("status") != "pending" || time.Since(start) > 50*time.Second {
		t.Errorf("%s after %v", got.body, time.Since(start))
	}
}

func TestJobs_WaitSeesACancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	id := a.do("POST", "/v1/documents/"+a.document("The canal", article)+"/summaries", "{}").want(202).str("job.id")
	answered := make(chan *reply)
	go func() { answered <- a.do("GET", "/v1/jobs/"+id+"?wait=60", "") }()
	a.do("POST", "/v1/jobs/"+id+"/cancel", "").want(200)
	if got := (<-answered).want(200); got.str("status") != "canceled" {
		t.Errorf("%s", got.body)
	}
}
