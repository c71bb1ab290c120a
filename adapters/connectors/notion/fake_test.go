package notion

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf16"
)

// failer is a test, or a check of a property.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// fakePage is a page that takes requests as Notion does, refuses what is over its
// limits, and gives its blocks back.
type fakePage struct {
	top      []string
	blocks   map[string]map[string]any
	children map[string][]string
}

func (f *fakePage) Children(_ context.Context, id string) ([]json.RawMessage, error) {
	ids := f.children[id]
	if id == "page" {
		ids = f.top
	}
	raws := []json.RawMessage{}
	for _, id := range ids {
		b := maps.Clone(f.blocks[id])
		b["has_children"] = len(f.children[id]) > 0
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		raws = append(raws, raw)
	}
	return raws, nil
}

func (f *fakePage) Property(context.Context, string, string) ([]json.RawMessage, error) {
	return nil, nil
}

// send sends requests as a connector does: in order, each below an id that is known.
func (f *fakePage) send(t failer, requests []Append) {
	t.Helper()
	f.sendAfter(t, requests, "")
}

func (f *fakePage) sendAfter(t failer, requests []Append, after string) {
	t.Helper()
	for i, r := range requests {
		raw, err := json.Marshal(r.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		var children []map[string]any
		if err := json.Unmarshal(raw, &children); err != nil {
			t.Fatal(err)
		}
		if err := withinLimits(raw, children); err != nil {
			t.Fatalf("request %d of %d: %v", i+1, len(requests), err)
		}
		under := ""
		if r.Under != nil {
			if under = r.Under.ID; under == "" {
				t.Fatalf("request %d: its parent is not written yet", i+1)
			}
		}
		ids := f.add(children)
		for j, b := range r.Blocks {
			b.ID = ids[j]
		}
		switch {
		case under != "":
			f.children[under] = append(f.children[under], ids...)
		case after != "":
			f.top = slices.Insert(f.top, slices.Index(f.top, after)+1, ids...)
			after = ids[len(ids)-1]
		default:
			f.top = append(f.top, ids...)
		}
	}
}

func (f *fakePage) remove(ids []string) {
	f.top = slices.DeleteFunc(f.top, func(id string) bool { return slices.Contains(ids, id) })
}

func (f *fakePage) add(blocks []map[string]any) []string {
	if f.blocks == nil {
		f.blocks, f.children = map[string]map[string]any{}, map[string][]string{}
	}
	ids := make([]string, len(blocks))
	for i, b := range blocks {
		id := fmt.Sprintf("b%d", len(f.blocks))
		ids[i] = id
		f.blocks[id] = b
		b["id"] = id
		content, _ := b[b["type"].(string)].(map[string]any)
		if inner := childrenIn(content); len(inner) > 0 {
			delete(content, "children")
			f.children[id] = f.add(inner)
		}
	}
	return ids
}

func childrenIn(content map[string]any) []map[string]any {
	list, _ := content["children"].([]any)
	var out []map[string]any
	for _, c := range list {
		out = append(out, c.(map[string]any))
	}
	return out
}

func (f *fakePage) markdown(t failer) string {
	t.Helper()
	r, err := Convert(t.Context(), json.RawMessage(`{"id":"page"}`), f)
	if err != nil {
		t.Fatal(err)
	}
	return r.Markdown
}

// withinLimits checks a request against what Notion documents.
func withinLimits(raw []byte, children []map[string]any) error {
	if len(raw) > 500_000 {
		return fmt.Errorf("%d bytes", len(raw))
	}
	if n := 0; count(children, &n, 1) != nil || n > 1000 {
		return fmt.Errorf("%d blocks, %w", n, count(children, &n, 1))
	}
	return nil
}

func count(blocks []map[string]any, n *int, level int) error {
	if len(blocks) > 100 {
		return fmt.Errorf("%d children", len(blocks))
	}
	if level > 2 && len(blocks) > 0 {
		return fmt.Errorf("%d levels", level)
	}
	for _, b := range blocks {
		*n++
		content := b[b["type"].(string)].(map[string]any)
		if b["type"] == "table" && len(childrenIn(content)) == 0 {
			return fmt.Errorf("a table without rows")
		}
		if err := texts(content); err != nil {
			return err
		}
		if err := count(childrenIn(content), n, level+1); err != nil {
			return err
		}
	}
	return nil
}

// texts checks every rich text of a block.
func texts(v any) error {
	switch v := v.(type) {
	case map[string]any:
		if text, ok := v["content"].(string); ok {
			if n := len(utf16.Encode([]rune(text))); n > 2000 {
				return fmt.Errorf("%d characters", n)
			}
		}
		for k, inner := range v {
			if k == "children" {
				continue
			}
			if err := texts(inner); err != nil {
				return err
			}
		}
	case []any:
		if len(v) > 100 {
			return fmt.Errorf("%d items", len(v))
		}
		for _, inner := range v {
			if err := texts(inner); err != nil {
				return err
			}
		}
	}
	return nil
}
