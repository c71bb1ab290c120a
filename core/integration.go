package core

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
	CloudID string `json:"cloud_id,omitempty"` // Confluence Cloud behind Atlassian's gateway
	Account string `json:"account,omitempty"`  // whose token it is, for people
}
