package guru

import (
	"context"
	"strings"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree"
	"github.com/docsctl/docsctl/adapters/connectors/internal/provenance"
	"github.com/docsctl/docsctl/core"
)

// Merge is what publishing does to a card.
type Merge struct {
	provenance.Outcome
	// Content is the new content; for Unchanged and Conflict the content as it is.
	Content string
}

// MergePart decides what publishing does to a card with this content, "" for a new
// card. All that is not ours is in Content byte for byte. A card that is Markdown
// stays Markdown; CodeIntegration is returned for a summary that it cannot hold. It
// returns ctx's error.
func MergePart(ctx context.Context, content string, p provenance.Publication) (Merge, error) {
	if err := ctx.Err(); err != nil {
		return Merge{}, err
	}
	units, write, gap := htmlUnits, render, "\n"
	markdown := strings.TrimSpace(content) != "" && !isHTML(content)
	if markdown {
		units, write, gap = markdownUnits, writeMarkdown, "\n\n"
	}
	page := units(content)
	part := p.Compose(func(blocks []doctree.Block) []string { return markdowns(units(write(blocks))) })
	d := p.Decide(part, markdowns(page))
	m := Merge{Outcome: d.Outcome, Content: content}
	more := write(part.Blocks)
	if markdown && isHTML(more) {
		return Merge{}, errTags
	}
	switch d.State {
	case provenance.Created:
		if content != "" {
			content += gap
		}
		m.Content = content + more
	case provenance.Updated:
		m.Content = content[:page[d.From].start] + more + content[page[d.To-1].end:]
	case provenance.Unchanged, provenance.Conflict:
	}
	return m, nil
}

// errTags is returned where a tag would make HTML of a card that is Markdown.
var errTags = &core.Error{
	Code:    core.CodeIntegration,
	Message: "the card is written in Markdown and the summary needs HTML, which Guru cannot mix; publish it as a card of its own",
}

func writeMarkdown(blocks []doctree.Block) string {
	text, err := doctree.Write(blocks)
	if err != nil {
		return "" // only for a text of more than 20 MB, which no summary is
	}
	return strings.TrimRight(text, "\n")
}
