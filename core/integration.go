package core

import (
	"context"
	"net/url"
	"strings"
	"time"
)

// IntegrationType names a vendor.
type IntegrationType string

// The vendors.
const (
	IntegrationNotion     IntegrationType = "notion"
	IntegrationGuru       IntegrationType = "guru"
	IntegrationConfluence IntegrationType = "confluence"
)

// IntegrationTypes returns every vendor.
func IntegrationTypes() []IntegrationType {
	return []IntegrationType{IntegrationNotion, IntegrationGuru, IntegrationConfluence}
}

// AuthType is how an integration proves itself.
type AuthType string

// The ways.
const (
	AuthAPIToken AuthType = "api_token"
	AuthOAuth2   AuthType = "oauth2"
)

// IntegrationStatus is the state of an integration.
type IntegrationStatus string

// The states of an integration.
const (
	IntegrationConnected IntegrationStatus = "connected"
	IntegrationError     IntegrationStatus = "error"   // its last use failed, or found nothing; the message says why
	IntegrationRevoked   IntegrationStatus = "revoked" // its token is refused; it must be connected anew
)

// Deployment is where a Confluence runs.
type Deployment string

// The deployments.
const (
	DeploymentCloud      Deployment = "cloud"
	DeploymentDataCenter Deployment = "datacenter"
)

// IntegrationConfig is what a connector needs to know besides the token. Which
// fields a vendor takes stands beside them; it takes no others.
type IntegrationConfig struct {
	Email      string     `json:"email,omitempty"`      // Guru; Confluence Cloud with an API token
	BaseURL    string     `json:"base_url,omitempty"`   // Confluence: https://SITE.atlassian.net or a Data Center's address
	Deployment Deployment `json:"deployment,omitempty"` // Confluence; "": cloud
	Spaces     []string   `json:"spaces,omitempty"`     // Confluence: keys of the spaces to sync; none: all
	// What Verify and Exchange find out; not taken from a request.
	CloudID   string `json:"cloud_id,omitempty"`     // Confluence Cloud behind Atlassian's gateway
	Workspace string `json:"workspace_id,omitempty"` // Notion's workspace, Guru's team; "": not told, or connected before it was kept
	Account   string `json:"account,omitempty"`      // whose token it is, for people
}

// Integration is a connection of the organization with a vendor.
type Integration struct {
	ID             IntegrationID     `json:"id"`
	OrgID          OrgID             `json:"org_id"`
	UserID         UserID            `json:"user_id"` // who connected it; its documents are theirs
	Type           IntegrationType   `json:"integration_type"`
	AuthType       AuthType          `json:"auth_type"`
	Name           string            `json:"name"`
	Config         IntegrationConfig `json:"config"`
	Status         IntegrationStatus `json:"status"`
	ErrorMessage   string            `json:"error_message,omitempty"`
	Sealed         []byte            `json:"-"` // its tokens, by a Sealer
	TokenExpiresAt *time.Time        `json:"token_expires_at"`
	LastSync       *time.Time        `json:"last_sync"` // when one last ended well
	LastResult     *SyncCounts       `json:"last_result"`
	SyncInterval   int               `json:"sync_interval_minutes"` // 0: only when it is asked for
	Sync           SyncState         `json:"-"`
	NextSyncAt     *time.Time        `json:"next_sync_at"`
	RefreshUntil   *time.Time        `json:"-"` // a node refreshes the token, until then
	DueAt          *time.Time        `json:"-"` // when it is to be looked at next: NextSyncAt, or ahead of TokenExpiresAt
	CreatedAt      time.Time         `json:"created_at"`
	UpdatedAt      time.Time         `json:"updated_at"`
}

