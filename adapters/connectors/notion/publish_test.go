package notion

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
)

// notionHolds is what Notion's blocks can hold of Markdown.
var notionHolds = doctreetest.Limits{NoAlerts: true, NoScripts: true, NoStarts: true, Levels: 4}

func TestPublish_IsGivenBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := held(doctreetest.Tree(notionHolds).Draw(t, "tree"))
		markdown, err := doctree.Write(tree)
		if err != nil {
			t.Fatal(err)
		}
		page := fakePage{}
		page.send(t, Appends(Blocks(markdown)))
		got := page.markdown(t)
		if diff := doctreetest.Difference(got, doctree.Canonical(markdown)); diff != "" {
			t.Fatalf("%s\nmarkdown:\n%s\nback:\n%s", diff, markdown, got)
		}
	})
}

// held leaves out pictures, which are blocks of their own in Notion.
func held(blocks []doctree.Block) []doctree.Block {
	for _, b := range blocks {
		switch b := b.(type) {
		case *doctree.Paragraph:
			b.Text = withoutPictures(b.Text)
		case *doctree.Heading:
			b.Text = withoutPictures(b.Text)
		case *doctree.List:
			for _, it := range b.Items {
				held(it.Blocks)
			}
		case *doctree.Quote:
			held(b.Blocks)
		case *doctree.Details:
			held(b.Blocks)
		case *doctree.Table:
			for _, row := range b.Rows {
				for _, c := range row {
					held(c.Blocks)
				}
			}
		}
	}
	return blocks
}

func withoutPictures(s doctree.Spans) doctree.Spans {
	return slices.DeleteFunc(s, func(p doctree.Span) bool { return p.Kind == doctree.Image })
}

func publication(markdown string) provenance.Publication {
	return provenance.Publication{Markdown: markdown, Footer: provenance.Footer{
		Key: "pub-1", Source: "Handbook *v2*", URL: "https://docs.example.com/handbook", Version: 3, At: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC),
	}}
}

// merge publishes into a page as a connector does.
func (f *fakePage) merge(t *testing.T, p provenance.Publication) Merge {
	t.Helper()
	top, err := f.Children(t.Context(), "page")
	if err != nil {
		t.Fatal(err)
	}
	m, err := MergePart(t.Context(), top, f, p)
	if err != nil {
		t.Fatal(err)
	}
	f.sendAfter(t, Appends(m.Append), m.After)
	f.remove(m.Remove)
	return m
}

// human adds a paragraph as a person does, before the block at a place.
func (f *fakePage) human(at int, text string) string {
	ids := f.add([]map[string]any{{
		"object": "block", "type": "paragraph",
		"paragraph": map[string]any{"rich_text": []any{map[string]any{"type": "text", "text": map[string]any{"content": text}}}},
	}})
	f.top = slices.Insert(f.top, at, ids[0])
	return ids[0]
}

const first = "# Summary\n\n- one\n- two\n  - inner\n\n1. a\n2. b\n\nSaid so.[^1]\n\n[^1]: “quote”, page 2\n"

func TestMergePart_PublishingTwiceWritesNothing(t *testing.T) {
	t.Parallel()
	f := &fakePage{}
	f.human(0, "Before.")
	if m := f.merge(t, publication(first)); m.State != provenance.Created || m.Diff == "" || len(m.Remove) != 0 {
		t.Fatalf("got %+v, want it created", m.Outcome)
	}
	before := f.markdown(t)
	m := f.merge(t, publication(first))
	if m.State != provenance.Unchanged || len(m.Append)+len(m.Remove) != 0 || m.Diff != "" {
		t.Errorf("got %+v, %d new, %d removed, want nothing", m.Outcome, len(m.Append), len(m.Remove))
	}
	for _, want := range []string{"Before.", "# Summary", "Said so.\\[1\\]", "1. “quote”, page 2", "[*Handbook \\*v2\\**](https://docs.example.com/handbook)"} {
		if !strings.Contains(before, want) {
			t.Errorf("the page lacks %q:\n%s", want, before)
		}
	}
}

