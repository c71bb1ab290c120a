package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type user struct {
	ID           core.UserID       `json:"id" format:"uuid"`
	OrgID        core.OrgID        `json:"org_id" format:"uuid"`
	Email        string            `json:"email" doc:"As it was typed."`
	Name         string            `json:"name"`
	Role         core.Role         `json:"role" enum:"admin,member"`
	AuthProvider core.AuthProvider `json:"auth_provider" doc:"How the user signs in." example:"local"`
	IsActive     bool              `json:"is_active"`
	CreatedAt    time.Time         `json:"created_at"`
	UpdatedAt    time.Time         `json:"updated_at"`
	LastLoginAt  *time.Time        `json:"last_login_at"`
	Invitation   *invitation       `json:"invitation" doc:"While the person has not accepted it; else null."`
}

func viewUser(u *core.User) user {
	v := user{
		ID: u.ID, OrgID: u.OrgID, Email: u.Email, Name: u.Name, Role: u.Role, AuthProvider: u.AuthProvider,
		IsActive: u.IsActive, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, LastLoginAt: u.LastLoginAt,
	}
	if u.Invited() {
		v.Invitation = &invitation{ExpiresAt: *u.InvitationExpiresAt}
	}
	return v
}

type organization struct {
	ID                core.OrgID       `json:"id" format:"uuid"`
	Name              string           `json:"name"`
	PlanType          core.PlanType    `json:"plan_type" enum:"free,enterprise"`
	Resummarize       core.Resummarize `json:"resummarize" enum:"off,flag,auto" doc:"What an edit does to a document's summaries: nothing, tell it (summary.stale), or have them made again."`
	ResummarizeMaxUSD *float64         `json:"resummarize_max_usd" doc:"No automatic summary begins once the month's calls have cost this; null: no cap."`
	CreatedAt         time.Time        `json:"created_at"`
	UpdatedAt         time.Time        `json:"updated_at"`
}

func viewOrganization(o *core.Organization) organization {
	return organization{
		ID: o.ID, Name: o.Name, PlanType: o.PlanType, Resummarize: o.Resummarize, ResummarizeMaxUSD: o.ResummarizeMaxUSD,
		CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}
}

type tokenPair struct {
	AccessToken  string       `json:"access_token" doc:"For the Authorization header."`
	RefreshToken string       `json:"refresh_token" doc:"Valid once, for /v1/auth/refresh."`
	TokenType    string       `json:"token_type" enum:"Bearer"`
	ExpiresIn    int64        `json:"expires_in" doc:"Seconds that the access token is valid." example:"900"`
	User         user         `json:"user"`
	Organization organization `json:"organization"`
}

type tokenOutput struct{ Body tokenPair }

func signedIn(p *core.TokenPair, err error) (*tokenOutput, error) {
	if err != nil {
		return nil, err
	}
	return &tokenOutput{Body: tokenPair{
		AccessToken: p.AccessToken, RefreshToken: p.RefreshToken, TokenType: "Bearer",
		ExpiresIn: int64(p.ExpiresIn / time.Second), User: viewUser(&p.User), Organization: viewOrganization(&p.Organization),
	}}, nil
}

type registration struct {
	OrganizationName string `json:"organization_name" minLength:"1" maxLength:"200" example:"Example Ltd"`
	Email            string `json:"email" minLength:"1" maxLength:"254" example:"ada@example.org"`
	Password         string `json:"password" minLength:"10" maxLength:"1024" doc:"Not one of the common ones."`
	Name             string `json:"name" minLength:"1" maxLength:"200" example:"Ada Example"`
}

type registerInput struct{ Body registration }

type signIn struct {
	Email    string     `json:"email"`
	Password string     `json:"password"`
	OrgID    core.OrgID `json:"org_id,omitzero" doc:"Needed when the address belongs to several organizations."`
}

type loginInput struct{ Body signIn }

type refreshToken struct {
	RefreshToken string `json:"refresh_token"`
}

type refreshInput struct{ Body refreshToken }

type acceptance struct {
	Token    string `json:"token"`
	Password string `json:"password" minLength:"10" maxLength:"1024" doc:"Not one of the common ones."`
	Name     string `json:"name,omitzero" maxLength:"200" doc:"Default: as the admin wrote it."`
}

type acceptInput struct{ Body acceptance }

func (s *api) registerAccounts() {
	register(s, operation{
		id: "register", method: http.MethodPost, path: "/v1/auth/register", tag: "accounts", public: true, status: http.StatusCreated,
		summary: "Found an organization", description: "Makes the organization and its first admin, and signs them in. An installation may refuse it.",
		errors: []int{http.StatusForbidden, http.StatusTooManyRequests},
	}, func(ctx context.Context, a core.Actor, in *registerInput) (*tokenOutput, error) {
		return signedIn(s.app.Auth.Register(ctx, core.Registration{
			OrganizationName: in.Body.OrganizationName, Email: in.Body.Email, Password: in.Body.Password, Name: in.Body.Name,
			From: a.Origin(),
		}))
	})
	register(s, operation{
		id: "login", method: http.MethodPost, path: "/v1/auth/login", tag: "accounts", public: true,
		summary: "Sign in", errors: []int{http.StatusUnauthorized, http.StatusConflict, http.StatusTooManyRequests},
		description: "When address and password fit several organizations the answer is 409 with details.organizations; choose one with org_id.",
	}, func(ctx context.Context, a core.Actor, in *loginInput) (*tokenOutput, error) {
		return signedIn(s.app.Auth.Login(ctx, core.SignIn{Email: in.Body.Email, Password: in.Body.Password, OrgID: in.Body.OrgID, From: a.Origin()}))
	})
	register(s, operation{
		id: "refresh", method: http.MethodPost, path: "/v1/auth/refresh", tag: "accounts", public: true,
		summary: "Exchange a refresh token for a new pair", errors: []int{http.StatusUnauthorized},
		description: "The old refresh token dies. One that is used twice ends every session that came from the same sign-in.",
	}, func(ctx context.Context, a core.Actor, in *refreshInput) (*tokenOutput, error) {
		return signedIn(s.app.Auth.Refresh(ctx, in.Body.RefreshToken, a.Origin()))
	})
	register(s, operation{
		id: "logout", method: http.MethodPost, path: "/v1/auth/logout", tag: "accounts", public: true,
		summary: "Sign out", description: "Ends the sessions that came from the same sign-in.",
	}, func(ctx context.Context, a core.Actor, in *refreshInput) (*struct{}, error) {
		return nil, s.app.Auth.Logout(ctx, in.Body.RefreshToken, a.Origin())
	})
	register(s, operation{
		id: "acceptInvitation", method: http.MethodPost, path: "/v1/auth/invitations/accept", tag: "accounts", public: true,
		summary: "Accept an invitation", errors: []int{http.StatusUnauthorized}, description: "Sets a password and signs in.",
	}, func(ctx context.Context, a core.Actor, in *acceptInput) (*tokenOutput, error) {
		return signedIn(s.app.Auth.Accept(ctx, core.Acceptance{Token: in.Body.Token, Password: in.Body.Password, Name: in.Body.Name, From: a.Origin()}))
	})
}
