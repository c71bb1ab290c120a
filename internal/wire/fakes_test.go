package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/transport/cli"
)

func TestFakes_RunUntilToldToEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- runFakes(ctx, cli.Fakes{Listen: "127.0.0.1:0", Faults: []string{"notion failed"}}, func(text string) error {
			told <- text
			return nil
		})
	}()
	var text string
	select {
	case text = <-told:
	case err := <-ended:
		t.Fatalf("ended before it told anything: %v", err)
	}
	base := map[string]string{}
	for _, m := range regexp.MustCompile(`export DOCSCTL_(\w+)_BASE_URL=(\S+)`).FindAllStringSubmatch(text, -1) {
		base[m[1]] = m[2]
	}
	ask := func(path string, sign func(*http.Request)) (int, string) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		sign(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	asNotion := func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+fakes.NotionToken)
		r.Header.Set("Notion-Version", "2025-09-03")
	}
	if status, _ := ask(base["NOTION"]+"/v1/users/me", asNotion); status != http.StatusInternalServerError {
		t.Errorf("Notion answers %d, want the fault that was asked for", status)
	}
	if status, body := ask(base["NOTION"]+"/v1/users/me", asNotion); status != http.StatusOK {
		t.Errorf("Notion answers %d %s", status, body)
	}
	status, body := ask(base["GURU"]+"/api/v1/collections", func(r *http.Request) { r.SetBasicAuth(fakes.GuruEmail, fakes.GuruToken) })
	if status != http.StatusOK || !strings.Contains(body, "Passengers") {
		t.Errorf("Guru answers %d %s", status, body)
	}
	status, body = ask(base["CONFLUENCE"]+"/wiki/api/v2/spaces", func(r *http.Request) { r.SetBasicAuth(fakes.ConfluenceEmail, fakes.ConfluenceToken) })
	if status != http.StatusOK || !strings.Contains(body, "Operations") {
		t.Errorf("Confluence answers %d %s", status, body)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
