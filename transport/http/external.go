package httpapi

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
)

// flowLife is how long somebody may stay at the provider, in seconds.
const flowLife = 600

const callbackPath = "/v1/auth/google/callback"

// signInFlow is what a browser keeps while its person is at the provider.
type signInFlow struct {
	State            string     `json:"s"`
	Nonce            string     `json:"n"`
	Verifier         string     `json:"v"`
	Invitation       string     `json:"i,omitzero"`
	OrganizationName string     `json:"o,omitzero"`
	OrgID            core.OrgID `json:"g,omitzero"`
}

// flowCookie is bound to this host where the connection is encrypted, so that no
// neighbouring site can set it.
func (s *api) flowCookie(value string, seconds int) *http.Cookie {
	c := &http.Cookie{Name: "docsctl_sign_in", Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if strings.HasPrefix(s.cfg.PublicURL, "https://") {
		c.Name, c.Secure = "__Host-"+c.Name, true
	}
	return c
}

func (s *api) registerExternal() {
	text := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	s.registerRaw(operation{
		id: "startGoogle", method: http.MethodGet, path: "/v1/auth/google/start", tag: "accounts", public: true,
		summary: "Sign in with Google or another OpenID Connect provider", errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
		description: "Sends the browser to the provider. 404 where the installation has none.",
		params: []*huma.Param{
			text("invitation", "The token of an invitation to accept."), text("org_id", "Which organization, when the address belongs to several."),
			text("organization_name", "Of the organization that is founded when nobody has the address."),
		},
	}, answer{http.StatusFound, "", "On to the provider."}, s.startExternal)
	s.registerRaw(operation{
		id: "finishGoogle", method: http.MethodGet, path: callbackPath, tag: "accounts", public: true, summary: "Come back from the provider",
		errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
		params: []*huma.Param{text("code", ""), text("state", ""), text("iss", ""), text("error", "")},
	}, answer{http.StatusOK, "application/json", "A token pair."}, s.finishExternal)
}

func (s *api) startExternal(w http.ResponseWriter, r *http.Request, a core.Actor) error {
	f, to, err := s.app.Auth.BeginExternal(r.Context(), s.cfg.PublicURL+callbackPath, a.Origin())
	if err != nil {
		return err
	}
	q := r.URL.Query()
	raw, err := json.Marshal(signInFlow{
		State: f.State, Nonce: f.Nonce, Verifier: f.Verifier,
		Invitation: clip(q.Get("invitation")), OrganizationName: clip(q.Get("organization_name")), OrgID: core.OrgID(clip(q.Get("org_id"))),
	})
	if err != nil {
		return core.Invalid("organization_name", "encoding", "organization_name is not valid UTF-8; correct it")
	}
	w.Header().Set("Cache-Control", "no-store")
	http.SetCookie(w, s.flowCookie(base64.RawURLEncoding.EncodeToString(raw), flowLife))
	http.Redirect(w, r, to, http.StatusFound)
	return nil
}

// clip bounds what a browser's cookie has to hold.
func clip(text string) string { return text[:min(len(text), 800)] }

func errFlow() error {
	return &core.Error{Code: core.CodeAuthentication, Message: "this sign-in was not begun in this browser, or took too long; begin again"}
}

func (s *api) finishExternal(w http.ResponseWriter, r *http.Request, a core.Actor) error {
	if err := s.app.Auth.CheckProvider(); err != nil {
		return err
	}
	flow, err := s.readFlow(r)
	http.SetCookie(w, s.flowCookie("", -1)) // it is used up, however this ends
	w.Header().Set("Cache-Control", "no-store")
	q := r.URL.Query()
	if err != nil {
		return err
	}
	in := core.ExternalSignIn{
		Flow:       core.SignInFlow{RedirectURL: s.cfg.PublicURL + callbackPath, State: flow.State, Nonce: flow.Nonce, Verifier: flow.Verifier},
		Invitation: flow.Invitation, OrganizationName: flow.OrganizationName, OrgID: flow.OrgID,
		Code: q.Get("code"), Issuer: q.Get("iss"), From: a.Origin(),
	}
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(flow.State)) != 1 || in.Code == "" {
		return errFlow()
	}
	out, err := signedIn(s.app.Auth.FinishExternal(r.Context(), in))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.MarshalWrite(w, out.Body, json.Deterministic(true))
}

// readFlow reads what startExternal left with the browser.
func (s *api) readFlow(r *http.Request) (*signInFlow, error) {
	c, err := r.Cookie(s.flowCookie("", 0).Name)
	if err != nil {
		return nil, errFlow()
	}
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	var f signInFlow
	if err != nil || json.Unmarshal(raw, &f) != nil || f.State == "" || f.Nonce == "" || f.Verifier == "" {
		return nil, errFlow()
	}
	return &f, nil
}
