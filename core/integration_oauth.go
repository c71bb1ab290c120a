package core

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// sealedState is the purpose of an OAuth2 state.
const sealedState = "integration.oauth"

// oauthLife is how long a user has to agree at the vendor.
const oauthLife = 10 * time.Minute

// oauthState is what comes back with the user: who began, what for, and the verifier.
// It is sealed, so the vendor and the browser see none of it and can change none of it.
type oauthState struct {
	User     UserID            `json:"user"`
	Session  SessionID         `json:"session,omitempty"`
	Key      APIKeyID          `json:"key,omitempty"`
	Again    IntegrationID     `json:"again,omitempty"` // that is connected anew; "": a new one is made
	Type     IntegrationType   `json:"type"`
	Name     string            `json:"name,omitempty"`
	Config   IntegrationConfig `json:"config"`
	Interval int               `json:"interval,omitempty"`
	Redirect string            `json:"redirect"`
	Verifier string            `json:"verifier"`
	Browser  []byte            `json:"browser,omitempty"` // SHA-256 of what the browser that began keeps; nil: no browser began
	Expires  time.Time         `json:"expires"`
}

// OAuthRequest begins a connection by OAuth2.
type OAuthRequest struct {
	Again        IntegrationID // that gets new tokens and keeps all else, so that what follows Type is left out; "": a new one
	Type         IntegrationType
	Name         string
	Config       IntegrationConfig
	SyncInterval int
	RedirectURL  string // of this installation's callback
	Browser      string // a secret that the browser keeps and brings back; "": it was not begun in one
}

// OAuthStart is where the user is to agree.
type OAuthStart struct {
	AuthorizeURL string
	ExpiresIn    time.Duration
}

// StartOAuth returns where the user agrees at the vendor. Only an admin may. It returns
// CodeNotFound when the installation is no client of the vendor.
func (s *IntegrationService) StartOAuth(ctx context.Context, a Actor, r OAuthRequest) (*OAuthStart, error) {
	if err := a.may(permIntegrations, ""); err != nil {
		return nil, err
	}
	var v validation
	oneOf(&v, "integration_type", r.Type, IntegrationTypes()...)
	v.text("name", r.Name, 0, maxIntegrationName)
	v.interval(r.SyncInterval)
	v.integrationConfig(r.Type, AuthOAuth2, r.Config)
	if v.err() != nil {
		return nil, v.err()
	}
	auth, err := s.authorizer(r.Type)
	if err != nil {
		return nil, err
	}
	if r.Again != "" {
		if _, err := s.connectedByOAuth(ctx, a, r); err != nil {
			return nil, err
		}
	}
	st := oauthState{
		User: a.User(), Session: a.session, Key: a.key, Again: r.Again, Type: r.Type, Name: r.Name, Config: r.Config, Interval: r.SyncInterval,
		Redirect: r.RedirectURL, Verifier: rand.Text() + rand.Text(), Expires: s.cfg.now().Add(oauthLife),
	}
	if r.Browser != "" {
		sum := sha256.Sum256([]byte(r.Browser))
		st.Browser = sum[:]
	}
	sealed, err := s.cfg.Sealer.Seal(ctx, a.Tenant(), sealedState, mustJSON(st))
	if err != nil {
		return nil, err
	}
	state := string(a.Tenant().OrgID()) + "." + base64.RawURLEncoding.EncodeToString(sealed)
	u := auth.AuthorizeURL(AuthorizeRequest{RedirectURL: r.RedirectURL, State: state, Verifier: st.Verifier})
	return &OAuthStart{AuthorizeURL: u, ExpiresIn: oauthLife}, nil
}

func (s *IntegrationService) authorizer(t IntegrationType) (Authorizer, error) {
	conn, err := s.cfg.connectorOf(t)
	if err != nil {
		return nil, err
	}
	auth := conn.Authorizer()
	if auth == nil {
		setting := "DOCSCTL_" + strings.ToUpper(string(t)) + "_CLIENT_"
		return nil, &Error{
			Code: CodeNotFound, Message: "OAuth2 with " + conn.Capabilities().Name + " is not set up here; connect by a token, or have the operator set " + setting + "ID and " + setting + "SECRET",
		}
	}
	return auth, nil
}

