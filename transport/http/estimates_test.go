package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/inproc"
	"github.com/docsctl/docsctl/adapters/llm/llmtest"
	"github.com/docsctl/docsctl/adapters/llm/openai"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/summarize"
)

// withModel has a language model make the summaries.
func withModel(t *testing.T) (*llmtest.Server, func(*core.Config)) {
	t.Helper()
	server, err := llmtest.Start(llmtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	m, err := openai.New(openai.Config{BaseURL: server.URL(), Model: llmtest.DefaultModel})
	if err != nil {
		t.Fatal(err)
	}
	return server, func(c *core.Config) {
		c.Summarizer = summarize.New(summarize.Config{LLM: m, Nodes: inproc.NewNodes(0)})
	}
}

func TestEstimates(t *testing.T) {
	t.Parallel()
	server, model := withModel(t)
	w := newWorld(t, model)
	w.work()
	a := w.admin("Acme")
	var log strings.Builder
	whos := strings.Fields("harbour pilots carpenters guards clerks fishers divers traders")
	whats := strings.Fields("timber salt rope lamps barrels charts engines tar wool glass herring")
	wheres := strings.Fields("quay shipyard lighthouse market bridge warehouse tavern island dock mill chapel school ferry")
	for i := range 1500 { // no two parts alike: notes of equal parts are fewer than an estimate can know
		fmt.Fprintf(&log, "On day %d the %s count %d loads of %s at the %s, and %s leave for the %s with the evening tide of the day.\\n\\n",
			i, whos[i%len(whos)], i*i%97, whats[i%len(whats)], wheres[i%len(wheres)], whats[i*i%len(whats)], wheres[i*i%len(wheres)])
	}
	doc := a.do("POST", "/v1/documents", fmt.Sprintf(`{"title":"Log","content":"%s"}`, log.String())).want(201).str("id")
	short := a.do("POST", "/v1/documents", `{"title":"Note","content":"The harbour is closed on Sunday."}`).want(201).str("id")
	path := "/v1/documents/" + doc + "/summaries"

	before := a.do("POST", path+"/estimate", `{"length":"short"}`).want(200)
	if len(server.Asked()) != 0 {
		t.Fatalf("the estimate made %d calls", len(server.Asked()))
	}
	if before.at("documents") != 1.0 || before.at("cost_usd") != nil || before.at("cached_calls") != 0.0 || before.at("llm_calls").(float64) < 3 {
		t.Errorf("estimate %s", before.body)
	}
	job := a.do("POST", path, `{"length":"short"}`).want(202)
	a.do("GET", "/v1/jobs/"+job.str("job.id")+"?wait=60", "").want(200)
	got := a.do("GET", "/v1/summaries/"+job.str("summary.id"), "").want(200)
	if got.str("status") != "complete" || got.at("usage.llm_calls") != before.at("llm_calls") {
		t.Errorf("estimated %s, got %s", before.body, got.body)
	}
	if off := before.at("input_tokens").(float64)/got.at("usage.input_tokens").(float64) - 1; off < -0.05 || off > 0.05 {
		t.Errorf("input tokens: estimated %v, used %v", before.at("input_tokens"), got.at("usage.input_tokens"))
	}
	after := a.do("POST", path+"/estimate", `{"format":"bullets","length":"short"}`).want(200)
	if after.at("llm_calls") != 1.0 || after.at("cached_calls").(float64) != before.at("llm_calls").(float64)-1 {
		t.Errorf("another format: %s", after.body)
	}

	for name, body := range map[string]string{
		"ids": fmt.Sprintf(`{"document_ids":[%q,%q]}`, doc, short), "filter": `{"filter":{"source_type":"upload"},"length":"short"}`,
	} {
		if both := a.do("POST", "/v1/summaries/estimate", body).want(200); both.at("documents") != 2.0 || both.at("llm_calls").(float64) < 1 {
			t.Errorf("%s: %s", name, both.body)
		}
	}
	w.admin("Other").do("POST", "/v1/summaries/estimate", fmt.Sprintf(`{"document_ids":[%q]}`, doc)).fails(404, core.CodeNotFound, "", "")
	a.do("POST", "/v1/summaries/estimate", `{}`).fails(422, core.CodeValidation, "document_ids", "required")
	a.do("POST", "/v1/summaries/estimate", `{"filter":{"title":"x"}}`).want(422)
	for id, content := range map[string]string{doc: "notes", short: "document"} {
		if p := a.do("POST", "/v1/templates/preview", fmt.Sprintf(`{"prompt_template":"Sum up {{content}}","document_id":%q}`, id)).want(200); p.str("content") != content {
			t.Errorf("preview of the %s: %q", content, p.str("content"))
		}
	}
	a.do("POST", path+"/estimate", `{"max_cost_usd":1}`).fails(422, core.CodeValidation, "max_cost_usd", "price")
}
