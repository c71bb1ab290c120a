package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// TestInput_Refused goes through what a client can do wrong with any route.
func TestInput_Refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		field, constraint  string
	}{
		"UnknownField":         {"POST", "/v1/documents", `{"title":"a","content":"b","nope":1}`, 422, "nope", "unknown"},
		"OtherCase":            {"POST", "/v1/documents", `{"Title":"a","content":"b","title":"c"}`, 422, "Title", "unknown"},
		"ReadOnlyField":        {"POST", "/v1/documents", `{"title":"a","content":"b","org_id":"x"}`, 422, "org_id", "unknown"},
		"DuplicateField":       {"POST", "/v1/documents", `{"title":"a","content":"b","title":"c"}`, 400, "title", "duplicate"},
		"EscapedDuplicate":     {"POST", "/v1/documents", `{"title":"a","content":"b","\u0074itle":"c"}`, 400, "title", "duplicate"},
		"WrongType":            {"POST", "/v1/documents", `{"title":["a"],"content":"b"}`, 422, "title", "type"},
		"NullForText":          {"POST", "/v1/documents", `{"title":null,"content":"b"}`, 422, "title", "type"},
		"Missing":              {"POST", "/v1/documents", `{"content":"b"}`, 422, "title", "required"},
		"Empty":                {"POST", "/v1/documents", `{"title":"","content":"b"}`, 422, "title", "required"},
		"Blank":                {"POST", "/v1/documents", `{"title":" \t","content":"b"}`, 422, "title", "required"},
		"TooLong":              {"POST", "/v1/documents", `{"title":"` + strings.Repeat("ä", 501) + `","content":"b"}`, 422, "title", "max_length"},
		"NotAURL":              {"POST", "/v1/documents", `{"title":"a","content":"b","source_url":"javascript:x"}`, 422, "source_url", "format"},
		"TrailingText":         {"POST", "/v1/documents", `{"title":"a","content":"b"} x`, 400, "body", "json"},
		"TwoObjects":           {"POST", "/v1/documents", `{"title":"a","content":"b"}{}`, 400, "body", "json"},
		"NotJSON":              {"POST", "/v1/documents", `title=a`, 400, "body", "json"},
		"NoObject":             {"POST", "/v1/documents", `[]`, 422, "body", "type"},
		"Null":                 {"POST", "/v1/documents", `null`, 422, "body", "type"},
		"NoBody":               {"POST", "/v1/documents", ``, 400, "body", "body"},
		"NUL":                  {"POST", "/v1/documents", `{"title":"a\u0000","content":"b"}`, 400, "body", "encoding"},
		"InvalidUTF8":          {"POST", "/v1/documents", "{\"title\":\"a\xff\",\"content\":\"b\"}", 400, "body", "encoding"},
		"LoneSurrogate":        {"POST", "/v1/documents", `{"title":"a\udc00","content":"b"}`, 400, "body", "encoding"},
		"TooDeep":              {"POST", "/v1/documents", `{"title":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`, 400, "body", "depth"},
		"HugeNumber":           {"POST", "/v1/documents", `{"title":1e999,"content":"b"}`, 422, "title", "type"},
		"LimitZero":            {"GET", "/v1/documents?limit=0", "", 422, "limit", "range"},
		"LimitNegative":        {"GET", "/v1/documents?limit=-1", "", 422, "limit", "range"},
		"LimitOver":            {"GET", "/v1/jobs?limit=201", "", 422, "limit", "range"},
		"LimitNotANumber":      {"GET", "/v1/summaries?limit=ten", "", 422, "limit", "type"},
		"LimitTooBig":          {"GET", "/v1/templates?limit=99999999999999999999", "", 422, "limit", "type"},
		"CursorGarbage":        {"GET", "/v1/documents?cursor=hunter2", "", 422, "cursor", "cursor"},
		"CursorOtherJSON":      {"GET", "/v1/documents?cursor=e30", "", 422, "cursor", "cursor"},
		"CursorNotBase64":      {"GET", "/v1/jobs?cursor=%25%00", "", 422, "cursor", "cursor"},
		"LimitEmpty":           {"GET", "/v1/documents?limit=", "", 422, "limit", "empty"},
		"LimitWithoutEquals":   {"GET", "/v1/documents?limit", "", 422, "limit", "empty"},
		"LimitTwice":           {"GET", "/v1/documents?limit=1&limit=2", "", 400, "limit", "duplicate"},
		"StatusEmpty":          {"GET", "/v1/jobs?status=", "", 422, "status", "empty"},
		"FilterIDEmpty":        {"GET", "/v1/jobs?parent_id=", "", 422, "parent_id", "empty"},
		"TimeEmpty":            {"GET", "/v1/audit?since=", "", 422, "since", "empty"},
		"WaitEmpty":            {"GET", "/v1/jobs/x?wait=", "", 422, "wait", "empty"},
		"SinceEmpty":           {"GET", "/v1/events?since=", "", 422, "since", "empty"},
		"FormatEmpty":          {"GET", "/v1/summaries/x/export?format=", "", 422, "format", "empty"},
		"DuplicateEmpty":       {"POST", "/v1/documents/upload?duplicate=", "", 422, "duplicate", "empty"},
		"BrokenEscape":         {"GET", "/v1/documents?status=%zz", "", 400, "query", "encoding"},
		"Semicolon":            {"GET", "/v1/documents?limit=1;status=active", "", 400, "query", "encoding"},
		"ParameterWithoutName": {"GET", "/v1/documents?=active", "", 422, "query", "unknown"},
		"MonthAtTheEndOfTime":  {"GET", "/v1/usage?month=9999-12", "", 422, "month", "format"},
		"MonthBeforeTheFirst":  {"GET", "/v1/usage?month=1999-12", "", 422, "month", "format"},
		"TimeAfterTheLastYear": {"POST", "/v1/api-keys", `{"name":"k","expires_at":"9999-12-31T23:59:59-23:59"}`, 422, "expires_at", "range"},
		"TimeNotATime":         {"POST", "/v1/api-keys", `{"name":"k","expires_at":"tomorrow"}`, 422, "expires_at", "format"},
		"UnknownParameter":     {"GET", "/v1/documents?page=2", "", 422, "page", "unknown"},
		"UnknownOnGet":         {"GET", "/v1/me?x=1", "", 422, "x", "unknown"},
		"UnknownOnContent":     {"GET", "/v1/documents/x/content?x=1", "", 422, "x", "unknown"},
		"UnknownStatus":        {"GET", "/v1/documents?status=gone", "", 422, "status", "enum"},
		"UnknownJobType":       {"GET", "/v1/jobs?job_type=x", "", 422, "job_type", "enum"},
		"BrokenFilterID":       {"GET", "/v1/summaries?doc_id=x", "", 422, "doc_id", "format"},
		"UpperCaseFilterID":    {"GET", "/v1/jobs?related_id=01920000-0000-7000-8000-00000000000A", "", 422, "related_id", "format"},
		"NULInFilterID":        {"GET", "/v1/jobs?related_id=%00", "", 422, "related_id", "format"},
		"NULInSearch":          {"GET", "/v1/documents?q=%00", "", 400, "q", "encoding"},
		"InvalidUTF8InSearch":  {"GET", "/v1/documents?q=%ff", "", 400, "q", "encoding"},
		"LongSearch":           {"GET", "/v1/documents?q=" + strings.Repeat("x", 501), "", 422, "q", "max_length"},
		"WaitOver":             {"GET", "/v1/jobs/x?wait=61", "", 422, "wait", "range"},
		"WaitNegative":         {"GET", "/v1/jobs/x?wait=-1", "", 422, "wait", "range"},
		"WaitNotANumber":       {"GET", "/v1/jobs/x?wait=1s", "", 422, "wait", "type"},
		"ShortPassword":        {"POST", "/v1/auth/register", `{"organization_name":"o","email":"a@b.c","name":"n","password":"short"}`, 422, "password", "min_length"},
		"CommonPassword":       {"POST", "/v1/auth/register", `{"organization_name":"o","email":"a@b.c","name":"n","password":"1234567890"}`, 422, "password", "common"},
		"BrokenEmail":          {"POST", "/v1/auth/register", `{"organization_name":"o","email":"hunter2","name":"n","password":"correct horse battery"}`, 422, "email", "format"},
		"BadPrompt":            {"POST", "/v1/templates", `{"name":"n","prompt_template":"{{nope}}"}`, 422, "prompt_template", "template"},
		"BadSchema":            {"POST", "/v1/templates", `{"name":"n","prompt_template":"p","json_schema":[1]}`, 422, "json_schema", "json_schema"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := a.do(c.method, c.path, c.body)
			got.fails(c.status, core.CodeValidation, c.field, c.constraint)
			if strings.Contains(string(got.body), "hunter2") {
				t.Errorf("the answer has what was sent: %s", got.body)
			}
		})
	}
	t.Run("BoundsAreSaid", func(t *testing.T) {
		t.Parallel()
		for want, got := range map[string]*reply{
			"month must be a month from 2000-01 to 2999-12":     a.do("GET", "/v1/usage?month=1999-12", ""),
			"expires_at must lie in the years 0 to 9999 of UTC": a.do("POST", "/v1/api-keys", `{"name":"k","expires_at":"9999-12-31T23:59:59-23:59"}`),
		} {
			if message := got.str("error.message"); !strings.HasPrefix(message, want) {
				t.Errorf("%s: %q, want %q", got.asked, message, want)
			}
		}
	})
	t.Run("ConditionWithoutValue", func(t *testing.T) {
		t.Parallel()
		mine := "/v1/documents/" + a.document("Mine", article)
		for _, c := range [][2]string{{"PATCH", `{"title":"Yours"}`}, {"DELETE", ""}} {
			a.do(c[0], mine, c[1], "If-Match", " ").fails(422, core.CodeValidation, "If-Match", "empty")
		}
		if got := a.do("GET", mine, "").want(200).str("title"); got != "Mine" {
			t.Errorf("the title is %q", got)
		}
	})
	t.Run("ContentType", func(t *testing.T) {
		t.Parallel()
		a.do("POST", "/v1/documents", `title=a`, "Content-Type", "application/x-www-form-urlencoded").fails(415, core.CodeUnsupportedMedia, "", "")
	})
	t.Run("BadToken", func(t *testing.T) {
		t.Parallel()
		for _, token := range []string{"x", "a.b.c", a.token + "x", strings.Repeat("x", 20_000), a.refresh} {
			(&person{w: w, token: token}).do("GET", "/v1/me", "").fails(401, core.CodeAuthentication, "", "")
		}
	})
}