func TestMergePart_ReplacesOnlyItsOwnPart(t *testing.T) {
	t.Parallel()
	f := &fakePage{}
	f.merge(t, publication(first))
	above, below := f.human(0, "Above."), f.human(len(f.top), "Below.")
	middle := slices.Clone(f.top)
	m := f.merge(t, publication("Shorter."))
	if m.State != provenance.Updated || !strings.Contains(m.Diff, "+Shorter.") || !strings.Contains(m.Diff, "-# Summary") {
		t.Errorf("got %+v, want an update with its diff", m.Outcome)
	}
	if f.top[0] != above || f.top[len(f.top)-1] != below {
		t.Errorf("a person's blocks are not where they were: %v, before %v", f.top, middle)
	}
	if got := f.markdown(t); !strings.HasPrefix(got, "Above.\n\nShorter.\n\n---\n\n*Summarized by") || !strings.HasSuffix(got, "Below.\n") {
		t.Errorf("got:\n%s", got)
	}
}

func TestMergePart_ChangesOfPeopleAreConflicts(t *testing.T) {
	t.Parallel()
	changes := map[string]func(f *fakePage){
		"a word":         func(f *fakePage) { setText(f.blocks[f.top[0]], "Summary!") },
		"a block more":   func(f *fakePage) { f.human(3, "Inserted.") },
		"a block less":   func(f *fakePage) { f.remove(f.top[1:2]) },
		"below a block":  func(f *fakePage) { setText(f.blocks[f.children[f.top[2]][0]], "changed") },
		"the line":       func(f *fakePage) { f.remove(f.top[len(f.top)-2 : len(f.top)-1]) },
		"the footer":     func(f *fakePage) { setText(f.blocks[f.top[len(f.top)-1]], "Our own text ") },
		"all of it gone": func(f *fakePage) { f.top = nil },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakePage{}
			f.merge(t, publication(first))
			change(f)
			before := f.markdown(t)
			p := publication("New.")
			p.Last = first
			m := f.merge(t, p)
			if m.State != provenance.Conflict || m.Diff == "" || len(m.Append)+len(m.Remove) > 0 {
				t.Errorf("got %+v, %d new, %d removed, want a conflict", m.Outcome, len(m.Append), len(m.Remove))
			}
			if got := f.markdown(t); got != before {
				t.Errorf("the page changed:\n%s", got)
			}
		})
	}
}

// setText changes the first words of a block.
func setText(b map[string]any, text string) {
	items := b[b["type"].(string)].(map[string]any)["rich_text"].([]any)
	items[0].(map[string]any)["text"] = map[string]any{"content": text}
}

// A retry removes what the attempt before it wrote, wherever that broke off.
func TestMergePart_RetryLeavesOnePart(t *testing.T) {
	t.Parallel()
	for _, existing := range []bool{false, true} {
		whole := &fakePage{}
		m := Merge{Append: Blocks(first)}
		for n := range len(m.Append) + 3 {
			f := &fakePage{}
			f.human(0, "Above.")
			if existing {
				f.merge(t, publication("Old."))
			}
			top, err := f.Children(t.Context(), "page")
			if err != nil {
				t.Fatal(err)
			}
			broken, err := MergePart(t.Context(), top, f, publication(first))
			if err != nil {
				t.Fatal(err)
			}
			f.sendAfter(t, Appends(broken.Append[:n]), broken.After)
			p := publication(first)
			p.Retry = true
			f.merge(t, p)
			if got, want := f.markdown(t), once(t, whole); got != want {
				t.Fatalf("after %d blocks, part there before %v:\n%s\nwant:\n%s", n, existing, got, want)
			}
		}
	}
}

func once(t *testing.T, f *fakePage) string {
	if len(f.top) == 0 {
		f.human(0, "Above.")
		f.merge(t, publication(first))
	}
	return f.markdown(t)
}

