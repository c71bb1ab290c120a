package web_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"testing"

	"github.com/docsctl/docsctl/adapters/web"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestFetcher_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunFetcher(t, func(t *testing.T, public []string) core.Fetcher {
		return web.New(web.Config{Client: guardedBut(t, web.ClientConfig{}, public...)})
	})
}

// guardedBut returns a client as in production that takes the given addresses as
// public ones: the tests' own servers are all on loopback.
func guardedBut(t *testing.T, cfg web.ClientConfig, public ...string) *http.Client {
	client := web.NewClient(cfg)
	transport := client.Transport.(*http.Transport)
	guarded := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if slices.Contains(public, addr) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		return guarded(ctx, network, addr)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return client
}
