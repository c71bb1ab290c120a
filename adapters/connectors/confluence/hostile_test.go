package confluence

import (
	"slices"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
)

func FuzzConvertStorage(f *testing.F) {
	cases, err := doctreetest.Cases("testdata/storage.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add(c.In)
	}
	f.Add("<p>\x00\xff<![CDATA[<![CDATA[]]></p>]]><ac:link><ri:user/><td>")
	f.Add("<ul><li><ol start=\"-9999999999\"><li/></ol><table><tr><td colspan=\"99999999\" rowspan=\"-1\"/></tr></table>")
	f.Fuzz(func(t *testing.T, storage string) {
		if wrong := doctreetest.Sound(ConvertStorage(t.Context(), storage, names{})); wrong != "" {
			t.Error(wrong)
		}
		m, err := MergePart(t.Context(), storage, publication("# Summary\n\ntext"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(m.Storage, storage[:len(storage)/2]) && !strings.Contains(storage, "docsctl:") && !strings.Contains(storage, "ac:layout") {
			t.Errorf("the page is not there any more: %q", m.Storage)
		}
	})
}

func FuzzConvertADF(f *testing.F) {
	cases, err := doctreetest.Cases("testdata/adf.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add([]byte(c.In))
	}
	f.Add([]byte(`{"type":"doc","content":[{"type":"heading","attrs":{"level":-4}},{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableCell","attrs":{"colspan":1e9,"rowspan":-3}}]}]}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		if wrong := doctreetest.Sound(ConvertADF(t.Context(), document)); wrong != "" {
			t.Error(wrong)
		}
	})
}

// hostile are pages that are small and want to become large, or deep.
func hostile() map[string]string {
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	row := "<tr>" + many(`<td colspan="1000" rowspan="60000">wide</td>`, 50) + "</tr>"
	return map[string]string{
		"deep lists":    many("<ul><li>", 50_000) + "word",
		"deep marks":    many("<b><i>", 50_000) + "word",
		"deep quotes":   many("<blockquote>", 50_000) + "word",
		"deep macros":   many(`<ac:structured-macro ac:name="x"><ac:rich-text-body>`, 20_000) + "word",
		"deep tables":   many("<table><tr><td>", 20_000) + "word",
		"deep layouts":  many("<ac:layout><ac:layout-section><ac:layout-cell>", 20_000) + "word",
		"only ends":     many("</p></b>", 50_000) + "word",
		"merged cells":  "<table>" + many(row, 200) + "</table>word",
		"delimiters":    "<p>" + many("<b>a</b><i>b</i>", 30_000) + "word</p>",
		"stars":         "<p>" + many("* _ ` [ ~", 50_000) + "word</p>",
		"spaces":        "<p>" + many("<b> </b> <i>\n</i>", 50_000) + "word</p>",
		"breaks":        "<p>" + many("<br/>", 100_000) + "word</p>",
		"lists in rows": "<table>" + many("<tr><td><ul><li>"+many("<ul><li>", 20)+"x</td></tr>", 500) + "</table>word",
		"losses":        "<p>word</p>" + many(`<ac:structured-macro ac:name="x`, 1) + many("y", 1<<20) + `"/>`,
	}
}

func TestConvertStorage_HostilePagesEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("hostile input takes seconds")
	}
	t.Parallel()
	for name, storage := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ConvertStorage(t.Context(), storage, nil)
			if wrong := doctreetest.Sound(got, err); wrong != "" {
				t.Fatal(wrong)
			}
			if err == nil && !strings.Contains(got.Markdown, "word") {
				t.Errorf("the text is gone: %.200q", got.Markdown)
			}
			if slices.Contains([]string{"deep lists", "deep quotes", "deep macros", "deep tables"}, name) && len(got.Warnings) == 0 && err == nil {
				t.Errorf("%s: no warning of what was flattened", name)
			}
		})
	}
}

func TestConvertADF_HostileDocumentsEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("hostile input takes seconds")
	}
	t.Parallel()
	nested := func(n int, open, end string) string {
		return `{"type":"doc","content":[` + strings.Repeat(open, n) + `{"type":"text","text":"word"}` + strings.Repeat(end, n) + `]}`
	}
	for name, document := range map[string]string{
		"quotes":  nested(4000, `{"type":"blockquote","content":[`, `]}`),
		"lists":   nested(2000, `{"type":"bulletList","content":[{"type":"listItem","content":[`, `]}]}`),
		"unknown": nested(4000, `{"type":"x","content":[`, `]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ConvertADF(t.Context(), []byte(document))
			if wrong := doctreetest.Sound(got, err); wrong != "" || err != nil {
				t.Fatal(wrong, err)
			}
			if !strings.Contains(got.Markdown, "word") || len(got.Warnings) == 0 {
				t.Errorf("got %.100q, %v", got.Markdown, got.Warnings)
			}
		})
	}
	for _, broken := range []string{"", "{", `"text"`, "[]", strings.Repeat("[", 20_000), `{"type":"doc","content":[{"type":"te`} {
		if got, err := ConvertADF(t.Context(), []byte(broken)); err == nil || got.Markdown != "" {
			t.Errorf("%.20q: got %q and no error", broken, got.Markdown)
		}
	}
}