func TestBlocks_KeepAllTextWithinLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("😀 word ", 2000)
	marked := strings.Repeat("**a** *b* ", 120)
	code := "```go\n" + strings.Repeat("x := \"é😀\" // long\n", 9000) + "```\n"
	rows := "| h |\n| --- |\n" + strings.Repeat("| cell |\n", 250)
	deep := "- a\n  - b\n    - c\n\n      | t |\n      | --- |\n      | u |\n\n      - d\n        - e\n"
	for name, markdown := range map[string]string{
		"long": long, "marked": marked, "marked item": "- " + marked + "\n  - inner", "marked heading": "# " + marked,
		"code": code, "rows": rows, "deep": deep, "many": strings.Repeat("- item\n  - inner\n", 1500),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fakePage{}
			f.send(t, Appends(Blocks(markdown)))
			got := strings.Join(strings.Fields(strings.NewReplacer("*", "", "#", "", "`", "").Replace(f.markdown(t))), " ")
			want := strings.Join(strings.Fields(strings.NewReplacer("*", "", "#", "", "`", "").Replace(markdown)), " ")
			if name == "code" { // one fence for each block of it
				got, want = strings.ReplaceAll(got, " go ", " "), strings.ReplaceAll(want, " go ", " ")
			}
			if got != want {
				t.Errorf("got %d bytes, want %d: %.200s", len(got), len(want), got)
			}
		})
	}
}

