package extract

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
)

// paragraphAt draws lines one below the other.
func paragraphAt(x, y float64, lines ...string) string {
	var b strings.Builder
	for i, l := range lines {
		b.WriteString(show("F1", 10, x, y-12*float64(i), l))
	}
	return b.String()
}

func TestPDF_RebuildsParagraphsAndHeadings(t *testing.T) {
	t.Parallel()
	page := show("F2", 20, 50, 740, "Harbor rules") + show("F2", 14, 50, 700, "3.2 Scope of the rules") +
		paragraphAt(50, 670, "Boats of more than nine metres need a permit, and the harbor mas-", "ter gives it at noon to all who ask for one in the big house by the well-", "known pier, where the lamps are lit and the well-known clock of it ticks.") +
		paragraphAt(50, 620, "A second paragraph stands apart, and it is as long as the first one was.", "It has two lines.") +
		paragraphAt(50, 580, "- moor at the pier") + paragraphAt(50, 568, "- pay the fee")
	got := extractBytes(t, pdfFile(page))
	if got.Title != "Harbor rules" || got.MediaType != typePDF {
		t.Errorf("got title %q, type %q", got.Title, got.MediaType)
	}
	mustHold(t, got.Markdown, "# Harbor rules\n\n## 3.2 Scope of the rules\n\n",
		"Boats of more than nine metres need a permit, and the harbor master gives it at noon to all who ask for one in the big house by the well-known pier, where the lamps are lit and the well-known clock of it ticks.\n\n",
		"A second paragraph stands apart, and it is as long as the first one was. It has two lines.\n\n", "- moor at the pier\n- pay the fee\n")
}

func TestPDF_ReadsColumnsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(show("F2", 20, 50, 760, "Two columns"))
	for i := range 12 {
		y := 700 - 12*float64(i)
		b.WriteString(show("F1", 10, 50, y, fmt.Sprintf("left %02d runs on to the end of its own column", i)))
		b.WriteString(show("F1", 10, 310, y, fmt.Sprintf("right %02d runs on to the end of its own column", i)))
	}
	md := extractBytes(t, pdfFile(b.String())).Markdown
	mustHold(t, md, "left 00 runs on to the end of its own column left 01 runs", "right 10 runs on to the end of its own column right 11 runs")
	if strings.Index(md, "left 11") > strings.Index(md, "right 00") {
		t.Errorf("got the columns mixed:\n%s", md)
	}
}

func TestPDF_DropsRunningHeadsAndKeepsPageStarts(t *testing.T) {
	t.Parallel()
	var pages []string
	for i := range 6 {
		text := paragraphAt(50, 600, fmt.Sprintf("Page number %d says something of its own to all who read.", i+1))
		if i == 3 {
			text = ""
		}
		pages = append(pages, show("F1", 9, 250, 780, "Rules of the harbor")+text+show("F1", 9, 290, 20, fmt.Sprint(i+1)))
	}
	pages = append(pages, "")
	got := extractBytes(t, pdfFile(pages...))
	mustLack(t, got.Markdown, "Rules of the harbor", "\n1\n", "\n2\n")
	if want := []int{7}; !slices.Equal(got.Pages.WithoutText, want) {
		t.Errorf("got pages without text %v, want %v", got.Pages.WithoutText, want)
	}
	if len(got.Pages.Starts) != 7 {
		t.Fatalf("got %d starts, want 7", len(got.Pages.Starts))
	}
	runes := []rune(got.Markdown)
	for _, i := range []int{0, 1, 2, 4, 5} {
		if rest, want := string(runes[got.Pages.Starts[i]:]), fmt.Sprintf("Page number %d", i+1); !strings.HasPrefix(rest, want) {
			t.Errorf("got page %d starting with %.20q, want %q", i+1, rest, want)
		}
	}
	if got.Pages.Starts[3] != got.Pages.Starts[4] {
		t.Errorf("got an empty page at %d, want it where the next begins, %d", got.Pages.Starts[3], got.Pages.Starts[4])
	}
}

func TestPDF_PagesOfListsCodeAndTables(t *testing.T) {
	t.Parallel()
	row := func(y float64, a, b string) string { return show("F1", 10, 50, y, a) + show("F1", 10, 300, y, b) }
	got := extractBytes(t, pdfFile(
		paragraphAt(50, 700, "- first item", "- second item"), paragraphAt(50, 700, "- third item"),
		row(700, "Length", "Fee")+row(680, "9 m", "5"), row(700, "12 m", "8")+row(680, "15 m", "9"),
		show("F4", 10, 50, 700, "ls -l"), show("F4", 10, 50, 700, "cat a")+show("F4", 10, 50, 688, "rm a")))
	runes := []rune(got.Markdown)
	for i, want := range []string{"- first item", "- third item", "| Length |", "| 12 m |", "```\nls -l", "cat a\nrm a"} {
		if rest := string(runes[got.Pages.Starts[i]:]); !strings.HasPrefix(rest, want) {
			t.Errorf("got page %d starting with %.20q, want %q", i+1, rest, want)
		}
	}
}

