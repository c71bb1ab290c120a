package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"time"

	"github.com/docsctl/docsctl/core"
)

// What is known of a store beside its organizations' rows.
const (
	metaEpoch     = "epoch"      // of the event log; new when the file is restored or imported
	metaLocalOrg  = "local_org"  // the organization that the store was born with
	metaLocalUser = "local_user" // its admin
)

const (
	sqlGetMeta = `SELECT value FROM meta WHERE key = ?`
	sqlPutMeta = `INSERT INTO meta (key, value) VALUES (?, ?)`
)

func (s *Store) meta(ctx context.Context, key string) (string, error) {
	v, err := one(ctx, s.reader, "store", func(rows *sql.Rows, v *string) error { return rows.Scan(v) }, sqlGetMeta, key)
	if err != nil {
		return "", err
	}
	return *v, nil
}

// Local returns the organization that the store was born with, and its admin. Who
// can open the file may act as that admin.
func (s *Store) Local(ctx context.Context) (core.OrgID, core.UserID, error) {
	org, err := s.meta(ctx, metaLocalOrg)
	if err != nil {
		return "", "", err
	}
	user, err := s.meta(ctx, metaLocalUser)
	return core.OrgID(org), core.UserID(user), err
}

// begin gives a new store its epoch, its organization and an admin without a
// password. Of several processes the first does, in one transaction.
func (s *Store) begin(ctx context.Context) error {
	if _, err := s.meta(ctx, metaEpoch); core.CodeOf(err) != core.CodeNotFound {
		return err
	}
	org, user := core.NewID[core.OrgID](), core.NewID[core.UserID]()
	return s.writer.do(ctx, func(session *session) error {
		born, err := exists(ctx, session, sqlGetMeta, metaEpoch)
		if err != nil || born {
			return err
		}
		for key, value := range map[string]string{metaEpoch: newEpoch(), metaLocalOrg: string(org), metaLocalUser: string(user)} {
			if _, err := session.exec(ctx, sqlPutMeta, key, value); err != nil {
				return err
			}
		}
		t := &tx{session: session, org: org, now: s.now}
		defer t.end()
		return t.found(ctx, org, user, s.cfg.Now().UTC().Truncate(time.Microsecond))
	})
}

func (t *tx) found(ctx context.Context, org core.OrgID, user core.UserID, at time.Time) error {
	repos := t.repositories(&core.Outbox{})
	err := repos.Organizations.Create(ctx, &core.Organization{ID: org, Name: "local", PlanType: core.PlanFree, Resummarize: core.ResummarizeOff, CreatedAt: at, UpdatedAt: at})
	if err != nil {
		return err
	}
	const email = "admin@local.invalid"
	return repos.Users.Create(ctx, &core.User{
		ID: user, OrgID: org, Email: email, EmailKey: email, Name: "Local admin", Role: core.RoleAdmin,
		AuthProvider: core.AuthLocal, IsActive: true, CreatedAt: at, UpdatedAt: at,
	})
}

// newEpoch returns a name that no other log has.
func newEpoch() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails (crypto/rand, Go 1.24)
	return hex.EncodeToString(b)
}

const (
	sqlFirstAdmin = `SELECT id FROM users WHERE org_id = ? AND role = 'admin' AND is_active ORDER BY created_at, id LIMIT 1`
	sqlSetMeta    = `UPDATE meta SET value = ? WHERE key = ?`
)

// SetLocal makes an organization the one that Local returns, with its oldest
// active admin. It returns CodeConflict when there is none.
func (s *Store) SetLocal(ctx context.Context, org core.OrgID) error {
	return s.writer.do(ctx, func(session *session) error {
		admins, err := only[core.UserID](ctx, session, sqlFirstAdmin, org)
		if err != nil {
			return err
		}
		if len(admins) == 0 {
			return core.Conflict("the organization has no active admin to act as; sign in to it on a server instead")
		}
		for key, value := range map[string]string{metaLocalOrg: string(org), metaLocalUser: string(admins[0])} {
			if _, err := session.exec(ctx, sqlSetMeta, value, key); err != nil {
				return err
			}
		}
		return nil
	})
}
