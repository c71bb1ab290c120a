package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

// invitation is what an admin hands to the person they added.
type invitation struct {
	Token     string    `json:"token,omitzero" doc:"Shown once, in the answer to the POST."`
	URL       string    `json:"url,omitzero" doc:"Where the person sets a password; shown once."`
	ExpiresAt time.Time `json:"expires_at"`
}

type createdUser struct {
	Location string `header:"Location"`
	Body     user
}

type userOutput struct{ Body user }

func shownUser(u *core.User, err error) (*userOutput, error) {
	if err != nil {
		return nil, err
	}
	return &userOutput{Body: viewUser(u)}, nil
}

type newUser struct {
	Email    string    `json:"email" minLength:"1" maxLength:"254" example:"bob@example.org"`
	Name     string    `json:"name" minLength:"1" maxLength:"200"`
	Role     core.Role `json:"role,omitzero" enum:"admin,member" doc:"Default: member."`
	Password string    `json:"password,omitzero" maxLength:"1024" doc:"Left out: the answer has an invitation, by which the person sets one."`
}

type createUserInput struct{ Body newUser }

type userPatch struct {
	Name     patch[string]    `json:"name,omitzero" minLength:"1" maxLength:"200"`
	Role     patch[core.Role] `json:"role,omitzero" enum:"admin,member"`
	IsActive patch[bool]      `json:"is_active,omitzero" doc:"false ends the user's sessions and API keys."`
}

func (p userPatch) change() (core.UserPatch, error) {
	var required nonNull
	required.check("name", p.Name.null)
	required.check("role", p.Role.null)
	required.check("is_active", p.IsActive.null)
	return core.UserPatch{Name: p.Name.value, Role: p.Role.value, IsActive: p.IsActive.value}, required.err()
}

type updateUserInput struct {
	PathID
	Body userPatch
}

func (s *api) registerUsers() {
	forbidden := []int{http.StatusForbidden}
	register(s, operation{
		id: "createUser", once: true, method: http.MethodPost, path: "/v1/users", tag: "accounts", summary: "Add or invite a user",
		status: http.StatusCreated, errors: []int{http.StatusForbidden, http.StatusConflict},
		description: "Without a password the answer has an invitation; hand its url to the person.",
	}, s.createUser)
	register(s, operation{
		id: "listUsers", method: http.MethodGet, path: "/v1/users", tag: "accounts", summary: "List the organization's users", errors: forbidden,
	}, func(ctx context.Context, a core.Actor, in *PageQuery) (*listOutput[user], error) {
		p, err := s.app.Users.List(ctx, a, in.request())
		return listed(p, viewUser, err)
	})
	register(s, operation{
		id: "getUser", method: http.MethodGet, path: "/v1/users/{id}", tag: "accounts", summary: "Get a user", errors: forbidden,
	}, func(ctx context.Context, a core.Actor, in *PathID) (*userOutput, error) {
		return shownUser(s.app.Users.Get(ctx, a, core.UserID(in.ID)))
	})
	register(s, operation{
		id: "updateUser", method: http.MethodPatch, path: "/v1/users/{id}", tag: "accounts", summary: "Change a user's name or role, or deactivate them",
		errors:      []int{http.StatusForbidden, http.StatusConflict},
		description: "A merge patch. The last active admin can be neither demoted nor deactivated (409).",
	}, func(ctx context.Context, a core.Actor, in *updateUserInput) (*userOutput, error) {
		p, err := in.Body.change()
		if err != nil {
			return nil, err
		}
		return shownUser(s.app.Users.Update(ctx, a, core.UserID(in.ID), p))
	})
	register(s, operation{
		id: "deleteUser", method: http.MethodDelete, path: "/v1/users/{id}", tag: "accounts", summary: "Delete a user",
		errors:      []int{http.StatusForbidden, http.StatusConflict},
		description: "What they made stays. The last active admin cannot be deleted (409).",
	}, func(ctx context.Context, a core.Actor, in *PathID) (*struct{}, error) {
		return nil, s.app.Users.Delete(ctx, a, core.UserID(in.ID))
	})
}

func (s *api) createUser(ctx context.Context, a core.Actor, in *createUserInput) (*createdUser, error) {
	u, invited, err := s.app.Users.Create(ctx, a, core.NewUser(in.Body))
	if err != nil {
		return nil, err
	}
	out := &createdUser{Location: "/v1/users/" + string(u.ID), Body: viewUser(u)}
	if invited != nil {
		// In the fragment, which no server and no log gets to see.
		out.Body.Invitation = &invitation{Token: invited.Token, URL: s.cfg.PublicURL + "/console/#invitation=" + invited.Token, ExpiresAt: invited.ExpiresAt}
	}
	return out, nil
}
