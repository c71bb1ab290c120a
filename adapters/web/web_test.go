package web_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/docsctl/docsctl/adapters/web"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/internal/testenv"
)

func TestNewClient_DialsAllowedPortsOnly(t *testing.T) {
	t.Parallel()
	client := web.NewClient(web.ClientConfig{Ports: []int{8443}})
	transport := client.Transport.(*http.Transport)
	if transport.Proxy != nil {
		t.Error("got a proxy, want none")
	}
	for _, addr := range []string{"8.8.8.8:22", "8.8.8.8:0", "127.0.0.1:8443"} {
		conn, err := transport.DialContext(t.Context(), "tcp", addr)
		if conn != nil {
			_ = conn.Close()
		}
		if !errors.Is(err, web.ErrNotPublic) {
			t.Errorf("%s: got %v, want %v", addr, err, web.ErrNotPublic)
		}
	}
}

func TestNewClient_AllowPrivateLiftsTheCheck(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "words") }))
	defer srv.Close()
	for _, allow := range []bool{false, true} {
		f, err := web.New(web.Config{Client: web.NewClient(web.ClientConfig{AllowPrivate: allow})}).Fetch(t.Context(), srv.URL)
		if allow != (err == nil) {
			t.Errorf("allowed %v: got %v", allow, err)
		}
		if err == nil {
			_ = f.Close()
		}
	}
}

func TestFetch_Redirects(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/hop/{n}", func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.PathValue("n"), &n)
		if n == 0 {
			_, _ = io.WriteString(w, "words")
			return
		}
		http.Redirect(w, r, fmt.Sprintf("/hop/%d", n-1), http.StatusFound)
	})
	mux.Handle("/file", http.RedirectHandler("file:///etc/hosts", http.StatusFound))
	mux.Handle("/userinfo", http.RedirectHandler("http://a:b@example.org/", http.StatusFound))
	mux.Handle("/decimal", http.RedirectHandler("http://2130706433/", http.StatusFound))
	mux.Handle("/mapped", http.RedirectHandler("http://[::ffff:127.0.0.1]/", http.StatusFound))
	mux.Handle("/name", http.RedirectHandler("http://localhost/", http.StatusFound))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	f := web.New(web.Config{Client: guardedBut(t, web.ClientConfig{}, srv.Listener.Addr().String())})
	for path, want := range map[string]core.Code{
		"/hop/5": "", "/hop/6": core.CodeIntegration, "/file": core.CodeIntegration, "/userinfo": core.CodeIntegration,
		"/decimal": core.CodeValidation, "/mapped": core.CodeValidation, "/name": core.CodeValidation,
	} {
		got, err := f.Fetch(t.Context(), srv.URL+path)
		if core.CodeOf(err) != want {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
		if err == nil {
			_ = got.Close()
		}
	}
}

func TestFetch_RefusesToLeaveHTTPS(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the plain server was reached") }))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	roots := secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client := guardedBut(t, web.ClientConfig{TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		plain.Listener.Addr().String(), secure.Listener.Addr().String())
	_, err := web.New(web.Config{Client: client}).Fetch(t.Context(), secure.URL)
	if core.CodeOf(err) != core.CodeIntegration || !strings.Contains(core.AsError(err).Message, "from https to http") {
		t.Errorf("got %v, want the downgrade refused", err)
	}
}

func TestNewClient_SendsSecretsToTheFirstHostOnly(t *testing.T) {
	t.Parallel()
	seen := map[string]http.Header{} // by path; requests follow each other
	var first, second *httptest.Server
	record := func(to func() string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			seen[r.URL.Path] = r.Header.Clone()
			if to != nil && r.URL.Path != "/end" {
				http.Redirect(w, r, to(), http.StatusFound)
			}
		}
	}
	first = httptest.NewServer(record(func() string { return second.URL + "/other" }))
	defer first.Close()
	second = httptest.NewServer(record(func() string { return first.URL + "/end" }))
	defer second.Close()
	client := guardedBut(t, web.ClientConfig{}, first.Listener.Addr().String(), second.Listener.Addr().String())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, first.URL+"/start?token=secret", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Authorization", "Cookie", "X-Api-Key"} {
		req.Header.Set(name, "secret")
	}
	req.Header.Set("User-Agent", "reader")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if seen["/start"].Get("X-Api-Key") != "secret" {
		t.Errorf("got %v at the first host, want the key", seen["/start"])
	}
	for _, path := range []string{"/other", "/end"} {
		if got := seen[path]; got.Get("User-Agent") != "reader" || strings.Contains(fmt.Sprint(got), "secret") {
			t.Errorf("%s: got %v, want the user agent and no secret", path, got)
		}
	}
}

func TestFetch_BoundsTheBody(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chunked/101" || r.URL.Path == "/chunked/100" {
			w.(http.Flusher).Flush()
		}
		var n int
		_, _ = fmt.Sscan(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], &n)
		if r.URL.Path == "/broken/50" {
			w.Header().Set("Content-Length", "60")
		}
		_, _ = io.WriteString(w, strings.Repeat("a", n))
	}))
	defer srv.Close()
	f := web.New(web.Config{MaxBytes: 100, Client: guardedBut(t, web.ClientConfig{}, srv.Listener.Addr().String())})
	for path, want := range map[string]core.Code{
		"/sized/100": "", "/sized/101": core.CodePayloadTooLarge, "/chunked/100": "", "/chunked/101": core.CodePayloadTooLarge,
		"/sized/0": "", "/broken/50": core.CodeIntegration,
	} {
		got, err := f.Fetch(t.Context(), srv.URL+path)
		if err == nil {
			var b []byte
			b, err = io.ReadAll(iotest.OneByteReader(got.Body))
			_ = got.Close()
			if len(b) > 100 {
				t.Errorf("%s: got %d bytes, want at most 100", path, len(b))
			}
		}
		if core.CodeOf(err) != want {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

func TestFetch_Names(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Disposition"] = r.URL.Query()["d"]
		_, _ = io.WriteString(w, "words")
	}))
	defer srv.Close()
	f := web.New(web.Config{Client: guardedBut(t, web.ClientConfig{}, srv.Listener.Addr().String())})
	for query, want := range map[string]string{
		"": "", "/": "", "/a/b.html": "b.html", "/a/": "", "/a%2Fb%5Cc.txt": "c.txt", "/%D0%B4.txt": "д.txt", "/..%2f..": "",
		"/x?d=attachment;filename=%22report.md%22":          "report.md",
		"/x?d=attachment;filename=%22../../etc/passwd%22":   "passwd",
		"/x?d=attachment;filename*=UTF-8''%25D0%25B4.md":    "д.md",
		"/x?d=attachment;filename=%22C:%5C%5Cdir%5C%5Ca.md": "x",
		"/x#part": "x",
	} {
		query = strings.ReplaceAll(query, ";", "%3B")
		got, err := f.Fetch(t.Context(), srv.URL+query)
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != want || strings.Contains(got.SourceURL, "#") {
			t.Errorf("%s: got %q of %s, want %q", query, got.Name, got.SourceURL, want)
		}
		_ = got.Close()
	}
}

func TestFetch_ErrorsHideTheURL(t *testing.T) {
	t.Parallel()
	addr, err := testenv.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	f := web.New(web.Config{Client: guardedBut(t, web.ClientConfig{}, addr)})
	for _, url := range []string{"http://" + addr + "/?token=hidden", "http://127.0.0.1/?token=hidden", "http://%zz/?token=hidden", "http://u:hidden@example.org/"} {
		if _, err := f.Fetch(t.Context(), url); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want an error without the URL", err)
		}
	}
}
