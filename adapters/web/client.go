// Package web reads documents from the web. Its HTTP client reaches public
// addresses only, whatever a URL, a name server or a redirect says.
package web

import (
	"net/http"

	"github.com/docsctl/docsctl/adapters/internal/egress"
)

// ClientConfig says what a client may reach. The zero value is ready to use.
type ClientConfig = egress.Config

// ErrNotPublic is returned, wrapped, by a client for an address or port that it may
// not dial. Nothing was sent.
var ErrNotPublic = egress.ErrNotPublic

// NewClient returns a client that dials public addresses only.
func NewClient(cfg ClientConfig) *http.Client { return egress.NewClient(cfg) }