func TestPDF_ParagraphGoesOnOverThePage(t *testing.T) {
	t.Parallel()
	got := extractBytes(t, pdfFile(paragraphAt(50, 80, "The first page ends in the middle of a sentence that"), paragraphAt(50, 740, "goes on with small letters on the next.")))
	mustHold(t, got.Markdown, "a sentence that goes on with small")
	if rest := string([]rune(got.Markdown)[got.Pages.Starts[1]:]); !strings.HasPrefix(rest, "goes on") {
		t.Errorf("got page 2 starting with %q, want the words that stand on it", rest)
	}
}

func TestPDF_Tables(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i, row := range [][3]string{{"Length", "Fee", "Note"}, {"9 m", "5 euros", "by day"}, {"12 m", "8 euros", "by night"}} {
		for k, cell := range row {
			b.WriteString(show("F1", 10, 50+150*float64(k), 700-15*float64(i), cell))
		}
	}
	mustHold(t, extractBytes(t, pdfFile(b.String())).Markdown, "| Length | Fee | Note |\n| --- | --- | --- |\n| 9 m | 5 euros | by day |\n| 12 m | 8 euros | by night |\n")
}

// TestPDF_RightToLeft draws Hebrew words as programs do, from left to right.
func TestPDF_RightToLeft(t *testing.T) {
	t.Parallel()
	// In logical order: alef bet, 42, gimel dalet; on the page the first stands at the right.
	page := "BT /F3 12 Tf 300 700 Td <00020001> Tj ET\n" + show("F1", 12, 270, 700, "42") + "BT /F3 12 Tf 240 700 Td <00040003> Tj ET\n"
	mustHold(t, extractBytes(t, pdfFile(page)).Markdown, "אב 42 גד")
}

func TestPDF_Refuses(t *testing.T) {
	t.Parallel()
	x := testExtractor(t)
	whole := pdfFile(show("F1", 10, 50, 700, "Words"))
	locked := bytes.Replace(whole, []byte("/Root 1 0 R"), []byte("/Root 1 0 R /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <"+
		strings.Repeat("41", 32)+"> /U <"+strings.Repeat("42", 32)+"> >>"), 1)
	for name, tt := range map[string]struct {
		data []byte
		code core.Code
		says string
	}{
		"Scan":          {pdfFile("0 0 100 100 re f", ""), core.CodeUnsupportedMedia, "scan"},
		"Protected":     {locked, core.CodeUnsupportedMedia, "password"},
		"HeaderOnly":    {[]byte("%PDF-1.7\n"), core.CodeUnsupportedMedia, "damaged"},
		"NoPages":       {pdfFile(), core.CodeUnsupportedMedia, ""},
		"AnotherFilter": {bytes.Replace(locked, []byte("/Standard"), []byte("/Unheard"), 1), core.CodeUnsupportedMedia, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := x.Extract(t.Context(), core.File{Body: bytes.NewReader(tt.data)})
			if core.CodeOf(err) != tt.code || !strings.Contains(core.AsError(err).Message, tt.says) {
				t.Errorf("got %v, want %s about %q", err, tt.code, tt.says)
			}
		})
	}
}

func TestPDF_TooManyPagesAreRefused(t *testing.T) {
	t.Parallel()
	x := New(Config{MaxPages: 3})
	t.Cleanup(func() { _ = x.Close() })
	page := show("F1", 10, 50, 700, "Words")
	for n, want := range map[int]core.Code{3: "", 4: core.CodePayloadTooLarge} {
		_, err := x.Extract(t.Context(), core.File{Body: bytes.NewReader(pdfFile(slices.Repeat([]string{page}, n)...))})
		if got := core.CodeOf(err); got != want {
			t.Errorf("%d pages: got %v, want %q", n, err, want)
		}
	}
}

func TestPDF_LoadsNothingBeforeTheFirst(t *testing.T) {
	t.Parallel()
	x := testExtractor(t)
	if _, err := x.Extract(t.Context(), core.File{Body: strings.NewReader("Words.")}); err != nil {
		t.Fatal(err)
	}
	if x.pdf.pool != nil {
		t.Error("got the PDF engine loaded by plain text, want it unloaded")
	}
}

func TestPDF_Title(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ properties, text, want string }{
		{"Harbor rules", "# Harbor **rules**\n\nWords.\n", "Harbor rules"},
		{"Harbor rules", "Harbor\nrules of today.\n", "Harbor rules"},
		{"Paper title (use style)", "# Harbor rules\n", "Harbor rules"},
		{"Harbor rules", "Words only.\n", "Harbor rules"},
		{"", "# Harbor rules\n", "Harbor rules"},
		{"", "Words only.\n", ""},
	} {
		if got := pdfTitle(tt.properties, tt.text); got != tt.want {
			t.Errorf("%q over %q: got %q, want %q", tt.properties, tt.text, got, tt.want)
		}
	}
}
