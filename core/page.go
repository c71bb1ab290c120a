package core

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

// Page bounds of every list.
const (
	DefaultPageLimit = 50
	MaxPageLimit     = 200
)

// Page is one page of a list, newest first. Next is "" on the last page.
type Page[T any] struct {
	Items []T
	Next  string
}

// PageRequest asks for a page: Limit items (0: DefaultPageLimit) after Cursor,
// which is the Next of an earlier page or "".
type PageRequest struct {
	Limit  int
	Cursor string
}

// Key is a place in a list: rows come by Tier ascending, then At and ID
// descending. Tier is 0 in lists that are not ranked.
type Key struct {
	Tier int       `json:"r,omitempty"`
	At   time.Time `json:"t"`
	ID   string    `json:"i"`
}

// Seek is what a port gets of a PageRequest: at most Limit rows that come after
// After, or from the start when After is nil.
type Seek struct {
	Limit int
	After *Key
}

// seek decodes p; it asks for one row more than the page holds, to know whether
// another follows.
func (p PageRequest) seek() (Seek, error) {
	limit := p.Limit
	if limit == 0 {
		limit = DefaultPageLimit
	}
	if limit < 1 || limit > MaxPageLimit {
		return Seek{}, Invalid("limit", "range", "limit must be between 1 and 200")
	}
	s := Seek{Limit: limit + 1}
	if p.Cursor == "" {
		return s, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err == nil {
		s.After = new(Key)
		err = json.Unmarshal(raw, s.After)
	}
	if err != nil || !ValidID(s.After.ID) || s.After.At.IsZero() || s.After.Tier < 0 {
		return Seek{}, Invalid("cursor", "cursor", "the cursor is not one that a list returned; start again without it")
	}
	s.After.At = s.After.At.UTC()
	return s, nil
}

// page cuts the extra row of seek off again and says where to go on.
func page[T any](rows []T, s Seek, key func(T) Key) Page[T] {
	if len(rows) < s.Limit {
		return Page[T]{Items: rows}
	}
	rows = rows[:s.Limit-1]
	raw, err := json.Marshal(key(rows[len(rows)-1]))
	if err != nil { // a Key is a number, a time of ours and a string
		return Page[T]{Items: rows}
	}
	return Page[T]{Items: rows, Next: base64.RawURLEncoding.EncodeToString(raw)}
}
