package httpapi

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
)

// describe is the head of the OpenAPI document and Huma's configuration. Huma's
// own pages and links are left out: they load from outside, or change the views.
func describe(version string) huma.Config {
	c := huma.DefaultConfig("docsctl", version)
	c.Info.Description = "Documents, and summaries of them that can be checked. Every failure is answered by the same envelope (schema ErrorEnvelope). " +
		"What would be overlooked is refused: unknown fields and parameters, a body where none is taken (but for {} and null), a parameter that is empty (but for q and cursor) or stands twice."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Servers = []*huma.Server{{URL: "/", Description: "The server that this description was read from."}}
	c.CreateHooks = nil
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "An access token of register, login or refresh, or an API key."},
	}
	c.Tags = []*huma.Tag{
		{Name: "accounts", Description: "Signing in, and who one is."},
		{Name: "documents", Description: "Texts to be summarized, stored as Markdown."},
		{Name: "summaries", Description: "What was made of a document's version, with citations into it."},
		{Name: "templates", Description: "Prompts for summaries: the product's and the organization's own."},
		{Name: "integrations", Description: "Notion, Confluence and Guru: connecting, what they have, syncing."},
		{Name: "webhooks", Description: "Events posted to URLs, signed; what was sent, and sending it again."},
		{Name: "jobs", Description: "Work in the background."},
		{Name: "feed", Description: "What happens, as it happens. The messages are described in /asyncapi.json."},
		{Name: "service", Description: "Health, metrics and this description."},
	}
	return c
}

// describeErrors puts the one error response into the OpenAPI document.
func describeErrors(doc *huma.OpenAPI) {
	schema := doc.Components.Schemas.Schema(reflect.TypeFor[errorEnvelope](), true, "")
	info := doc.Components.Schemas.Map()["ErrorInfo"].Properties
	for _, c := range core.Codes() {
		info["code"].Enum = append(info["code"].Enum, string(c))
	}
	validation := doc.Components.Schemas.Schema(reflect.TypeFor[validationDetails](), false, "")
	delete(doc.Components.Schemas.Map(), "ValidationDetails") // shown in its place only
	info["details"].Type, info["details"].Properties, info["details"].AdditionalProperties = huma.TypeObject, validation.Properties, true
	doc.Components.Responses = map[string]*huma.Response{"Error": {
		Description: "The failure, in the envelope that every route uses.",
		Headers: map[string]*huma.Param{
			"X-Request-Id":     {Description: "As request_id.", Schema: &huma.Schema{Type: huma.TypeString}},
			"WWW-Authenticate": {Description: "With status 401.", Schema: &huma.Schema{Type: huma.TypeString}},
			"RateLimit-Limit":  {Description: "How many requests the organization may make in a minute; on every answer, where there is a limit.", Schema: &huma.Schema{Type: huma.TypeInteger}},
			"RateLimit-Reset":  {Description: "Seconds until all of them may be made again; RateLimit-Remaining says how many may be made now.", Schema: &huma.Schema{Type: huma.TypeInteger}},
			"Retry-After":      {Description: "Seconds; where waiting helps.", Schema: &huma.Schema{Type: huma.TypeInteger}},
		},
		Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}}
}

// describe is the OpenAPI entry without its parameters and good answers. Every
// error is the same component.
func (o operation) describe() huma.Operation {
	h := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Tags: []string{o.tag},
		Summary: o.summary, Description: o.description, DefaultStatus: o.status, Hidden: o.hidden,
		Responses: map[string]*huma.Response{"default": errorResponse()},
		Security:  []map[string][]string{{"bearer": {}}},
	}
	statuses := slices.Clone(o.errors)
	if o.public {
		h.Security = []map[string][]string{} // not nil: said to need none
	} else {
		statuses = append(statuses, http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests)
	}
	if strings.Contains(o.path, "{id}") {
		statuses = append(statuses, http.StatusNotFound)
	}
	for _, status := range statuses {
		h.Responses[strconv.Itoa(status)] = errorResponse()
	}
	return h
}

// described is the entry of a registered operation.
func (s *api) described(o operation) *huma.Operation {
	item := s.huma.OpenAPI().Paths[o.path]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[o.method]
}

// describeShape adds what follows from an operation's input: the errors of a
// body, and the answer to an If-None-Match that holds.
func describeShape(h *huma.Operation, o operation) {
	if slices.ContainsFunc(h.Parameters, func(p *huma.Param) bool { return p.Name == "If-None-Match" }) {
		h.Responses["304"] = &huma.Response{Description: "The caller has it as it is."}
	}
	if o.once {
		describeOnce(h)
		h.Responses["422"] = errorResponse()
	}
	if h.RequestBody == nil {
		return
	}
	for _, status := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity} {
		h.Responses[strconv.Itoa(status)] = errorResponse()
	}
	if h.Description != "" {
		h.Description += " "
	}
	h.Description += fmt.Sprintf("The body may have %d MB.", o.bodyLimit>>20)
}

func errorResponse() *huma.Response { return &huma.Response{Ref: "#/components/responses/Error"} }

// openAnswers lets answers have more fields than the document says, so that a
// client that checks them outlives the next release. Requests stay closed.
func openAnswers(doc *huma.OpenAPI) {
	asked := map[string]bool{}
	for _, item := range doc.Paths {
		for _, h := range []*huma.Operation{item.Post, item.Put, item.Patch} {
			if h == nil || h.RequestBody == nil {
				continue
			}
			for _, m := range h.RequestBody.Content {
				addRefs(asked, doc.Components.Schemas, m.Schema)
			}
		}
	}
	for name, schema := range doc.Components.Schemas.Map() {
		if schema.AdditionalProperties == false && !asked["#/components/schemas/"+name] {
			schema.AdditionalProperties = nil
		}
	}
}

// addRefs adds every schema that s is made of.
func addRefs(found map[string]bool, all huma.Registry, s *huma.Schema) {
	if s == nil || found[s.Ref] {
		return
	}
	if s.Ref != "" {
		found[s.Ref] = true
		s = all.SchemaFromRef(s.Ref)
	}
	addRefs(found, all, s.Items)
	for _, p := range s.Properties {
		addRefs(found, all, p)
	}
}
