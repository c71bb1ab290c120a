package fakes

import (
	"net/http"
	"slices"
)

// visible returns a card that the call's token may see.
func (g *Guru) visible(q *request) *guruCard {
	c := g.cards[q.PathValue("id")]
	if only := g.tokenCollection(q); c == nil || c.lost || only != nil && c.collection != only {
		return nil
	}
	return c
}

func (g *Guru) getCard(q *request) answer {
	c := g.visible(q)
	if c == nil {
		return g.refusal(q, NotFound)
	}
	return ok(cardObject(c))
}

// getView answers /cards/{id}/extended and /cards/bulkop/{id}.
func (g *Guru) getView(q *request) answer {
	switch {
	case q.PathValue("id") == "bulkop":
		return g.bulkState(q)
	case q.PathValue("view") == "extended":
		return g.getExtended(q)
	}
	return g.unknown(q)
}

// getExtended does not find archived cards; getCard does.
func (g *Guru) getExtended(q *request) answer {
	c := g.visible(q)
	if c == nil || c.archived {
		return g.refusal(q, NotFound)
	}
	o := cardObject(c)
	o["cardInfo"] = object{"analytics": object{"views": 0, "copies": 0, "boards": 0, "favorites": 0, "unverifiedCopies": 0, "unverifiedViews": 0}}
	return ok(o)
}

// guruWrite is the body of a create or update.
type guruWrite struct {
	PreferredPhrase *string
	Content         *string
	ShareStatus     string
	Collection      struct{ ID string }
	Tags            []object
}

func (g *Guru) createCard(q *request) answer {
	var in guruWrite
	if err := q.decode(&in); err != nil || in.PreferredPhrase == nil || in.Content == nil {
		return guruError(http.StatusBadRequest, "preferredPhrase and content are required")
	}
	collection := g.collection(in.Collection.ID)
	if collection == nil {
		return guruError(http.StatusBadRequest, "Collection not found")
	}
	if in.ShareStatus == "" {
		in.ShareStatus = "PRIVATE"
	}
	c := g.put(collection, "", *in.PreferredPhrase, *in.Content, in.ShareStatus)
	c.tags = in.Tags
	return ok(cardObject(c))
}

// replaceCard takes tags and sharing away where the body does not name them.
func (g *Guru) replaceCard(q *request) answer {
	c := g.visible(q)
	if c == nil || c.archived {
		return g.refusal(q, NotFound)
	}
	var in guruWrite
	if err := q.decode(&in); err != nil || in.PreferredPhrase == nil || in.Content == nil {
		return guruError(http.StatusBadRequest, "preferredPhrase and content are required")
	}
	c.title, c.content, c.tags, c.share = *in.PreferredPhrase, *in.Content, in.Tags, in.ShareStatus
	if c.share == "" {
		c.share = "PRIVATE"
	}
	g.save(c)
	return ok(cardObject(c))
}

func (g *Guru) patchCard(q *request) answer {
	c := g.visible(q)
	if c == nil || c.archived {
		return g.refusal(q, NotFound)
	}
	var in guruWrite
	if err := q.decode(&in); err != nil {
		return guruError(http.StatusBadRequest, "The body is not valid")
	}
	if in.PreferredPhrase != nil {
		c.title = *in.PreferredPhrase
	}
	if in.Content != nil {
		c.content = *in.Content
	}
	g.save(c)
	return ok(cardObject(c))
}

func (g *Guru) archiveCard(q *request) answer {
	c := g.visible(q)
	if c == nil {
		return g.refusal(q, NotFound)
	}
	c.archived = true
	g.save(c)
	return answer{status: http.StatusNoContent}
}

// bulkOperation restores archived cards, at once or soon.
func (g *Guru) bulkOperation(q *request) answer {
	var in struct {
		Action struct{ Type string }
		Items  struct {
			Type    string
			CardIDs []string `json:"cardIds"`
		}
	}
	if err := q.decode(&in); err != nil || in.Action.Type != "restore-archived-card" {
		return guruError(http.StatusBadRequest, "The action is not known")
	}
	for id, c := range g.cards {
		if slices.Contains(in.Items.CardIDs, id) {
			c.archived = false
			g.save(c)
		}
	}
	if !g.slowBulk {
		return ok(object{})
	}
	g.ids++
	id := notionID("b0b0", g.ids)
	g.bulk[id] = true
	return answer{status: http.StatusAccepted, body: object{"id": id}}
}

// bulkState tells that an operation is done.
func (g *Guru) bulkState(q *request) answer {
	if !g.bulk[q.PathValue("view")] {
		return g.refusal(q, NotFound)
	}
	return ok(object{})
}
