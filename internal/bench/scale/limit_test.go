//go:build unix

package scale

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

// limit is net/http, pgx and JWT over the same rows and nothing else: no row-level
// security, validation, event, search index or second look at the user. It is a
// bound, not a rival.
func (in *installation) limit() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/documents/{id}", in.signedIn(func(w http.ResponseWriter, r *http.Request, c core.AccessClaims) error {
		rows, err := in.bare.Query(r.Context(), `select `+bareColumns+`, content from documents where org_id = $1 and id = $2`, string(c.OrgID), r.PathValue("id"))
		if err != nil {
			return err
		}
		d, err := pgx.CollectExactlyOneRow(rows, scanBare)
		if err != nil {
			return err
		}
		return reply(w, http.StatusOK, d)
	}))
	mux.HandleFunc("GET /v1/documents", in.signedIn(func(w http.ResponseWriter, r *http.Request, c core.AccessClaims) error {
		rows, err := in.bare.Query(r.Context(), `select `+bareColumns+`, '' from documents where org_id = $1 order by created_at desc, id desc limit 50`, string(c.OrgID))
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, scanBare)
		if err != nil {
			return err
		}
		return reply(w, http.StatusOK, map[string]any{"items": all})
	}))
	mux.HandleFunc("POST /v1/documents", in.signedIn(func(w http.ResponseWriter, r *http.Request, c core.AccessClaims) error {
		var d bareDocument
		if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
			return err
		}
		d.ID, d.CreatedAt = core.NewID[string](), time.Now()
		_, err := in.bare.Exec(r.Context(), `insert into documents values ($1, $2, $3, $4, $5, 'upload', '', '', null, null, 'text/markdown', '', $6, 1, 1, 'active', '', $7, $7)`,
			string(c.OrgID), d.ID, string(c.UserID), d.Title, d.Content, len(d.Content), d.CreatedAt)
		if err != nil {
			return err
		}
		return reply(w, http.StatusCreated, d)
	}))
	mux.HandleFunc("POST /v1/documents/{id}/summaries", in.signedIn(in.askBare))
	return mux
}

func (in *installation) signedIn(serve func(http.ResponseWriter, *http.Request, core.AccessClaims) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		claims, err := in.tokens.Verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), time.Now())
		if err == nil {
			err = serve(w, r, claims)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

func reply(w http.ResponseWriter, status int, body any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(body)
}

// bareColumns are those that docsctl reads, too.
const bareColumns = `org_id, id, user_id, title, source_type, source_url, external_id, external_last_updated, external_version,
	conversion_warnings, integration_id, mime_type, content_hash, content_bytes, version, revision, status, error_message, created_at, updated_at`

type bareDocument struct {
	OrgID               string     `json:"org_id"`
	ID                  string     `json:"id"`
	UserID              string     `json:"user_id"`
	Title               string     `json:"title"`
	Content             string     `json:"content,omitempty"`
	SourceType          string     `json:"source_type"`
	SourceURL           string     `json:"source_url"`
	ExternalID          string     `json:"external_id"`
	ExternalLastUpdated *time.Time `json:"external_last_updated"`
	ExternalVersion     string     `json:"external_version"`
	ConversionWarnings  []string   `json:"conversion_warnings"`
	IntegrationID       *string    `json:"integration_id"`
	MimeType            string     `json:"mime_type"`
	ContentHash         string     `json:"content_hash"`
	ContentBytes        int64      `json:"content_bytes"`
	Version             int        `json:"version"`
	Revision            int64      `json:"revision"`
	Status              string     `json:"status"`
	ErrorMessage        string     `json:"error_message"`
	CreatedAt           time.Time  `json:"created_at"`
	UpdatedAt           time.Time  `json:"updated_at"`
}

func scanBare(row pgx.CollectableRow) (d bareDocument, err error) {
	err = row.Scan(&d.OrgID, &d.ID, &d.UserID, &d.Title, &d.SourceType, &d.SourceURL, &d.ExternalID, &d.ExternalLastUpdated,
		&d.ExternalVersion, &d.ConversionWarnings, &d.IntegrationID,
		&d.MimeType, &d.ContentHash, &d.ContentBytes, &d.Version, &d.Revision, &d.Status, &d.ErrorMessage, &d.CreatedAt, &d.UpdatedAt, &d.Content)
	return d, err
}
