package extract

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

const page = `<!DOCTYPE html>
<html><head><title>Harbor rules – Port of Lee</title><style>.x{color:red}</style></head>
<body>
<nav><a href="/">Home</a> <a href="/news">News</a></nav>
<h1>Harbor rules</h1>
<p>Boats of more than <strong>9 m</strong> need a <a href="permit?id=7">permit</a>, if length &lt; 30 m.</p>
<ul><li>Moor<ul><li>at the east pier</li></ul></li><li>Pay</li></ul>
<ol><li>First</li><li>Second</li></ol>
<table><thead><tr><th>Length</th><th>Fee</th></tr></thead><tbody><tr><td>up to 9 m</td><td>5 | day</td></tr></tbody></table>
<pre><code class="language-go">if a &lt; b {
	return *p
}
</code></pre>
<p hidden>hidden one</p><p style="display: none">hidden two</p><p aria-hidden="true">hidden three</p>
<img alt="drawn" src="data:image/png;base64,QUJDRA=="><img alt="map" src="/map.png">
<a href="javascript:go()">scripted</a>
<script>var secret = 1</script><template>templated</template>
<p dir="rtl">ميناء &lt;b&gt; שלום</p>
</body></html>`

func TestExtract_HTMLKeepsItsStructure(t *testing.T) {
	t.Parallel()
	got := mustExtract(t, core.File{Body: strings.NewReader(page), SourceURL: "https://port.example/rules/boats.html"})
	if got.Title != "Harbor rules – Port of Lee" || got.MediaType != "text/html" {
		t.Errorf("got title %q, type %q", got.Title, got.MediaType)
	}
	for _, want := range []string{
		"# Harbor rules\n", "**9 m**", "[permit](https://port.example/rules/permit?id=7)", "length < 30 m.",
		"- Moor", "  - at the east pier", "1. First\n2. Second", "| Length | Fee |", `| up to 9 m | 5 \| day |`,
		"```go\nif a < b {\n\treturn *p\n}\n```", "![map](https://port.example/map.png)", "scripted", `ميناء \<b> שלום`,
	} {
		if !strings.Contains(got.Markdown, want) {
			t.Errorf("got no %q in:\n%s", want, got.Markdown)
		}
	}
	for _, not := range []string{"Home", "News", "hidden", "data:", "QUJD", "drawn", "javascript", "secret", "templated", "color", "&lt;", "\ufdd0"} {
		if strings.Contains(got.Markdown, not) {
			t.Errorf("got %q in:\n%s", not, got.Markdown)
		}
	}
}

func TestExtract_HTMLGivesTheArticle(t *testing.T) {
	t.Parallel()
	para := "<p>The harbor was deepened last spring, and since then, as the master says, larger ships come in at every tide, with less trouble.</p>"
	article := mustExtract(t, core.File{Body: strings.NewReader("<html><body><div class=sidebar><a href=/a>Other news of the day</a></div><article><h1>A deeper harbor</h1>" +
		strings.Repeat(para, 12) + "</article><footer><p>Imprint and terms of use</p></footer></body></html>")})
	if strings.Contains(article.Markdown, "Imprint") || strings.Contains(article.Markdown, "Other news") {
		t.Errorf("got what is beside the article:\n%s", article.Markdown)
	}
	if strings.Count(article.Markdown, "deepened") != 12 || strings.Count(article.Markdown, "A deeper harbor") != 1 {
		t.Errorf("got not the article and its heading:\n%s", article.Markdown)
	}
	list := mustExtract(t, core.File{Body: strings.NewReader("<html><body>" + para + para + "<div>" + strings.Repeat("<div>One entry of many</div>", 50) + "</div></body></html>")})
	if n := strings.Count(list.Markdown, "One entry of many"); n != 50 {
		t.Errorf("got %d entries of a page that is no article, want 50", n)
	}
}

