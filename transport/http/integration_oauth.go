package httpapi

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
)

// oauthCookie is what the browser keeps between the start and the callback.
const oauthCookie = "docsctl_oauth"

const oauthCallback = "/v1/integrations/oauth/callback"

type oauthBegin struct {
	Integration  core.IntegrationID `json:"integration_id,omitzero" format:"uuid" doc:"One by oauth2 that is to be connected anew; it keeps all but its tokens, so that nothing else is given."`
	Name         string             `json:"name,omitzero" maxLength:"200"`
	Config       givenConfig        `json:"config,omitzero"`
	SyncInterval int                `json:"sync_interval_minutes,omitzero" minimum:"0"`
}

type startOAuthInput struct {
	Type   core.IntegrationType `path:"type" doc:"notion, guru or confluence."`
	Origin string               `header:"Origin" doc:"Set by browsers: the callback must then come from the same one."`
	Site   string               `header:"Sec-Fetch-Site" doc:"Set by browsers."`
	Body   *oauthBegin
}

type startOAuthOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      struct {
		AuthorizeURL string `json:"authorize_url"`
		ExpiresIn    int    `json:"expires_in" doc:"Seconds."`
	}
}

type finishOAuthInput struct {
	State  string `query:"state" required:"true" maxLength:"8192"`
	Code   string `query:"code" maxLength:"8192"`
	Error  string `query:"error" maxLength:"200" doc:"The vendor's refusal."`
	Reason string `query:"error_description" maxLength:"2000"`
	Cookie string `cookie:"docsctl_oauth"`
}

func (s *api) registerOAuth() {
	register(s, operation{
		id: "startOAuth", method: http.MethodPost, path: "/v1/integrations/{type}/oauth/start", tag: "integrations", summary: "Begin a connection by OAuth2",
		description: "Send the user to authorize_url. The vendor sends them back to " + oauthCallback + ", within ten minutes and while their session lasts. 404 where the installation is no client of the vendor.",
		errors:      []int{http.StatusForbidden, http.StatusNotFound},
	}, s.startOAuth)
	register(s, operation{
		id: "finishOAuth", method: http.MethodGet, path: oauthCallback, tag: "integrations", summary: "Where vendors send users back to",
		description: "The state is the credential. Answers the integration, new or connected anew.", public: true, status: http.StatusCreated, errors: []int{http.StatusBadGateway},
	}, s.finishOAuth)
}

func (s *api) startOAuth(ctx context.Context, a core.Actor, in *startOAuthInput) (*startOAuthOutput, error) {
	if in.Body == nil {
		in.Body = &oauthBegin{}
	}
	r := core.OAuthRequest{
		Again: in.Body.Integration, Type: in.Type, Name: in.Body.Name, Config: in.Body.Config.config(), SyncInterval: in.Body.SyncInterval,
		RedirectURL: s.cfg.PublicURL + oauthCallback,
	}
	if in.Origin != "" || in.Site != "" {
		r.Browser = rand.Text()
	}
	begun, err := s.app.Integrations.StartOAuth(ctx, a, r)
	if err != nil {
		return nil, err
	}
	out := &startOAuthOutput{SetCookie: http.Cookie{
		Name: oauthCookie, Value: r.Browser, Path: oauthCallback, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.cfg.PublicURL, "https:"), MaxAge: int(begun.ExpiresIn / time.Second),
	}}
	out.Body.AuthorizeURL, out.Body.ExpiresIn = begun.AuthorizeURL, int(begun.ExpiresIn/time.Second)
	return out, nil
}

func (s *api) finishOAuth(ctx context.Context, a core.Actor, in *finishOAuthInput) (*connectedOutput, error) {
	return connected(s.app.Integrations.FinishOAuth(ctx, a.Origin(), core.OAuthReturn{
		State: in.State, Code: core.NewSecret(in.Code), Refusal: in.Error, Browser: in.Cookie,
	}))
}
