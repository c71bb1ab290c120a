package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// allowed is a row of the permission table: the status that each caller gets. The
// thing in the path is made anew for each of them, by the member "own". Without a
// credential the answer is 401; with one of another organization 404 where the
// path has an id, and else what their own organization answers.
type allowed struct {
	thing              string // what {id} is of; "" without one
	body               string // with %s for a name that nothing else has
	endless            bool   // is asked with HEAD, which the rest of the route answers alike
	member, own, admin int
}

// permissionTable has a row for every route that is not public.
var permissionTable = map[string]allowed{
	"getMe":              {member: 200, own: 200, admin: 200},
	"updateMe":           {body: `{"name":"%s"}`, member: 200, own: 200, admin: 200},
	"changePassword":     {body: `{"current_password":"%s","new_password":"a long passphrase"}`, member: 422, own: 422, admin: 422},
	"getOrganization":    {member: 200, own: 200, admin: 200},
	"updateOrganization": {body: `{"name":"%s"}`, member: 403, own: 403, admin: 200},
	"deleteOrganization": {body: `{"confirm":"%s"}`, member: 403, own: 403, admin: 422},

	"createUser": {body: `{"email":"%s@example.org","name":"New"}`, member: 403, own: 403, admin: 201},
	"listUsers":  {member: 403, own: 403, admin: 200},
	"getUser":    {thing: "user", member: 403, own: 403, admin: 200},
	"updateUser": {thing: "user", body: `{"name":"%s"}`, member: 403, own: 403, admin: 200},
	"deleteUser": {thing: "user", member: 403, own: 403, admin: 204},

	"createAPIKey": {body: `{"name":"%s","role":"member"}`, member: 201, own: 201, admin: 201},
	"listAPIKeys":  {member: 200, own: 200, admin: 200},
	"deleteAPIKey": {thing: "key", member: 403, own: 204, admin: 204},
	"listAudit":    {member: 403, own: 403, admin: 200},
	"getUsage":     {member: 403, own: 403, admin: 200},

	"createDocument":      {body: `{"title":"%s","content":"Text."}`, member: 201, own: 201, admin: 201},
	"listDocuments":       {member: 200, own: 200, admin: 200},
	"getDocument":         {thing: "document", member: 200, own: 200, admin: 200},
	"getDocumentContent":  {thing: "document", member: 200, own: 200, admin: 200},
	"uploadDocument":      {body: formOf(textPart("file", "a.txt", "Text %s.")), member: 201, own: 201, admin: 201},
	"replaceDocumentFile": {thing: "document", body: formOf(textPart("file", "a.txt", "Text %s.")), member: 403, own: 200, admin: 200},
	"updateDocument":      {thing: "document", body: `{"title":"%s"}`, member: 403, own: 200, admin: 200},
	"deleteDocument":      {thing: "document", member: 403, own: 204, admin: 204},

	"requestSummary":        {thing: "document", body: `{}`, member: 202, own: 202, admin: 202},
	"requestSummaries":      {body: `{"filter":{}}`, member: 202, own: 202, admin: 202},
	"listDocumentSummaries": {thing: "document", member: 200, own: 200, admin: 200},
	"estimateSummary":       {thing: "document", body: `{}`, member: 200, own: 200, admin: 200},
	"estimateSummaries":     {body: `{"filter":{}}`, member: 200, own: 200, admin: 200},
	"listSummaries":         {member: 200, own: 200, admin: 200},
	"exportSummary":         {thing: "summary", member: 409, own: 409, admin: 409},
	"getSummary":            {thing: "summary", member: 200, own: 200, admin: 200},
	"deleteSummary":         {thing: "summary", member: 403, own: 204, admin: 204},

	"createTemplate":     {body: `{"name":"%s","prompt_template":"Sum up."}`, member: 201, own: 201, admin: 201},
	"listTemplates":      {member: 200, own: 200, admin: 200},
	"getTemplate":        {thing: "template", member: 200, own: 200, admin: 200},
	"updateTemplate":     {thing: "template", body: `{"name":"%s"}`, member: 403, own: 200, admin: 200},
	"deleteTemplate":     {thing: "template", member: 403, own: 204, admin: 204},
	"setDefaultTemplate": {thing: "template", member: 403, own: 403, admin: 200},
	"previewTemplate":    {body: `{"prompt_template":"Sum up.","document_id":"%s"}`, member: 404, own: 404, admin: 404},

	"listVendors":          {member: 200, own: 200, admin: 200},
	"createIntegration":    {body: `{"integration_type":"notion","auth_type":"api_token","access_token":"ntn_%s"}`, member: 403, own: 403, admin: 201},
	"listIntegrations":     {member: 200, own: 200, admin: 200},
	"getIntegration":       {thing: "integration", member: 200, own: 200, admin: 200},
	"updateIntegration":    {thing: "integration", body: `{"name":"%s"}`, member: 403, own: 403, admin: 200},
	"deleteIntegration":    {thing: "integration", member: 403, own: 403, admin: 204},
	"listIntegrationItems": {thing: "integration", member: 200, own: 200, admin: 200},
	"syncIntegration":      {thing: "integration", body: `{}`, member: 202, own: 202, admin: 202},
	"startOAuth":           {member: 403, own: 403, admin: 422}, // the test names no vendor
	"publishSummary":       {thing: "summary", body: `{"integration_id":"%s"}`, member: 409, own: 409, admin: 409},

	"listJobs":            {member: 200, own: 200, admin: 200},
	"getJob":              {thing: "job", member: 200, own: 200, admin: 200},
	"createWebhook":       {body: `{"url":"https://example.org/%s","topics":["jobs"]}`, member: 403, own: 403, admin: 201},
	"listWebhooks":        {member: 403, own: 403, admin: 200},
	"getWebhook":          {thing: "webhook", member: 403, own: 403, admin: 200},
	"updateWebhook":       {thing: "webhook", body: `{"url":"https://example.org/%s"}`, member: 403, own: 403, admin: 200},
	"deleteWebhook":       {thing: "webhook", member: 403, own: 403, admin: 204},
	"rotateWebhookSecret": {thing: "webhook", member: 403, own: 403, admin: 200},
	"listDeliveries":      {thing: "webhook", member: 403, own: 403, admin: 200},
	"redeliver":           {thing: "webhook", member: 403, own: 403, admin: 404}, // of a delivery that is none

	"cancelJob":    {thing: "job", member: 403, own: 200, admin: 200},
	"retryJob":     {thing: "canceled job", member: 403, own: 200, admin: 200},
	"listJobItems": {thing: "job", member: 200, own: 200, admin: 200},
	"confirmJob":   {thing: "job", member: 403, own: 409, admin: 409},

	"connectFeed":     {member: 422, own: 422, admin: 422}, // the test asks without an upgrade
	"streamEvents":    {endless: true, member: 200, own: 200, admin: 200},
	"createTicket":    {member: 201, own: 201, admin: 201},
	"listConnections": {member: 403, own: 403, admin: 200},
	"endConnection":   {thing: "connection", member: 403, own: 403, admin: 204},
}