// OAuthReturn is what the vendor sent back with the user.
type OAuthReturn struct {
	State   string
	Code    Secret
	Refusal string // the vendor's word, such as access_denied; "": the user agreed
	Browser string // what the browser that brought it keeps; "": nothing
}

// FinishOAuth makes an integration of the vendor's answer, or connects one anew, for the
// user who began and while their session lasts. The state is the credential.
func (s *IntegrationService) FinishOAuth(ctx context.Context, o Origin, r OAuthReturn) (*Connected, error) {
	t, st, err := s.openState(ctx, r)
	if err != nil {
		return nil, err
	}
	a, err := s.beganBy(ctx, t, st)
	if err != nil {
		return nil, err
	}
	a = a.From(o)
	if r.Refusal != "" || r.Code.Empty() {
		return nil, Invalid("code", "required", "the vendor sent no agreement back; begin again and agree there")
	}
	auth, err := s.authorizer(st.Type)
	if err != nil {
		return nil, err
	}
	g, err := auth.Exchange(ctx, ExchangeRequest{RedirectURL: st.Redirect, Code: r.Code, Verifier: st.Verifier})
	if err != nil {
		if ReasonOf(err) == ReasonRefused || ReasonOf(err) == ReasonToken {
			return nil, &Error{Code: CodeValidation, Message: "the vendor does not take this agreement; it was used already or is too old, begin again", Err: err}
		}
		return nil, err
	}
	if st.Again != "" {
		return s.connectAgain(ctx, a, OAuthRequest{Again: st.Again, Type: st.Type}, *g)
	}
	n := NewIntegration{
		Type: st.Type, AuthType: AuthOAuth2, Name: st.Name, Token: g.Token, RefreshToken: g.RefreshToken,
		Config: g.Config, SyncInterval: st.Interval,
	}
	if n.Config.BaseURL == "" {
		n.Config.BaseURL = st.Config.BaseURL
	}
	n.Config.Spaces = st.Config.Spaces
	if !g.ExpiresAt.IsZero() {
		n.ExpiresAt = &g.ExpiresAt
	}
	return s.connect(ctx, a, n)
}

func errState() error {
	return Invalid("state", "valid", "this answer belongs to no connection that was begun here in the last minutes; begin again")
}

// openState returns whose state it is; that it opens proves that it is ours.
func (s *IntegrationService) openState(ctx context.Context, r OAuthReturn) (Tenant, *oauthState, error) {
	org, sealed, ok := strings.Cut(r.State, ".")
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if !ok || err != nil || !ValidID(OrgID(org)) {
		return Tenant{}, nil, errState()
	}
	t := TrustTenant(OrgID(org))
	plain, err := s.cfg.Sealer.Open(ctx, t, sealedState, raw)
	if err != nil {
		return Tenant{}, nil, errState()
	}
	var st oauthState
	if err := json.Unmarshal(plain, &st); err != nil || s.cfg.now().After(st.Expires) {
		return Tenant{}, nil, errState()
	}
	if sum := sha256.Sum256([]byte(r.Browser)); st.Browser != nil && string(sum[:]) != string(st.Browser) {
		return Tenant{}, nil, errState()
	}
	return t, &st, nil
}

// beganBy returns the actor who began, as they are now.
func (s *IntegrationService) beganBy(ctx context.Context, t Tenant, st *oauthState) (Actor, error) {
	read := s.cfg.Store.Tenant(t).Read()
	u, err := read.Users.Get(ctx, st.User)
	if err != nil || !u.IsActive {
		return Actor{}, errState()
	}
	a := NewActor(t, u.ID, u.Role)
	a.session, a.key = st.Session, st.Key
	switch {
	case st.Session != "":
		live, err := read.Sessions.Live(ctx, u.ID, st.Session)
		if err != nil || !live {
			return Actor{}, errState()
		}
	case st.Key != "":
		k, err := read.APIKeys.Get(ctx, st.Key)
		if err != nil {
			return Actor{}, errState()
		}
		a.role = k.Role
	}
	return a, a.may(permIntegrations, "")
}
