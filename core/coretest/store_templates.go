package coretest

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func templateCases() []storeCase {
	return []storeCase{
		{"EveryFieldIsKept", templateEveryFieldIsKept},
		{"FiveAreGlobal", fiveAreGlobal},
		{"GlobalOnesAreReadOnly", globalOnesAreReadOnly},
		{"NameIsUniquePerTenant", templateNameIsUniquePerTenant},
		{"UpdateChangesWhatItMay", templateUpdateChangesWhatItMay},
		{"DefaultIsTheChosenOne", templateDefaultIsChosen},
		{"DeletedIsGoneAndSummariesStay", templateDeletedIsGone},
		{"ListMixesGlobalAndOwnInOrder", templateListMixes},
	}
}

func (o *Org) wantTemplate(t testing.TB, what string, want *core.Template) {
	t.Helper()
	got, err := o.Read().Templates.Get(t.Context(), want.ID)
	wantSame(t, what, must(t, what, got, err), want)
}

// schematic sets every optional field of a template.
func schematic(x *core.Template) {
	x.Name, x.Description, x.PromptTemplate = "Ünsere", "of Käse", "{{title}}\r\n{{content}}"
	x.Format, x.JSONSchema = core.FormatJSON, json.RawMessage(`{"z":1, "a":{"maximum":9007199254740993}}`)
	x.Focus, x.Version, x.UpdatedAt = true, 3, x.CreatedAt.Add(time.Microsecond)
}

func templateEveryFieldIsKept(s *scene) {
	o := s.org()
	x := o.NewTemplate(s, schematic)
	o.wantTemplate(s, "template", x)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error {
		got, err := tx.Templates.GetForUpdate(ctx, x.ID)
		wantSame(s, "template for update", got, x)
		return err
	})
	bare := *o.NewTemplate(s, func(x *core.Template) {
		x.Description, x.JSONSchema, x.IsDefault = "", json.RawMessage{}, true
	})
	bare.JSONSchema, bare.IsDefault = nil, false // computed by core, not stored
	o.wantTemplate(s, "template without optional fields", &bare)
}

func templateDefaultIsChosen(s *scene) {
	o, other := s.org(), s.org()
	own, global := o.NewTemplate(s), &o.globals(s)[0]
	wantDefault := func(what string, o *Org, fallback core.TemplateID, want *core.Template) {
		s.Helper()
		got, err := o.Read().Templates.Default(s.Context(), fallback)
		wantSame(s, what, must(s, what, got, err), want)
	}
	wantDefault("nothing is chosen, global", o, global.ID, global)
	wantDefault("nothing is chosen, own", o, own.ID, own)
	choose := func(id core.TemplateID) {
		o.InTx(s, func(ctx context.Context, tx core.Tx) error {
			org := o.Organization
			org.DefaultTemplateID = &id
			return tx.Organizations.Update(ctx, &org)
		})
	}
	choose(own.ID)
	wantDefault("own", o, global.ID, own)
	choose(global.ID)
	wantDefault("global", o, own.ID, global)
	wantDefault("of another organization", other, global.ID, global)
	_, err := other.Read().Templates.Default(s.Context(), own.ID)
	wantCode(s, "another organization's template", err, core.CodeNotFound)
}

// globals returns the global templates as o sees them.
func (o *Org) globals(s *scene) []core.Template {
	s.Helper()
	rows, err := o.Read().Templates.List(s.Context(), everything)
	must(s, "list templates", rows, err)
	return slices.DeleteFunc(rows, func(t core.Template) bool { return !t.Global() })
}

func fiveAreGlobal(s *scene) {
	a, b := s.org(), s.org()
	names := map[string]bool{}
	for _, t := range a.globals(s) {
		names[t.Name] = true
		a.wantTemplate(s, t.Name, &t)
		b.wantTemplate(s, t.Name+" for another tenant", &t)
		valid := core.NewTemplate{Name: t.Name, PromptTemplate: t.PromptTemplate, Description: t.Description, TemplateType: t.TemplateType, Format: t.Format, JSONSchema: t.JSONSchema}
		if err := valid.Validate(); err != nil || t.Version < 1 || t.CreatedBy != nil || t.IsDefault || !core.ValidID(t.ID) || t.CreatedAt.IsZero() {
			s.Errorf("%s: %v; got %+v, want what a template must be, and no author", t.Name, err, t)
		}
	}
	want := map[string]bool{"Executive summary": true, "Key points": true, "Action items": true, "TL;DR": true, "Technical abstract": true}
	wantSame(s, "global templates", names, want)
	first, err := a.Read().Templates.Get(s.Context(), core.DefaultTemplateID)
	if must(s, "read the default", first, err).Name != "Executive summary" {
		s.Errorf("the product's default: got %q, want the executive summary", first.Name)
	}
}

