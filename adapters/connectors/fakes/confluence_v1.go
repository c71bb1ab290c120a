package fakes

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (f *Confluence) removedV1(*request) answer {
	return v1Error(http.StatusGone, "GoneException", "This deprecated endpoint has been removed.")
}

func (f *Confluence) listSpacesV1(q *request) answer {
	keys := split(q.URL.Query()["spaceKey"])
	items := []object{}
	for _, s := range f.spaces {
		if !s.lost && (len(keys) == 0 || slices.Contains(keys, s.key)) {
			items = append(items, spaceV1(s))
		}
	}
	return f.listV1(q, items)
}

func spaceV1(s *confluenceSpace) object {
	return object{
		"id": s.id, "key": s.key, "name": s.name, "type": s.kind, "status": "current", "_links": object{"webui": "/display/" + s.key},
		"_expandable": object{"homepage": "/rest/api/content/" + s.home},
	}
}

// contentV1 is a page with what is to be expanded, and what else is named.
func (f *Confluence) contentV1(q *request, p *confluencePage, also ...string) object {
	expand := append(split(q.URL.Query()["expand"]), also...)
	v := p.version()
	o := object{
		"id": p.id, "type": "page", "status": p.status, "title": p.title,
		"_links":      object{"webui": webuiV1(q, p), "self": q.origin() + contextOf(q) + "/rest/api/content/" + p.id, "tinyui": "/x/" + p.id},
		"_expandable": object{"container": "/rest/api/space/" + p.space.key},
	}
	for _, what := range expand {
		switch what {
		case "version":
			o["version"] = object{"by": ada.person(q), "when": f.when(q, v.at), "message": v.message, "number": v.number, "minorEdit": false}
		case "space":
			o["space"] = spaceV1(p.space)
		case "history":
			o["history"] = object{"latest": true, "createdBy": ada.person(q), "createdDate": f.when(q, p.created)}
		case "ancestors":
			o["ancestors"] = f.ancestors(p)
		case "body.storage":
			o["body"] = object{"storage": object{
				"value": p.storage, "representation": "storage", "embeddedContent": []any{},
				"_expandable": object{"content": "/rest/api/content/" + p.id},
			}}
		case "body.view":
			o["body"] = object{"view": object{"value": "<p>" + p.title + "</p>", "representation": "view"}}
		}
	}
	return o
}

func (f *Confluence) ancestors(p *confluencePage) []object {
	list := []object{}
	for above := f.pages[p.parent]; above != nil; above = f.pages[above.parent] {
		list = append([]object{{"id": above.id, "type": "page", "status": above.status, "title": above.title}}, list...)
	}
	return list
}

// when writes a time as a cloud does, in UTC, or as a Data Center, in its own zone.
func (f *Confluence) when(q *request, t time.Time) string {
	if strings.HasPrefix(q.URL.Path, DataCenterPath) {
		return t.In(f.zone).Format("2006-01-02T15:04:05.000-07:00")
	}
	return instant(t)
}

func webuiV1(q *request, p *confluencePage) string {
	if strings.HasPrefix(q.URL.Path, DataCenterPath) {
		return "/pages/viewpage.action?pageId=" + p.id
	}
	return webui(p)
}

// expandsBroken reports whether rendering the bodies of pages fails.
func expandsBroken(q *request, list []*confluencePage) bool {
	return slices.Contains(split(q.URL.Query()["expand"]), "body.storage") &&
		slices.ContainsFunc(list, func(p *confluencePage) bool { return p.broken })
}

// answerV1 answers a list of pages, or 500 when the page of it holds one whose body
// cannot be rendered.
func (f *Confluence) answerV1(q *request, list []*confluencePage) answer {
	items := []object{}
	for _, p := range list {
		items = append(items, f.contentV1(q, p))
	}
	a := f.listV1(q, items)
	body, _ := a.body.(object)
	shown, _ := body["results"].([]object)
	for _, o := range shown {
		id, _ := o["id"].(string)
		if expandsBroken(q, []*confluencePage{f.pages[id]}) {
			return f.refusal(q, Failed)
		}
	}
	return a
}

func (f *Confluence) listContent(q *request) answer {
	query := q.URL.Query()
	state := query.Get("status")
	var found []*confluencePage
	for _, id := range f.order {
		p := f.visible(id)
		if p == nil || query.Get("spaceKey") != "" && query.Get("spaceKey") != p.space.key || query.Get("title") != "" && query.Get("title") != p.title {
			continue
		}
		if p.status == state || state == "" && p.status == "current" || state == "any" && p.status != "deleted" {
			found = append(found, p)
		}
	}
	return f.answerV1(q, found)
}

var (
	cqlSince  = regexp.MustCompile(`(?i)lastmodified\s*>=\s*"([^"]+)"`)
	cqlSpaces = regexp.MustCompile(`(?i)space\s*(?:=|in)\s*\(?([^)]+?)\)?(?:\s+and|\s+order|$)`)
	cqlTitle  = regexp.MustCompile(`(?i)title\s*([=~])\s*"((?:[^"\\]|\\.)*)"`)
)

