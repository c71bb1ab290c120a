package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/docsctl/docsctl/core"
)

// prepare makes the store's folder and file, readable by their owner only, and
// returns the file's absolute path.
func prepare(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = createFile(path)
	}
	if err != nil {
		return "", core.Unavailable("the store's file cannot be made; check its path and permissions", 0, err)
	}
	return path, nil
}

// creating is held while a file is made: closing any descriptor of a file ends
// all POSIX locks that this process has on it, also those of SQLite.
var creating sync.Mutex

// createFile makes an empty file if there is none. It opens none that exists.
func createFile(path string) error {
	creating.Lock()
	defer creating.Unlock()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// source names a file with pragmas for each connection, in the driver's form.
func source(path string, pragmas ...string) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // a drive's letter
	}
	u := url.URL{Scheme: "file", Path: p, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return u.String()
}

// busyFor is the pragma that has SQLite itself wait for a lock.
func busyFor(d time.Duration) string { return fmt.Sprintf("busy_timeout(%d)", d.Milliseconds()) }

// writing are the pragmas of a connection that writes. With FULL a commit outlives
// a loss of power; the log is cut to its limit after a burst of writes. 16 MB of
// pages keep claims from the disk at a backlog of 100,000 jobs.
func writing(wait time.Duration) []string {
	return []string{busyFor(wait), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "journal_size_limit(67108864)", "cache_size(-16384)"}
}

// openOne returns a database with at most one connection.
func openOne(source string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// Pauses between two tries to get a lock, drawn at random so that two processes
// do not keep meeting.
const (
	minPause = time.Millisecond
	maxPause = 20 * time.Millisecond
)

// pause waits for a moment, or less when ctx ends or stop is closed; then it
// returns false.
func pause(ctx context.Context, stop <-chan struct{}) bool {
	t := time.NewTimer(minPause + rand.N(maxPause-minPause))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-stop:
	}
	return false
}
