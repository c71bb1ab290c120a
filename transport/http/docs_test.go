package httpapi

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"testing"
)

func TestDocs_LoadNothingFromOutside(t *testing.T) {
	t.Parallel()
	srv := bare(t, io.Discard)
	resp := send(t, "GET", srv.URL+"/docs", nil)
	page, _ := io.ReadAll(resp.Body)
	policy := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self';", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %s", policy, want)
		}
	}
	refs := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(string(page), -1)
	if len(refs) < 4 {
		t.Fatalf("%d references in the page, want its scripts and style sheets", len(refs))
	}
	for _, ref := range refs {
		if ref[1] == "data:," {
			continue
		}
		if !strings.HasPrefix(ref[1], "/") || strings.HasPrefix(ref[1], "//") {
			t.Errorf("the page refers to %s", ref[1])
			continue
		}
		if got := send(t, "GET", srv.URL+ref[1], nil).StatusCode; got != 200 {
			t.Errorf("%s answers %d", ref[1], got)
		}
	}
	script, _ := io.ReadAll(send(t, "GET", srv.URL+"/docs/docs.js", nil).Body)
	if !strings.Contains(string(script), "validatorUrl: null") || strings.Contains(string(script), "http") {
		t.Errorf("the start script may load from outside: %s", script)
	}
}

func TestDocs_Assets(t *testing.T) {
	t.Parallel()
	srv := bare(t, io.Discard)
	url := srv.URL + "/docs/swagger-ui-bundle.js"
	plain, err := io.ReadAll(send(t, "GET", url, nil, "Accept-Encoding", "gzip;q=0, identity").Body)
	if err != nil {
		t.Fatal(err)
	}
	resp := send(t, "GET", url, nil, "Accept-Encoding", "br, gzip")
	if resp.Header.Get("Content-Encoding") != "gzip" || resp.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Fatalf("headers %v", resp.Header)
	}
	z, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil || string(unpacked) != string(plain) || len(plain) < 1<<20 {
		t.Errorf("%d bytes unpacked, %d plain, %v: want the same", len(unpacked), len(plain), err)
	}
	again := send(t, "GET", url, nil, "Accept-Encoding", "gzip", "If-None-Match", resp.Header.Get("ETag"))
	if again.StatusCode != 304 || again.Header.Get("Content-Encoding") != "" {
		t.Errorf("%d, want 304", again.StatusCode)
	}
	if got := send(t, "GET", srv.URL+"/docs/LICENSE", nil).StatusCode; got != 404 {
		t.Errorf("%d for a file that is not listed, want 404", got)
	}
}

func TestDocs_OpenAPIIsServed(t *testing.T) {
	t.Parallel()
	srv := bare(t, io.Discard)
	var doc struct {
		OpenAPI string         `json:"openapi"`
		Paths   map[string]any `json:"paths"`
	}
	if err := json.NewDecoder(send(t, "GET", srv.URL+"/openapi.json", nil).Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Paths["/openapi.yaml"] == nil || doc.Paths["/v1/jobs/{id}/retry"] == nil {
		t.Errorf("version %s with %d paths, want 3.1.0 with every route", doc.OpenAPI, len(doc.Paths))
	}
	text, _ := io.ReadAll(send(t, "GET", srv.URL+"/openapi.yaml", nil).Body)
	if !strings.Contains(string(text), "openapi: 3.1.0") || strings.Contains(string(text), "$schema") {
		t.Errorf("YAML of %d bytes is not the document", len(text))
	}
	home := send(t, "GET", srv.URL+"/", nil)
	if home.StatusCode != 302 || home.Header.Get("Location") != "/docs" {
		t.Errorf("/ answers %d to %q, want 302 to /docs", home.StatusCode, home.Header.Get("Location"))
	}
}