func TestBlocks_MarshalAsTheAPITakesThem(t *testing.T) {
	t.Parallel()
	for markdown, want := range map[string]string{
		"###### six": `[{"heading_4":{"rich_text":[{"text":{"content":"six"},"type":"text"}]},"object":"block","type":"heading_4"}]`,
		"[a](javascript:x) [b](/c) [d](mailto:e@f.example)": `[{"object":"block","paragraph":{"rich_text":[{"text":{"content":"a b "},"type":"text"},` +
			`{"text":{"content":"d","link":{"url":"mailto:e@f.example"}},"type":"text"}]},"type":"paragraph"}]`,
		"```SH\nls\n```":          `[{"code":{"language":"shell","rich_text":[{"text":{"content":"ls"},"type":"text"}]},"object":"block","type":"code"}]`,
		"```nope\nls\n```":        `[{"code":{"language":"plain text","rich_text":[{"text":{"content":"ls"},"type":"text"}]},"object":"block","type":"code"}]`,
		"```math\nx^2\n```":       `[{"equation":{"expression":"x^2"},"object":"block","type":"equation"}]`,
		"$`x`$":                   `[{"object":"block","paragraph":{"rich_text":[{"equation":{"expression":"x"},"type":"equation"}]},"type":"paragraph"}]`,
		"![alt](data:x) <!--n-->": `[{"object":"block","paragraph":{"rich_text":[{"text":{"content":"alt"},"type":"text"}]},"type":"paragraph"}]`,
		"> [!TIP]\n> hi":          `[{"callout":{"icon":{"emoji":"💡","type":"emoji"},"rich_text":[{"text":{"content":"hi"},"type":"text"}]},"object":"block","type":"callout"}]`,
		"> [!NOTE]\n> hi":         `[{"callout":{"icon":{"emoji":"ℹ️","type":"emoji"},"rich_text":[{"text":{"content":"hi"},"type":"text"}]},"object":"block","type":"callout"}]`,
		"> [!IMPORTANT]\n> hi":    `[{"callout":{"icon":{"emoji":"❗","type":"emoji"},"rich_text":[{"text":{"content":"hi"},"type":"text"}]},"object":"block","type":"callout"}]`,
		"> [!CAUTION]\n> hi":      `[{"callout":{"icon":{"emoji":"🛑","type":"emoji"},"rich_text":[{"text":{"content":"hi"},"type":"text"}]},"object":"block","type":"callout"}]`,
		"> [!WARNING]\n> hi":      `[{"callout":{"icon":{"emoji":"⚠️","type":"emoji"},"rich_text":[{"text":{"content":"hi"},"type":"text"}]},"object":"block","type":"callout"}]`,
		"a ![alt](https://e.example/p.png) b ![](https://e.example/q.png)": `[{"object":"block","paragraph":{"rich_text":[{"text":{"content":"a"},"type":"text"}]},"type":"paragraph"},` +
			`{"image":{"caption":[{"text":{"content":"alt"},"type":"text"}],"external":{"url":"https://e.example/p.png"},"type":"external"},"object":"block","type":"image"},` +
			`{"object":"block","paragraph":{"rich_text":[{"text":{"content":"b"},"type":"text"}]},"type":"paragraph"},` +
			`{"image":{"external":{"url":"https://e.example/q.png"},"type":"external"},"object":"block","type":"image"}]`,
		"- ![alt](https://e.example/p.png)": `[{"bulleted_list_item":{"children":[{"image":{"caption":[{"text":{"content":"alt"},"type":"text"}],"external":{"url":"https://e.example/p.png"},"type":"external"},"object":"block","type":"image"}],` +
			`"rich_text":[]},"object":"block","type":"bulleted_list_item"}]`,
		"| a | b |\n| - | - |\n| c |": `[{"object":"block","table":{"children":[{"object":"block","table_row":{"cells":[[{"text":{"content":"a"},"type":"text"}],[{"text":{"content":"b"},"type":"text"}]]},"type":"table_row"},` +
			`{"object":"block","table_row":{"cells":[[{"text":{"content":"c"},"type":"text"}],[]]},"type":"table_row"}],"has_column_header":true,"has_row_header":false,"table_width":2},"type":"table"}]`,
		"1. a\n\n1) b": `[{"numbered_list_item":{"rich_text":[{"text":{"content":"a"},"type":"text"}]},"object":"block","type":"numbered_list_item"},` +
			`{"object":"block","paragraph":{"rich_text":[]},"type":"paragraph"},` +
			`{"numbered_list_item":{"rich_text":[{"text":{"content":"b"},"type":"text"}]},"object":"block","type":"numbered_list_item"}]`,
		"- a\n\n* b": `[{"bulleted_list_item":{"rich_text":[{"text":{"content":"a"},"type":"text"}]},"object":"block","type":"bulleted_list_item"},` +
			`{"bulleted_list_item":{"rich_text":[{"text":{"content":"b"},"type":"text"}]},"object":"block","type":"bulleted_list_item"}]`,
		"# a\n## b\n### c\n#### d": `[{"heading_1":{"rich_text":[{"text":{"content":"a"},"type":"text"}]},"object":"block","type":"heading_1"},` +
			`{"heading_2":{"rich_text":[{"text":{"content":"b"},"type":"text"}]},"object":"block","type":"heading_2"},` +
			`{"heading_3":{"rich_text":[{"text":{"content":"c"},"type":"text"}]},"object":"block","type":"heading_3"},` +
			`{"heading_4":{"rich_text":[{"text":{"content":"d"},"type":"text"}]},"object":"block","type":"heading_4"}]`,
		"> q\n>\n> ---": `[{"object":"block","quote":{"children":[{"divider":{},"object":"block","type":"divider"}],"rich_text":[{"text":{"content":"q"},"type":"text"}]},"type":"quote"}]`,
		"<details>\n<summary>S</summary>\n\n---\n\n</details>": `[{"object":"block","toggle":{"children":[{"divider":{},"object":"block","type":"divider"}],"rich_text":[{"text":{"content":"S"},"type":"text"}]},"type":"toggle"}]`,
		"- [x] a\n- [ ] b": `[{"object":"block","to_do":{"checked":true,"rich_text":[{"text":{"content":"a"},"type":"text"}]},"type":"to_do"},` +
			`{"object":"block","to_do":{"checked":false,"rich_text":[{"text":{"content":"b"},"type":"text"}]},"type":"to_do"}]`,
		"a\\\nb<sub>2</sub> ***c*** ~~`d`~~": `[{"object":"block","paragraph":{"rich_text":[{"text":{"content":"a\nb2 "},"type":"text"},` +
			`{"annotations":{"bold":true,"italic":true},"text":{"content":"c"},"type":"text"},{"text":{"content":" "},"type":"text"},` +
			`{"annotations":{"code":true,"strikethrough":true},"text":{"content":"d"},"type":"text"}]},"type":"paragraph"}]`,
		"[![alt](x.png)](https://e.example) $`y`$": `[{"object":"block","paragraph":{"rich_text":[{"text":{"content":"alt","link":{"url":"https://e.example"}},"type":"text"},` +
			`{"text":{"content":" "},"type":"text"},{"equation":{"expression":"y"},"type":"equation"}]},"type":"paragraph"}]`,
		"|  |\n| - |\n| " + strings.Repeat("**a** *b* ", 60) + "|": `[{"object":"block","table":{"children":[{"object":"block","table_row":{"cells":[[{"text":{"content":"` +
			strings.TrimSpace(strings.Repeat("a b ", 60)) + `"},"type":"text"}]]},"type":"table_row"}],"has_column_header":false,"has_row_header":false,"table_width":1},"type":"table"}]`,
		"<!-- note -->": `[]`,
	} {
		got, err := json.Marshal(append([]*Block{}, Blocks(markdown)...))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%q:\ngot  %s\nwant %s", markdown, got, want)
		}
	}
}

