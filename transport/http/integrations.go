package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type integration struct {
	ID             core.IntegrationID     `json:"id" format:"uuid"`
	OrgID          core.OrgID             `json:"org_id" format:"uuid"`
	UserID         core.UserID            `json:"user_id" format:"uuid" doc:"Who connected it; its documents are theirs."`
	Type           core.IntegrationType   `json:"integration_type" enum:"notion,guru,confluence"`
	AuthType       core.AuthType          `json:"auth_type" enum:"oauth2,api_token"`
	Name           string                 `json:"name"`
	Config         shownConfig            `json:"config"`
	Status         core.IntegrationStatus `json:"status" enum:"connected,error,revoked"`
	ErrorMessage   *string                `json:"error_message" doc:"Why it does not work, or found nothing, and when it goes on by itself."`
	TokenExpiresAt *time.Time             `json:"token_expires_at"`
	LastSync       *time.Time             `json:"last_sync" doc:"When one last ended well."`
	LastResult     *syncCounts            `json:"last_result,omitzero" nullable:"false" doc:"Of that sync, once there was one; listed is the sum of the others."`
	SyncInterval   int                    `json:"sync_interval_minutes" doc:"0: only when it is asked for."`
	NextSyncAt     *time.Time             `json:"next_sync_at"`
	CreatedAt      time.Time              `json:"created_at"`
	UpdatedAt      time.Time              `json:"updated_at"`
	Check          *integrationCheck      `json:"check,omitzero" nullable:"false" doc:"In the answer to a new connection: what its token is good for."`
}

// shownConfig is what of an integration's configuration is shown; it holds no secret.
type shownConfig struct {
	Email      string          `json:"email,omitzero"`
	BaseURL    string          `json:"base_url,omitzero"`
	Deployment core.Deployment `json:"deployment,omitzero" enum:"cloud,datacenter"`
	Spaces     []string        `json:"spaces,omitzero"`
	CloudID    string          `json:"cloud_id,omitzero" doc:"Found out; read-only."`
	Workspace  string          `json:"workspace_id,omitzero" doc:"Notion's workspace or Guru's team; found out, read-only."`
	Account    string          `json:"account,omitzero" doc:"Whose token it is; read-only."`
}

