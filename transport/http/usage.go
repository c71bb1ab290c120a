package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/docsctl/docsctl/core"
)

type monthUsage struct {
	Month        string            `json:"month" doc:"In UTC." example:"2026-01"`
	PlanType     core.PlanType     `json:"plan_type" enum:"free,enterprise"`
	Documents    int64             `json:"documents" doc:"That were made."`
	Bytes        int64             `json:"bytes" doc:"Of text that was stored."`
	Tokens       int64             `json:"tokens" doc:"That models read and wrote."`
	InputTokens  int64             `json:"input_tokens"`
	OutputTokens int64             `json:"output_tokens"`
	LLMCalls     int64             `json:"llm_calls"`
	CachedCalls  int64             `json:"cached_calls" doc:"That were paid for before."`
	CachedTokens int64             `json:"cached_tokens"`
	CostUSD      float64           `json:"cost_usd" doc:"Of the calls whose price is known."`
	Models       []core.ModelUsage `json:"models" nullable:"false"`
	Quota        usageQuotas       `json:"quota"`
	ResetsAt     time.Time         `json:"resets_at" doc:"When the next month begins."`
}

type usageQuotas struct {
	Documents   usageQuota   `json:"documents"`
	Bytes       usageQuota   `json:"bytes"`
	Tokens      usageQuota   `json:"tokens"`
	USD         usageQuota   `json:"usd"`
	RunningJobs runningQuota `json:"running_jobs"`
}

type usageQuota struct {
	Limit    *float64 `json:"limit" doc:"null: none."`
	Used     float64  `json:"used"`
	Reserved float64  `json:"reserved" doc:"By calls that are under way."`
}

type runningQuota struct {
	Limit *int `json:"limit" doc:"null: none."`
}

func viewUsage(u *core.MonthlyUsage) monthUsage {
	t := u.Totals
	v := monthUsage{
		Month: u.Month, PlanType: u.Plan, Documents: t.Documents, Bytes: t.Bytes, Tokens: t.Tokens, InputTokens: t.InputTokens,
		OutputTokens: t.OutputTokens, LLMCalls: t.Calls, CachedCalls: t.CachedCalls, CachedTokens: t.CachedTokens, CostUSD: t.CostUSD,
		Models: append([]core.ModelUsage{}, u.Models...), ResetsAt: u.ResetsAt,
	}
	v.Quota = usageQuotas{
		Documents: viewQuota(float64(u.Quota.Documents), float64(t.Documents), 0),
		Bytes:     viewQuota(float64(u.Quota.Bytes), float64(t.Bytes), 0),
		Tokens:    viewQuota(float64(u.Quota.Tokens), float64(t.Tokens), float64(t.ReservedTokens)),
		USD:       viewQuota(u.Quota.USD, t.CostUSD, t.ReservedUSD),
	}
	if u.Quota.RunningJobs > 0 {
		v.Quota.RunningJobs.Limit = &u.Quota.RunningJobs
	}
	return v
}

func viewQuota(limit, used, reserved float64) usageQuota {
	q := usageQuota{Used: used, Reserved: reserved}
	if limit > 0 {
		q.Limit = &limit
	}
	return q
}

type usageInput struct {
	Month string `query:"month" pattern:"^2[0-9]{3}-(0[1-9]|1[0-2])$" patternDescription:"a month from 2000-01 to 2999-12, such as 2026-01" doc:"Default: the present one." example:"2026-01"`
}

type usageOutput struct{ Body monthUsage }

func (s *api) registerUsage() {
	register(s, operation{
		id: "getUsage", method: http.MethodGet, path: "/v1/usage", tag: "accounts", summary: "What was used in a month, and what may be",
		errors: []int{http.StatusForbidden},
	}, func(ctx context.Context, a core.Actor, in *usageInput) (*usageOutput, error) {
		at, _ := time.Parse("2006-01", in.Month) // its form was checked; without one it is the zero time
		u, err := s.app.Usage.Month(ctx, a, at)
		if err != nil {
			return nil, err
		}
		return &usageOutput{Body: viewUsage(u)}, nil
	})
}
