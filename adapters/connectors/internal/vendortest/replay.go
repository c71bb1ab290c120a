package vendortest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/internal/doctree/doctreetest"
	"github.com/docsctl/docsctl/core"
)

// Exchange is a recorded request and its answer.
type Exchange struct {
	Request struct {
		Method, Path string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
		BodyRaw string `json:"body_raw"`
	}
}

// Recorded returns the exchanges of the file beside the repository, or skips the test.
func Recorded(t *testing.T, parts ...string) []Exchange {
	t.Helper()
	dir := doctreetest.Shared(parts[:len(parts)-1]...)
	if dir == "" {
		t.Skip("the vendors' recorded payloads are not beside the repository")
	}
	raw, err := os.ReadFile(filepath.Join(dir, parts[len(parts)-1]))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Exchanges []Exchange }
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Exchanges) == 0 {
		t.Fatalf("%s holds no exchanges: %v", parts, err)
	}
	return file.Exchanges
}

// RecordedNames returns the names of a folder's files, or skips the test.
func RecordedNames(t *testing.T, parts ...string) []string {
	t.Helper()
	dir := doctreetest.Shared(parts...)
	if dir == "" {
		t.Skip("the vendors' recorded payloads are not beside the repository")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no files: %v", dir, err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	return files
}

// Differs compares what was sent with what was recorded: the call, and of its body
// every field but those named, which hold our own words. It returns what is not the
// same.
func (e Exchange) Differs(got Sent, ours ...string) string {
	if got.Method+" "+got.Path != e.Request.Method+" "+e.Request.Path {
		return got.Method + " " + got.Path + ", recorded is " + e.Request.Method + " " + e.Request.Path
	}
	var want map[string]any
	if err := json.Unmarshal(e.Request.Body, &want); err != nil {
		return err.Error()
	}
	for _, field := range ours {
		if _, sent := got.Body[field]; sent {
			delete(want, field)
			got.Body = maps.Clone(got.Body)
			delete(got.Body, field)
		}
	}
	if !reflect.DeepEqual(got.Body, want) {
		return fmt.Sprintf("%v, recorded is %v", got.Body, want)
	}
	return ""
}

// Replay serves recorded answers: each in its turn to a call of its path, which is
// compared without the query unless a cursor is in it; the last one stays. Calls of
// other paths get what other says, else 404.
func Replay(t *testing.T, exchanges []Exchange, other func(w http.ResponseWriter, r *http.Request) bool) (address string) {
	t.Helper()
	var mu sync.Mutex // guards turn
	turn := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		key := r.Method + " " + r.URL.EscapedPath()
		var mine []Exchange
		for _, e := range exchanges {
			path, _, _ := strings.Cut(e.Request.Path, "?")
			if e.Request.Method+" "+path == key {
				mine = append(mine, e)
			}
		}
		if len(mine) == 0 {
			if other == nil || !other(w, r) {
				http.NotFound(w, r)
			}
			return
		}
		e := mine[min(turn[key], len(mine)-1)]
		turn[key]++
		for name, value := range e.Response.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(e.Response.Status)
		if e.Response.BodyRaw != "" {
			_, _ = w.Write([]byte(e.Response.BodyRaw))
			return
		}
		if string(e.Response.Body) != "null" {
			_, _ = w.Write(e.Response.Body)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// WantReasons has every recorded error of a vendor be the answer to a call, and checks
// what the connector makes of it. check looks at what else there is; nil: nothing.
func WantReasons(t *testing.T, vendor string, want map[string]core.UpstreamReason, call func(t *testing.T, address string) error, check func(t *testing.T, e Exchange, d core.UpstreamDetails)) {
	t.Helper()
	for _, name := range RecordedNames(t, vendor, "errors") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := Recorded(t, vendor, "errors", name)[0]
			d := Details(call(t, Always(t, e)))
			if d.Reason != want[name] || d.UpstreamStatus != e.Response.Status {
				t.Errorf("got %+v, want %q with the status", d, want[name])
			}
			if check != nil {
				check(t, e, d)
			}
		})
	}
}

// Always serves the answer of an exchange to every call.
func Always(t *testing.T, e Exchange) (address string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range e.Response.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(e.Response.Status)
		if e.Response.BodyRaw != "" {
			_, _ = w.Write([]byte(e.Response.BodyRaw))
			return
		}
		_, _ = w.Write(e.Response.Body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}
