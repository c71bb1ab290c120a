package core

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// PublishResult is the Result of a publish job; of one that failed with CodeConflict
// too, with what somebody changed.
type PublishResult struct {
	ExternalID string         `json:"external_id"`
	URL        string         `json:"url"`
	Outcome    PublishOutcome `json:"outcome"`
	DryRun     bool           `json:"dry_run"`
	Diff       string         `json:"diff"`
}

// maxDiff bounds what of a diff a job keeps.
const maxDiff = 100 << 10

// publishRun is one attempt at a JobPublish.
type publishRun struct {
	Config
	run   *Run
	conn  Connector
	input publishInput
	page  *PublishedPage
	sum   *Summary
	doc   *Document
}

// runPublish puts a summary into a page.
func (c Config) runPublish(ctx context.Context, r *Run) error {
	p, err := c.newPublishRun(ctx, r)
	if err != nil {
		return err
	}
	access, err := c.access(ctx, r.Tenant(), p.page.IntegrationID)
	if err != nil {
		return err
	}
	pub := p.publication()
	got, err := p.conn.Publish(ctx, access, pub, p.created)
	if err != nil {
		return p.failed(ctx, access, err)
	}
	result := PublishResult{ExternalID: got.ID, URL: got.URL, Outcome: got.Outcome, DryRun: pub.DryRun, Diff: cutDiff(clean(got.Diff))}
	if got.Outcome == PublishConflict {
		return p.conflict(ctx, result)
	}
	return r.Complete(ctx, result, func(ctx context.Context, tx Tx) error {
		if pub.DryRun {
			return nil
		}
		page, err := tx.PublishedPages.Get(ctx, p.page.ID)
		if err != nil {
			return err
		}
		page.RemoteID, page.URL, page.Markdown, page.UpdatedAt = got.ID, got.URL, pub.Markdown, c.now()
		return tx.PublishedPages.Update(ctx, page)
	})
}

func (c Config) newPublishRun(ctx context.Context, r *Run) (*publishRun, error) {
	p := &publishRun{Config: c, run: r}
	if err := json.Unmarshal(r.Job().Input, &p.input); err != nil {
		return nil, fmt.Errorf("read a publication's input: %w", err)
	}
	read := c.Store.Tenant(r.Tenant()).Read()
	var err error
	if p.page, err = read.PublishedPages.Get(ctx, p.input.PageID); err != nil {
		return nil, err
	}
	if p.sum, err = read.Summaries.Get(ctx, p.input.SummaryID); err != nil {
		return nil, err
	}
	if p.doc, err = read.Documents.Get(ctx, p.page.DocID); err != nil {
		return nil, err
	}
	i, err := read.Integrations.Get(ctx, p.page.IntegrationID)
	if err != nil {
		return nil, err
	}
	p.conn, err = c.connectorOf(i.Type)
	return p, err
}

func (p *publishRun) publication() Publication {
	parent, below := strings.CutPrefix(p.page.Target, targetBelow)
	if !below {
		parent = ""
	}
	job := p.run.Job()
	title := p.input.Title
	if title == "" {
		title = cutRunes("Summary: "+p.doc.Title, MaxTitleChars)
	}
	return Publication{
		Key: p.page.key(), RemoteID: p.page.RemoteID, Parent: parent, Title: title, OwnPage: below,
		Markdown: publishedText(p.sum), Source: p.doc.Title, SourceURL: p.doc.SourceURL, Version: p.sum.DocVersion,
		At: p.sum.UpdatedAt, Last: p.page.Markdown, DryRun: p.input.DryRun,
		Retry: p.input.Again || job.Attempt > 1 || job.Run > 1,
	}
}

// created stores a new page's id before anything is written into it.
func (p *publishRun) created(ctx context.Context, remote RemotePage) error {
	return p.run.Do(ctx, func(ctx context.Context, tx Tx) error {
		page, err := tx.PublishedPages.Get(ctx, p.page.ID)
		if err != nil {
			return err
		}
		page.RemoteID, page.URL, page.UpdatedAt = remote.ID, remote.URL, p.now()
		return tx.PublishedPages.Update(ctx, page)
	})
}

