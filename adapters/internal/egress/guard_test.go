package egress_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"

	"github.com/docsctl/docsctl/adapters/internal/egress"
)

func get(ctx context.Context, c *http.Client, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func TestClient_DialsTrustedHostsOnlyUnderTheirName(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	trusting := egress.NewClient(egress.Config{Trusted: []string{u.Host}})
	if err := get(t.Context(), trusting, s.URL); err != nil {
		t.Errorf("the trusted host: %v", err)
	}
	for _, other := range []string{"http://localhost:" + u.Port(), "http://[::ffff:127.0.0.1]:" + u.Port(), "http://[64:ff9b::7f00:1]:" + u.Port()} {
		if err := get(t.Context(), trusting, other); !errors.Is(err, egress.ErrNotPublic) {
			t.Errorf("%s: got %v, want it refused", other, err)
		}
	}
	if err := get(t.Context(), egress.NewClient(egress.Config{}), s.URL); !errors.Is(err, egress.ErrNotPublic) {
		t.Errorf("without trust: got %v, want it refused", err)
	}
}

func TestClient_ChecksWhatARedirectLeadsTo(t *testing.T) {
	t.Parallel()
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect's target was asked") }))
	t.Cleanup(inner.Close)
	s := httptest.NewServer(http.RedirectHandler(inner.URL, http.StatusFound))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := get(t.Context(), egress.NewClient(egress.Config{Trusted: []string{u.Host}}), s.URL); !errors.Is(err, egress.ErrNotPublic) {
		t.Errorf("got %v, want the target refused", err)
	}
}

func TestIsPublic(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{
		"1.1.1.1": true, "8.8.8.8": true, "93.184.216.34": true, "172.15.0.1": true, "172.32.0.1": true, "100.63.0.1": true,
		"100.128.0.1": true, "198.17.0.1": true, "2606:4700:4700::1111": true, "2a00:1450:4001::1": true, "::ffff:8.8.8.8": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.1.2.3": false, "100.64.0.1": false, "100.127.255.255": false, "127.0.0.1": false,
		"127.255.255.255": false, "169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.1": false,
		"192.0.2.1": false, "192.88.99.1": false, "192.168.255.255": false, "198.18.0.1": false, "198.19.255.255": false,
		"198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::127.0.0.1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:0:7f00:1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::808:808": false, "64:ff9b:1::1": false, "100::1": false, "2001::1": false, "2001:10::1": false,
		"2001:20::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false, "5f00::1": false, "fc00::1": false,
		"fd12::1": false, "fe80::1": false, "fe80::1%eth0": false, "2606:4700::1%eth0": false, "fec0::1": false, "ff02::1": false,
	} {
		if got := egress.IsPublic(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %v, want %v", addr, got, want)
		}
	}
	if egress.IsPublic(netip.Addr{}) {
		t.Error("got the zero address public, want it refused")
	}
}
