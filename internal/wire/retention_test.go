package wire_test

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The retention that is set reaches what the running server does: it has a store that
// was not served for a while, and comes back to it with an hour of sessions and a
// minute of events.
func TestServe_RemovesWhatTheRetentionDoesNotKeep(t *testing.T) {
	t.Parallel()
	const newest = 10_000 // events that are kept in any case
	s := startServer(t, "DOCSCTL_RETENTION_SESSIONS=1h", "DOCSCTL_RETENTION_EVENTS=1m")
	s.register(t)
	if status := s.call(t, http.MethodPost, "/v1/ws/tickets", nil, nil); status != http.StatusCreated {
		t.Fatalf("ticket: got %d", status)
	}
	if status := s.call(t, http.MethodPost, "/v1/documents", map[string]string{"title": "Report", "content": sentences}, nil); status != http.StatusCreated {
		t.Fatalf("create: got %d", status)
	}
	first := s.firstEvent(t, "")
	if err := s.stop(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "docsctl.db")+"?_pragma=busy_timeout(20000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{ // as if two hours had passed in which much happened
		`UPDATE sessions SET expires_at = expires_at - 7200000000`,
		`UPDATE events SET at = at - 7200000000`,
		fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= %d)
INSERT INTO events (org_id, type, at, data) SELECT e.org_id, e.type, e.at, e.data FROM events e, n`, newest),
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	again := startIn(t, s.dir, "DOCSCTL_RETENTION_SESSIONS=1h", "DOCSCTL_RETENTION_EVENTS=1m")
	again.token = s.token
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); ; {
		var sessions, expired, events int
		err := db.QueryRowContext(t.Context(), `SELECT count(*), count(*) FILTER (WHERE expires_at < unixepoch() * 1000000),
			(SELECT count(*) FROM events) FROM sessions`).Scan(&sessions, &expired, &events)
		if err != nil {
			t.Fatal(err)
		}
		if sessions == 2 && expired == 0 && events == newest { // the person's, and the new sign-in that serve prints
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d sessions, %d of them expired, and %d events are left; want 2, 0 and %d\n%s", sessions, expired, events, newest, again.log)
		}
	}
	if got := again.firstEvent(t, first); !strings.Contains(got, `"too_old"`) {
		t.Errorf("a client that was away is told %s, want a reset", got)
	}
}

// firstEvent follows the feed after a position, or from the log's end, and returns
// the position of the end or what came after hello.
func (s *server) firstEvent(t *testing.T, since string) string {
	t.Helper()
	path := "/v1/events"
	if since != "" {
		path += "?since=" + since
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var hello struct {
			Type        string `json:"type"`
			LastEventID string `json:"last_event_id"`
		}
		if err := json.Unmarshal([]byte(data), &hello); err != nil {
			t.Fatal(err)
		}
		switch {
		case hello.Type != "hello":
			return data
		case since == "":
			return hello.LastEventID
		}
	}
	t.Fatalf("the stream ended: %v", lines.Err())
	return ""
}