type syncCounts struct {
	Listed    int `json:"listed"`
	Imported  int `json:"imported"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Deleted   int `json:"deleted"`
	Skipped   int `json:"skipped"`
	Failed    int `json:"failed"`
}

type integrationCheck struct {
	Account string         `json:"account"`
	Visible []visibleCount `json:"visible"`
	Missing []permission   `json:"missing_permissions"`
}

type visibleCount struct {
	Kind    string `json:"kind" example:"spaces"`
	Count   int    `json:"count"`
	AtLeast bool   `json:"at_least" doc:"Counting ended there."`
}

type permission struct {
	Name     string `json:"name" doc:"As the vendor writes it."`
	Purpose  string `json:"purpose"`
	Required bool   `json:"required" doc:"false: only publishing needs it."`
}

func viewIntegration(i *core.Integration) integration {
	config := shownConfig(i.Config)
	if i.Type == core.IntegrationConfluence {
		config.Deployment = cmp.Or(config.Deployment, core.DeploymentCloud)
	}
	return integration{
		ID: i.ID, OrgID: i.OrgID, UserID: i.UserID, Type: i.Type, AuthType: i.AuthType, Name: i.Name, Config: config,
		Status: i.Status, ErrorMessage: orNull(i.ErrorMessage), TokenExpiresAt: i.TokenExpiresAt, LastSync: i.LastSync,
		LastResult: (*syncCounts)(i.LastResult), SyncInterval: i.SyncInterval, NextSyncAt: i.NextSyncAt, CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt,
	}
}

func viewCheck(v core.Verified) *integrationCheck {
	c := &integrationCheck{Account: v.Account, Visible: []visibleCount{}, Missing: viewPermissions(v.Missing)}
	for _, n := range v.Visible {
		c.Visible = append(c.Visible, visibleCount(n))
	}
	return c
}

func viewPermissions(all []core.Permission) []permission {
	out := []permission{}
	for _, p := range all {
		out = append(out, permission(p))
	}
	return out
}

type integrationOutput struct{ Body integration }

type connectedOutput struct {
	Location string `header:"Location"`
	Body     integration
}

func connected(c *core.Connected, err error) (*connectedOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &connectedOutput{Location: "/v1/integrations/" + string(c.Integration.ID), Body: viewIntegration(c.Integration)}
	out.Body.Check = viewCheck(c.Check)
	return out, nil
}

func shownIntegration(i *core.Integration, err error) (*integrationOutput, error) {
	if err != nil {
		return nil, err
	}
	return &integrationOutput{Body: viewIntegration(i)}, nil
}

// givenConfig is what a user says about the vendor's side.
type givenConfig struct {
	Email      string          `json:"email,omitzero" maxLength:"320" doc:"Guru, and Confluence Cloud with an API token: whose token it is."`
	BaseURL    string          `json:"base_url,omitzero" maxLength:"2048" doc:"Confluence." example:"https://team.atlassian.net"`
	Deployment core.Deployment `json:"deployment,omitzero" enum:"cloud,datacenter" doc:"Confluence. Default: cloud."`
	Spaces     []string        `json:"spaces,omitzero" maxItems:"1000" doc:"Confluence: keys of the spaces to sync. Default: all."`
}

func (g givenConfig) config() core.IntegrationConfig {
	return core.IntegrationConfig{Email: g.Email, BaseURL: g.BaseURL, Deployment: g.Deployment, Spaces: g.Spaces}
}

type newIntegration struct {
	Type           core.IntegrationType `json:"integration_type" enum:"notion,guru,confluence"`
	AuthType       core.AuthType        `json:"auth_type" enum:"oauth2,api_token"`
	Name           string               `json:"name,omitzero" maxLength:"200" doc:"Default: the vendor's and the account's."`
	AccessToken    string               `json:"access_token" minLength:"1" maxLength:"8192" doc:"Never shown again."`
	RefreshToken   string               `json:"refresh_token,omitzero" maxLength:"8192"`
	TokenExpiresAt *time.Time           `json:"token_expires_at,omitzero" nullable:"true"`
	Config         givenConfig          `json:"config,omitzero"`
	SyncInterval   int                  `json:"sync_interval_minutes,omitzero" minimum:"0" doc:"0, or from 5 to 44640. Default: only when it is asked for."`
}

type createIntegrationInput struct{ Body newIntegration }

type integrationPatch struct {
	Name           patch[string]        `json:"name,omitzero"`
	AccessToken    patch[string]        `json:"access_token,omitzero"`
	RefreshToken   patch[string]        `json:"refresh_token,omitzero" doc:"Of an oauth2 integration, with a new access_token."`
	TokenExpiresAt patch[time.Time]     `json:"token_expires_at,omitzero" doc:"Of the new access_token."`
	SyncInterval   patch[int]           `json:"sync_interval_minutes,omitzero"`
	Config         patch[patchedConfig] `json:"config,omitzero"`
}

// patchedConfig is what of a config may change; cloud and Data Center are other
// products, with other ids.
type patchedConfig struct {
	Email   patch[string]   `json:"email,omitzero"`
	BaseURL patch[string]   `json:"base_url,omitzero" doc:"With a new access_token."`
	Spaces  patch[[]string] `json:"spaces,omitzero"`
}

type updateIntegrationInput struct {
	PathID
	Body integrationPatch
}

func (s *api) registerIntegrations() {
	register(s, operation{
		id: "listVendors", method: http.MethodGet, path: "/v1/integrations/vendors", tag: "integrations", summary: "List what can be connected",
		description: "With the permissions that each vendor's token needs.",
	}, s.listVendors)
	register(s, operation{
		id: "createIntegration", once: true, method: http.MethodPost, path: "/v1/integrations", tag: "integrations", summary: "Connect a vendor by a token",
		description: "The token is proven with a real call; check says what it lets see and which permissions it lacks. One that the vendor refuses is 422.",
		status:      http.StatusCreated, errors: []int{http.StatusForbidden, http.StatusBadGateway},
	}, s.createIntegration)
	register(s, operation{
		id: "listIntegrations", method: http.MethodGet, path: "/v1/integrations", tag: "integrations", summary: "List integrations",
	}, func(ctx context.Context, a core.Actor, in *PageQuery) (*listOutput[integration], error) {
		p, err := s.app.Integrations.List(ctx, a, in.request())
		return listed(p, viewIntegration, err)
	})
	register(s, operation{
		id: "getIntegration", method: http.MethodGet, path: "/v1/integrations/{id}", tag: "integrations", summary: "Get an integration",
	}, func(ctx context.Context, a core.Actor, in *PathID) (*integrationOutput, error) {
		return shownIntegration(s.app.Integrations.Get(ctx, a, core.IntegrationID(in.ID)))
	})
	register(s, operation{
		id: "updateIntegration", method: http.MethodPatch, path: "/v1/integrations/{id}", tag: "integrations", summary: "Change an integration",
		description: "What the vendor must accept, which is a new access_token, another email or other spaces, is proven before it is stored. A new token makes a revoked integration work again.",
		errors:      []int{http.StatusForbidden, http.StatusConflict, http.StatusBadGateway},
	}, s.updateIntegration)
	register(s, operation{
		id: "deleteIntegration", method: http.MethodDelete, path: "/v1/integrations/{id}", tag: "integrations", summary: "Disconnect",
		description: "Its tokens are revoked at the vendor, where that can be, and forgotten; its jobs are canceled. Its documents stay and can be edited.",
		errors:      []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *PathID) (*struct{}, error) {
		return nil, s.app.Integrations.Delete(ctx, a, core.IntegrationID(in.ID))
	})
}

func (s *api) createIntegration(ctx context.Context, a core.Actor, in *createIntegrationInput) (*connectedOutput, error) {
	b := in.Body
	return connected(s.app.Integrations.Connect(ctx, a, core.NewIntegration{
		Type: b.Type, AuthType: b.AuthType, Name: b.Name, Token: core.NewSecret(b.AccessToken), RefreshToken: core.NewSecret(b.RefreshToken),
		ExpiresAt: b.TokenExpiresAt, Config: b.Config.config(), SyncInterval: b.SyncInterval,
	}))
}

func (s *api) updateIntegration(ctx context.Context, a core.Actor, in *updateIntegrationInput) (*integrationOutput, error) {
	b := in.Body
	var n nonNull
	n.check("name", b.Name.null)
	n.check("access_token", b.AccessToken.null)
	n.check("config", b.Config.null)
	p := core.IntegrationPatch{Name: b.Name.value, SyncInterval: b.SyncInterval.orEmpty(), ExpiresAt: b.TokenExpiresAt.value}
	if c := b.Config.value; c != nil {
		n.check("config.base_url", c.BaseURL.null)
		p.Email, p.BaseURL, p.Spaces = c.Email.orEmpty(), c.BaseURL.value, c.Spaces.orEmpty()
	}
	if err := n.err(); err != nil {
		return nil, err
	}
	if t := b.AccessToken.value; t != nil {
		p.Token = new(core.NewSecret(*t))
	}
	if t := b.RefreshToken.orEmpty(); t != nil {
		p.RefreshToken = new(core.NewSecret(*t))
	}
	return shownIntegration(s.app.Integrations.Update(ctx, a, core.IntegrationID(in.ID), p))
}

// vendor is what can be connected, for the form.
type vendor struct {
	Type        core.IntegrationType `json:"integration_type" enum:"notion,guru,confluence"`
	Name        string               `json:"name"`
	AuthTypes   []core.AuthType      `json:"auth_types"`
	Permissions []permission         `json:"permissions"`
	Publishes   bool                 `json:"publishes"`
	NeedsParent bool                 `json:"needs_parent" doc:"A summary can only be published with parent_id or external_id."`
}

type vendorsOutput struct {
	Body struct {
		Items []vendor `json:"items"`
	}
}

func (s *api) listVendors(ctx context.Context, a core.Actor, _ *struct{}) (*vendorsOutput, error) {
	all, err := s.app.Integrations.Vendors(ctx, a)
	if err != nil {
		return nil, err
	}
	out := &vendorsOutput{}
	out.Body.Items = []vendor{}
	for _, t := range core.IntegrationTypes() {
		if c, ok := all[t]; ok {
			out.Body.Items = append(out.Body.Items, vendor{
				Type: t, Name: c.Name, AuthTypes: c.AuthTypes, Permissions: viewPermissions(c.Permissions), Publishes: c.Publishes, NeedsParent: c.NeedsParent,
			})
		}
	}
	return out, nil
}
