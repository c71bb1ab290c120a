package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

// integrationItem is something that can be imported.
type integrationItem struct {
	ID         string           `json:"id" doc:"The vendor's: external_id of its document."`
	Kind       core.ItemKind    `json:"kind" enum:"page,row,post,card"`
	Title      string           `json:"title"`
	URL        *string          `json:"url"`
	Path       *string          `json:"path" doc:"Where it is at the vendor, for people."`
	State      core.RemoteState `json:"state" enum:"present,archived,trashed"`
	LastEdited *time.Time       `json:"last_edited"`
	DocumentID *core.DocumentID `json:"document_id" format:"uuid" doc:"That it was imported as."`
}

func viewItem(i *core.BrowsedItem) integrationItem {
	return integrationItem{
		ID: i.ID, Kind: i.Kind, Title: i.Title, URL: orNull(i.URL), Path: orNull(i.Path), State: i.State,
		LastEdited: orNull(i.LastEdited), DocumentID: orNull(i.DocumentID),
	}
}

type listItemsInput struct {
	PathID
	PageQuery
	Q string `query:"q" maxLength:"500" doc:"Words of the title."`
}

type syncRequest struct {
	Full    bool     `json:"full,omitzero" doc:"List everything, and delete what is gone. Default: what changed since the last sync."`
	ItemIDs []string `json:"item_ids,omitzero" maxItems:"1000" doc:"Import these and nothing else."`
}

type syncInput struct {
	PathID
	Body *syncRequest
}

// enqueued is the answer to what only a job does.
type enqueued struct {
	Location string `header:"Location"`
	Body     struct {
		Job job `json:"job"`
	}
}

func enqueuedJob(j *core.Job, err error) (*enqueued, error) {
	if err != nil {
		return nil, err
	}
	out := &enqueued{Location: "/v1/jobs/" + string(j.ID)}
	out.Body.Job = viewJob(j)
	return out, nil
}

type publishRequest struct {
	IntegrationID core.IntegrationID `json:"integration_id" format:"uuid"`
	ParentID      string             `json:"parent_id,omitzero" maxLength:"1000" doc:"Where a new page goes: a page's, space's or collection's id."`
	ExternalID    string             `json:"external_id,omitzero" maxLength:"1000" doc:"A page that exists: only the part of it that docsctl writes is changed."`
	Title         string             `json:"title,omitzero" maxLength:"500" doc:"Of a new page. Default: made of the document's."`
	DryRun        bool               `json:"dry_run,omitzero" doc:"Write nothing; the job's result says what would be done."`
}

type publishInput struct {
	PathID
	Body publishRequest
}

func (s *api) registerSync() {
	register(s, operation{
		id: "listIntegrationItems", method: http.MethodGet, path: "/v1/integrations/{id}/items", tag: "integrations", summary: "List what could be imported",
		description: "As the vendor lists it now. A page may be empty and have a next one.", errors: []int{http.StatusBadGateway},
	}, func(ctx context.Context, a core.Actor, in *listItemsInput) (*listOutput[integrationItem], error) {
		p, err := s.app.Integrations.Items(ctx, a, core.IntegrationID(in.ID), in.Q, in.request())
		return listed(p, viewItem, err)
	})
	register(s, operation{
		id: "syncIntegration", once: true, method: http.MethodPost, path: "/v1/integrations/{id}/sync", tag: "integrations", summary: "Sync an integration",
		description: "Every item is accounted for at /v1/jobs/{id}/items. Many deletions wait until the job is confirmed. 409 while a sync is under way.",
		status:      http.StatusAccepted, errors: []int{http.StatusConflict},
	}, func(ctx context.Context, a core.Actor, in *syncInput) (*enqueued, error) {
		if in.Body == nil {
			in.Body = &syncRequest{}
		}
		return enqueuedJob(s.app.Integrations.Sync(ctx, a, core.IntegrationID(in.ID), core.SyncRequest(*in.Body)))
	})
	register(s, operation{
		id: "publishSummary", once: true, method: http.MethodPost, path: "/v1/summaries/{id}/publish", tag: "summaries", summary: "Publish a summary into a vendor's page",
		description: "A newer summary by the same template takes the former's place. When somebody has changed docsctl's part of the page since, the job fails with CONFLICT and its result has the diff.",
		status:      http.StatusAccepted, errors: []int{http.StatusConflict},
	}, func(ctx context.Context, a core.Actor, in *publishInput) (*enqueued, error) {
		return enqueuedJob(s.app.Summaries.Publish(ctx, a, core.PublishRequest{
			SummaryID: core.SummaryID(in.ID), IntegrationID: in.Body.IntegrationID, ParentID: in.Body.ParentID,
			ExternalID: in.Body.ExternalID, Title: in.Body.Title, DryRun: in.Body.DryRun,
		}))
	})
}
