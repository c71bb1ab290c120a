package confluence

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// cloud is the second version of the API, of Confluence Cloud.
type cloud struct{ site }

const v2 = "/wiki/api/v2"

// pageV2 is a page as the second version has it.
type pageV2 struct {
	ID, Status, Title, SpaceID string
	Version                    struct {
		CreatedAt string
		Number    int
	}
	Body struct {
		Storage *struct{ Value string }
		ADF     *struct{ Value string } `json:"atlas_doc_format"`
	}
	Links struct{ WebUI, Base string } `json:"_links"`
}

// links are those of a list. Next is relative to the host and names the cursor.
type links struct {
	Next *string
	Base string
}

func (p pageV2) page(base string) page {
	out := page{
		id: p.ID, title: p.Title, status: p.Status, spaceID: p.SpaceID, version: p.Version.Number, edited: when(p.Version.CreatedAt),
	}
	if p.Links.WebUI != "" && base != "" {
		out.url = base + p.Links.WebUI
	}
	if key, _, found := strings.Cut(strings.TrimPrefix(p.Links.WebUI, "/spaces/"), "/"); found && strings.HasPrefix(p.Links.WebUI, "/spaces/") {
		out.space, out.spaceKey = key, key
	}
	if p.Body.Storage != nil {
		out.storage = &p.Body.Storage.Value
	}
	if p.Body.ADF != nil {
		out.adf = p.Body.ADF.Value
	}
	return out
}

func (c cloud) account(ctx context.Context) (string, error) {
	if c.a.AuthType == core.AuthOAuth2 {
		return c.a.Config.Account, nil // the site's name; the user's would need one more scope
	}
	return c.a.Config.Email, nil
}

// nextCursor takes the cursor out of a list's links, and out of nothing else of them:
// behind the gateway the address itself would be wrong.
func nextCursor(l links, sent string) (string, error) {
	if l.Next == nil {
		return "", nil
	}
	u, err := url.Parse(*l.Next)
	if err != nil || u.Query().Get("cursor") == "" {
		return "", vendor.Broken(errors.New("a list that goes on without a cursor"))
	}
	cursor := u.Query().Get("cursor")
	if cursor == sent {
		return "", vendor.Broken(errors.New("a list whose next cursor is the one that was sent"))
	}
	return cursor, nil
}

func (c cloud) spaces(ctx context.Context, keys []string, next string) (spaceList, error) {
	q := url.Values{"limit": {"100"}}
	if len(keys) > 0 {
		q.Set("keys", strings.Join(keys, ","))
	}
	if next != "" {
		q.Set("cursor", next)
	}
	var got struct {
		Results []struct{ ID, Key, Name string }
		Links   links `json:"_links"`
	}
	if err := c.get(ctx, v2+"/spaces?"+q.Encode(), &got); err != nil {
		return spaceList{}, err
	}
	var out spaceList
	for _, s := range got.Results {
		if checkID(s.ID) == nil {
			out.spaces = append(out.spaces, space{ID: s.ID, Key: s.Key, Name: s.Name})
		}
	}
	var err error
	out.next, err = nextCursor(got.Links, next)
	return out, err
}

func (c cloud) pages(ctx context.Context, q pageQuery, next string) (pageList, error) {
	if q.words != "" {
		return c.search(ctx, q, next)
	}
	path, query := v2+"/pages", url.Values{"limit": {strconv.Itoa(q.limit)}, "body-format": {"storage"}, "status": {"current", "archived"}}
	switch {
	case q.trashed:
		query.Del("body-format")
		query["status"] = []string{"trashed", "deleted"}
	case !q.since.IsZero():
		query.Set("sort", "-modified-date")
	case q.space != nil:
		path = v2 + "/spaces/" + q.space.ID + "/pages"
	}
	for _, s := range q.within {
		query.Add("space-id", s.ID)
	}
	if next != "" {
		query.Set("cursor", next)
	}
	var got struct {
		Results []pageV2
		Links   links `json:"_links"`
	}
	err := c.get(ctx, path+"?"+query.Encode(), &got)
	if isInternal(err) && query.Has("body-format") { // one page whose storage cannot be rendered fails the whole list
		query.Del("body-format")
		err = c.get(ctx, path+"?"+query.Encode(), &got)
	}
	if err != nil {
		return pageList{}, err
	}
	if got.Results == nil {
		return pageList{}, vendor.Broken(errors.New("a list without results"))
	}
	var out pageList
	for _, p := range got.Results {
		out.pages = append(out.pages, p.page(got.Links.Base))
	}
	if !q.since.IsZero() && !q.trashed && slices.ContainsFunc(out.pages, func(p page) bool { return p.edited.Before(q.since) }) {
		return out, nil // the rest is older still
	}
	out.next, err = nextCursor(got.Links, next)
	return out, err
}

