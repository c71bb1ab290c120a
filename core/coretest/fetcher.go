package coretest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// RunFetcher checks every promise of core.Fetcher against servers of its own.
// open returns a fetcher that dials the addresses in public, host:port, as if
// they were public, and guards all others as it does in production.
func RunFetcher(t *testing.T, open func(t *testing.T, public []string) core.Fetcher) {
	cases := []struct {
		name string
		fn   func(*testing.T, *fetcherWorld)
	}{
		{"PageIsReturnedOpen", fetcherReturnsPage},
		{"RedirectsAreFollowed", fetcherFollowsRedirects},
		{"OtherURLsAreInvalid", fetcherRefusesURLs},
		{"OtherAnswersAreIntegrationErrors", fetcherRefusesAnswers},
		{"UnreachableServerIsAnIntegrationError", fetcherReportsUnreachable},
		{"PrivateAddressIsNotDialled", fetcherGuardsAddresses},
		{"RedirectToPrivateAddressIsNotDialled", fetcherGuardsRedirects},
		{"EndedContextEndsIt", fetcherHonoursContext},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newFetcherWorld(t)
			w.fetcher = open(t, []string{w.public.Listener.Addr().String(), w.closed})
			c.fn(t, w)
		})
	}
	t.Logf("RunFetcher: %d cases", len(cases))
}

// fetcherWorld is a server that counts as public and one that does not.
type fetcherWorld struct {
	fetcher         core.Fetcher
	public, private *httptest.Server
	closed          string // an address that counts as public; nobody listens
}

func newFetcherWorld(t *testing.T) *fetcherWorld {
	w := &fetcherWorld{}
	w.private = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the private server was reached")
	}))
	t.Cleanup(w.private.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("/docs/page.md", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/markdown; charset=utf-8")
		_, _ = io.WriteString(rw, "# A page\n")
	})
	mux.Handle("/moved", http.RedirectHandler("/docs/page.md", http.StatusFound))
	mux.Handle("/inside", http.RedirectHandler(w.private.URL, http.StatusFound))
	mux.HandleFunc("/failed", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/none", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) })
	w.public = httptest.NewServer(mux)
	t.Cleanup(w.public.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.closed = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

func fetcherReturnsPage(t *testing.T, w *fetcherWorld) {
	wantPage(t, w, w.public.URL+"/docs/page.md")
}

func fetcherFollowsRedirects(t *testing.T, w *fetcherWorld) {
	wantPage(t, w, w.public.URL+"/moved")
}

// wantPage checks the page of the public server, however it was reached.
func wantPage(t *testing.T, w *fetcherWorld, url string) {
	t.Helper()
	f, err := w.fetcher.Fetch(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f.Body)
	if err != nil || string(b) != "# A page\n" {
		t.Errorf("got %q, %v, want the page", b, err)
	}
	if f.Name != "page.md" || f.MediaType != "text/markdown; charset=utf-8" || f.SourceURL != w.public.URL+"/docs/page.md" {
		t.Errorf("got name %q, type %q, source %q, want those of /docs/page.md", f.Name, f.MediaType, f.SourceURL)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func fetcherRefusesURLs(t *testing.T, w *fetcherWorld) {
	for _, url := range []string{
		"", "page.md", "/docs/page.md", "http://", "https:///page", "http:page", "ftp://example.org/a", "file:///etc/hosts",
		"data:text/plain,words", "javascript:void(0)", "http://[::1", "http://a b/", "http://example.org:port/",
		"http://user:secret@example.org/", "https://example.org/" + strings.Repeat("a", 100_000), "http://\x00/", "\xff",
	} {
		f, err := w.fetcher.Fetch(t.Context(), url)
		if f != nil {
			t.Errorf("got a file, want none")
		}
		mustRefuseField(t, err, "url", "")
	}
}

func fetcherRefusesAnswers(t *testing.T, w *fetcherWorld) {
	for path, status := range map[string]string{"/missing": "404", "/failed": "500", "/none": "204"} {
		_, err := w.fetcher.Fetch(t.Context(), w.public.URL+path)
		mustFailWith(t, err, core.CodeIntegration)
		if e := core.AsError(err); e == nil || !strings.Contains(e.Message, status) {
			t.Errorf("got %v, want a message with %s", err, status)
		}
	}
}

func fetcherReportsUnreachable(t *testing.T, w *fetcherWorld) {
	_, err := w.fetcher.Fetch(t.Context(), "http://"+w.closed+"/")
	mustFailWith(t, err, core.CodeIntegration)
}

func fetcherGuardsAddresses(t *testing.T, w *fetcherWorld) {
	_, port, err := net.SplitHostPort(w.private.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
		"2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "10.0.0.1", "172.16.0.1", "192.168.0.1",
		"169.254.169.254", "100.64.0.1", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255",
	} {
		for _, url := range []string{"http://" + host + ":" + port + "/", "http://" + host + "/"} {
			_, err := w.fetcher.Fetch(t.Context(), url)
			mustRefuseField(t, err, "url", "public_address")
		}
	}
}

func fetcherGuardsRedirects(t *testing.T, w *fetcherWorld) {
	_, err := w.fetcher.Fetch(t.Context(), w.public.URL+"/inside")
	mustRefuseField(t, err, "url", "public_address")
}

func fetcherHonoursContext(t *testing.T, w *fetcherWorld) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.fetcher.Fetch(ctx, w.public.URL+"/docs/page.md")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