// searchV1 understands type, lastmodified, space, title and the order by
// lastmodified. Times are compared by the minute and in the user's zone.
func (f *Confluence) searchV1(q *request) answer {
	cql := q.URL.Query().Get("cql")
	if !strings.Contains(strings.ToLower(cql), "type") {
		return v1Error(http.StatusBadRequest, "BadRequestException", "Could not parse cql : "+cql)
	}
	var since time.Time
	if m := cqlSince.FindStringSubmatch(cql); m != nil {
		var err error
		if since, err = time.ParseInLocation("2006-01-02 15:04", m[1], f.zone); err != nil {
			return v1Error(http.StatusBadRequest, "BadRequestException", "Could not parse cql : unable to parse the date "+m[1])
		}
	}
	var keys []string
	if m := cqlSpaces.FindStringSubmatch(cql); m != nil {
		for key := range strings.SplitSeq(m[1], ",") {
			keys = append(keys, strings.Trim(key, `" `))
		}
	}
	title, like := "", false
	if m := cqlTitle.FindStringSubmatch(cql); m != nil {
		title, like = strings.ToLower(strings.Trim(strings.ReplaceAll(m[2], `\`, ""), "*")), m[1] == "~"
	}
	var found []*confluencePage
	for _, id := range f.order {
		p := f.visible(id)
		if p == nil || p.status != "current" || p.version().at.Before(since) || len(keys) > 0 && !slices.Contains(keys, p.space.key) {
			continue
		}
		is := strings.ToLower(p.title)
		if title != "" && (like && !strings.Contains(is, title) || !like && is != title) {
			continue
		}
		found = append(found, p)
	}
	if strings.Contains(strings.ToLower(cql), "order by lastmodified") {
		sortPages(found, "modified-date")
	}
	return f.answerV1(q, found)
}

func (f *Confluence) getContent(q *request) answer {
	p := f.visible(q.PathValue("id"))
	states := split(q.URL.Query()["status"])
	if p == nil || p.status == "trashed" && !slices.Contains(states, "trashed") && !slices.Contains(states, "any") {
		return v1Error(http.StatusNotFound, "NotFoundException", "No content found with id: ContentId{id="+q.PathValue("id")+"}")
	}
	if expandsBroken(q, []*confluencePage{p}) {
		return f.refusal(q, Failed)
	}
	o := f.contentV1(q, p)
	links, _ := o["_links"].(object)
	for name, v := range f.linksV1(q) {
		if _, set := links[name]; !set {
			links[name] = v
		}
	}
	return ok(o)
}

// contentWrite is the body of a create or update.
type contentWrite struct {
	Type, Title, Status string
	Space               struct{ Key string }
	Ancestors           []struct{ ID any }
	Body                struct {
		Storage struct{ Value, Representation string }
	}
	Version struct {
		Number  int
		Message string
	}
}

// writtenV1 is what the answer to a write has without being asked.
var writtenV1 = []string{"version", "space", "history", "body.storage"}

func (w contentWrite) asV2() confluenceWrite {
	out := confluenceWrite{Title: w.Title}
	out.Body.Value = w.Body.Storage.Value
	return out
}

// firstVersion says an error of the second version as the first does.
func firstVersion(a answer) answer {
	body, _ := a.body.(object)
	list, _ := body["errors"].([]object)
	title, _ := list[0]["title"].(string)
	return v1Error(a.status, "BadRequestException", title)
}

func (f *Confluence) createContent(q *request) answer {
	var in contentWrite
	if err := q.decode(&in); err != nil || in.Type != "page" {
		return v1Error(http.StatusBadRequest, "BadRequestException", "Could not read the content")
	}
	s := f.spaceByKey(in.Space.Key)
	if s == nil || s.lost {
		return v1Error(http.StatusNotFound, "NotFoundException", "No space with key : "+in.Space.Key)
	}
	parent := s.home
	if n := len(in.Ancestors); n > 0 {
		parent, _ = in.Ancestors[n-1].ID.(string)
		if f.visible(parent) == nil {
			return v1Error(http.StatusNotFound, "NotFoundException", "No parent or not permitted to view content with id : "+parent)
		}
	}
	if a, refused := f.refuses(s, "", in.asV2()); refused {
		return firstVersion(a)
	}
	return ok(f.contentV1(q, f.put(s, "", parent, in.Title, in.Body.Storage.Value), writtenV1...))
}

func (f *Confluence) updateContent(q *request) answer {
	p := f.visible(q.PathValue("id"))
	if p == nil {
		return v1Error(http.StatusNotFound, "NotFoundException", "No content found")
	}
	var in contentWrite
	if err := q.decode(&in); err != nil {
		return v1Error(http.StatusBadRequest, "BadRequestException", "Could not read the content")
	}
	if now := p.version().number; in.Version.Number != now+1 {
		return v1Error(http.StatusConflict, "ConflictException", "Version must be incremented on update. Current version is: "+strconv.Itoa(now))
	}
	if a, refused := f.refuses(p.space, p.id, in.asV2()); refused {
		return firstVersion(a)
	}
	p.title, p.storage = in.Title, in.Body.Storage.Value
	if in.Status != "" {
		p.status = in.Status
	}
	f.save(p, in.Version.Message)
	return ok(f.contentV1(q, p, writtenV1...))
}

func (f *Confluence) deleteContent(q *request) answer { return f.deletePage(q) }