// conflict keeps what somebody changed in the job's result, and fails it.
func (p *publishRun) conflict(ctx context.Context, result PublishResult) error {
	err := p.run.Do(ctx, func(ctx context.Context, tx Tx) error {
		j, err := tx.Jobs.GetForUpdate(ctx, p.run.Job().ID)
		if err != nil {
			return err
		}
		j.Result = mustJSON(result)
		return tx.Jobs.Update(ctx, j)
	})
	if err != nil {
		return err
	}
	return Conflict("somebody has changed docsctl's part of the page since; see the diff in the job's result, undo the change there or move it out of that part, then publish again")
}

// failed notes what the vendor did. A page of ours that is gone is made anew by the
// next publication.
func (p *publishRun) failed(ctx context.Context, access Access, err error) error {
	if ReasonOf(err) == ReasonGone && !p.input.DryRun && strings.HasPrefix(p.page.Target, targetBelow) && p.page.RemoteID != "" {
		forget := p.run.Do(ctx, func(ctx context.Context, tx Tx) error {
			page, err := tx.PublishedPages.Get(ctx, p.page.ID)
			if err != nil {
				return err
			}
			page.RemoteID, page.URL, page.Markdown, page.UpdatedAt = "", "", "", p.now()
			return tx.PublishedPages.Update(ctx, page)
		})
		if forget != nil {
			return forget
		}
		e := *AsError(err)
		d, _ := e.Details.(UpstreamDetails)
		e.Message = cmp.Or(d.What, "the page is gone") + "; publish again to have a new page made"
		return &e
	}
	switch ReasonOf(err) {
	case ReasonToken:
		return p.noteRefusal(ctx, p.run.Tenant(), p.page.IntegrationID, p.conn, access, err)
	case ReasonDown, ReasonOpen, ReasonLimited:
		return p.noteFailure(ctx, p.run.Tenant(), p.page.IntegrationID, err)
	default:
		return err // about this page, not about the integration
	}
}

func cutDiff(diff string) string {
	if len(diff) <= maxDiff {
		return diff
	}
	cut := strings.ToValidUTF8(diff[:maxDiff], "")
	return cut + "\n… the rest is left out\n"
}

// publishedText is a summary as Markdown, with its citations as footnotes.
func publishedText(sum *Summary) string {
	text := []rune(sum.Text)
	var b, notes strings.Builder
	at := 0
	for n, c := range sum.Citations {
		if c.End < at || c.End > len(text) || len(c.Sources) == 0 {
			continue
		}
		b.WriteString(string(text[at:c.End]))
		fmt.Fprintf(&b, "[^%d]", n+1)
		at = c.End
		fmt.Fprintf(&notes, "\n[^%d]: %s", n+1, quoted(c.Sources))
	}
	b.WriteString(string(text[at:]))
	out := strings.TrimSpace(b.String())
	if sum.Format == FormatJSON {
		out = "```json\n" + strings.TrimSpace(sum.Text) + "\n```"
	}
	if notes.Len() > 0 && sum.Format != FormatJSON {
		out += "\n" + notes.String()
	}
	return out + "\n"
}

// maxQuote keeps a footnote readable.
const maxQuote = 300

// quoted writes the sources of a citation on one line.
func quoted(sources []Source) string {
	var parts []string
	for _, src := range sources {
		q := strings.Join(strings.Fields(src.Quote), " ")
		if cut := cutRunes(q, maxQuote); cut != q {
			q = cut + "…"
		}
		part := "“" + markdownEscaper.Replace(q) + "”"
		if src.Page > 0 {
			part += fmt.Sprintf(" (page %d)", src.Page)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// markdownEscaper keeps a quote from being read as Markdown.
var markdownEscaper = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", `\<`, "|", `\|`, "#", `\#`)
