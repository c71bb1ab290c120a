package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
)

type auditEntry struct {
	ID         string           `json:"id" format:"uuid"`
	At         time.Time        `json:"at"`
	UserID     *core.UserID     `json:"user_id" format:"uuid" doc:"Who did it; null when that is not known."`
	APIKeyID   *core.APIKeyID   `json:"api_key_id" format:"uuid" doc:"The key they did it by; null for a session."`
	Action     core.AuditAction `json:"action" example:"user.signed_in"`
	TargetType string           `json:"target_type" example:"user"`
	TargetID   string           `json:"target_id"`
	Address    string           `json:"address" doc:"The network address that it came from."`
	UserAgent  string           `json:"user_agent"`
	RequestID  string           `json:"request_id"`
	Data       json.RawMessage  `json:"data" doc:"What was changed; null when the action says it all."`
}

func viewAuditEntry(e *core.AuditEntry) auditEntry {
	target, _, _ := strings.Cut(string(e.Action), ".")
	return auditEntry{
		ID: e.ID, At: e.At, UserID: e.UserID, APIKeyID: e.APIKeyID, Action: e.Action, TargetType: target, TargetID: e.TargetID,
		Address: e.Address, UserAgent: e.UserAgent, RequestID: e.RequestID, Data: rawOrNull(e.Data),
	}
}

type listAuditInput struct {
	PageQuery
	Action   string    `query:"action" maxLength:"100"`
	UserID   filterID  `query:"user_id"`
	TargetID string    `query:"target_id" maxLength:"100"`
	Since    time.Time `query:"since" doc:"Entries at that time or later."`
	Until    time.Time `query:"until" doc:"Entries before that time."`
}

func (s *api) registerAudit() {
	register(s, operation{
		id: "listAudit", method: http.MethodGet, path: "/v1/audit", tag: "accounts", summary: "Read the audit log",
		description: "Who did what, when and from where: sign-ins, members, keys, deletions. It can be added to only.",
		errors:      []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *listAuditInput) (*listOutput[auditEntry], error) {
		p, err := s.app.Audit.List(ctx, a, core.AuditFilter{
			Action: core.AuditAction(in.Action), UserID: core.UserID(in.UserID), TargetID: in.TargetID, Since: in.Since, Until: in.Until,
		}, in.request())
		return listed(p, viewAuditEntry, err)
	})
}
