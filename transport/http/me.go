package httpapi

import (
	"context"
	"net/http"

	"github.com/docsctl/docsctl/core"
)

type me struct {
	User         user         `json:"user"`
	Organization organization `json:"organization"`
}

type meOutput struct{ Body me }

type mePatch struct {
	Name patch[string] `json:"name,omitzero" minLength:"1" maxLength:"200"`
}

type updateMeInput struct{ Body mePatch }

type passwordChange struct {
	CurrentPassword string `json:"current_password" doc:"Empty for a user who has none yet."`
	NewPassword     string `json:"new_password" minLength:"10" maxLength:"1024" doc:"Not one of the common ones."`
}

type changePasswordInput struct{ Body passwordChange }

type organizationOutput struct{ Body organization }

func shownOrganization(o *core.Organization, err error) (*organizationOutput, error) {
	if err != nil {
		return nil, err
	}
	return &organizationOutput{Body: viewOrganization(o)}, nil
}

type organizationPatch struct {
	Name              patch[string]           `json:"name,omitzero" minLength:"1" maxLength:"200"`
	Resummarize       patch[core.Resummarize] `json:"resummarize,omitzero" enum:"off,flag,auto"`
	ResummarizeMaxUSD patch[float64]          `json:"resummarize_max_usd,omitzero" minimum:"0" nullable:"true"`
}

func (p organizationPatch) change() (core.OrganizationPatch, error) {
	var required nonNull
	required.check("name", p.Name.null)
	required.check("resummarize", p.Resummarize.null)
	out := core.OrganizationPatch{Name: p.Name.value, Resummarize: p.Resummarize.value}
	if p.ResummarizeMaxUSD.null || p.ResummarizeMaxUSD.value != nil {
		out.ResummarizeMaxUSD = &p.ResummarizeMaxUSD.value
	}
	return out, required.err()
}

type updateOrganizationInput struct{ Body organizationPatch }

type organizationDeletion struct {
	Confirm string `json:"confirm" maxLength:"200" doc:"The organization's name, to the letter."`
}

type deleteOrganizationInput struct{ Body organizationDeletion }

func (s *api) registerMe() {
	register(s, operation{
		id: "getMe", method: http.MethodGet, path: "/v1/me", tag: "accounts", summary: "Who is signed in",
	}, s.getMe)
	register(s, operation{
		id: "updateMe", method: http.MethodPatch, path: "/v1/me", tag: "accounts", summary: "Change one's own name",
	}, s.updateMe)
	register(s, operation{
		id: "changePassword", method: http.MethodPost, path: "/v1/me/password", tag: "accounts", summary: "Change one's own password",
		description: "Ends the user's other sessions.", errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *changePasswordInput) (*struct{}, error) {
		return nil, s.app.Users.ChangePassword(ctx, a, in.Body.CurrentPassword, in.Body.NewPassword)
	})
	register(s, operation{
		id: "getOrganization", method: http.MethodGet, path: "/v1/organization", tag: "accounts", summary: "Get the organization",
	}, func(ctx context.Context, a core.Actor, _ *struct{}) (*organizationOutput, error) {
		return shownOrganization(s.app.Org.Get(ctx, a))
	})
	register(s, operation{
		id: "updateOrganization", method: http.MethodPatch, path: "/v1/organization", tag: "accounts", summary: "Change the organization",
		errors: []int{http.StatusForbidden},
	}, s.updateOrganization)
	register(s, operation{
		id: "deleteOrganization", method: http.MethodDelete, path: "/v1/organization", tag: "accounts", summary: "Delete the organization with all that is its",
		description: "Nobody can use it from now on; its rows are deleted soon after. There is no way back.",
		status:      http.StatusAccepted, errors: []int{http.StatusForbidden, http.StatusConflict},
	}, func(ctx context.Context, a core.Actor, in *deleteOrganizationInput) (*struct{}, error) {
		return nil, s.app.Org.Delete(ctx, a, in.Body.Confirm)
	})
}

func (s *api) getMe(ctx context.Context, a core.Actor, _ *struct{}) (*meOutput, error) {
	u, o, err := s.app.Auth.Me(ctx, a)
	if err != nil {
		return nil, err
	}
	return &meOutput{Body: me{User: viewUser(u), Organization: viewOrganization(o)}}, nil
}

func (s *api) updateMe(ctx context.Context, a core.Actor, in *updateMeInput) (*meOutput, error) {
	var required nonNull
	if required.check("name", in.Body.Name.null); required.err() != nil {
		return nil, required.err()
	}
	if in.Body.Name.value != nil {
		if _, err := s.app.Users.Rename(ctx, a, *in.Body.Name.value); err != nil {
			return nil, err
		}
	}
	return s.getMe(ctx, a, nil)
}

func (s *api) updateOrganization(ctx context.Context, a core.Actor, in *updateOrganizationInput) (*organizationOutput, error) {
	p, err := in.Body.change()
	if err != nil {
		return nil, err
	}
	return shownOrganization(s.app.Org.Update(ctx, a, p))
}
