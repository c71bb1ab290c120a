package vendortest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/vendortest"
)

func TestTraffic_OfAnswersThatFitTheLastIsGiven(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "its own") }))
	t.Cleanup(server.Close)
	address, traffic := vendortest.Tap(t, server.URL)
	get := func(path, want string) {
		t.Helper()
		resp, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
		}
	}
	for range 20 { // in an order that changed from run to run one of them would fail
		traffic.Answer("GET /pages/1", "one")
		traffic.Answer("GET /pages/*", "any")
		get("/pages/1", "any")
		traffic.Answer("GET /pages/1", "one")
		get("/pages/1", "one")
		get("/pages/2", "any")
	}
	get("/blocks", "its own")
	traffic.Want(t, "the last call", append(repeated(20, "GET /pages/1", "GET /pages/1", "GET /pages/2"), "GET /blocks")...)
}

func repeated(n int, of ...string) (all []string) {
	for range n {
		all = append(all, of...)
	}
	return all
}
