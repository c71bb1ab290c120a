package core

import (
	"context"
	"time"
)

// UsageService tells what an organization used.
type UsageService struct{ cfg Config }

// MonthlyUsage is what an organization used in a month, and what it may use.
type MonthlyUsage struct {
	Month    string // 2026-01, in UTC
	Plan     PlanType
	Quota    Quota
	Totals   UsageTotals
	Models   []ModelUsage // by name
	ResetsAt time.Time    // when the next month begins
}

// Month returns what the actor's organization used in the month of at; the zero time
// is the present one. Only an admin may.
func (s *UsageService) Month(ctx context.Context, a Actor, at time.Time) (*MonthlyUsage, error) {
	if err := a.may(permUsage, ""); err != nil {
		return nil, err
	}
	if at.IsZero() {
		at = s.cfg.now()
	}
	read := s.cfg.Store.Tenant(a.Tenant()).Read()
	org, err := read.Organizations.Get(ctx)
	if err != nil {
		return nil, err
	}
	totals, err := read.Usage.Totals(ctx, at)
	if err != nil {
		return nil, err
	}
	models, err := read.Usage.Month(ctx, at)
	if err != nil {
		return nil, err
	}
	return &MonthlyUsage{
		Month: UsageMonth(at), Plan: org.PlanType, Quota: s.cfg.Quotas[org.PlanType], Totals: *totals, Models: models, ResetsAt: nextMonth(at),
	}, nil
}
