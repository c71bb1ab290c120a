package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/docsctl/docsctl/core"
)

type importRepo struct{ scope }

func (r importRepo) Begin(ctx context.Context, m core.ImportMark) error {
	return r.writeOne(ctx, "import", r.sql.beginImport, key(m.ID), m.TTL.Seconds())
}

func (r importRepo) Retire(ctx context.Context, m core.ImportMark) error {
	return r.writeOne(ctx, "import", r.sql.retire, key(m.ID))
}

func (r importRepo) Renew(ctx context.Context, m core.ImportMark) error {
	return r.writeOne(ctx, "import", r.sql.renewImport, key(m.ID), m.TTL.Seconds())
}

func (r importRepo) Take(ctx context.Context, m core.ImportMark) error {
	return r.writeOne(ctx, "import", r.sql.takeImport, key(m.ID), m.TTL.Seconds())
}

func (r importRepo) End(ctx context.Context, m core.ImportMark, inactive []core.UserID) error {
	if err := r.writeOne(ctx, "import", r.sql.endImport, key(m.ID)); err != nil {
		return err
	}
	except := []string{}
	for _, id := range inactive {
		except = append(except, string(id))
	}
	_, err := r.write(ctx, r.sql.activateUsers, except)
	return err
}

// Discard deletes table by table, what points to others first. Search entries go
// with their documents.
func (r importRepo) Discard(ctx context.Context, m core.ImportMark, limit int) (int, error) {
	if err := r.Renew(ctx, m); err != nil {
		return 0, err
	}
	s, deleted := r.sql, 0
	for _, sql := range []string{
		s.discardEvents,
		s.discardSummaries,
		s.discardJobItems,
		s.discardReservations,
		s.discardWarnings,
		s.discardDispatches,
		s.discardLeases,
		s.discardChildren, s.discardJobs, s.discardPending,
		s.discardPublished, s.discardDocuments, s.discardIntegrations, s.discardDeliveries, s.discardWebhooks,
		s.discardTemplates, s.discardOnce, s.discardAPIKeys, s.discardSessions, s.discardUsers,
		s.discardAudit, s.discardNodes, s.discardUsage, s.discardOrganization,
	} {
		if deleted >= limit {
			break
		}
		n, err := r.write(ctx, sql, limit-deleted)
		if err != nil {
			return 0, err
		}
		deleted += int(n)
	}
	return deleted, nil
}

// AbandonedImports returns the tenants whose import was given up.
func (s *system) AbandonedImports(ctx context.Context, limit int) ([]core.Tenant, error) {
	return call(ctx, s, s.store.sql.abandonedImports, true, func(row pgx.CollectableRow) (core.Tenant, error) {
		var org core.OrgID
		err := row.Scan(&org)
		return core.TrustTenant(org), err
	}, max(limit, 0))
}
