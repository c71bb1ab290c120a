package httpapi

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestBody_TooSlow(t *testing.T) {
	t.Parallel()
	srv := bareWith(t, io.Discard, 200*time.Millisecond)
	for name, first := range map[string]string{"NothingComes": "", "ItStops": `{"email":"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n%s", first)
			conn.SetReadDeadline(time.Now().Add(patience))
			answer, err := io.ReadAll(conn) // ends when the server closes
			if err != nil {
				t.Fatal(err)
			}
			if got := string(answer); !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.Contains(got, `"constraint":"timeout"`) {
				t.Errorf("answer %q, want 400 with the constraint timeout", got)
			}
		})
	}
	t.Run("ItDrips", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
		drops := time.NewTicker(20 * time.Millisecond) // never idle for long, and never done
		defer drops.Stop()
		for late := time.Now().Add(patience); time.Now().Before(late); <-drops.C {
			if _, err := conn.Write([]byte(" ")); err != nil {
				return // cut off
			}
		}
		t.Error("a client that drips is never cut off")
	})
	t.Run("NobodyReadsIt", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
		conn.SetReadDeadline(time.Now().Add(patience))
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
			t.Errorf("%q %v, want 200 and the end", answer, err)
		}
	})
}

func TestBody_DeadlineEndsWithTheBody(t *testing.T) {
	t.Parallel()
	// A machine that stands still longer than that sends its own bodies too late.
	for _, grace := range []time.Duration{50 * time.Millisecond, time.Second, 10 * time.Second} {
		if afterBody(t, grace) == http.StatusNoContent {
			return
		}
	}
	t.Error("the body's deadline ended the handler")
}

// afterBody returns the status of a handler that works for much longer than a body may take.
func afterBody(t *testing.T, grace time.Duration) int {
	t.Helper()
	s, err := build(Config{App: &core.App{}, BodyGrace: grace, Logger: slog.New(slog.DiscardHandler)}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	s.registerRaw(operation{method: "POST", path: "/slow", public: true, hidden: true, form: true}, answer{}, func(w http.ResponseWriter, r *http.Request, _ core.Actor) error {
		if _, err := io.ReadAll(r.Body); err != nil {
			return err
		}
		select {
		case <-r.Context().Done():
			return r.Context().Err()
		case <-time.After(6 * grace):
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
	})
	srv := httptest.NewServer(s)
	defer srv.Close()
	return send(t, "POST", srv.URL+"/slow", strings.NewReader("x")).StatusCode
}

func TestBody_TooLarge(t *testing.T) {
	t.Parallel()
	srv := bare(t, io.Discard)
	long := `{"email":"` + strings.Repeat("x", maxBody) + `"}`
	for name, body := range map[string]io.Reader{
		"Declared": strings.NewReader(long),
		"Chunked":  io.MultiReader(strings.NewReader(long)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := send(t, "POST", srv.URL+"/v1/auth/login", body, "Content-Type", "application/json")
			if e := envelopeIn(t, resp); resp.StatusCode != 413 || e.Code != core.CodePayloadTooLarge || !strings.Contains(e.Message, "1 MB") {
				t.Errorf("%d %+v", resp.StatusCode, e)
			}
		})
	}
	t.Run("DeclaredIsRefusedUnread", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", maxBody+1)
		conn.SetReadDeadline(time.Now().Add(patience))
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") {
			t.Errorf("%q %v, want 413", answer, err)
		}
	})
	t.Run("TheLimitItselfIsNot", func(t *testing.T) {
		t.Parallel()
		body := `{"email":"` + strings.Repeat("x", maxBody-12) + `"}`
		resp := send(t, "POST", srv.URL+"/v1/auth/login", strings.NewReader(body), "Content-Type", "application/json")
		if e := envelopeIn(t, resp); len(body) != maxBody || resp.StatusCode != 422 {
			t.Errorf("%d bytes: %d %+v, want 422", len(body), resp.StatusCode, e)
		}
	})
	t.Run("NobodyIsAskedForABodyWithoutACredential", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "POST /v1/documents HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
		conn.SetReadDeadline(time.Now().Add(patience))
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 401 ") {
			t.Errorf("%q %v, want 401 first", answer, err)
		}
	})
}
