package wire_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"
)

func TestServe_FeedEndsWithGoingAway(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.register(t)
	conn, _, err := websocket.Dial(t.Context(), s.url+"/v1/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + s.token}}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	job := s.summarize(t, sentences)
	var log strings.Builder
	for !strings.Contains(log.String(), `"type":"job.completed"`) {
		_, text, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		log.Write(text)
	}
	if !strings.HasPrefix(log.String(), `{"type":"hello"`) || !strings.Contains(log.String(), strings.TrimPrefix(job, "/v1/jobs/")) {
		t.Errorf("got %s", &log)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.stop(t, syscall.SIGTERM) }() // ends with the program
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("at the shutdown: got %v, want 1001", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("SIGTERM: got %v, want exit 0\n%s", err, s.log)
	}
}
