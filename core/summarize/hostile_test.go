package summarize

import (
	"strings"
	"testing"
	"time"
)

// TestHostileTexts holds the reading to a time that grows with the text: each
// of these takes minutes or hours when a scan begins anew at every mark.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	const size = 200_000
	for name, piece := range map[string]string{
		"Brackets": "[", "Links": "[a](", "Tags": "<", "Ticks": "` `` ", "Stars": "*a **b ", "Stops": ". ", "Initials": "J. ",
		"Comments": "<!--\n", "CommentsWithText": "<!-- a --> b\n", "TableTags": "<table>\n", "Indents": "    prose here\n\n",
		"Words": "word ", "OneWord": "x", "Han": "字", "Headings": "# a\n", "Marks": "- ", "Quotes": "> ", "Turns": "A: b\n",
		"Bars": "|", "Blanks": " \n", "ZeroWidth": "\u200b", "Invalid": "\xff", "Backslashes": "\\", "Fences": "```\n~~~\n",
		"Sentences": "The very same sentence again. ", "Digits": "1. ", "Underlines": "a\n===\n", "Ellipses": "… ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored := strings.Repeat(piece, size/len(piece))
			started := time.Now()
			_, e := extract(t, stored, Options{})
			checkCitations(t, stored, Render(e, Markdown))
			if took := time.Since(started); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}
