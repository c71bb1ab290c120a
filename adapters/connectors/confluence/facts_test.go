package confluence_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/confluence"
	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
)

func TestCapabilities_AreConfluences(t *testing.T) {
	t.Parallel()
	public := confluence.New(confluence.Config{}).Capabilities()
	if public.Name != "Confluence" || !slices.Equal(public.AuthTypes, []core.AuthType{core.AuthAPIToken}) || public.Host != "" ||
		!public.Incremental || !public.ListsRemoved || !public.Publishes || !public.Search {
		t.Errorf("got %+v", public)
	}
	c, _ := at("https://atlassian.example.com")
	if !slices.Contains(c.Capabilities().AuthTypes, core.AuthOAuth2) {
		t.Error("with a client there is no OAuth2")
	}
	u, err := url.Parse(c.Authorizer().AuthorizeURL(core.AuthorizeRequest{RedirectURL: "https://docs.example.com/back", State: "s", Verifier: "v"}))
	if err != nil || u.Host != "atlassian.example.com" || u.Path != "/authorize" {
		t.Fatalf("got %s, %v", u, err)
	}
	q := u.Query()
	scopes := q.Get("scope")
	q.Del("scope")
	if want := "audience=api.atlassian.com&client_id=CLIENT&prompt=consent&redirect_uri=https%3A%2F%2Fdocs.example.com%2Fback&response_type=code&state=s"; q.Encode() != want {
		t.Errorf("got %s, want %s", q.Encode(), want)
	}
	if want := "read:page:confluence read:space:confluence write:page:confluence read:user:confluence read:confluence-content.all search:confluence offline_access"; scopes != want {
		t.Errorf("asks for %q, want %q", scopes, want)
	}
}

// TestVerify_FindsTheAddressThatATokenWorksAt: one with scopes is refused on the site.
func TestVerify_FindsTheAddressThatATokenWorksAt(t *testing.T) {
	t.Parallel()
	fake := fakes.NewConfluence(fakes.Config{})
	fake.AddSpace("OPS", "Operations")
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	c, a := at(server.URL)
	for token, cloudID := range map[string]string{fakes.ConfluenceToken: "", fakes.ConfluenceScopedToken: fakes.ConfluenceCloudID} {
		a.Token, a.Config.BaseURL, a.Config.CloudID = core.NewSecret(token), server.URL+"/wiki/", "11223344-0000-0000-0000-000000000000" // of another site, before
		v, err := c.Verify(t.Context(), a)
		if err != nil || v.Config.CloudID != cloudID || v.Account != fakes.ConfluenceEmail {
			t.Fatalf("%s: got %+v, %v, want the cloud id %q", token, v, err, cloudID)
		}
		a.Config = v.Config
		if items := list(t, c, a, core.ListRequest{}); len(items) != 1 {
			t.Errorf("%s: %d pages with what was found out, want 1", token, len(items))
		}
	}
	a.Token, a.Config.CloudID = core.NewSecret("of nobody"), ""
	if _, err := c.Verify(t.Context(), a); core.ReasonOf(err) != core.ReasonToken {
		t.Errorf("a token of nobody: %v", err)
	}
}

// TestPublish_Retitles gives a page of ours the title that is wanted now, if it is free.
func TestPublish_Retitles(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		w := newTown(t, d, "A")
		made, err := w.make(t, "A", false)
		if err != nil {
			t.Fatal(err)
		}
		w.add("A", "Taken")
		publish := func(title string, own bool) (core.PublishOutcome, string) {
			t.Helper()
			got, err := w.Publish(t.Context(), w.access, core.Publication{
				Key: "k-1", RemoteID: made.ID, Title: title, OwnPage: own, Markdown: "Short.\n", Source: "Long", Version: 1,
			}, func(context.Context, core.RemotePage) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			f, err := w.Fetch(t.Context(), w.access, made.ID, nil)
			if err != nil {
				t.Fatal(err)
			}
			return got.Outcome, f.Title
		}
		for _, c := range []struct {
			title   string
			own     bool
			outcome core.PublishOutcome
			is      string
		}{
			{"Summary", true, core.PublishUnchanged, "Summary"}, {"Brief", true, core.PublishUpdated, "Brief"}, {"Brief", true, core.PublishUnchanged, "Brief"},
			{"Not ours to give", false, core.PublishUnchanged, "Brief"}, {"Taken", true, core.PublishUpdated, "Brief"}, {"", true, core.PublishUnchanged, "Brief"},
		} {
			if outcome, is := publish(c.title, c.own); outcome != c.outcome || is != c.is {
				t.Errorf("%q, own %v: got %s and the title %q, want %s and %q", c.title, c.own, outcome, is, c.outcome, c.is)
			}
		}
	})
}
