package confluence

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
)

// center is the first version of the API, of a Data Center.
type center struct{ site }

var spaceKey = regexp.MustCompile(`^[~A-Za-z0-9._@-]{1,255}$`)

// pageV1 is a page as the first version has it, with what expandV1 asks for.
type pageV1 struct {
	ID, Status, Title string
	Space             struct{ Key, Name string }
	Version           struct {
		When   string
		Number int
	}
	Body struct {
		Storage *struct{ Value string }
	}
	Links struct{ WebUI, Base string } `json:"_links"`
}

const expandV1 = "version,space,body.storage"

func (p pageV1) page(base string) page {
	out := page{id: p.ID, title: p.Title, status: p.Status, space: p.Space.Name, spaceKey: p.Space.Key, spaceID: p.Space.Key, version: p.Version.Number, edited: when(p.Version.When)}
	if out.status == "" {
		out.status = "current"
	}
	if p.Links.WebUI != "" && base != "" {
		out.url = base + p.Links.WebUI
	}
	if p.Body.Storage != nil {
		out.storage = &p.Body.Storage.Value
	}
	return out
}

// listV1 reads one page of a list. next is path and query as the first version names
// them: without the context that they are below.
func listV1(ctx context.Context, s site, context, path, next string) (pageList, error) {
	if next != "" {
		if !strings.HasPrefix(next, "/rest/api/content") {
			return pageList{}, errCursor()
		}
		path = next
	}
	var got struct {
		Results []pageV1
		Links   links `json:"_links"`
	}
	err := s.get(ctx, context+path, &got)
	if isInternal(err) && strings.Contains(path, "body.storage") { // one page whose storage cannot be rendered fails the whole list
		err = s.get(ctx, context+strings.NewReplacer(",body.storage", "", "%2Cbody.storage", "").Replace(path), &got)
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
	out.next, err = nextV1(got.Links, path)
	return out, err
}

// nextV1 reads where a list goes on; what was asked for is no next page.
func nextV1(l links, asked string) (string, error) {
	if l.Next == nil {
		return "", nil
	}
	_, rest, found := strings.Cut(*l.Next, "/rest/api/")
	if !found {
		return "", vendor.Broken(errors.New("a list that goes on without saying where"))
	}
	next := "/rest/api/" + rest
	if place(next) == place(asked) {
		return "", vendor.Broken(errors.New("a list whose next page is the one that was asked for"))
	}
	return next, nil
}

// place is what tells one page of a list from another.
func place(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	q := u.Query()
	return q.Get("cursor") + " " + strconv.Itoa(atoi(q.Get("start"))) + " " + q.Get("limit")
}

// quoted writes a text as a string of CQL.
func quoted(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }

func searchV1(ctx context.Context, s site, context, cql string, limit int, next string) (pageList, error) {
	path := "/rest/api/content/search?" + url.Values{"cql": {cql}, "expand": {expandV1}, "limit": {strconv.Itoa(limit)}}.Encode()
	return listV1(ctx, s, context, path, next)
}

func (c center) account(ctx context.Context) (string, error) {
	var me struct{ DisplayName string }
	return me.DisplayName, c.get(ctx, "/rest/api/user/current", &me)
}

func (c center) spaces(ctx context.Context, keys []string, next string) (spaceList, error) {
	path := "/rest/api/space?" + url.Values{"limit": {"100"}, "spaceKey": keys}.Encode()
	if next != "" {
		if !strings.HasPrefix(next, "/rest/api/space") {
			return spaceList{}, errCursor()
		}
		path = next
	}
	var got struct {
		Results []struct{ Key, Name string }
		Links   links `json:"_links"`
	}
	if err := c.get(ctx, path, &got); err != nil {
		return spaceList{}, err
	}
	var out spaceList
	for _, s := range got.Results {
		if spaceKey.MatchString(s.Key) {
			out.spaces = append(out.spaces, space{ID: s.Key, Key: s.Key, Name: s.Name})
		}
	}
	var err error
	out.next, err = nextV1(got.Links, path)
	return out, err
}

// farthestZone is how far a user's zone may be from UTC: CQL compares times in it,
// and a Data Center does not say which it is.
const farthestZone = 15 * time.Hour

func (c center) pages(ctx context.Context, q pageQuery, next string) (pageList, error) {
	if q.words != "" {
		return searchV1(ctx, c.site, "", "type = page AND title ~ "+quoted(q.words+"*"), q.limit, next)
	}
	if !q.since.IsZero() && !q.trashed {
		cql := "type = page AND lastmodified >= " + quoted(q.since.Add(-farthestZone).UTC().Format("2006-01-02 15:04"))
		if keys := keysOf(q.within); keys != "" {
			cql += " AND space in (" + keys + ")"
		}
		return searchV1(ctx, c.site, "", cql+" ORDER BY lastmodified ASC", q.limit, next)
	}
	query := url.Values{"type": {"page"}, "status": {"current"}, "expand": {expandV1}, "start": {"0"}, "limit": {strconv.Itoa(q.limit)}}
	if q.trashed {
		query.Set("status", "trashed")
		query.Set("expand", "version,space")
	}
	if q.space != nil {
		query.Set("spaceKey", q.space.Key)
	}
	l, err := listV1(ctx, c.site, "", "/rest/api/content?"+query.Encode(), next)
	if q.trashed && len(q.within) > 0 {
		l.pages = within(l.pages, q.within)
	}
	return l, err
}

// within keeps pages of the spaces.
func within(pages []page, spaces []space) []page {
	keys := map[string]bool{}
	for _, s := range spaces {
		keys[s.Key] = true
	}
	var out []page
	for _, p := range pages {
		if keys[p.spaceID] {
			out = append(out, p)
		}
	}
	return out
}

func keysOf(spaces []space) string {
	var keys []string
	for _, s := range spaces {
		keys = append(keys, quoted(s.Key))
	}
	return strings.Join(keys, ", ")
}

func (c center) read(ctx context.Context, id string, withBody bool) (page, error) {
	if err := checkID(id); err != nil {
		return page{}, err
	}
	expand := expandV1
	if !withBody {
		expand = "version,space"
	}
	path := "/rest/api/content/" + id + "?expand=" + expand
	var got pageV1
	err := c.get(ctx, path, &got)
	if core.ReasonOf(err) == core.ReasonGone {
		if trash := c.get(ctx, path+"&status=trashed", &got); trash == nil {
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

func (c center) parent(ctx context.Context, id string) (parentPlace, error) {
	p, err := c.read(ctx, id, false)
	if core.ReasonOf(err) == core.ReasonGone {
		s, err := spaceByKey(ctx, c, id)
		return parentPlace{space: s}, err
	}
	if err == nil && p.state() != core.RemotePresent {
		err = vendor.Gone()
	}
	return parentPlace{space: space{Key: p.spaceID}, page: id}, err
}

func (c center) titled(ctx context.Context, in parentPlace, title string) (*page, error) {
	for _, status := range []string{"any", "trashed"} {
		q := url.Values{"type": {"page"}, "spaceKey": {in.space.Key}, "title": {title}, "status": {status}, "expand": {expandV1}}
		l, err := listV1(ctx, c.site, "", "/rest/api/content?"+q.Encode(), "")
		if err != nil {
			return nil, err
		}
		if len(l.pages) > 0 {
			return &l.pages[0], nil
		}
	}
	return nil, nil // there is none, and that is no error
}

func (c center) create(ctx context.Context, in parentPlace, title, storage string) (page, error) {
	body := contentV1(title, storage)
	body["space"] = map[string]string{"key": in.space.Key}
	if in.page != "" {
		body["ancestors"] = []any{map[string]string{"id": in.page}}
	}
	var got pageV1
	if _, err := c.do(ctx, http.MethodPost, "/rest/api/content", body, &got); err != nil {
		return page{}, err
	}
	if got.ID == "" {
		return page{}, vendor.Broken(errors.New("a new page without an id"))
	}
	p := got.page(got.Links.Base)
	if p.url == "" {
		p.url = c.root + "/pages/viewpage.action?pageId=" + p.id
	}
	return p, nil
}

func contentV1(title, storage string) map[string]any {
	return map[string]any{
		"type": "page", "title": title, "body": map[string]any{"storage": map[string]string{"value": storage, "representation": "storage"}},
	}
}

func (c center) update(ctx context.Context, p page, title, storage string) error {
	body := contentV1(title, storage)
	body["version"] = map[string]any{"number": p.version + 1, "message": "docsctl"}
	_, err := c.do(ctx, http.MethodPut, "/rest/api/content/"+p.id, body, &struct{}{})
	return err
}
