package summarize

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outline writes blocks as "kind: text" for comparison.
func outline(t *Text) []string {
	names := map[BlockKind]string{
		Paragraph: "p", Heading: "h", ListItem: "li", Quote: "q", Turn: "turn", Code: "code", Table: "table", Meta: "meta",
	}
	var out []string
	for _, b := range t.Blocks() {
		text := t.String()[b.body:b.End]
		if b.Kind == Heading {
			text = strings.Repeat("#", b.Level) + " " + b.Title
		}
		out = append(out, names[b.Kind]+": "+collapse(text))
	}
	return out
}

func TestText_Blocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"HeadingsOfBothKinds", "# One #\ntext\n\nTwo\n---\n### *Three* {#id}", []string{"h: # One", "p: text", "h: ## Two", "h: ### Three"}},
		{"HardWrappedLinesAreOneParagraph", "one\ntwo\nthree\n\nfour five.", []string{"p: one two three", "p: four five."}},
		{"FencesHideTheirText", "See this.\n```go\n# no heading\n```\nAfter it.", []string{"p: See this.", "code: ```go # no heading ```", "p: After it."}},
		{"AnOpenFenceRunsToTheEnd", "~~~\na\n\nb", []string{"code: ~~~ a b"}},
		{"IndentedCode", "Call it:\n\n    x := f(a, b)\n    return x;\n\nDone now.", []string{"p: Call it:", "code: x := f(a, b) return x;", "p: Done now."}},
		{"IndentedProseIsProse", "    (a) The agency shall report each year\nto the committee.\n    (b) The committee shall answer\nwithin a month.", []string{
			"li: The agency shall report each year to the committee.", "li: The committee shall answer within a month.",
		}},
		{"AnIndentedLineOpensItsParagraph", "    (a) Fuels.--Section 211(c)(4)(C) of the Act (42\nU.S.C. 7545(c)) is amended.", []string{
			"li: Fuels.--Section 211(c)(4)(C) of the Act (42 U.S.C. 7545(c)) is amended.",
		}},
		{"Tables", "| a | b |\n|---|---|\n| 1 | 2 |\n\na | b\n--|--\n1 | 2\n\n+---+\n| x |\n+---+", []string{
			"table: | a | b | |---|---| | 1 | 2 |", "table: a | b --|-- 1 | 2", "table: +---+ | x | +---+",
		}},
		{"HTMLTables", "<table>\n<tr><td>1</td></tr>\n</table>\nText after.", []string{"table: <table> <tr><td>1</td></tr> </table>", "p: Text after."}},
		{"RowsOfCells", "name,age,town\nAnn,3,Ulm\nBob,4,Bonn", []string{"table: name,age,town Ann,3,Ulm Bob,4,Bonn"}},
		{"ListItemsWithContinuation", "- one\n  more\n- [x] two\n1. three\n2) four", []string{"li: one more", "li: two", "li: three", "li: four"}},
		{"ANumberInsideAParagraphIsNoItem", "The law of\n1998. was hard to\nread.", []string{"p: The law of 1998. was hard to read."}},
		{"Quotations", "> one\n> two\n>\n> three\n\nfour", []string{"q: one two", "q: three", "p: four"}},
		{"TheMarkOfAnAlertIsNoText", "> [!NOTE]\n> Checked by all.\n\n> [!Warning]\n>\n> It burns.\n\n[!NOTE] of a text.\n\n> [!2] or\n> [! x", []string{
			"meta: > [!NOTE]", "q: Checked by all.", "meta: > [!Warning]", "q: It burns.", "p: [!NOTE] of a text.", "q: [!2] or [! x",
		}},
		{"MetaIsNoText", "---\ntitle: x\n---\nText here.\n\n[a]: http://b\n\n***\n\n<!-- no\nno -->\n.. note::\n   no", []string{
			"meta: --- title: x ---", "p: Text here.", "meta: [a]: http://b", "meta: ***", "meta: <!-- no no -->", "meta: .. note:: no",
		}},
		{"TurnsOfATranscript", "Ann: Hello there.\nBob: Good day.\n\nAnn: We start.\n\nBob: Yes: now.", []string{
			"turn: Hello there.", "turn: Good day.", "turn: We start.", "turn: Yes: now.",
		}},
		{"AColonAloneMakesNoTurn", "Note: this is text.\n\nIt goes on.\n\nAnd on.", []string{"p: Note: this is text.", "p: It goes on.", "p: And on."}},
		{"PlainHeadings", "Annual Report\n\nSEC. 2. FINDINGS.\n\nText of it.\n\n3.2 Scope\n\nMore text.", []string{
			"h: ## Annual Report", "h: ## SEC. 2. FINDINGS.", "p: Text of it.", "h: ## 3.2 Scope", "p: More text.",
		}},
		{"AListingWithoutMarksIsCode", "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(1)\n}", []string{
			"code: package main", "code: import \"fmt\"", "code: func main() { fmt.Println(1) }",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, outline(Canonical(c.text))); diff != "" {
				t.Errorf("blocks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestText_Blocks_HeadingPath(t *testing.T) {
	t.Parallel()
	text := Canonical("# A\n\none\n\n## B\n\ntwo\n\n### C\n\nthree\n\n## D\n\nfour")
	var got []string
	for _, b := range text.Blocks() {
		if b.Kind == Paragraph {
			got = append(got, strings.Join(b.HeadingPath, "/"))
		}
	}
	if diff := cmp.Diff([]string{"A", "A/B", "A/B/C", "A/D"}, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}
