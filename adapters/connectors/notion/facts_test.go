package notion_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/notion"
	"github.com/docsctl/docsctl/core"
)

func TestCapabilities_AreNotions(t *testing.T) {
	t.Parallel()
	public := notion.New(notion.Config{}).Capabilities()
	if public.Name != "Notion" || public.Host != "https://api.notion.com" || !slices.Equal(public.AuthTypes, []core.AuthType{core.AuthAPIToken}) ||
		!public.Incremental || !public.ListsRemoved || !public.Publishes || !public.Search || public.EditGrain != time.Minute {
		t.Errorf("got %+v", public)
	}
	c, _ := at("https://notion.example.com/v1/")
	u, err := url.Parse(c.Authorizer().AuthorizeURL(core.AuthorizeRequest{RedirectURL: "https://docs.example.com/back", State: "s", Verifier: "v"}))
	if err != nil || u.Host != "notion.example.com" || u.Path != "/v1/oauth/authorize" ||
		u.RawQuery != "client_id=client-id&owner=user&redirect_uri=https%3A%2F%2Fdocs.example.com%2Fback&response_type=code&state=s" {
		t.Errorf("got %s, %v", u, err)
	}
}
