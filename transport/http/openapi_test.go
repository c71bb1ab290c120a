package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
	"github.com/google/go-cmp/cmp"
)

func built(t *testing.T) *api {
	t.Helper()
	s, err := build(Config{App: &core.App{}}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpenAPI_EveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	s := built(t)
	ids := map[string]bool{}
	seen := 0
	for _, o := range s.routes {
		if o.hidden {
			continue
		}
		seen++
		name := o.method + " " + o.path
		h := s.described(o)
		if h == nil {
			t.Errorf("%s is not in the document", name)
			continue
		}
		if h.OperationID == "" || ids[h.OperationID] {
			t.Errorf("%s: operation id %q is empty or used twice", name, h.OperationID)
		}
		ids[h.OperationID] = true
		if h.Summary == "" || len(h.Tags) != 1 || !slices.ContainsFunc(s.huma.OpenAPI().Tags, func(g *huma.Tag) bool { return g.Name == h.Tags[0] }) {
			t.Errorf("%s: summary %q, tags %v", name, h.Summary, h.Tags)
		}
		good, bad := 0, 0
		for status, r := range h.Responses {
			switch {
			case r.Ref == "#/components/responses/Error":
				bad++
			case status == "304" || status == "503" && o.path == "/readyz":
			case status >= "200" && status < "300" || status == "101" && o.path == "/v1/ws" || status == "302" && o.id == "startGoogle":
				good++
			default:
				t.Errorf("%s: answer %s is not the shared one", name, status)
			}
		}
		want := 1
		if o.id == "uploadDocument" { // a new document, or the one that is there
			want = 2
		}
		if good != want || bad == 0 {
			t.Errorf("%s: %d good answers and %d errors, want %d and some", name, good, bad, want)
		}
		if public := len(h.Security) == 0; public != o.public {
			t.Errorf("%s: described as public %t, is %t", name, public, o.public)
		}
		if strings.Contains(o.path, "{id}") && !slices.ContainsFunc(h.Parameters, func(p *huma.Param) bool { return p.In == "path" && p.Name == "id" }) {
			t.Errorf("%s: the id is not described", name)
		}
	}
	if seen < 25 {
		t.Errorf("only %d routes were looked at", seen)
	}
	if n := len(s.huma.OpenAPI().Paths); n == 0 || s.huma.OpenAPI().OpenAPI != "3.1.0" {
		t.Errorf("%d paths in version %s", n, s.huma.OpenAPI().OpenAPI)
	}
}

func TestOpenAPI_WordsAreCores(t *testing.T) {
	t.Parallel()
	doc := built(t).huma.OpenAPI()
	schemas := doc.Components.Schemas.Map()
	for _, c := range []struct {
		schema, field string
		want          []string
	}{
		{"Summary", "format", words(core.Formats())},
		{"NewSummary", "format", words(core.Formats())},
		{"Template", "format", words(core.Formats())},
		{"NewTemplate", "format", words(core.Formats())},
		{"TemplatePatch", "format", words(core.Formats())},
		{"Summary", "length", words(core.Lengths())},
		{"NewSummary", "length", words(core.Lengths())},
		{"Job", "status", words(core.JobStatuses())},
		{"Job", "job_type", words(core.JobTypes())},
		{"ErrorInfo", "code", words(core.Codes())},
	} {
		if schemas[c.schema] == nil || schemas[c.schema].Properties[c.field] == nil {
			t.Errorf("%s.%s is not in the document", c.schema, c.field)
			continue
		}
		if diff := cmp.Diff(anyWords(schemas[c.schema].Properties[c.field].Enum), c.want); diff != "" {
			t.Errorf("%s.%s (got, want): %s", c.schema, c.field, diff)
		}
	}
	for _, p := range doc.Paths["/v1/jobs"].Get.Parameters {
		switch p.Name {
		case "status":
			if diff := cmp.Diff(anyWords(p.Schema.Enum), words(core.JobStatuses())); diff != "" {
				t.Error(diff)
			}
		case "job_type":
			if diff := cmp.Diff(anyWords(p.Schema.Enum), words(core.JobTypes())); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func words[T ~string](values []T) []string {
	var w []string
	for _, v := range values {
		w = append(w, string(v))
	}
	return w
}

func anyWords(values []any) []string {
	var w []string
	for _, v := range values {
		w = append(w, fmt.Sprint(v))
	}
	return w
}

// TestOpenAPI_Resources holds the fields of the contract.
func TestOpenAPI_Resources(t *testing.T) {
	t.Parallel()
	schemas := built(t).huma.OpenAPI().Components.Schemas.Map()
	for name, fields := range map[string]string{
		"Organization": "id name plan_type created_at updated_at",
		"User":         "id org_id email name role auth_provider is_active created_at updated_at last_login_at",
		"Document":     "id org_id user_id title content source_type source_url external_id external_last_updated integration_id mime_type content_hash content_bytes version status error_message conversion_warnings pages_total pages_without_text created_at updated_at",
		"Summary":      "id doc_id org_id created_by template_id template_version summary_text format length language tokens_used model_used status job_id doc_version stale error_message usage coverage citations warnings created_at updated_at",
		"Usage":        "input_tokens output_tokens llm_calls cached_calls cached_tokens cost_usd",
		"Coverage":     "chars_total chars_read chunks chunks_failed pages_total pages_without_text",
		"Template":     "id org_id name description prompt_template template_type format version is_default created_by created_at updated_at",
		"Job":          "id org_id user_id job_type related_id related_type status progress result error_code error_message run attempt max_attempts queued_at started_at finished_at task_id parent_id",
		"Webhook":      "id org_id url topics is_active secret disabled_reason disabled_at failing_since paused_until events_missed_at previous_secret_until created_at updated_at",
		"Delivery":     "id webhook_id event_id status attempts last_status_code next_attempt_at",
		"NewWebhook":   "url topics is_active",
		"TokenPair":    "access_token refresh_token token_type expires_in user organization",
		"Preview":      "prompt tokens",
		"NewDocument":  "title content source_url external_id",
		"NewSummary":   "template_id format length model language max_cost_usd allow_partial refresh",
		"NewTemplate":  "name prompt_template description template_type format json_schema focus",
	} {
		for field := range strings.FieldsSeq(fields) {
			if schemas[name] == nil || schemas[name].Properties[field] == nil {
				t.Errorf("%s.%s is missing", name, field)
			}
		}
	}
}

func TestOpenAPI_IsForGenerators(t *testing.T) {
	t.Parallel()
	doc, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	old, err := doc.DowngradeYAML()
	if err != nil || !strings.Contains(string(old), "openapi: 3.0") || !strings.Contains(string(old), "/v1/documents/{id}/summaries") {
		t.Errorf("the 3.0 form: %v, %d bytes", err, len(old))
	}
}

func TestOpenAPI_RequestsAreClosedAndAnswersOpen(t *testing.T) {
	t.Parallel()
	schemas := built(t).huma.OpenAPI().Components.Schemas.Map()
	for _, name := range []string{"NewDocument", "DocumentPatch", "NewSummary", "NewTemplate", "TemplatePatch", "PreviewRequest", "Registration", "SignIn", "RefreshToken"} {
		if schemas[name] == nil || schemas[name].AdditionalProperties != false {
			t.Errorf("%s is open", name)
		}
	}
	for _, name := range []string{"Document", "Summary", "Template", "Job", "User", "TokenPair", "ErrorEnvelope", "ListDocument"} {
		if schemas[name] == nil || schemas[name].AdditionalProperties != nil {
			t.Errorf("%s is closed, or not there", name)
		}
	}
}
