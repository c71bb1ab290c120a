package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// TestTenants_EveryRoute walks the route table. Without a credential every route
// but the public ones answers 401; with one of another organization every route
// with an id answers as if there were no such thing. A new route with an id needs
// a row here.
func TestTenants_EveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, stranger := w.admin("Owner"), w.admin("Stranger")
	doc := owner.document("Secret plans", article)
	asked := owner.do("POST", "/v1/documents/"+doc+"/summaries", "{}").want(202)
	own := owner.do("POST", "/v1/templates", `{"name":"Secret template","prompt_template":"Sum up."}`).want(201).str("id")
	apiKey := owner.do("POST", "/v1/api-keys", `{"name":"Secret key"}`).want(201).str("id")
	connected := owner.dial("").hello(t).ConnectionID
	vendor := owner.do("POST", "/v1/integrations", `{"name":"Secret vendor","integration_type":"notion","auth_type":"api_token","access_token":"ntn"}`).want(201).str("id")
	hook := owner.do("POST", "/v1/webhooks", `{"url":"https://example.org/Secret-hook","topics":["jobs"]}`).want(201).str("id")
	rows := map[string]struct{ id, body string }{
		"getWebhook":            {id: hook},
		"updateWebhook":         {id: hook, body: `{"topics":["usage"]}`},
		"deleteWebhook":         {id: hook},
		"rotateWebhookSecret":   {id: hook},
		"listDeliveries":        {id: hook},
		"redeliver":             {id: hook},
		"getUser":               {id: owner.user},
		"updateUser":            {id: owner.user, body: `{"name":"Taken"}`},
		"deleteUser":            {id: owner.user},
		"deleteAPIKey":          {id: apiKey},
		"endConnection":         {id: connected},
		"getIntegration":        {id: vendor},
		"updateIntegration":     {id: vendor, body: `{"name":"Taken"}`},
		"deleteIntegration":     {id: vendor},
		"listIntegrationItems":  {id: vendor},
		"syncIntegration":       {id: vendor, body: `{}`},
		"publishSummary":        {id: asked.str("summary.id"), body: `{"integration_id":"` + vendor + `"}`},
		"getDocument":           {id: doc},
		"updateDocument":        {id: doc, body: `{"title":"Taken"}`},
		"deleteDocument":        {id: doc},
		"replaceDocumentFile":   {id: doc, body: formOf(textPart("file", "a.txt", "Taken."))},
		"getDocumentContent":    {id: doc},
		"requestSummary":        {id: doc, body: `{}`},
		"estimateSummary":       {id: doc, body: `{}`},
		"listDocumentSummaries": {id: doc},
		"exportSummary":         {id: asked.str("summary.id")},
		"getSummary":            {id: asked.str("summary.id")},
		"deleteSummary":         {id: asked.str("summary.id")},
		"getTemplate":           {id: own},
		"updateTemplate":        {id: own, body: `{"name":"Taken"}`},
		"deleteTemplate":        {id: own},
		"setDefaultTemplate":    {id: own},
		"getJob":                {id: asked.str("job.id")},
		"cancelJob":             {id: asked.str("job.id")},
		"listJobItems":          {id: asked.str("job.id")},
		"confirmJob":            {id: asked.str("job.id")},
		"retryJob":              {id: asked.str("job.id")},
	}
	secrets := []string{"Secret", "canal", owner.org, owner.user, owner.email, doc, own, connected, vendor, hook, asked.str("summary.id"), asked.str("job.id")}
	walked := 0
	for _, o := range w.api.routes {
		if o.public {
			continue
		}
		walked++
		row, ok := rows[o.id]
		if ok != strings.Contains(o.path, "{id}") {
			t.Errorf("%s %s: a row in this test: %t, an id in its path: %t", o.method, o.path, ok, !ok)
			continue
		}
		path := func(id string) string {
			return strings.NewReplacer("{id}", id, "{delivery_id}", core.NewID[string]()).Replace(o.path)
		}
		(&person{w: w}).do(o.method, path(row.id), row.body).fails(401, core.CodeAuthentication, "", "")
		if o.id == "streamEvents" { // it does not end; TestFeed_StrangersSeeNothing
			continue
		}
		if !ok {
			got := stranger.do(o.method, path(""), "")
			for _, secret := range secrets {
				if strings.Contains(string(got.body), secret) {
					t.Errorf("%s shows %s to a stranger: %s", got.asked, secret, got.body)
				}
			}
			continue
		}
		foreign, unknown, broken := stranger.do(o.method, path(row.id), row.body), stranger.do(o.method, path(core.NewID[string]()), row.body), stranger.do(o.method, path("x"), row.body)
		foreign.fails(404, core.CodeNotFound, "", "")
		if foreign.anonymous() != unknown.anonymous() || foreign.anonymous() != broken.anonymous() {
			t.Errorf("%s: %s for another's, %s for an unknown, %s for a broken id", foreign.asked, foreign.body, unknown.body, broken.body)
		}
	}
	if walked < 20 {
		t.Errorf("only %d routes were walked", walked)
	}
	if got := owner.do("GET", "/v1/documents/"+doc, "").want(200); got.str("title") != "Secret plans" || got.at("version") != 1.0 {
		t.Errorf("after the walk: %s", got.body)
	}
	if got := owner.do("GET", "/v1/jobs/"+asked.str("job.id"), "").want(200); got.str("status") != "pending" {
		t.Errorf("after the walk: %s", got.body)
	}
}

func TestTenants_IDsInBodiesAndFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, stranger := w.admin("Owner"), w.admin("Stranger")
	doc := owner.document("Secret plans", article)
	asked := owner.do("POST", "/v1/documents/"+doc+"/summaries", "{}").want(202)
	own := owner.do("POST", "/v1/templates", `{"name":"Secret template","prompt_template":"Sum up."}`).want(201).str("id")
	theirs := stranger.document("Theirs", article)
	for name, ask := range map[string]func(id string) *reply{
		"TemplateOfSummary": func(id string) *reply {
			return stranger.do("POST", "/v1/documents/"+theirs+"/summaries", fmt.Sprintf(`{"template_id":%q}`, id))
		},
		"DocumentOfPreview": func(id string) *reply {
			return stranger.do("POST", "/v1/templates/preview", fmt.Sprintf(`{"prompt_template":"{{content}}","document_id":%q}`, id))
		},
		"DocumentOfSummaries": func(id string) *reply { return stranger.do("GET", "/v1/summaries?doc_id="+id, "") },
		"RelatedOfJobs":       func(id string) *reply { return stranger.do("GET", "/v1/jobs?related_id="+id, "") },
		"ParentOfJobs":        func(id string) *reply { return stranger.do("GET", "/v1/jobs?parent_id="+id, "") },
		"IntegrationOfDocuments": func(id string) *reply {
			return stranger.do("GET", "/v1/documents?integration_id="+id, "")
		},
	} {
		unknown := ask(core.NewID[string]())
		for _, id := range []string{doc, own, asked.str("summary.id"), asked.str("job.id")} {
			if got := ask(id); got.status != unknown.status || got.anonymous() != unknown.anonymous() {
				t.Errorf("%s: %d %s for another's id, %d %s for an unknown one", name, got.status, got.body, unknown.status, unknown.body)
			}
		}
	}
}
