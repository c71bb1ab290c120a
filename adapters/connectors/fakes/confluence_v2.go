package fakes

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (f *Confluence) listSpaces(q *request) answer {
	query := q.URL.Query()
	keys := split(query["keys"])
	if len(keys) > v2MostKeys {
		return tooMany("keys", v2MostKeys)
	}
	items := []object{}
	for _, s := range f.spaces {
		if s.lost || len(keys) > 0 && !slices.Contains(keys, s.key) || query.Get("type") != "" && query.Get("type") != s.kind {
			continue
		}
		items = append(items, spaceV2(s))
	}
	return f.listV2(q, items)
}

// What a listing of spaces and one of pages take at once, as Atlassian's description has it.
const (
	v2MostKeys   = 250
	v2MostSpaces = 100
)

func tooMany(parameter string, most int) answer {
	return v2Error(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", "Provided value for '"+parameter+"' has more than "+strconv.Itoa(most)+" items")
}

// split reads a parameter that is repeated or has commas.
func split(values []string) []string {
	var out []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func spaceV2(s *confluenceSpace) object {
	return object{
		"id": s.id, "key": s.key, "name": s.name, "type": s.kind, "status": "current", "authorId": confluenceUser,
		"createdAt": "2025-11-02T10:00:00.000Z", "homepageId": s.home, "spaceOwnerId": confluenceUser, "description": nil, "icon": nil,
		"_links": object{"webui": "/spaces/" + s.key},
	}
}

func (f *Confluence) getSpace(q *request) answer {
	s := f.spaceByID(q.PathValue("id"))
	if s == nil || s.lost {
		return f.unknown(q)
	}
	return ok(spaceV2(s))
}

// listPages lists pages of all spaces or of one; without a status those that are
// current and those that are archived.
func (f *Confluence) listPages(q *request) answer {
	query := q.URL.Query()
	spaces := split(query["space-id"])
	if len(spaces) > v2MostSpaces {
		return tooMany("space-id", v2MostSpaces)
	}
	if id := q.PathValue("id"); id != "" {
		s := f.spaceByID(id)
		if s == nil || s.lost {
			return f.unknown(q)
		}
		spaces = []string{id}
	}
	states := split(query["status"])
	if len(states) == 0 {
		states = []string{"current", "archived"}
	}
	var found []*confluencePage
	for _, id := range f.order {
		p := f.visible(id)
		if p == nil || !slices.Contains(states, p.status) || len(spaces) > 0 && !slices.Contains(spaces, p.space.id) ||
			query.Get("title") != "" && query.Get("title") != p.title {
			continue
		}
		found = append(found, p)
	}
	sortPages(found, query.Get("sort"))
	items := []object{}
	for _, p := range found {
		items = append(items, pageV2(p, query.Get("body-format")))
	}
	return f.listV2(q, items)
}

func sortPages(list []*confluencePage, by string) {
	field, down := strings.CutPrefix(by, "-")
	slices.SortStableFunc(list, func(a, b *confluencePage) int {
		if down {
			a, b = b, a
		}
		switch field {
		case "modified-date":
			return a.version().at.Compare(b.version().at)
		case "created-date":
			return a.created.Compare(b.created)
		case "title":
			return strings.Compare(a.title, b.title)
		}
		return 0
	})
}

func pageV2(p *confluencePage, format string) object {
	parent, kind := any(nil), any(nil)
	if p.parent != "" {
		parent, kind = p.parent, "page"
	}
	body := object{}
	switch format {
	case "storage":
		body["storage"] = object{"representation": "storage", "value": p.storage}
	case "view", "export_view":
		body[format] = object{"representation": format, "value": "<p>" + p.title + "</p>"}
	case "atlas_doc_format":
		body[format] = object{"representation": format, "value": `{"version":1,"type":"doc","content":[]}`}
	}
	v := p.version()
	return object{
		"id": p.id, "status": p.status, "title": p.title, "spaceId": p.space.id, "parentId": parent, "parentType": kind, "position": 1,
		"authorId": confluenceUser, "ownerId": confluenceUser, "lastOwnerId": nil, "createdAt": instant(p.created), "version": versionV2(v), "body": body,
		"_links": object{
			"editui": "/pages/resumedraft.action?draftId=" + p.id, "webui": webui(p), "tinyui": "/x/" + p.id,
		},
	}
}

func webui(p *confluencePage) string {
	return "/spaces/" + p.space.key + "/pages/" + p.id + "/" + url.QueryEscape(p.title)
}

func versionV2(v confluenceVersion) object {
	return object{"createdAt": instant(v.at), "message": v.message, "number": v.number, "minorEdit": false, "authorId": v.author}
}

// onePage is a page as an answer of its own.
func onePage(q *request, p *confluencePage, format string) answer {
	o := pageV2(p, format)
	o["_links"].(object)["base"] = q.origin() + "/wiki"
	return ok(o)
}

func (f *Confluence) getPage(q *request) answer {
	p := f.visible(q.PathValue("id"))
	states := split(q.URL.Query()["status"])
	if p == nil || p.status == "trashed" && f.silent && !slices.Contains(states, "trashed") || p.status == "deleted" {
		return f.unknown(q)
	}
	return onePage(q, p, q.URL.Query().Get("body-format"))
}

func (f *Confluence) listChildren(q *request) answer {
	if f.visible(q.PathValue("id")) == nil {
		return f.unknown(q)
	}
	items := []object{}
	for _, id := range f.order {
		if p := f.visible(id); p != nil && p.parent == q.PathValue("id") && p.status == "current" {
			items = append(items, object{"id": p.id, "status": p.status, "title": p.title, "spaceId": p.space.id, "childPosition": 1})
		}
	}
	return f.listV2(q, items)
}

func (f *Confluence) listVersions(q *request) answer {
	p := f.visible(q.PathValue("id"))
	if p == nil {
		return f.unknown(q)
	}
	items := []object{}
	for _, v := range slices.Backward(p.versions) {
		items = append(items, versionV2(v))
	}
	return f.listV2(q, items)
}

func (f *Confluence) listAttachments(q *request) answer {
	p := f.visible(q.PathValue("id"))
	if p == nil {
		return f.unknown(q)
	}
	items := []object{}
	for i, name := range p.files {
		link := "/download/attachments/" + p.id + "/" + url.PathEscape(name) + "?version=1&api=v2"
		items = append(items, object{
			"id": "att" + p.id + strconv.Itoa(i), "status": "current", "title": name, "createdAt": instant(p.created), "pageId": p.id,
			"mediaType": "application/octet-stream", "comment": "", "fileId": notionID("f11e", i), "fileSize": 1834,
			"webuiLink": "/pages/viewpageattachments.action?pageId=" + p.id, "downloadLink": link,
			"version": versionV2(p.versions[0]), "_links": object{"download": link},
		})
	}
	return f.listV2(q, items)
}

const mostStorage = 5 << 20

// confluenceWrite is the body of a create or update of either version.
type confluenceWrite struct {
	ID       string
	SpaceID  string `json:"spaceId"`
	Status   string
	Title    string
	ParentID string `json:"parentId"`
	Body     struct{ Representation, Value string }
	Version  struct {
		Number  int
		Message string
	}
}

func (f *Confluence) createPage(q *request) answer {
	var in confluenceWrite
	if err := q.decode(&in); err != nil {
		return v2Error(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", "The body is not valid: "+err.Error())
	}
	s := f.spaceByID(in.SpaceID)
	parent := f.visible(in.ParentID)
	if s == nil || s.lost || in.ParentID != "" && (parent == nil || parent.status != "current") {
		return f.unknown(q)
	}
	if a, refused := f.refuses(s, "", in); refused {
		return a
	}
	if in.ParentID == "" {
		in.ParentID = s.home
	}
	return onePage(q, f.put(s, "", in.ParentID, in.Title, in.Body.Value), "storage")
}

// refuses checks a title and a body.
func (f *Confluence) refuses(s *confluenceSpace, id string, in confluenceWrite) (answer, bool) {
	if len(in.Body.Value) > mostStorage {
		return v2Error(http.StatusRequestEntityTooLarge, "REQUEST_TOO_LARGE", "Request is too large"), true
	}
	if in.Title == "" {
		return v2Error(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", "Title is required"), true
	}
	if p := f.titled(s, in.Title); p != nil && p.id != id {
		return v2Error(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER",
			"A page with this title already exists: A page already exists with the same TITLE in this space"), true
	}
	if why := malformed(in.Body.Value); why != "" {
		return v2Error(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", "Error parsing xhtml: "+why), true
	}
	return answer{}, false
}

// malformed says why storage is not well formed; "" if it is.
func malformed(storage string) string {
	d := xml.NewDecoder(strings.NewReader("<xml>" + storage + "</xml>"))
	d.Entity = xml.HTMLEntity
	for {
		_, err := d.Token()
		switch {
		case err == io.EOF: //nolint:errorlint // a decoder returns it as it is
			return ""
		case err != nil:
			return err.Error()
		}
	}
}

func (f *Confluence) updatePage(q *request) answer {
	p := f.visible(q.PathValue("id"))
	if p == nil || p.status == "deleted" {
		return f.unknown(q)
	}
	var in confluenceWrite
	if err := q.decode(&in); err != nil || in.ID != p.id || in.Status == "" || in.Body.Representation == "" {
		return v2Error(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", "id, status, title, body and version are required")
	}
	if now := p.version().number; in.Version.Number != now+1 {
		return v2Error(http.StatusConflict, "CONFLICT", "Version must be incremented when updating a page. Current Version: ["+
			strconv.Itoa(now)+"]. Provided version: ["+strconv.Itoa(in.Version.Number)+"]")
	}
	if a, refused := f.refuses(p.space, p.id, in); refused {
		return a
	}
	if p.status == "trashed" { // only the status changes
		p.status = in.Status
	} else {
		p.title, p.storage = in.Title, in.Body.Value
	}
	f.save(p, in.Version.Message)
	return onePage(q, p, "storage")
}

func (f *Confluence) deletePage(q *request) answer {
	p := f.visible(q.PathValue("id"))
	switch {
	case p == nil:
		return f.unknown(q)
	case q.URL.Query().Get("purge") == "true" && p.status == "trashed":
		delete(f.pages, p.id)
		f.order = without(f.order, p.id)
	default:
		p.status = "trashed"
		f.save(p, "")
	}
	return answer{status: http.StatusNoContent}
}
