package fakes

import (
	"slices"
	"strconv"
	"time"
)

// ConfluencePage is a page that is put into a fake.
type ConfluencePage struct {
	ID      string // "": one is made
	Space   string // its key
	Parent  string // a page's id; "": the space's home page
	Title   string
	Storage string   // its body in storage format
	Files   []string // names of attachments
	Broken  bool     // a list with its body fails with 500
}

// AddSpace puts a space with a home page into a fake and returns the home page's id.
func (f *Confluence) AddSpace(key, name string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &confluenceSpace{id: f.number(), key: key, name: name, kind: "global"}
	if key != "" && key[0] == '~' {
		s.kind = "personal"
	}
	f.spaces = append(f.spaces, s)
	home := f.put(s, "", "", name+" Home", "<p>Welcome.</p>")
	s.home = home.id
	return home.id
}

// number makes an id: Confluence's are numbers.
func (f *Confluence) number() string {
	f.ids++
	return strconv.Itoa(229000 + f.ids)
}

// AddPage puts a page into a space, as a person would, and returns its id.
func (f *Confluence) AddPage(p ConfluencePage) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.spaceByKey(p.Space)
	parent := p.Parent
	if parent == "" {
		parent = s.home
	}
	page := f.put(s, p.ID, parent, p.Title, p.Storage)
	page.broken, page.files = p.Broken, p.Files
	return page.id
}

func (f *Confluence) put(s *confluenceSpace, id, parent, title, storage string) *confluencePage {
	if id == "" {
		id = f.number()
	}
	now := f.cfg.Now()
	p := &confluencePage{
		id: id, parent: parent, title: title, status: "current", storage: storage, space: s, created: now,
		versions: []confluenceVersion{{number: 1, at: now, author: confluenceUser}},
	}
	f.pages[id] = p
	f.order = append(f.order, id)
	return p
}

func (f *Confluence) spaceByKey(key string) *confluenceSpace {
	i := slices.IndexFunc(f.spaces, func(s *confluenceSpace) bool { return s.key == key })
	if i < 0 {
		return nil
	}
	return f.spaces[i]
}

func (f *Confluence) spaceByID(id string) *confluenceSpace {
	i := slices.IndexFunc(f.spaces, func(s *confluenceSpace) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return f.spaces[i]
}

// save makes a new version of a page.
func (f *Confluence) save(p *confluencePage, message string) {
	p.versions = append(p.versions, confluenceVersion{number: p.version().number + 1, at: f.cfg.Now(), message: message, author: confluenceUser})
}

// Edit changes a page's body, as a person would.
func (f *Confluence) Edit(id, storage string) {
	f.set(func() { f.pages[id].storage = storage; f.save(f.pages[id], "") })
}

// Retitle gives a page another title.
func (f *Confluence) Retitle(id, title string) {
	f.set(func() { f.pages[id].title = title; f.save(f.pages[id], "") })
}

// Storage returns a page's body and version.
func (f *Confluence) Storage(id string) (storage string, version int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.pages[id]
	if p == nil {
		return "", 0
	}
	return p.storage, p.version().number
}

// Parent returns the id of the page that a page is below.
func (f *Confluence) Parent(id string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.pages[id]; p != nil {
		return p.parent
	}
	return ""
}

// Pages returns the ids of all current pages, as they were made.
func (f *Confluence) Pages() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.order), func(id string) bool { return f.pages[id].status != "current" })
}

// Trash puts a page into the trash.
func (f *Confluence) Trash(id string) { f.status(id, "trashed") }

// Archive puts a page into the archive.
func (f *Confluence) Archive(id string) { f.status(id, "archived") }

// Restore takes a page out of either.
func (f *Confluence) Restore(id string) { f.status(id, "current") }

// Purge deletes a page for good.
func (f *Confluence) Purge(id string) {
	f.set(func() {
		delete(f.pages, id)
		f.order = without(f.order, id)
	})
}

func (f *Confluence) status(id, status string) {
	f.set(func() { f.pages[id].status = status; f.save(f.pages[id], "") })
}

// Restrict hides a page from the token's user, or shows it again.
func (f *Confluence) Restrict(id string, hidden bool) { f.set(func() { f.pages[id].lost = hidden }) }

// RestrictSpace hides a space from the token's user, or shows it again.
func (f *Confluence) RestrictSpace(key string, hidden bool) {
	f.set(func() { f.spaceByKey(key).lost = hidden })
}

// visible returns a page that the token's user may see, whatever its status.
func (f *Confluence) visible(id string) *confluencePage {
	p := f.pages[id]
	if p == nil || p.lost || p.space.lost {
		return nil
	}
	return p
}

// titled returns a page of a space with a title, in the trash, too.
func (f *Confluence) titled(s *confluenceSpace, title string) *confluencePage {
	for _, id := range f.order {
		if p := f.pages[id]; p.space == s && p.title == title && p.status != "deleted" {
			return p
		}
	}
	return nil
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