// Requests are as few as the limits allow.
func TestAppends_FillEachRequest(t *testing.T) {
	t.Parallel()
	item := func(children int) string { return "- item\n" + strings.Repeat("  - inner\n", children) }
	block := "```\n" + strings.Repeat("x", 40_000) + "\n```\n\n"
	rows := "| h |\n| - |\n" + strings.Repeat("| "+strings.Repeat("y", 8_500)+" |\n", 99)
	for name, c := range map[string]struct {
		markdown string
		requests int
	}{
		"none":                {"", 0},
		"100 blocks":          {strings.Repeat(item(0), 100), 1},
		"101 blocks":          {strings.Repeat(item(0), 101), 2},
		"1,000 with theirs":   {strings.Repeat(item(19), 50), 1},
		"1,020 with theirs":   {strings.Repeat(item(19), 51), 2},
		"100 children":        {item(100), 1},
		"101 children":        {item(101), 2},
		"440 KB":              {strings.Repeat(block, 10), 1},
		"880 KB":              {strings.Repeat(block, 20), 2},
		"100 rows of 8.5 KB":  {rows, 2},
		"three levels":        {"- a\n  - b\n    - c\n", 2},
		"and what is beside":  {"- a\n  - b\n    - c\n- d\n  - e\n", 2},
		"two of three levels": {"- a\n  - b\n    - c\n- d\n  - e\n    - f\n", 3},
	} {
		requests := Appends(Blocks(c.markdown))
		if len(requests) != c.requests {
			t.Errorf("%s: got %d requests, want %d", name, len(requests), c.requests)
		}
		f := fakePage{}
		f.send(t, requests)
	}
}

// Blocks that show nothing, such as those between two numbered lists, go as well.
func TestMergePart_LeavesNothingBehind(t *testing.T) {
	t.Parallel()
	f := &fakePage{}
	above := f.human(0, "Above.")
	f.merge(t, publication("1. a\n\n1) b\n\n- c"))
	f.merge(t, publication("Short."))
	if len(f.top) != 4 || f.top[0] != above {
		t.Errorf("got %d blocks, want what was above, the text, the line and the footer: %v", len(f.top), f.blocks)
	}
}

// An update that broke off after the new part stood, and before the old one went.
func TestMergePart_RemovesTheFormerCopy(t *testing.T) {
	t.Parallel()
	f := &fakePage{}
	f.merge(t, publication("Old."))
	top, err := f.Children(t.Context(), "page")
	if err != nil {
		t.Fatal(err)
	}
	broken, err := MergePart(t.Context(), top, f, publication(first))
	if err != nil {
		t.Fatal(err)
	}
	f.sendAfter(t, Appends(broken.Append), broken.After)
	m := f.merge(t, publication(first))
	if m.State != provenance.Updated || len(m.Append) != 0 || !slices.Equal(m.Remove, broken.Remove) {
		t.Errorf("got %+v, %d new, %v removed, want %v", m.Outcome, len(m.Append), m.Remove, broken.Remove)
	}
	if got := f.markdown(t); strings.Contains(got, "Old.") || strings.Count(got, "docsctl:") != 1 {
		t.Errorf("got:\n%s", got)
	}
}
