package guru

import (
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

func FuzzConvert(f *testing.F) {
	cases, err := doctreetest.Cases("testdata/cards.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add(c.In)
	}
	f.Add("<table><tr><td colspan=99999999><details><summary><pre><code>\x00\xff")
	f.Add("# a\n\n```\n<!-- x\n\n- b\n\t1. c")
	f.Fuzz(func(t *testing.T, content string) {
		if wrong := doctreetest.Sound(Convert(t.Context(), content)); wrong != "" {
			t.Error(wrong)
		}
		m, err := MergePart(t.Context(), content, publication("# Summary\n\ntext"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(m.Content, content) && !strings.Contains(content, "docsctl:") {
			t.Errorf("the card is not there any more: %q", m.Content)
		}
	})
}

func TestConvert_HostileCardsEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("hostile input takes seconds")
	}
	t.Parallel()
	many := strings.Repeat
	for name, content := range map[string]string{
		"deep lists":   many("<ul><li>", 200) + "word",
		"deeper":       many("<div>", 50_000) + "word",
		"deep details": many("<details><summary>s</summary>", 300) + "word",
		"merged cells": "<table>" + many("<tr>"+many(`<td colspan=1000 rowspan=60000>wide</td>`, 50)+"</tr>", 100) + "</table>word",
		"anchors":      many("<a href=x>", 5_000) + "word",
		"markdown":     many("> ", 5_000) + "word",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Convert(t.Context(), content)
			if wrong := doctreetest.Sound(got, err); wrong != "" {
				t.Fatal(wrong)
			}
			if err == nil && !strings.Contains(got.Markdown, "word") {
				t.Errorf("the text is gone: %.200q", got.Markdown)
			}
		})
	}
}