func TestExtract_HTMLTitle(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`<html><head><title> A  b </title><meta property="og:title" content="C"></head><body><h1>D</h1></body></html>`: "A b",
		`<html><head><meta property="og:title" content="C"></head><body><h1>D</h1></body></html>`:                      "C",
		`<html><body><h1>D <em>e</em></h1></body></html>`:                                                              "D e",
		`<html><body><p>Words</p></body></html>`:                                                                       "",
		`<html><title>` + strings.Repeat("ü", 600) + `</title><p>x</html>`:                                             strings.Repeat("ü", 500),
	} {
		if got := mustExtract(t, core.File{Body: strings.NewReader(body + "<p>words</p>")}); got.Title != want {
			t.Errorf("got %q, want %q", got.Title, want)
		}
	}
}

func TestExtract_HTMLCharset(t *testing.T) {
	t.Parallel()
	const word = "Съешь ещё этих мягких булок"
	for name, tt := range map[string]struct{ head, mediaType, charset string }{
		"meta":               {`<meta charset="koi8-r">`, "", "koi8-r"},
		"late meta":          {strings.Repeat("<!-- -->", 400) + `<meta http-equiv=Content-Type content="text/html; charset=windows-1251">`, "", "windows-1251"},
		"declared over meta": {`<meta charset="koi8-r">`, "text/html; charset=windows-1251", "windows-1251"},
		"wrong meta":         {`<meta charset="utf-8">`, "text/html; charset=iso-8859-5", "iso-8859-5"},
		"utf-16 meta":        {`<meta charset="utf-16">`, "", "windows-1251"},
	} {
		body := "<html><head>" + tt.head + "</head><body><p>" + word + "</p></body></html>"
		got := mustExtract(t, core.File{MediaType: tt.mediaType, Body: strings.NewReader(string(encode(t, body, tt.charset)))})
		if got.Markdown != word {
			t.Errorf("%s: got %q, want %q", name, got.Markdown, word)
		}
	}
}

// TestExtract_HTMLBombs holds pages that take minutes, gigabytes or the stack of
// a converter without bounds.
func TestExtract_HTMLBombs(t *testing.T) {
	t.Parallel()
	var bold strings.Builder
	for i := range 400 {
		fmt.Fprintf(&bold, "<b id=%d>", i)
	}
	for name, body := range map[string]string{
		"deep":             strings.Repeat("<div>", 100_000) + "word",
		"deep and long":    strings.Repeat("<div>", 400) + strings.Repeat("word ", 200_000),
		"deep quotes":      strings.Repeat("<blockquote>word ", 400) + strings.Repeat("word<br>", 10_000),
		"marks":            "<p>word " + strings.Repeat("*_`[", 100_000),
		"reopened tags":    bold.String() + strings.Repeat("<p>word", 50_000),
		"wide table":       "<table><tr>" + strings.Repeat("<td>word", 20_000) + strings.Repeat("<tr><td>b", 20_000),
		"spanning cells":   "<table>" + strings.Repeat("<tr><td>word<td colspan=1000000 rowspan=1000000>b", 2000),
		"wide cell":        "<table><tr><td>" + strings.Repeat("word", 100_000) + strings.Repeat("<tr><td>b", 20_000),
		"nested tables":    strings.Repeat("<table><tr><td>word ", 150),
		"many attributes":  "<p " + strings.Repeat("a=1 b=2 ", 100_000) + ">word",
		"foreign elements": strings.Repeat("<svg><foreignObject>", 300) + "</svg>" + strings.Repeat("</foreignObject></svg>", 300) + "word",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			got := mustExtract(t, core.File{Body: strings.NewReader("<!DOCTYPE html>" + body)})
			if !strings.Contains(got.Markdown, "word") || len(got.Markdown) > 4*len(body) {
				t.Errorf("got %d bytes of %d", len(got.Markdown), len(body))
			}
			if took := time.Since(begin); took > time.Minute {
				t.Errorf("got %v, want less than a minute", took)
			}
		})
	}
}

func TestExtract_HTMLEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	body := "<html>" + strings.Repeat("<p>Some words, and <b>more</b> of them.</p>\n", 120_000)
	_, err := New(Config{}).Extract(ctx, core.File{Body: strings.NewReader(body)})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("got an end after %v, want it soon", took)
	}
}

func mustExtract(t *testing.T, f core.File) *core.Extracted {
	t.Helper()
	got, err := New(Config{}).Extract(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