func TestInput_EmptySearchFindsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	a.document("The canal", article)
	if got := a.do("GET", "/v1/documents?q=", "").want(200).at("items").([]any); len(got) != 1 {
		t.Errorf("got %d documents, want 1", len(got))
	}
}

// TestInput_RoutesWithoutBody walks every route that changes something and takes no
// body: one that is sent is refused, and nothing, {} and null are as good as none.
func TestInput_RoutesWithoutBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	seen := 0
	for _, op := range w.api.routes {
		if op.body || op.public || op.method == http.MethodGet {
			continue
		}
		seen++
		path := strings.NewReplacer("{id}", core.NewID[string](), "{delivery_id}", core.NewID[string](), "{type}", "guru").Replace(op.path)
		none := a.do(op.method, path, "")
		for _, body := range []string{"{}", " \r\n\t", "\n{ } ", "null", " null\n"} {
			if got := a.do(op.method, path, body); got.status != none.status || got.anonymous() != none.anonymous() && none.status >= 400 {
				t.Errorf("%s %s with %q: %d %s, want what none gets, %d", op.method, op.path, body, got.status, got.body, none.status)
			}
		}
		for body, want := range map[string]struct {
			status            int
			field, constraint string
		}{
			`{"force":true,"a":1}`: {422, "a", "unknown"},
			`[]`:                   {422, "body", "type"},
			`"null"`:               {422, "body", "type"},
			`rubbish hunter2`:      {400, "body", "json"},
			`{}{}`:                 {400, "body", "json"},
			`{"a":1,"a":2}`:        {400, "a", "duplicate"},
			"{\"a\":\"\xff\"}":     {400, "body", "encoding"},
		} {
			got := a.do(op.method, path, body)
			got.fails(want.status, core.CodeValidation, want.field, want.constraint)
			if !strings.Contains(string(got.body), "takes no body") || strings.Contains(string(got.body), "hunter2") {
				t.Errorf("%s %s with %q: %s", op.method, op.path, body, got.body)
			}
		}
	}
	if seen < 15 {
		t.Errorf("walked %d routes; are there so few?", seen)
	}
	a.do("POST", "/v1/jobs/x/cancel", strings.Repeat(" ", maxBody+1)).fails(413, core.CodePayloadTooLarge, "", "")
}