func isInternal(err error) bool {
	e := core.AsError(err)
	if e == nil {
		return false
	}
	d, _ := e.Details.(core.UpstreamDetails)
	return d.UpstreamStatus == http.StatusInternalServerError
}

// search finds pages by words of their title with the first version, which a token
// may not be allowed; then by the whole title.
func (c cloud) search(ctx context.Context, q pageQuery, next string) (pageList, error) {
	found, err := searchV1(ctx, c.site, "/wiki", "type = page AND title ~ "+quoted(q.words+"*"), q.limit, next)
	switch core.ReasonOf(err) {
	case core.ReasonForbidden, core.ReasonGone:
		var got struct {
			Results []pageV2
			Links   links `json:"_links"`
		}
		if err := c.get(ctx, v2+"/pages?"+url.Values{"title": {q.words}}.Encode(), &got); err != nil {
			return pageList{}, err
		}
		var out pageList
		for _, p := range got.Results {
			out.pages = append(out.pages, p.page(got.Links.Base))
		}
		return out, nil
	}
	return found, err
}

// read asks for a page in the trash by its status: without, it is found or not.
func (c cloud) read(ctx context.Context, id string, withBody bool) (page, error) {
	if err := checkID(id); err != nil {
		return page{}, err
	}
	path, format := v2+"/pages/"+id, "?body-format=storage"
	if !withBody {
		format = ""
	}
	var got pageV2
	err := c.get(ctx, path+format, &got)
	if isInternal(err) && withBody {
		err = c.get(ctx, path+"?body-format=atlas_doc_format", &got)
	}
	if core.ReasonOf(err) == core.ReasonGone {
		if trash := c.get(ctx, path+"?status=trashed", &got); trash == nil {
			err = nil
		} else if core.ReasonOf(trash) != core.ReasonGone {
			err = trash
		}
	}
	if err != nil {
		return page{}, err
	}
	if got.ID == "" {
		return page{}, vendor.Broken(errors.New("a page without an id"))
	}
	return got.page(got.Links.Base), nil
}

func (c cloud) parent(ctx context.Context, id string) (parentPlace, error) {
	p, err := c.read(ctx, id, false)
	if core.ReasonOf(err) == core.ReasonGone {
		s, err := c.spaceByID(ctx, id)
		if core.ReasonOf(err) == core.ReasonGone {
			s, err = spaceByKey(ctx, c, id)
		}
		return parentPlace{space: s}, err
	}
	if err == nil && p.state() != core.RemotePresent {
		err = vendor.Gone()
	}
	return parentPlace{space: space{ID: p.spaceID}, page: id}, err
}

func (c cloud) spaceByID(ctx context.Context, id string) (space, error) {
	if err := checkID(id); err != nil {
		return space{}, err
	}
	var got struct{ ID string }
	err := c.get(ctx, v2+"/spaces/"+id, &got)
	return space{ID: got.ID}, err
}

func (c cloud) titled(ctx context.Context, in parentPlace, title string) (*page, error) {
	q := url.Values{"title": {title}, "space-id": {in.space.ID}, "status": {"current", "archived", "trashed"}, "body-format": {"storage"}}
	var got struct {
		Results []pageV2
		Links   links `json:"_links"`
	}
	if err := c.get(ctx, v2+"/pages?"+q.Encode(), &got); err != nil || len(got.Results) == 0 {
		return nil, err
	}
	p := got.Results[0].page(got.Links.Base)
	return &p, nil
}

func (c cloud) create(ctx context.Context, in parentPlace, title, storage string) (page, error) {
	body := map[string]any{
		"spaceId": in.space.ID, "status": "current", "title": title, "body": map[string]string{"representation": "storage", "value": storage},
	}
	if in.page != "" {
		body["parentId"] = in.page
	}
	var got pageV2
	if _, err := c.do(ctx, http.MethodPost, v2+"/pages", body, &got); err != nil {
		return page{}, err
	}
	if got.ID == "" {
		return page{}, vendor.Broken(errors.New("a new page without an id"))
	}
	return got.page(got.Links.Base), nil
}

func (c cloud) update(ctx context.Context, p page, title, storage string) error {
	body := map[string]any{
		"id": p.id, "status": "current", "title": title, "body": map[string]string{"representation": "storage", "value": storage},
		"version": map[string]any{"number": p.version + 1, "message": "docsctl"},
	}
	_, err := c.do(ctx, http.MethodPut, v2+"/pages/"+p.id, body, &struct{}{})
	return err
}
