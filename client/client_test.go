package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/client"
)

// answering is a server that answers everything alike, to who has the token.
func answering(t *testing.T, status int, body string) *client.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer secret" {
			t.Errorf("Authorization: got %q", got)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	c, err := client.New(s.URL+"/", "secret")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClient_ReadsAJob(t *testing.T) {
	t.Parallel()
	c := answering(t, 200, `{"id":"x","status":"pending","error_code":null,"waiting":{"reason":"queue","position":2,"until":null,"message":"It waits."}}`)
	j, err := c.Job(t.Context(), "x")
	if err != nil || j.Status != "pending" || j.Waiting == nil || *j.Waiting.Position != 2 {
		t.Errorf("got %+v, %v", j, err)
	}
}

func TestClient_TellsWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, code string
	}{
		"the server":     {`{"error":{"code":"NOT_FOUND","message":"job not found","request_id":"r"}}`, "NOT_FOUND"},
		"something else": {`<html>gateway</html>`, "UNAVAILABLE"},
	} {
		_, err := answering(t, 404, c.body).Job(t.Context(), "x")
		if e, ok := errors.AsType[*client.Error](err); !ok || e.Code != c.code || e.Status != 404 || strings.Contains(err.Error(), "<html>") {
			t.Errorf("%s: got %v, want %s", name, err, c.code)
		}
	}
	if _, err := answering(t, 200, `<html>`).Job(t.Context(), "x"); err == nil {
		t.Error("an answer that is no job: got no error")
	}
	if _, err := client.New("docs.example.org", ""); err == nil {
		t.Error("an address without a scheme: got no error")
	}
}
