package postgres

import (
	"testing"
	"time"

	"github.com/docsctl/docsctl/internal/testenv"
)

func TestHorizon_IsAsOldAsTheOldestOpenTransaction(t *testing.T) {
	t.Parallel()
	server := testenv.StartPostgres(t, testenv.PostgresOptions{Settings: map[string]string{"autovacuum": "off"}})
	url := server.Database(t, "horizon", migrateUp)
	h := openURL(t, url).Horizon()
	at := time.Now()
	h.now = func() time.Time { return at }
	look := func(want time.Duration, when string) {
		t.Helper()
		if got, err := h.Look(t.Context()); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", when, got, err, want)
		}
	}
	look(0, "nothing is open")
	conn, other := connect(t, url), connect(t, url)
	const writes = "select pg_current_xact_id()"
	for range 2 {
		execSQL(t, conn, "begin")
		execSQL(t, conn, writes)
		at = at.Add(time.Hour)
		look(0, "nothing later has ended that would wait")
		execSQL(t, other, writes)
		look(0, "first seen")
		at = at.Add(7 * time.Second)
		execSQL(t, other, "begin")
		execSQL(t, other, writes)
		look(7*time.Second, "seven seconds later, with another one open")
		execSQL(t, conn, "commit")
		look(0, "the younger one is the oldest now")
		execSQL(t, other, "rollback")
		at = at.Add(time.Hour)
		look(0, "all have ended")
	}
	execSQL(t, conn, "begin")
	execSQL(t, conn, "select count(*) from documents")
	look(0, "who only reads holds back nothing")
	at = at.Add(time.Minute)
	look(0, "however long")
	execSQL(t, conn, "commit")
}
