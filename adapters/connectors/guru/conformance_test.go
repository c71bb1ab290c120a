package guru_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/guru"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestConnector_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunConnector(t, func(t *testing.T) coretest.ConnectorWorld {
		fake := fakes.NewGuru(fakes.Config{Token: coretest.VendorToken})
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		cfg := guru.Config{BaseURL: server.URL}
		cfg.Upstream.Trusted = []string{server.URL}
		collection := fake.AddCollection("Crew")
		edit := func(id string, change func(string) string) {
			content, _ := fake.Content(id)
			fake.Edit(id, change(content))
		}
		return coretest.ConnectorWorld{
			Connector: guru.New(cfg), Parent: collection,
			Access: core.Access{AuthType: core.AuthAPIToken, Token: core.NewSecret(coretest.VendorToken), Config: core.IntegrationConfig{Email: fakes.GuruEmail}},
			Make: func(_ *testing.T, title, markdown string) string {
				return fake.AddCard(fakes.GuruCard{Title: title, Content: guru.HTML(markdown)})
			},
			Edit: func(_ *testing.T, id, markdown string) { fake.Edit(id, guru.HTML(markdown)) },
			Append: func(_ *testing.T, id, markdown string) {
				edit(id, func(s string) string { return s + guru.HTML(markdown) })
			},
			Replace: func(_ *testing.T, id, old, text string) {
				edit(id, func(s string) string { return strings.ReplaceAll(s, old, text) })
			},
			Archive: func(_ *testing.T, id string) { fake.Archive(id) },
			Hide:    func(_ *testing.T, id string) { fake.Hide(id, true) },
			Pages:   func(*testing.T) int { return len(fake.Cards()) },
			Fail: func(f coretest.VendorFault, after int) {
				fake.Heal()
				fake.Fail(rules(f, after, "GET /api/v1/search/query")...)
			},
			Calls: func() int { return len(fake.Calls()) },
			Wrote: func() int { return len(fake.Writes()) },
		}
	})
}

func TestAuthorizer_Conformance(t *testing.T) {
	t.Parallel()
	coretest.RunAuthorizer(t, func(t *testing.T) coretest.AuthorizerWorld {
		fake := fakes.NewGuru(fakes.Config{})
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		cfg := guru.Config{BaseURL: server.URL, ClientID: "client-id", ClientSecret: core.NewSecret("client-secret")}
		cfg.Upstream.Trusted = []string{server.URL}
		return coretest.AuthorizerWorld{
			Connector: guru.New(cfg),
			Agree:     func(t *testing.T, address string) (code, state string) { return agree(t, address) },
			Withdraw:  func(*testing.T) { fake.Revoke() },
		}
	})
}

// agree follows the address as the user's browser does.
func agree(t *testing.T, address string) (code, state string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return back.Query().Get("code"), back.Query().Get("state")
}

// rules are a fault of the suite as the fakes have it; part is what lists a part.
func rules(f coretest.VendorFault, after int, part string) []fakes.Rule {
	r := fakes.Rule{After: after, Times: -1, RetryAfter: coretest.VendorRetryAfter}
	switch f {
	case coretest.VendorWorks:
		return nil
	case coretest.VendorLimited:
		r.Fault = fakes.Busy
	case coretest.VendorDown:
		r.Fault, r.RetryAfter = fakes.Unavailable, 0
	case coretest.VendorHalfJSON:
		r.Fault = fakes.HalfBody
	case coretest.VendorSlowBody:
		r.Fault = fakes.StuckBody
	case coretest.VendorTokenRefused:
		r.Fault, r.RetryAfter = fakes.Expired, 0
	case coretest.VendorLostPart:
		r.Fault, r.On, r.RetryAfter = fakes.NotFound, part, 0
	case coretest.VendorEmptyPage:
		r.Fault = fakes.EmptyPage
	case coretest.VendorRepeatedCursor:
		r.Fault = fakes.RepeatedCursor
	case coretest.VendorNoCursor:
		r.Fault = fakes.NoCursor
	}
	return []fakes.Rule{r}
}
