package core

import (
	"encoding/base64"
	"testing"
	"time"
)

func TestPageRequest_RefusesWhatNoListReturned(t *testing.T) {
	t.Parallel()
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for name, p := range map[string]PageRequest{
		"NegativeLimit": {Limit: -1},
		"LargeLimit":    {Limit: MaxPageLimit + 1},
		"NoBase64":      {Cursor: "!!"},
		"NoJSON":        {Cursor: encode("x")},
		"NoID":          {Cursor: encode(`{"t":"2026-01-01T00:00:00Z"}`)},
		"NoTime":        {Cursor: encode(`{"i":"01920000-0000-7000-8000-000000000001"}`)},
		"NegativeTier":  {Cursor: encode(`{"r":-1,"t":"2026-01-01T00:00:00Z","i":"01920000-0000-7000-8000-000000000001"}`)},
	} {
		if _, err := p.seek(); CodeOf(err) != CodeValidation {
			t.Errorf("%s: got %v, want CodeValidation", name, err)
		}
	}
}

func TestPage_GoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
	keys := []Key{{At: at, ID: NewID[string]()}, {At: at, ID: NewID[string]()}, {At: at, ID: NewID[string]()}}
	s, err := PageRequest{Limit: 2}.seek()
	if err != nil {
		t.Fatal(err)
	}
	p := page(keys, s, func(k Key) Key { return k })
	if len(p.Items) != 2 || p.Next == "" {
		t.Fatalf("got %d items and next %q, want 2 and a cursor", len(p.Items), p.Next)
	}
	next, err := PageRequest{Limit: 2, Cursor: p.Next}.seek()
	if err != nil {
		t.Fatal(err)
	}
	if *next.After != keys[1] {
		t.Errorf("the cursor names %v, want %v", *next.After, keys[1])
	}
	if last := page(keys[2:], next, func(k Key) Key { return k }); last.Next != "" {
		t.Errorf("the last page has next %q", last.Next)
	}
}
