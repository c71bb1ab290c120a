package core

import (
	"context"
	"log/slog"
	"time"
)

// Bounds of the notes on failed sign-ins.
const (
	maxNotes = 64 // that are written at once
	noteTime = 10 * time.Second
)

// noteFailure writes a failed sign-in to the audit logs of the organizations
// whose user was tried. It does not wait: the answer to an address that somebody
// has must take no longer than that to one that nobody has. When too many are
// being written the log of the process alone tells of it.
func (s *AuthService) noteFailure(ctx context.Context, tried []Login, from Origin) {
	if len(tried) == 0 {
		return
	}
	select {
	case s.notes <- struct{}{}:
	default:
		s.cfg.Logger.WarnContext(ctx, "a failed sign-in was not noted: too many at once", slog.String("client", from.Address))
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	go func() { // ended by its time
		defer func() { <-s.notes }()
		defer cancel()
		for _, l := range tried {
			err := s.cfg.change(ctx, l.Tenant, func(ctx context.Context, tx Tx) error {
				s.cfg.audit(tx, Actor{tenant: l.Tenant}.From(from), AuditSignInFailed, string(l.UserID), nil)
				return nil
			})
			if err != nil {
				s.cfg.Logger.WarnContext(ctx, "a failed sign-in was not noted", slog.Any("error", err))
			}
		}
	}()
}