// SyncCounts accounts for what a sync listed: Listed is the sum of the others.
type SyncCounts struct {
	Listed    int `json:"listed"`
	Imported  int `json:"imported"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Deleted   int `json:"deleted"`
	Skipped   int `json:"skipped"`
	Failed    int `json:"failed"`
}

// SyncState is how far the syncs of an integration have come.
type SyncState struct {
	Scope   string         `json:"scope,omitempty"`    // what was listed whole; another scope is listed anew
	Since   *time.Time     `json:"since,omitempty"`    // the last edit that is known of; nil: nothing was listed whole yet
	FullAt  *time.Time     `json:"full_at,omitempty"`  // when everything was last listed
	LastJob JobID          `json:"last_job,omitempty"` // whose failed items the next one tries again
	Running SyncCheckpoint `json:"running,omitzero"`   // of the job that lists now
}

// SyncCheckpoint is where a sync goes on after its worker was lost.
type SyncCheckpoint struct {
	JobID      JobID      `json:"job_id,omitempty"`
	Run        int        `json:"run,omitempty"` // of the job
	Full       bool       `json:"full,omitempty"`
	Since      *time.Time `json:"since,omitempty"`
	Scope      string     `json:"scope,omitempty"`
	Cursor     string     `json:"cursor,omitempty"` // of the page that is worked on
	Pages      int        `json:"pages,omitempty"`  // that are done
	Listed     bool       `json:"listed,omitempty"` // the listing is at its end
	Incomplete string     `json:"incomplete,omitempty"`
	Newest     *time.Time `json:"newest,omitempty"`  // the last edit that was seen
	Missing    *Key       `json:"missing,omitempty"` // the last document that was looked for
	Checked    bool       `json:"checked,omitempty"` // all of them were
}

// IntegrationReader reads the tenant's integrations.
type IntegrationReader interface {
	// Get returns an integration, or CodeNotFound.
	Get(ctx context.Context, id IntegrationID) (*Integration, error)
	// List returns integrations by (CreatedAt, ID) descending.
	List(ctx context.Context, s Seek) ([]Integration, error)
}

// IntegrationRepo is IntegrationReader inside a transaction.
type IntegrationRepo interface {
	IntegrationReader
	// GetForUpdate is Get with the row locked until the transaction ends.
	GetForUpdate(ctx context.Context, id IntegrationID) (*Integration, error)
	// Create stores i, or returns CodeNotFound when the tenant has no such user.
	Create(ctx context.Context, i *Integration) error
	// Update stores everything of i but its id, organization, user, types and
	// CreatedAt, or returns CodeNotFound.
	Update(ctx context.Context, i *Integration) error
	// Delete removes an integration, with what is known of the pages that were
	// published through it; its documents stay, as uploads without an external id.
	// It returns CodeNotFound.
	Delete(ctx context.Context, id IntegrationID) error
}

// NewIntegration is the input of Integrations.Connect.
type NewIntegration struct {
	Type         IntegrationType
	AuthType     AuthType
	Name         string // "": the vendor's name, and the account's
	Token        Secret
	RefreshToken Secret     // of tokens that were had elsewhere; needs an OAuth2 client of the vendor
	ExpiresAt    *time.Time // of Token; nil: it does not end, or nobody knows
	Config       IntegrationConfig
	SyncInterval int // minutes; 0: only when it is asked for
}

const (
	maxIntegrationName = 200 // characters
	maxTokenBytes      = 8192
	minSyncInterval    = 5
	maxSyncInterval    = 60 * 24 * 31
	maxSpaces          = 1000
	maxSpaceKey        = 255 // bytes
)

// Validate returns CodeValidation with every field that does not hold.
func (n NewIntegration) Validate() error {
	var v validation
	oneOf(&v, "integration_type", n.Type, IntegrationTypes()...)
	oneOf(&v, "auth_type", n.AuthType, AuthAPIToken, AuthOAuth2)
	v.text("name", n.Name, 0, maxIntegrationName)
	v.token("access_token", n.Token, 1)
	v.token("refresh_token", n.RefreshToken, 0)
	v.refreshToken(n.AuthType, n.RefreshToken)
	v.interval(n.SyncInterval)
	v.integrationConfig(n.Type, n.AuthType, n.Config)
	return v.err()
}

// token checks what goes into a header as it is.
func (v *validation) token(field string, s Secret, least int) {
	t := s.Reveal()
	switch {
	case len(t) < least:
		v.add(field, "required", field+" is required")
	case len(t) > maxTokenBytes:
		v.add(field, "max_length", field+" is longer than any token; check what was pasted")
	case strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r >= 127 }):
		v.add(field, "format", field+" has characters that no token has, such as spaces; check what was pasted")
	}
}

// refreshToken refuses one that nothing would ever be refreshed with.
func (v *validation) refreshToken(auth AuthType, s Secret) {
	if auth == AuthAPIToken && !s.Empty() {
		v.add("refresh_token", "unknown", "an API token is not refreshed; leave refresh_token out, or connect by oauth2")
	}
}

func (v *validation) interval(minutes int) {
	if minutes != 0 && (minutes < minSyncInterval || minutes > maxSyncInterval) {
		v.add("sync_interval_minutes", "range", "sync_interval_minutes must be 0 for never, or from 5 minutes to 31 days")
	}
}

// integrationConfig checks that the vendor has what it needs and nothing else.
func (v *validation) integrationConfig(t IntegrationType, auth AuthType, c IntegrationConfig) {
	if c.CloudID != "" || c.Workspace != "" || c.Account != "" {
		v.add("config", "read_only", "cloud_id, workspace_id and account are found out; leave them out of config")
	}
	confluence := t == IntegrationConfluence
	if !confluence && (c.BaseURL != "" || c.Deployment != "" || len(c.Spaces) > 0) {
		v.add("config", "unknown", "base_url, deployment and spaces are Confluence's; leave them out")
	}
	if c.Email != "" && t == IntegrationNotion {
		v.add("config.email", "unknown", "Notion needs no email; leave it out")
	}
	v.text("config.email", c.Email, 0, 320)
	if strings.ContainsAny(c.Email, ": \t") {
		v.add("config.email", "format", "config.email must be an e-mail address")
	}
	if c.Email == "" && t == IntegrationGuru && auth == AuthAPIToken {
		v.add("config.email", "required", "config.email is required: Guru's tokens belong to an address, or a collection's id")
	}
	if confluence {
		v.confluence(auth, c)
	}
}

func (v *validation) confluence(auth AuthType, c IntegrationConfig) {
	if c.Deployment != "" {
		oneOf(v, "config.deployment", c.Deployment, DeploymentCloud, DeploymentDataCenter)
	}
	cloud := c.Deployment != DeploymentDataCenter
	u, err := url.Parse(c.BaseURL)
	switch {
	case c.BaseURL == "" && auth == AuthOAuth2 && cloud: // the vendor tells which site was chosen
	case c.BaseURL == "":
		v.add("config.base_url", "required", "config.base_url is required: the address of your Confluence, such as https://team.atlassian.net")
	case err != nil || len(c.BaseURL) > maxURLBytes || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		v.add("config.base_url", "format", "config.base_url must be an address such as https://team.atlassian.net")
	}
	if cloud && auth == AuthAPIToken && c.Email == "" {
		v.add("config.email", "required", "config.email is required: an API token of Confluence Cloud belongs to an account's address")
	}
	if !cloud && auth == AuthOAuth2 {
		v.add("auth_type", "one_of", "Confluence Data Center is connected by a personal access token; choose api_token")
	}
	if len(c.Spaces) > maxSpaces {
		v.add("config.spaces", "max_items", "config.spaces has more than 1000 keys; leave it out to sync all spaces")
	}
	for _, s := range c.Spaces {
		if s == "" || len(s) > maxSpaceKey || !alphanumeric(spaceKeyMarks.Replace(s)) {
			v.add("config.spaces", "format", "config.spaces must be keys of spaces, such as OPS")
			break
		}
	}
}

// spaceKeyMarks takes out what keys have besides letters and digits: those of personal
// spaces are names of users, which may be addresses.
var spaceKeyMarks = strings.NewReplacer("~", "", "_", "", "-", "", ".", "", "@", "")
