package confluence

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/docsctl/docsctl/core"
)

// usersBulk names people by their account ids, as many as mostUsers at once.
const (
	usersBulk = "/users-bulk"
	mostUsers = 100
)

func (c cloud) users(ctx context.Context, ids []string) (map[string]string, error) {
	found := map[string]string{}
	for some := range slices.Chunk(ids, mostUsers) {
		var got struct {
			Results []struct{ AccountID, DisplayName, PublicName string }
		}
		if _, err := c.do(ctx, http.MethodPost, v2+usersBulk, map[string]any{"accountIds": some}, &got); err != nil {
			return nil, err
		}
		for _, u := range got.Results {
			found[u.AccountID] = or(u.DisplayName, u.PublicName)
		}
	}
	return found, nil
}

// userKey is how a Data Center names a user in its bodies, unless by the user's name.
var userKey = regexp.MustCompile(`^[0-9a-f]{32}$`)

// users asks for one after the other: a Data Center knows no other way.
func (c center) users(ctx context.Context, ids []string) (map[string]string, error) {
	found := map[string]string{}
	for _, id := range ids {
		by := "username"
		if userKey.MatchString(id) {
			by = "key"
		}
		var got struct{ DisplayName string }
		err := c.get(ctx, "/rest/api/user?"+url.Values{by: {id}}.Encode(), &got)
		if core.ReasonOf(err) == core.ReasonGone { // whoever it was
			continue
		}
		if err != nil {
			return nil, err
		}
		found[id] = got.DisplayName
	}
	return found, nil
}

func (c cloud) address(ctx context.Context, spaceID, title string) (string, error) {
	q := url.Values{"title": {title}, "space-id": {spaceID}, "limit": {"1"}}
	var got struct {
		Results []pageV2
		Links   links `json:"_links"`
	}
	if err := c.get(ctx, v2+"/pages?"+q.Encode(), &got); err != nil || len(got.Results) == 0 {
		return "", err
	}
	return got.Results[0].page(got.Links.Base).url, nil
}

func (c center) address(ctx context.Context, spaceID, title string) (string, error) {
	q := url.Values{"type": {"page"}, "spaceKey": {spaceID}, "title": {title}, "limit": {"1"}}
	l, err := listV1(ctx, c.site, "", "/rest/api/content?"+q.Encode(), "")
	if err != nil || len(l.pages) == 0 {
		return "", err
	}
	return l.pages[0].url, nil
}
