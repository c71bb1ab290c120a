package core

import (
	"context"
	"encoding/base64"
	"strings"
)

// BrowsedItem is something that could be imported.
type BrowsedItem struct {
	Item
	DocumentID DocumentID `json:"document_id,omitempty"` // that it was imported as; "": it was not
}

// itemsPage is how many items a vendor is asked for at a time.
const itemsPage = 50

// sealedCursor is the purpose of a vendor's cursor: it may be an address that is called
// with the integration's token, so it is given out sealed.
const sealedCursor = "integration.cursor."

// Items returns a page of what can be imported; with a query, what has it in its title.
// A page may be empty and have a next one.
func (s *IntegrationService) Items(ctx context.Context, a Actor, id IntegrationID, query string, p PageRequest) (Page[BrowsedItem], error) {
	var none Page[BrowsedItem]
	if err := a.may(permRead, ""); err != nil {
		return none, err
	}
	var v validation
	if v.text("q", query, 0, 500); v.err() != nil {
		return none, v.err()
	}
	if p.Limit < 0 || p.Limit > MaxPageLimit {
		return none, Invalid("limit", "range", "limit must be between 1 and 200")
	}
	i, err := s.Get(ctx, a, id)
	if err != nil {
		return none, err
	}
	conn, err := s.cfg.connectorOf(i.Type)
	if err != nil {
		return none, err
	}
	r := ListRequest{Query: query, Limit: p.Limit}
	if r.Limit == 0 {
		r.Limit = itemsPage
	}
	if r.Cursor, err = s.openCursor(ctx, a.Tenant(), id, p.Cursor); err != nil {
		return none, err
	}
	access, err := s.cfg.access(ctx, a.Tenant(), id)
	if err != nil {
		return none, err
	}
	var listed *ListPage
	for range browsedAtMost {
		if listed, err = conn.List(ctx, access, r); err != nil {
			return none, s.cfg.noteRefusal(ctx, a.Tenant(), id, conn, access, err)
		}
		if len(listed.Items) > 0 || listed.Next == "" || listed.Next == r.Cursor {
			break
		}
		r.Cursor = listed.Next
	}
	return s.browsed(ctx, a.Tenant(), i, listed, query, conn.Capabilities().Search)
}

// browsedAtMost is how many empty pages of a vendor's are passed over: the first of
// Confluence's only finds out which spaces there are.
const browsedAtMost = 5

func (s *IntegrationService) openCursor(ctx context.Context, t Tenant, id IntegrationID, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		raw, err = s.cfg.Sealer.Open(ctx, t, sealedCursor+string(id), raw)
	}
	if err != nil {
		return "", Invalid("cursor", "format", "cursor is not one that this list gave; start without it")
	}
	return string(raw), nil
}

func (s *IntegrationService) browsed(ctx context.Context, t Tenant, i *Integration, listed *ListPage, query string, searched bool) (Page[BrowsedItem], error) {
	var p Page[BrowsedItem]
	read := s.cfg.Store.Tenant(t).Read().Documents
	for _, item := range listed.Items {
		if !searched && !strings.Contains(strings.ToLower(item.Title), strings.ToLower(query)) || item.State == RemoteTrashed {
			continue
		}
		known, err := read.List(ctx, DocumentFilter{IntegrationID: i.ID, ExternalID: item.ID}, Seek{Limit: 1})
		if err != nil {
			return p, err
		}
		b := BrowsedItem{Item: item}
		if len(known) > 0 {
			b.DocumentID = known[0].ID
		}
		p.Items = append(p.Items, b)
	}
	if listed.Next != "" {
		sealed, err := s.cfg.Sealer.Seal(ctx, t, sealedCursor+string(i.ID), []byte(listed.Next))
		if err != nil {
			return p, err
		}
		p.Next = base64.RawURLEncoding.EncodeToString(sealed)
	}
	return p, nil
}

// noteRefusal is noteFailure that asks once more before it believes that a token was
// revoked: one answer in the middle of many may be the vendor's mistake.
func (c Config) noteRefusal(ctx context.Context, t Tenant, id IntegrationID, conn Connector, a Access, cause error) error {
	if ReasonOf(cause) != ReasonToken {
		return c.noteFailure(ctx, t, id, cause)
	}
	c.forgetCachedAccess(ctx, t, id)
	_, err := conn.Verify(ctx, a)
	if ReasonOf(err) == ReasonToken {
		return c.noteFailure(ctx, t, id, cause)
	}
	return Unavailable("the other side refused a token that works; it is tried again", 0, cause)
}
