package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrNotPublic is returned, wrapped, by a client of NewClient for an address or
// port that it may not dial. Nothing was sent.
var ErrNotPublic = errors.New("address is not public")

// Errors, wrapped in *url.Error, of redirects that a client does not follow.
var (
	ErrTooManyRedirects = errors.New("more than 5 redirects")
	ErrBadRedirect      = errors.New("redirect to what is no http or https URL")
	ErrDowngrade        = errors.New("redirect from https to http")
)

// Config says what a client may reach. The zero value is ready to use.
type Config struct {
	// AllowPrivate lifts the check of addresses and ports, for installations that
	// read from their own network. Default: false.
	AllowPrivate bool
	// Ports are allowed besides 80 and 443. Default: none.
	Ports []int
	// Trusted are hosts with a port, as they stand in a URL, that the operator named:
	// they are dialled whatever their address is. Default: none.
	Trusted []string
	// Timeout bounds a whole request with its redirects and its body. Default: 60 s.
	Timeout time.Duration
	// TLS holds other roots than the system's, or a client certificate. Default: nil.
	TLS *tls.Config
}

const (
	dialTimeout    = 10 * time.Second
	tlsTimeout     = 10 * time.Second
	headerTimeout  = 30 * time.Second
	defaultTimeout = 60 * time.Second
	maxRedirects   = 5
	maxHeaderBytes = 256 << 10
)

// NewClient returns a client that dials public addresses only. It checks the
// address of each connection after the name was resolved, so that neither another
// spelling nor a name that changes its address gets by. It takes no proxy from
// the environment, keeps no cookies, follows at most five redirects, none from
// https to http, and sends credentials to the first host only.
func NewClient(cfg Config) *http.Client {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	g := guard{allowPrivate: cfg.AllowPrivate, ports: cfg.Ports}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, ControlContext: g.control}
	return &http.Client{
		Timeout:       cfg.Timeout,
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would dial in our place, unchecked
			DialContext:            dial(dialer, cfg.Trusted),
			TLSClientConfig:        cfg.TLS.Clone(),
			TLSHandshakeTimeout:    tlsTimeout,
			ResponseHeaderTimeout:  headerTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           100,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        time.Minute,
		},
	}
}

// dial lets the trusted hosts by the dialer's guard.
func dial(guarded *net.Dialer, trusted []string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if slices.Contains(trusted, addr) {
			return plain.DialContext(ctx, network, addr)
		}
		return guarded.DialContext(ctx, network, addr)
	}
}

// guard refuses connections. It holds no state.
type guard struct {
	allowPrivate bool
	ports        []int
}

// control is called with the address that is about to be dialled.
func (g guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if g.allowPrivate {
		return nil
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return ErrNotPublic
	}
	if port := int(ap.Port()); port != 80 && port != 443 && !slices.Contains(g.ports, port) {
		return ErrNotPublic
	}
	if !IsPublic(ap.Addr()) {
		return ErrNotPublic
	}
	return nil
}

// notPublic are the ranges that IANA's special-purpose registries keep from the
// public internet, and those that embed an IPv4 address, which would lead there.
var notPublic = prefixes(
	"0.0.0.0/8",         // this network
	"10.0.0.0/8",        // private
	"100.64.0.0/10",     // carriers' NAT
	"127.0.0.0/8",       // loopback
	"169.254.0.0/16",    // link-local, cloud metadata
	"172.16.0.0/12",     // private
	"192.0.0.0/24",      // protocol assignments
	"192.0.2.0/24",      // documentation
	"192.31.196.0/24",   // AS112
	"192.52.193.0/24",   // AMT
	"192.88.99.0/24",    // 6to4 relays
	"192.168.0.0/16",    // private
	"192.175.48.0/24",   // AS112
	"198.18.0.0/15",     // benchmarks
	"198.51.100.0/24",   // documentation
	"203.0.113.0/24",    // documentation
	"224.0.0.0/4",       // multicast
	"240.0.0.0/4",       // reserved, broadcast
	"::/3",              // unspecified, loopback, IPv4 embedded, NAT64, discard
	"2001::/23",         // protocol assignments, Teredo, ORCHID, benchmarks
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4
	"2620:4f:8000::/48", // AS112
	"3fff::/20",         // documentation
	"4000::/2",          // not assigned
	"8000::/1",          // not assigned, unique and link-local, multicast
)

func prefixes(cidrs ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(cidrs))
	for i, s := range cidrs {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// IsPublic reports whether an address is one of the public internet. An address
// with a zone is not; an IPv4 address in IPv6 form is what the IPv4 address is.
func IsPublic(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}

// checkRedirect decides on a redirect. net/http drops Authorization and Cookie
// when the host changes, but keeps them for subdomains and drops no other header.
func checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return ErrTooManyRedirects
	case IsNumeric(req.URL.Hostname()):
		return ErrNotPublic
	case !IsWeb(req.URL):
		return ErrBadRedirect
	case last.URL.Scheme == "https" && req.URL.Scheme == "http":
		return ErrDowngrade
	}
	// Once another host was on the way, it chose where the request goes.
	if slices.ContainsFunc(append(via[1:len(via):len(via)], req), func(r *http.Request) bool { return !SameHost(via[0].URL, r.URL) }) {
		for name := range req.Header {
			if !isHarmless(name) {
				req.Header.Del(name)
			}
		}
	}
	// The address of the page before may hold a secret in its query.
	req.Header.Del("Referer")
	return nil
}

// isHarmless is for headers that may go to any host. All others may hold a
// secret: vendors have their own names for keys.
func isHarmless(name string) bool {
	switch name {
	case "Accept", "Accept-Language", "User-Agent", "Content-Type", "Range":
		return true
	}
	return false
}

// IsWeb reports whether a URL is one of http or https, without user and password.
func IsWeb(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil
}

// IsNumeric reports whether a host is an IPv4 address in another form than four
// decimal numbers: some resolvers read 2130706433, 0x7f.1 and 0177.0.0.1 as
// loopback. No name ends in a number.
func IsNumeric(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	host = strings.TrimSuffix(host, ".")
	label := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// SameHost reports whether two URLs lead to one scheme, host and port.
func SameHost(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}