// publicRoutes answer everybody alike, with or without a credential.
var publicRoutes = map[string]struct {
	body   string
	status int
}{
	"register":         {`{"organization_name":"New","email":"%s@example.org","password":"` + goodPassword + `","name":"New"}`, 201},
	"login":            {`{"email":"%s@example.org","password":"wrong wrong wrong"}`, 401},
	"refresh":          {`{"refresh_token":"%s"}`, 401},
	"logout":           {`{"refresh_token":"%s"}`, 204},
	"startGoogle":      {"", 404}, // this installation has no provider
	"finishGoogle":     {"", 404},
	"acceptInvitation": {`{"token":"%s","password":"` + goodPassword + `"}`, 401},
	"finishOAuth":      {"", 422},
	"health":           {"", 200},
	"readiness":        {"", 200},
	"metrics":          {"", 200},
	"home":             {"", 302},
	"docs":             {"", 200},
	"openapiJSON":      {"", 200},
	"openapiYAML":      {"", 200},
	"asyncapiJSON":     {"", 200},
}

// thing makes what a row's path is about.
func (p *person) thing(kind string, admin *person) string {
	p.w.t.Helper()
	name := core.NewID[string]()
	switch kind {
	case "user":
		return admin.do("POST", "/v1/users", fmt.Sprintf(`{"email":"%s@example.org","name":"New"}`, name)).want(201).str("id")
	case "integration":
		return admin.do("POST", "/v1/integrations", `{"integration_type":"notion","auth_type":"api_token","access_token":"ntn"}`).want(201).str("id")
	case "webhook":
		return admin.do("POST", "/v1/webhooks", `{"url":"https://example.org/hook","topics":["jobs"]}`).want(201).str("id")
	case "key":
		return p.do("POST", "/v1/api-keys", `{"name":"k"}`).want(201).str("id")
	case "connection":
		return p.dial("").hello(p.w.t).ConnectionID
	case "template":
		return p.do("POST", "/v1/templates", fmt.Sprintf(`{"name":%q,"prompt_template":"Sum up."}`, name)).want(201).str("id")
	}
	doc := p.document(name, article)
	if kind == "document" {
		return doc
	}
	asked := p.do("POST", "/v1/documents/"+doc+"/summaries", "{}").want(202)
	if kind == "summary" {
		return asked.str("summary.id")
	}
	if kind == "canceled job" {
		p.do("POST", "/v1/jobs/"+asked.str("job.id")+"/cancel", "").want(200)
	}
	return asked.str("job.id")
}

