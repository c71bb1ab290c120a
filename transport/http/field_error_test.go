package httpapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
	"github.com/google/go-cmp/cmp"
)

// everyConstraint has a field for each kind of sentence that Huma has.
type everyConstraint struct {
	Needed  string   `json:"needed"`
	Short   string   `json:"short,omitzero" maxLength:"3"`
	Long    string   `json:"long,omitzero" minLength:"2"`
	Choice  string   `json:"choice,omitzero" enum:"red,green"`
	Low     int      `json:"low,omitzero" minimum:"1"`
	High    int      `json:"high,omitzero" maximum:"9"`
	Whole   int      `json:"whole,omitzero"`
	Number  float64  `json:"number,omitzero"`
	Flag    bool     `json:"flag,omitzero"`
	List    []string `json:"list,omitzero" minItems:"1" maxItems:"2"`
	ID      string   `json:"id,omitzero" format:"uuid"`
	Pattern string   `json:"pattern,omitzero" pattern:"^a+$"`
	Month   string   `json:"month,omitzero" pattern:"^[0-9]+$" patternDescription:"a month such as 2026-01"`
	At      string   `json:"at,omitzero" format:"date-time"`
	Filter  filterID `json:"filter,omitzero"`
	Inner   inner    `json:"inner,omitzero"`
}

type inner struct {
	Name string `json:"name"`
}

// TestFieldErrors goes through Huma's own validation, so that a sentence that a
// new version words differently is seen.
func TestFieldErrors(t *testing.T) {
	correctHuma()
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schema := registry.Schema(reflect.TypeFor[everyConstraint](), false, "")
	for body, want := range map[string]core.FieldError{
		`{}`:                                {Field: "needed", Constraint: "required", Message: "needed is required"},
		`{"needed":""}`:                     {},
		`{"needed":7}`:                      {Field: "needed", Constraint: "type", Message: "needed must be a string"},
		`{"needed":"x","short":"hunter2"}`:  {Field: "short", Constraint: "max_length", Message: "short is longer than 3 characters; shorten it"},
		`{"needed":"x","long":"h"}`:         {Field: "long", Constraint: "min_length", Message: "long is shorter than 2 characters; lengthen it"},
		`{"needed":"x","long":""}`:          {Field: "long", Constraint: "required", Message: "long is required"},
		`{"needed":"x","choice":"hunter2"}`: {Field: "choice", Constraint: "enum", Message: "choice must be one of red, green"},
		`{"needed":"x","low":0}`:            {Field: "low", Constraint: "range", Message: "low must be at least 1"},
		`{"needed":"x","high":10}`:          {Field: "high", Constraint: "range", Message: "high must be at most 9"},
		`{"needed":"x","whole":1.5}`:        {Field: "whole", Constraint: "type", Message: "whole must be a whole number"},
		`{"needed":"x","whole":"1"}`:        {Field: "whole", Constraint: "type", Message: "whole must be a whole number"},
		`{"needed":"x","number":"1"}`:       {Field: "number", Constraint: "type", Message: "number must be a number"},
		`{"needed":"x","flag":"yes"}`:       {Field: "flag", Constraint: "type", Message: "flag must be true or false"},
		`{"needed":"x","list":"a"}`:         {Field: "list", Constraint: "type", Message: "list must be a list"},
		`{"needed":"x","list":[]}`:          {Field: "list", Constraint: "min_items", Message: "list has fewer than 1 items; add some"},
		`{"needed":"x","list":["","",""]}`:  {Field: "list", Constraint: "max_items", Message: "list has more than 2 items; remove some"},
		`{"needed":"x","list":["a",1]}`:     {Field: "list[1]", Constraint: "type", Message: "list[1] must be a string"},
		`{"needed":"x","id":"hunter2"}`:     {Field: "id", Constraint: "format", Message: "id must be an id"},
		`{"needed":"x","pattern":"b"}`:      {Field: "pattern", Constraint: "format", Message: "pattern does not have the form that the API's description gives"},
		`{"needed":"x","month":"hunter2"}`:  {Field: "month", Constraint: "format", Message: "month must be a month such as 2026-01"},
		`{"needed":"x","at":"hunter2"}`:     {Field: "at", Constraint: "format", Message: "at must be a time such as 2026-01-31T09:30:00Z"},
		`{"needed":"x","filter":"hunter2"}`: {Field: "filter", Constraint: "format", Message: "filter must be an id"},
		`{"needed":"x","inner":3}`:          {Field: "inner", Constraint: "type", Message: "inner must be an object"},
		`{"needed":"x","inner":{}}`:         {Field: "inner.name", Constraint: "required", Message: "inner.name is required"},
		`{"needed":"x","nope":3}`:           {Field: "nope", Constraint: "unknown", Message: "nope is no field of this request; remove it"},
		`{"needed":"x","Short":"a"}`:        {Field: "Short", Constraint: "unknown", Message: "Short is no field of this request; remove it"},
		`[]`:                                {Field: "body", Constraint: "type", Message: "body must be an object"},
	} {
		t.Run(body, func(t *testing.T) {
			var value any
			if err := json.Unmarshal([]byte(body), &value); err != nil {
				t.Fatal(err)
			}
			at := huma.NewPathBuffer([]byte("body"), 4)
			res := &huma.ValidateResult{}
			huma.Validate(registry, schema, at, huma.ModeWriteToServer, value, res)
			var got core.FieldError
			found := fieldErrors(res.Errors)
			if len(found) > 0 {
				got = found[0]
			}
			if len(found) > 1 {
				t.Errorf("got %v, want one error for one mistake", found)
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("(got, want): %s", diff)
			}
			if strings.Contains(got.Message, "hunter2") {
				t.Error("the message has the value")
			}
		})
	}
}

func TestFieldErrors_AreBoundedAndInOrder(t *testing.T) {
	t.Parallel()
	var errs []error
	for _, name := range strings.Fields("zz yy xx") {
		errs = append(errs, &huma.ErrorDetail{Location: "body." + name, Message: "unexpected property"})
	}
	errs = append(errs, &huma.ErrorDetail{Location: "body", Message: "expected required property title to be present"})
	got := fieldErrors(errs)
	if got[0].Field != "title" || got[1].Field != "xx" || got[3].Field != "zz" {
		t.Errorf("order %v, want known fields first, then unknown ones sorted", got)
	}
	many := make([]error, 1000)
	for i := range many {
		many[i] = &huma.ErrorDetail{Location: fmt.Sprintf("body.%d%s", i, strings.Repeat("n", 5000)), Message: "unexpected property"}
	}
	if got = fieldErrors(many); len(got) != maxFieldErrors || len(got[0].Field) > 100 {
		t.Errorf("%d errors with a name of %d bytes, want both bounded", len(got), len(got[0].Field))
	}
}