func globalOnesAreReadOnly(s *scene) {
	o := s.org()
	before := o.globals(s)
	for _, t := range before {
		o.InTx(s, func(ctx context.Context, tx core.Tx) error {
			got, err := tx.Templates.GetForUpdate(ctx, t.ID)
			wantSame(s, "a global template for update", got, &t)
			return err
		})
		changed := t
		changed.Name, changed.OrgID, changed.CreatedBy = "Mine", &o.Organization.ID, &o.User.ID
		err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Templates.Update(ctx, &changed) })
		wantCode(s, "update of a global template", err, core.CodeNotFound)
		err = o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Templates.Delete(ctx, t.ID) })
		wantCode(s, "deletion of a global template", err, core.CodeNotFound)
	}
	fresh := o.template()
	fresh.OrgID = nil
	_ = o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Templates.Create(ctx, fresh) })
	wantSame(s, "global templates afterwards", s.org().globals(s), before)
}

func templateNameIsUniquePerTenant(s *scene) {
	o, other := s.org(), s.org()
	create := func(o *Org, name string) error {
		return o.TryTx(s, func(ctx context.Context, tx core.Tx) error {
			return tx.Templates.Create(ctx, o.template(func(x *core.Template) { x.Name = name }))
		})
	}
	for _, c := range []struct {
		what string
		o    *Org
		name string
		want core.Code
	}{
		{"a name", o, "Caf\u00e9", ""},
		{"the same name", o, "Caf\u00e9", core.CodeConflict},
		{"the name in another case", o, "caf\u00e9", ""},
		{"the name otherwise composed", o, "Cafe\u0301", ""},
		{"the name with a space", o, "Caf\u00e9 ", ""},
		{"the name in another organization", other, "Caf\u00e9", ""},
		{"the name of a global template", o, "Key points", ""},
	} {
		wantCode(s, c.what, create(c.o, c.name), c.want)
	}
	x := o.NewTemplate(s)
	x.Name = "Caf\u00e9"
	err := o.TryTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Templates.Update(ctx, x) })
	wantCode(s, "update to a taken name", err, core.CodeConflict)
}

func templateUpdateChangesWhatItMay(s *scene) {
	o := s.org()
	x, neighbour := o.NewTemplate(s), o.NewTemplate(s)
	want := *x
	schematic(&want)
	given := want
	given.OrgID, given.CreatedBy, given.CreatedAt = nil, new(o.NewUser(s).ID), x.CreatedAt.Add(-time.Hour)
	o.InTx(s, func(ctx context.Context, tx core.Tx) error { return tx.Templates.Update(ctx, &given) })
	o.wantTemplate(s, "after the update (id, organization, author and CreatedAt as they were)", &want)
	o.wantTemplate(s, "another template", neighbour)
}

func templateDeletedIsGone(s *scene) {
	o := s.org()
	x := o.NewTemplate(s)
	sum := o.NewSummary(s, o.NewDocument(s), func(y *core.Summary) { y.TemplateID = x.ID })
	remove := func(ctx context.Context, tx core.Tx) error { return tx.Templates.Delete(ctx, x.ID) }
	o.InTx(s, remove)
	_, err := o.Read().Templates.Get(s.Context(), x.ID)
	wantCode(s, "the deleted template", err, core.CodeNotFound)
	wantCode(s, "deleting it again", o.TryTx(s, remove), core.CodeNotFound)
	o.wantSummary(s, "a summary made with it", sum)
	o.NewTemplate(s, func(y *core.Template) { y.Name = x.Name }) // the name is free again
}

func templateListMixes(s *scene) {
	o, other := s.org(), s.org()
	all := o.globals(s)
	other.NewTemplate(s)
	for i, at := range append(keyTimes(), all[0].CreatedAt, all[len(all)-1].CreatedAt, Now()) {
		for range 2 {
			all = append(all, *o.NewTemplate(s, func(x *core.Template) {
				x.ID, x.CreatedAt = core.TemplateID(randomID()), at
				x.Focus = i%2 == 0
			}))
		}
	}
	key := func(x core.Template) core.Key { return core.Key{At: x.CreatedAt, ID: string(x.ID)} }
	slices.SortFunc(all, func(a, b core.Template) int { return newestFirst(key(a), key(b)) })
	for _, limit := range []int{1, 2, 7, 1000} {
		got := paged(s, limit, key, func(k core.Seek) ([]core.Template, error) { return o.Read().Templates.List(s.Context(), k) })
		wantSame(s, "templates in pages", got, all)
	}
}
