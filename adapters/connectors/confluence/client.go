package confluence

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/core"
)

// vendor is Confluence. Its limits are points and bursts that it does not publish
// as calls; ten a second stays below them.
var vendor = &upstream.Vendor{
	Type: core.IntegrationConfluence, Name: "Confluence", RequestID: "Atl-Traceid",
	Limit: core.Limit{Events: 10, Period: time.Second},
	Read:  readError,
}

// readError tells a token without the scope from one that is dead, and takes the
// code out of an error of the second version.
func readError(status int, h http.Header, body []byte, d *core.UpstreamDetails) {
	if status == http.StatusUnauthorized && h.Get("X-Failure-Category") == "FAILURE_CLIENT_SCOPE_CHECK" {
		d.Reason, d.UpstreamCode = core.ReasonForbidden, "scope"
		return
	}
	var e struct {
		Errors      []struct{ Code string }
		Error       string // of OAuth2
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &e) != nil {
		return // a page in HTML
	}
	if len(e.Errors) > 0 {
		d.UpstreamCode = e.Errors[0].Code
	}
	if e.Error != "" && e.Description != "" {
		upstream.ReadOAuthError(e.Error, d)
	}
}

// site is an installation, as one access reaches it.
type site struct {
	c    *Connector
	a    core.Access
	root string // before /wiki/… or, of a Data Center, before /rest
}

// edition returns the API of an access's installation.
func (c *Connector) edition(a core.Access) (edition, error) {
	if a.Config.Deployment == core.DeploymentDataCenter {
		root, err := baseURL(a.Config.BaseURL)
		return center{site{c: c, a: a, root: root}}, err
	}
	if a.Config.CloudID != "" {
		if !cloudID.MatchString(a.Config.CloudID) {
			return nil, core.Invalid("config.base_url", "cloud_id", "the cloud id is not one; connect again")
		}
		return cloud{site{c: c, a: a, root: c.gateway + "/ex/confluence/" + a.Config.CloudID}}, nil
	}
	root, err := baseURL(a.Config.BaseURL)
	return cloud{site{c: c, a: a, root: strings.TrimSuffix(root, "/wiki")}}, err
}

func baseURL(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return "", core.Invalid("config.base_url", "http_url", "the base URL is not one such as https://example.atlassian.net")
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.Path, "/"), nil
}

// sign adds the access's credentials to a header.
func sign(a core.Access, h http.Header) {
	if a.AuthType == core.AuthOAuth2 || a.Config.Deployment == core.DeploymentDataCenter {
		h.Set("Authorization", "Bearer "+a.Token.Reveal())
		return
	}
	req := http.Request{Header: h}
	req.SetBasicAuth(a.Config.Email, a.Token.Reveal())
}

// do makes a call. path begins with a slash.
func (s site) do(ctx context.Context, method, path string, body, out any) (*upstream.Answer, error) {
	h := http.Header{}
	sign(s.a, h)
	call := upstream.Call{Access: s.a, Method: method, URL: s.root + path, Header: h, Body: body, Safe: strings.HasSuffix(path, usersBulk)}
	if strings.Contains(path, "storage") && method == http.MethodGet {
		call.Final = http.StatusInternalServerError // of a page whose storage cannot be rendered
	}
	answer, err := s.c.client.JSON(ctx, vendor, call, out)
	return answer, s.honest(ctx, err)
}

func (s site) get(ctx context.Context, path string, out any) error {
	_, err := s.do(ctx, http.MethodGet, path, nil, out)
	return err
}

// honest asks whether the token still works when the gateway says that a thing is
// not there or not allowed: for an expired token it says the same.
func (s site) honest(ctx context.Context, err error) error {
	reason := core.ReasonOf(err)
	if s.a.AuthType != core.AuthOAuth2 || reason != core.ReasonGone && reason != core.ReasonForbidden {
		return err
	}
	if _, own := s.c.resources(ctx, s.a); own != nil {
		return own
	}
	return err
}

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// when reads a time of either version.
func when(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
