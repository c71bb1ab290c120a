package fakes

import (
	"slices"
	"strings"
	"time"
)

// GuruCard is a card that is put into a fake.
type GuruCard struct {
	ID         string // "": one is made
	Collection string // its id; "": the first
	Title      string
	Content    string // HTML or Markdown
	Tags       []string
}

// AddCollection puts a collection into a fake and returns its id.
func (g *Guru) AddCollection(name string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ids++
	c := &guruCollection{id: notionID("c011", g.ids), name: name}
	g.collections = append(g.collections, c)
	return c.id
}

// AddCard puts a card into a collection, as a person would, and returns its id.
func (g *Guru) AddCard(in GuruCard) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.put(g.collection(in.Collection), in.ID, in.Title, in.Content, "TEAM")
	for _, tag := range in.Tags {
		g.ids++
		c.tags = append(c.tags, object{"id": notionID("7a60", g.ids), "value": tag, "categoryId": notionID("ca7e", 1), "categoryName": "Tags"})
	}
	return c.id
}

func (g *Guru) collection(id string) *guruCollection {
	i := slices.IndexFunc(g.collections, func(c *guruCollection) bool { return c.id == id || id == "" })
	if i < 0 {
		return nil
	}
	return g.collections[i]
}

func (g *Guru) put(in *guruCollection, id, title, content, share string) *guruCard {
	if id == "" {
		g.ids++
		id = notionID("ca4d", g.ids)
	}
	now := g.cfg.Now()
	c := &guruCard{id: id, title: title, content: content, share: share, collection: in, version: 1, created: now, modified: now}
	g.cards[id] = c
	g.order = append(g.order, id)
	return c
}

// save makes a new version of a card.
func (g *Guru) save(c *guruCard) { c.version, c.modified = c.version+1, g.cfg.Now() }

// Edit changes a card's content, as a person would.
func (g *Guru) Edit(id, content string) {
	g.set(func() { g.cards[id].content = content; g.save(g.cards[id]) })
}

// Archive archives a card: Guru's way to delete.
func (g *Guru) Archive(id string) {
	g.set(func() { g.cards[id].archived = true; g.save(g.cards[id]) })
}

// Restore takes a card out of the archive.
func (g *Guru) Restore(id string) {
	g.set(func() { g.cards[id].archived = false; g.save(g.cards[id]) })
}

// Hide takes a card out of what the token sees, or puts it back.
func (g *Guru) Hide(id string, hidden bool) { g.set(func() { g.cards[id].lost = hidden }) }

// Content returns a card's content and version.
func (g *Guru) Content(id string) (content string, version int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.cards[id]
	if c == nil {
		return "", 0
	}
	return c.content, c.version
}

// Tags returns a card's tags, and whom it is shared with.
func (g *Guru) Tags(id string) (tags []string, share string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, tag := range g.cards[id].tags {
		value, _ := tag["value"].(string)
		tags = append(tags, value)
	}
	return tags, g.cards[id].share
}

// Cards returns the ids of all cards that are not archived, as they were made.
func (g *Guru) Cards() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(g.order), func(id string) bool { return g.cards[id].archived })
}

// cardObject is a card as the API answers it.
func cardObject(c *guruCard) object {
	slug := strings.ReplaceAll(c.id[len(c.id)-8:], "-", "") + "/" + strings.ReplaceAll(c.title, " ", "-")
	tags := c.tags
	if tags == nil {
		tags = []object{}
	}
	return object{
		"id": c.id, "cardType": "CARD", "preferredPhrase": c.title, "content": c.content, "slug": slug, "version": c.version, "teamId": guruTeam,
		"collection": collectionObject(c.collection), "boards": []any{}, "tags": tags, "shareStatus": c.share, "archived": c.archived,
		"favorited": false, "dateCreated": guruTime(c.created), "lastModified": guruTime(c.modified), "lastModifiedBy": guruUser(),
		"owner": guruUser(), "originalOwner": guruUser(), "lastVerified": guruTime(c.created), "lastVerifiedBy": guruUser(),
		"verificationInterval": 180, "verificationState": "TRUSTED", "verificationType": "RELATIVE", "commentsEnabled": true,
		"nextVerificationDate": guruTime(c.created.AddDate(0, 6, 0)), "attachments": []any{},
		"verifiers": []object{{"type": "user", "user": guruUser(), "id": GuruEmail, "dateCreated": guruTime(c.created)}},
	}
}

func collectionObject(c *guruCollection) object {
	return object{
		"id": c.id, "name": c.name, "slug": "fake/" + c.name, "collectionType": "INTERNAL", "color": "#009688", "publicCardsEnabled": true,
	}
}

// guruTime has no colon in its zone.
func guruTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }
