package confluence

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
)

func TestPublish_IsGivenBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := doctreetest.Tree(doctreetest.Limits{}).Draw(t, "tree")
		markdown, err := doctree.Write(tree)
		if err != nil {
			t.Fatal(err)
		}
		storage := Storage(markdown)
		wellFormed(t, storage)
		got, err := ConvertStorage(t.Context(), storage, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := doctreetest.Difference(got.Markdown, doctree.Canonical(markdown)); diff != "" {
			t.Fatalf("%s\nmarkdown:\n%s\nstorage:\n%s\nback:\n%s", diff, markdown, storage, got.Markdown)
		}
	})
}

// wellFormed checks what Confluence refuses otherwise.
func wellFormed(t interface{ Fatalf(string, ...any) }, storage string) {
	d := xml.NewDecoder(strings.NewReader("<root>" + storage + "</root>"))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, storage)
		}
	}
}

func publication(markdown string) provenance.Publication {
	return provenance.Publication{Markdown: markdown, Footer: provenance.Footer{
		Key: "pub-1", Source: "Handbook", URL: "https://docs.example.com/handbook?a=1&b=2", Version: 3, At: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC),
	}}
}

const summary = "# Summary\n\n- one\n- two\n  - [x] inner\n\n```go\na]]>b\n```\n\nSaid so.[^1]\n\n[^1]: “quote”, page 2\n"

func merged(t *testing.T, storage string, p provenance.Publication) Merge {
	t.Helper()
	m, err := MergePart(t.Context(), storage, p)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, m.Storage)
	return m
}

// Pages as people leave them, with what no writer of ours would write.
var pages = map[string]string{
	"empty":  "",
	"plain":  "<p>Before &nbsp;it</p>\n<ac:structured-macro ac:name=\"toc\"/><p />",
	"layout": `<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><p>Left</p></ac:layout-cell><ac:layout-cell><h1>Right</h1></ac:layout-cell></ac:layout-section></ac:layout>`,
}

func TestMergePart_KeepsAllElseByteForByte(t *testing.T) {
	t.Parallel()
	for name, page := range pages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			created := merged(t, page, publication(summary))
			if created.State != provenance.Created || !strings.Contains(created.Diff, "+# Summary") {
				t.Fatalf("got %+v, want it created", created.Outcome)
			}
			again := merged(t, created.Storage, publication(summary))
			if again.State != provenance.Unchanged || again.Storage != created.Storage {
				t.Errorf("got %+v, want nothing to write", again.Outcome)
			}
			edited := "<p>Above&mdash;</p>" + created.Storage + "<p >Below</p >"
			if name == "layout" {
				edited = strings.Replace(created.Storage, "<p>Left</p>", "<p>Left&mdash;edited</p><p/>", 1)
			}
			updated := merged(t, edited, publication("Shorter."))
			if updated.State != provenance.Updated || !strings.Contains(updated.Diff, "+Shorter.") || !strings.Contains(updated.Storage, "<p>Shorter.</p>") {
				t.Fatalf("got %+v, want an update\n%s", updated.Outcome, updated.Storage)
			}
			back := merged(t, updated.Storage, publication(summary))
			if back.Storage != edited {
				t.Errorf("got\n%s\nwant\n%s", back.Storage, edited)
			}
		})
	}
}

func TestMergePart_GoesToTheEnd(t *testing.T) {
	t.Parallel()
	const end = `</code></p>`
	for name, want := range map[string][2]string{
		"empty":  {"<p>New.</p>\n<hr/>", end},
		"plain":  {pages["plain"] + "\n<p>New.</p>\n", end},
		"layout": {strings.TrimSuffix(pages["layout"], "</ac:layout>") + `<ac:layout-section ac:type="fixed-width" ac:breakout-mode="default"><ac:layout-cell><p>New.</p>`, end + `</ac:layout-cell></ac:layout-section></ac:layout>`},
	} {
		got := merged(t, pages[name], publication("New.")).Storage
		if !strings.HasPrefix(got, want[0]) || !strings.HasSuffix(got, want[1]) {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

// What is between elements, broken or unknown is a unit too, so that nothing that
// somebody adds goes unseen.
func TestUnits_AreAllThatShows(t *testing.T) {
	t.Parallel()
	storage := `text<p>a&mdash;</p><p/> <hr>b<b>c</b><ac:layout><ac:layout-section><ac:layout-cell><p>d</p><table><tr><td>e</td></tr></table></ac:layout-cell></ac:layout-section></ac:layout></i><p>f</p><p>g<`
	var got []string
	for _, u := range units(storage) {
		got = append(got, storage[u.start:u.end])
	}
	want := []string{"text", "<p>a&mdash;</p>", "<hr>", "b", "<b>c</b>", "<p>d</p>", "<table><tr><td>e</td></tr></table>", "<p>f</p>", "<p>g<"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMergePart_WhatTheEditorAddsIsNoChange(t *testing.T) {
	t.Parallel()
	m := merged(t, "", publication(summary))
	edited := strings.NewReplacer(
		`<ac:structured-macro ac:name="code">`, `<ac:structured-macro ac:name="code" ac:schema-version="1" ac:macro-id="6f9b">`,
		"<h1>", `<h1 local-id="a1">`, "<li>one</li>", "<li><p>one</p></li>", "<hr/>", "<hr />", "</ul>", "</ul><p />",
	).Replace(m.Storage)
	if got := merged(t, edited, publication(summary)); got.State != provenance.Unchanged {
		t.Errorf("got %+v, want nothing to write", got.Outcome)
	}
}

func TestMergePart_ChangesOfPeopleAreConflicts(t *testing.T) {
	t.Parallel()
	m := merged(t, "<p>Before</p>", publication(summary))
	for name, change := range map[string][2]string{
		"a word":        {"Said so", "Said something"},
		"in a macro":    {"<![CDATA[a", "<![CDATA[b"},
		"a task":        {"complete", "incomplete"},
		"more":          {"<p>Said", "<p>Inserted</p><p>Said"},
		"less":          {"<li>one</li>", ""},
		"the line":      {"<hr/>\n<p><em>", "<p><em>"},
		"the footer":    {"Summarized by", "Written by"},
		"where it says": {"a=1&amp;b=2", "a=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edited := strings.Replace(m.Storage, change[0], change[1], 1)
			if edited == m.Storage {
				t.Fatal("the change changes nothing")
			}
			got := merged(t, edited, publication("New."))
			if got.State != provenance.Conflict || got.Storage != edited || got.Diff == "" {
				t.Errorf("got %+v, want a conflict with a diff and the page as it is", got.Outcome)
			}
		})
	}
}

func TestMergePart_PartsOfOthersAreNotOurs(t *testing.T) {
	t.Parallel()
	other := publication("Other.")
	other.Footer.Key = "pub-2"
	page := merged(t, merged(t, "", other).Storage, publication(summary)).Storage
	m := merged(t, page, publication("New."))
	if m.State != provenance.Updated || !strings.HasPrefix(m.Storage, merged(t, "", other).Storage) {
		t.Errorf("got %+v\n%s", m.Outcome, m.Storage)
	}
}

func TestStorage_WritesWhatConfluenceTakes(t *testing.T) {
	t.Parallel()
	for markdown, want := range map[string]string{
		"[a](javascript:alert(1)) [b](/x?a=1&b=2) [c](vbscript:x) [d](mailto:e@f.example)": `<p>a <a href="/x?a=1&amp;b=2">b</a> c <a href="mailto:e@f.example">d</a></p>`,
		"> [!NOTE]\n> x":                   `<ac:structured-macro ac:name="info"><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`,
		"> [!TIP]\n> x":                    `<ac:structured-macro ac:name="tip"><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`,
		"> [!WARNING]\n> x":                `<ac:structured-macro ac:name="note"><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`,
		"> [!CAUTION]\n> x":                `<ac:structured-macro ac:name="warning"><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`,
		"```go\na]]>b\n```":                `<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[a]]]]><![CDATA[>b]]></ac:plain-text-body></ac:structured-macro>`,
		"```\n```\n\n```\nc\n```":          `<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[c]]></ac:plain-text-body></ac:structured-macro>`,
		"![](https://e.example/p?a=1&b=2)": `<p><ac:image><ri:url ri:value="https://e.example/p?a=1&amp;b=2"/></ac:image></p>`,
		"- a\n- b\n- [ ] c":                `<ul><li>a</li><li>b</li></ul>` + "\n" + `<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>c</ac:task-body></ac:task></ac:task-list>`,
		"- [ ] a\n\n  - [x] b\n\n  c": `<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body><p>a</p>` + "\n" +
			`<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>b</ac:task-body></ac:task></ac:task-list>` + "\n" + `<p>c</p></ac:task-body></ac:task></ac:task-list>`,
		"2. [x] a\n3. b":      `<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>a</ac:task-body></ac:task></ac:task-list>` + "\n" + `<ol start="3"><li>b</li></ol>`,
		"> [!IMPORTANT]\n> x": `<ac:structured-macro ac:name="note"><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`,
		"<details>\n<summary>S &amp; \"q\"</summary>\n\nx\n\n</details>": `<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">S &amp; &quot;q&quot;</ac:parameter><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`,
		"- [x] a\n  - [ ] b\n- c":             `<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>a</ac:task-body></ac:task><ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>b</ac:task-body></ac:task></ac:task-list></ac:task-list>` + "\n<ul><li>c</li></ul>",
		"![a\"b](attachment:x%20y%25.png)":    `<p><ac:image ac:alt="a&quot;b"><ri:attachment ri:filename="x y%.png"/></ac:image></p>`,
		"|  |\n| --- |\n| a<br>b |":           `<table><tbody><tr><td>a<br/>b</td></tr></tbody></table>`,
		"<!-- note -->\n\n<script>x</script>": "",
		"x <script>alert(1)</script>":         "<p>x alert(1)</p>",
		"H<sub>2</sub>O $`a<b`$":              `<p>H<sub>2</sub>O $<code>a&lt;b</code>$</p>`,
	} {
		if got := Storage(markdown); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", markdown, got, want)
		}
	}
}
