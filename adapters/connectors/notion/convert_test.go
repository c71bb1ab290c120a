package notion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

// given is a page of testdata.
type given struct {
	Page   json.RawMessage              `json:"page"`
	Blocks []json.RawMessage            `json:"blocks"`
	Below  map[string][]json.RawMessage `json:"below"`
	All    map[string][]json.RawMessage `json:"all"`
}

func (g given) Children(_ context.Context, id string) ([]json.RawMessage, error) {
	if id == "page" {
		return g.Blocks, nil
	}
	return listed(g.Below, id)
}

func (g given) Property(_ context.Context, page, id string) ([]json.RawMessage, error) {
	if page != "page" {
		return nil, fmt.Errorf("asked for property %s of page %q", id, page)
	}
	return listed(g.All, id)
}

func listed(m map[string][]json.RawMessage, id string) ([]json.RawMessage, error) {
	if raws, ok := m[id]; ok && raws == nil {
		return nil, fmt.Errorf("%s: %w", id, ErrNotReadable)
	}
	return m[id], nil
}

func TestConvert_Samples(t *testing.T) {
	t.Parallel()
	cases, err := doctreetest.Cases("testdata/pages.txtar")
	if err != nil || len(cases) < 5 {
		t.Fatalf("%d samples, %v", len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var g given
			if err := json.Unmarshal([]byte(c.In), &g); err != nil {
				t.Fatal(err)
			}
			if g.Page == nil {
				g.Page = json.RawMessage(`{"id":"page"}`)
			}
			got, err := Convert(t.Context(), g.Page, g)
			if err != nil {
				t.Fatal(err)
			}
			if diff := c.Check(got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTitle_IsThePropertyOfThatType(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		`{"properties":{"A":{"type":"rich_text","rich_text":[]},"Task":{"type":"title","title":[{"plain_text":"One "},{"plain_text":"two"}]}}}`: "One two",
		`{"properties":{"title":{"type":"title","title":[]}}}`: "",
		`{}`:  "",
		`"x"`: "",
	} {
		if got := Title(json.RawMessage(page)); got != want {
			t.Errorf("%s: got %q, want %q", page, got, want)
		}
	}
}

// failing is a source that fails at one of its calls.
type failing struct {
	given
	after int
	err   error
	calls int
}

func (f *failing) fail() error {
	if f.calls++; f.calls > f.after {
		return f.err
	}
	return nil
}

func (f *failing) Children(ctx context.Context, id string) ([]json.RawMessage, error) {
	if err := f.fail(); err != nil {
		return nil, err
	}
	return f.given.Children(ctx, id)
}

func (f *failing) Property(ctx context.Context, page, id string) ([]json.RawMessage, error) {
	if err := f.fail(); err != nil {
		return nil, err
	}
	return f.given.Property(ctx, page, id)
}

// An error of the source ends the conversion wherever it happens: half a page is
// never a page.
func TestConvert_ErrorsOfTheSourceEndIt(t *testing.T) {
	t.Parallel()
	cases, err := doctreetest.Cases("testdata/pages.txtar")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("503")
	seen := 0
	for _, c := range cases {
		var g given
		if err := json.Unmarshal([]byte(c.In), &g); err != nil {
			t.Fatal(err)
		}
		if g.Page == nil {
			g.Page = json.RawMessage(`{"id":"page"}`)
		}
		for after := range 20 {
			src := &failing{given: g, after: after, err: broken}
			got, err := Convert(t.Context(), g.Page, src)
			if src.calls <= after {
				break
			}
			seen++
			if !errors.Is(err, broken) || got.Markdown != "" {
				t.Errorf("%s, failing after %d calls: got %q, %v", c.Name, after, got.Markdown, err)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d calls failed", seen)
	}
}

// A file that Notion keeps has another address every hour; that is no other text.
func TestConvert_FileThatMovesIsTheSameText(t *testing.T) {
	t.Parallel()
	convert := func(hour string) string {
		t.Helper()
		var g given
		media := func(kind string) string {
			return fmt.Sprintf(`{"id":%q,"type":%q,%q:{"type":"file","name":"plan","file":{"url":"https://files.example.org/a/plan.pdf?X-Signature=%s","expiry_time":%q}}}`, kind, kind, kind, hour, hour)
		}
		if err := json.Unmarshal([]byte(`{"blocks":[`+media("image")+","+media("file")+","+media("pdf")+","+media("video")+","+media("audio")+`]}`), &g); err != nil {
			t.Fatal(err)
		}
		page := `{"id":"page","parent":{"type":"data_source_id"},"properties":{"Plans":{"type":"files","files":[{"name":"plan","type":"file","file":{"url":"https://files.example.org/b?sig=` + hour + `"}}]}}}`
		got, err := Convert(t.Context(), json.RawMessage(page), g)
		if err != nil {
			t.Fatal(err)
		}
		return got.Markdown
	}
	first, second := convert("nine"), convert("ten")
	if first != second || strings.Count(first, "https://files.example.org/") < 5 || strings.Contains(first, "nine") {
		t.Errorf("got\n%s\nand an hour later\n%s", first, second)
	}
}

// A copy of its own surroundings, or copies of copies, end.
func TestConvert_CopiesEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads 50,000 blocks")
	}
	t.Parallel()
	var below []string
	for i := range 40 {
		copies := fmt.Sprintf(`{"id":"x%d","has_children":true,"type":"synced_block","synced_block":{"synced_from":{"block_id":"o%d"}}}`, i, i+1)
		below = append(below, fmt.Sprintf(`"o%d":[%s,%s,%s]`, i, copies, copies, copies))
	}
	var g given
	in := `{"blocks":[{"id":"o0","has_children":true,"type":"synced_block","synced_block":{}}],"below":{` + strings.Join(below, ",") + `}}`
	if err := json.Unmarshal([]byte(in), &g); err != nil {
		t.Fatal(err)
	}
	src := &failing{given: g, after: 1 << 30}
	got, err := Convert(t.Context(), json.RawMessage(`{"id":"page"}`), src)
	if err != nil || src.calls > 3*maxBlocks {
		t.Errorf("%d calls, %v", src.calls, err)
	}
	if len(got.Warnings) == 0 {
		t.Error("a page that was cut has no warning")
	}
}

// Every kind of block can be nested as deep as Markdown holds, and no deeper.
func TestConvert_DepthIsThatOfMarkdown(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{
		"bulleted_list_item", "paragraph", "heading_1", "quote", "callout", "toggle", "column", "synced_block", "template", "new_type", "meeting_notes",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for _, c := range []struct {
				levels int
				lost   bool
			}{{doctree.MaxDepth, false}, {doctree.MaxDepth + 1, true}} {
				got, err := Convert(t.Context(), json.RawMessage(`{"id":"page"}`), nested{kind, c.levels})
				if err != nil {
					t.Fatal(err)
				}
				lost := slices.ContainsFunc(got.Warnings, func(w doctree.Warning) bool { return w.Kind == "notion:unsupported depth" })
				if lost != c.lost {
					t.Errorf("%d levels: got %v", c.levels, got.Warnings)
				}
			}
		})
	}
}

// nested is a page of blocks of one kind, each within the one before.
type nested struct {
	kind   string
	levels int
}

func (n nested) Children(_ context.Context, id string) ([]json.RawMessage, error) {
	level, _ := strconv.Atoi(id) // the page is level 0
	text := fmt.Sprintf(`{"id":"%d","has_children":%v,"type":%q,%q:{"rich_text":[{"plain_text":"x"}]}}`, level+1, level < n.levels, n.kind, n.kind)
	return []json.RawMessage{json.RawMessage(text)}, nil
}

func (n nested) Property(context.Context, string, string) ([]json.RawMessage, error) { return nil, nil }

func TestLanguages_LeadThereAndBack(t *testing.T) {
	t.Parallel()
	for name, fence := range map[string]string{
		"plain text": "", "ascii art": "", "notion formula": "", "c++": "cpp", "C#": "csharp", "f#": "fsharp", "vb.net": "vbnet",
		"visual basic": "vb", "java/c/c++/c#": "java", "objective-c": "objectivec", "llvm ir": "llvm", "go": "go", "Mermaid": "mermaid",
	} {
		if got := fenceLanguage(name); got != fence {
			t.Errorf("%s: got %q, want %q", name, got, fence)
		}
	}
	for fence, name := range map[string]string{
		"sh": "shell", "js": "javascript", "ts": "typescript", "py": "python", "yml": "yaml", "golang": "go", "cpp": "c++", "csharp": "c#",
		"fsharp": "f#", "vbnet": "vb.net", "vb": "visual basic", "objectivec": "objective-c", "llvm": "llvm ir", "c++": "c++", "c#": "c#",
		"f#": "f#", "objective-c": "objective-c", "vb.net": "vb.net", "rs": "rust", "rb": "ruby", "dockerfile": "docker", "tex": "latex",
		"md": "markdown", "proto": "protobuf", "wasm": "webassembly", "Rust": "rust", "": "plain text", "brainfuck": "plain text",
	} {
		if got := notionLanguage(fence); got != name {
			t.Errorf("%s: got %q, want %q", fence, got, name)
		}
	}
}
