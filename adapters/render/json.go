package render

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/docsctl/docsctl/core"
)

// exported is a summary as JSON: the fields of the API's summary that say something
// outside of it, and the citations also as footnotes.
type exported struct {
	ID         core.SummaryID  `json:"id"`
	DocID      core.DocumentID `json:"doc_id"`
	Title      string          `json:"title"`
	SourceURL  string          `json:"source_url,omitempty"`
	Text       string          `json:"summary_text"`
	Format     core.Format     `json:"format"`
	Length     core.Length     `json:"length"`
	Language   string          `json:"language"`
	Model      string          `json:"model_used"`
	DocVersion int             `json:"doc_version"`
	Stale      bool            `json:"stale"`
	Footnotes  []footnote      `json:"footnotes"`
	Citations  []core.Citation `json:"citations"`
	Warnings   []core.Warning  `json:"warnings"`
	Coverage   core.Coverage   `json:"coverage"`
	Usage      core.Usage      `json:"usage"`
	CreatedAt  time.Time       `json:"created_at"`
	UpdatedAt  time.Time       `json:"updated_at"`
}

// footnote is a source, and where its mark stands in the text, in characters.
type footnote struct {
	Number int   `json:"number"`
	At     []int `json:"at"`
	core.Source
}

func jsonOf(in core.RenderRequest) ([]byte, error) {
	s := in.Summary
	x := exported{
		ID: s.ID, DocID: s.DocID, Title: in.Title, SourceURL: in.SourceURL, Text: s.Text, Format: s.Format, Length: s.Length,
		Language: s.Language, Model: s.ModelUsed, DocVersion: s.DocVersion, Stale: s.Stale, Footnotes: []footnote{},
		Citations: s.Citations, Warnings: s.Warnings, Coverage: s.Coverage, Usage: s.Usage, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
	marks, sources := core.Footnotes(s.Text, s.Citations)
	for i, source := range sources {
		n := footnote{Number: i + 1, At: []int{}, Source: source}
		for _, m := range marks {
			if m.Number == n.Number {
				n.At = append(n.At, m.At)
			}
		}
		x.Footnotes = append(x.Footnotes, n)
	}
	raw, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the summary: %w", err)
	}
	return append(raw, '\n'), nil
}