// TestPermissions_EveryRoute walks every route as every kind of caller.
func TestPermissions_EveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, stranger := w.admin("Acme"), w.admin("Stranger")
	own, member := admin.add("Ann", "member"), admin.add("Bob", "member")
	nobody := &person{w: w}
	var walked []string
	asked, refused := 0, 0
	for _, o := range w.api.routes {
		ask := func(who string, p *person, path, body string, want int) {
			asked++
			if strings.Contains(body, "%s") {
				body = fmt.Sprintf(body, core.NewID[string]())
			}
			if want == 401 || want == 403 || want == 404 {
				refused++
			}
			method := o.method
			if permissionTable[o.id].endless {
				method = "HEAD"
			}
			if got := p.do(method, path, body); got.status != want {
				t.Errorf("%s as %s: %d, want %d: %s", o.id, who, got.status, want, got.body)
			}
		}
		if o.public {
			row, ok := publicRoutes[o.id]
			if !ok {
				t.Errorf("%s %s has no row: add %s to publicRoutes", o.method, o.path, o.id)
				continue
			}
			for who, p := range map[string]*person{"nobody": nobody, "member": member, "admin": admin, "stranger": stranger} {
				ask(who, p, strings.ReplaceAll(o.path, "{$}", ""), row.body, row.status)
			}
			continue
		}
		row, ok := permissionTable[o.id]
		if !ok || (row.thing != "") != strings.Contains(o.path, "{id}") {
			t.Errorf("%s %s has no row: add %s to permissionTable", o.method, o.path, o.id)
			continue
		}
		walked = append(walked, o.id)
		path := func() string {
			if row.thing == "" {
				return o.path
			}
			path := strings.ReplaceAll(o.path, "{delivery_id}", core.NewID[string]())
			return strings.ReplaceAll(path, "{id}", own.thing(row.thing, admin))
		}
		ask("nobody", nobody, path(), row.body, 401)
		ask("member", member, path(), row.body, row.member)
		ask("own", own, path(), row.body, row.own)
		ask("admin", admin, path(), row.body, row.admin)
		foreign := 404
		if row.thing == "" {
			foreign = row.admin
		}
		ask("stranger", stranger, path(), row.body, foreign)
	}
	for id := range permissionTable {
		if !slices.Contains(walked, id) {
			t.Errorf("the row %s has no route", id)
		}
	}
	if len(walked) < 30 {
		t.Errorf("only %d routes were walked", len(walked))
	}
	t.Logf("%d routes with a credential, %d without; %d requests, %d of them refused", len(walked), len(w.api.routes)-len(walked), asked, refused)
}