// brokenIDs are answered as an unknown one is.
var brokenIDs = []string{
	"x", "%00", "%ff", "..%2f..%2fetc", "01920000-0000-7000-8000-00000000000A", "%7B01920000-0000-7000-8000-000000000001%7D",
	"1%20OR%201=1", strings.Repeat("x", 5000), "null", "0", "%F0%9F%92%A9",
}

func TestInput_BrokenIDsLookUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.admin("Acme")
	for _, noun := range []string{"documents", "summaries", "templates", "jobs"} {
		unknown := a.do("GET", "/v1/"+noun+"/"+core.NewID[string](), "")
		unknown.fails(404, core.CodeNotFound, "", "")
		for _, id := range brokenIDs {
			if strings.Contains(id, "..") {
				a.do("GET", "/v1/"+noun+"/"+id, "").fails(404, core.CodeNotFound, "", "") // no route at all
				continue
			}
			if got := a.do("GET", "/v1/"+noun+"/"+id, ""); got.status != 404 || got.anonymous() != unknown.anonymous() {
				t.Errorf("%s %.20s: %d %s, want %s", noun, id, got.status, got.body, unknown.body)
			}
		}
	}
}

// FuzzBody sends any bytes to every route that takes a body. None may be the
// server's fault.
func FuzzBody(f *testing.F) {
	w := newWorld(f)
	a := w.admin("Acme")
	doc := a.document("The canal", article)
	mine := a.do("POST", "/v1/templates", `{"name":"Mine","prompt_template":"Sum up {{title}}."}`).want(201).str("id")
	routes := []string{
		"POST /v1/auth/register", "POST /v1/auth/login", "POST /v1/auth/refresh", "POST /v1/auth/logout", "POST /v1/documents",
		"PATCH /v1/documents/" + doc, "POST /v1/documents/" + doc + "/summaries", "POST /v1/templates", "PATCH /v1/templates/" + mine, "POST /v1/templates/preview",
	}
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `{"title":"a","content":"b"}`, `{"title":null}`, `{"refresh_token":"x"}`, `{"email":"a@b.c","password":"x"}`,
		`{"name":"n","prompt_template":"{{title}}","json_schema":{"a":[1e300]}}`, `{"max_cost_usd":1e308,"language":"de"}`, "{\"a\":\"\xff\"}", `{"a":"\u0000"}`,
		fmt.Sprintf(`{"prompt_template":"{{content}}","document_id":%q}`, doc), strings.Repeat("[", 70), `{"title":"\ud83d\ude00","content":"\u2028"}`,
	} {
		for i := range routes {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, route uint8, body []byte) {
		method, path, _ := strings.Cut(routes[int(route)%len(routes)], " ")
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+a.token)
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		if rec.Code >= 500 {
			t.Errorf("%s %s with %q: %d %s", method, path, body, rec.Code, rec.Body)
		}
		if rec.Code >= 400 && !strings.HasPrefix(rec.Body.String(), `{"error":{"code":"`) {
			t.Errorf("%s %s with %q: %s is no envelope", method, path, body, rec.Body)
		}
		if rec.Code == http.StatusNoContent && rec.Body.Len() > 0 {
			t.Errorf("%s %s: 204 with a body", method, path)
		}
	})
}
