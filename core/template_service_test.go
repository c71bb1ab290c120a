package core_test

import (
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestTemplates_DefaultIsTheOrganizationsChoice(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	other, _ := in.admin(t, "bob@example.org")
	own, err := in.Templates.Create(t.Context(), a, core.NewTemplate{Name: "Mine", PromptTemplate: "Sum up {{content}}"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Templates.SetDefault(t.Context(), a, own.ID); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[core.Actor]core.TemplateID{a: own.ID, other: core.DefaultTemplateID} {
		list, err := in.Templates.List(t.Context(), who, core.PageRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list.Items {
			if x.IsDefault != (x.ID == want) {
				t.Errorf("%s: is_default is %v", x.Name, x.IsDefault)
			}
		}
	}
	sum, _ := in.request(t, a)
	if sum.TemplateID != own.ID || sum.TemplateVersion != 1 || sum.Prompt != own.PromptTemplate {
		t.Errorf("the summary keeps %s at version %d", sum.TemplateID, sum.TemplateVersion)
	}
	if err := in.Templates.Delete(t.Context(), a, own.ID, nil); err != nil {
		t.Fatal(err)
	}
	if x, err := in.Templates.Get(t.Context(), a, core.DefaultTemplateID); err != nil || !x.IsDefault {
		t.Errorf("after its deletion: got %+v, %v, want the product's default", x, err)
	}
}

func TestTemplates_GlobalOnesAreReadOnly(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	name := "Changed"
	_, err := in.Templates.Update(t.Context(), a, core.DefaultTemplateID, core.TemplatePatch{Name: &name}, nil)
	wantCode(t, "update", err, core.CodeAuthorization)
	wantCode(t, "delete", in.Templates.Delete(t.Context(), a, core.DefaultTemplateID, nil), core.CodeAuthorization)
}

func TestTemplates_PreviewExpandsTheTemplateOnly(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	d, err := in.Documents.Create(t.Context(), a, core.NewDocument{Title: "{{content}}", Content: "Read {{title}} first."})
	if err != nil {
		t.Fatal(err)
	}
	p, err := in.Templates.Preview(t.Context(), a, "<{{title}}> {{content}}", d.ID)
	if err != nil || p.Prompt != "<{{content}}> Read {{title}} first." || p.Tokens == 0 {
		t.Errorf("got %+v, %v", p, err)
	}
	_, err = in.Templates.Preview(t.Context(), a, "{{nobody}}", d.ID)
	wantCode(t, "an unknown variable", err, core.CodeValidation)
}

func TestTemplates_UpdateRaisesTheVersion(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	own, err := in.Templates.Create(t.Context(), a, core.NewTemplate{Name: "Mine", PromptTemplate: "Sum up {{content}}"})
	if err != nil {
		t.Fatal(err)
	}
	prompt := "List {{content}}"
	changed, err := in.Templates.Update(t.Context(), a, own.ID, core.TemplatePatch{PromptTemplate: &prompt}, core.Revisions{1})
	if err != nil || changed.Version != 2 {
		t.Fatalf("got %+v, %v, want version 2", changed, err)
	}
	_, err = in.Templates.Update(t.Context(), a, own.ID, core.TemplatePatch{PromptTemplate: &prompt}, core.Revisions{1})
	wantCode(t, "an old version", err, core.CodePreconditionFailed)
	_, err = in.Templates.Create(t.Context(), a, core.NewTemplate{Name: "Mine", PromptTemplate: "x {{content}}"})
	wantCode(t, "the same name", err, core.CodeConflict)
}
