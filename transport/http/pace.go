package httpapi

import (
	"io"
	"net/http"
	"time"
)

// minRate is how many bytes a second a body has to come or go on average, after
// a grace: slower than any line in use, and fast enough that a client that drips
// bytes does not hold a connection for long.
const minRate = 16 << 10

// writeGrace is how late a client may be in taking an answer.
const writeGrace = 30 * time.Second

func timeFor(bytes int64) time.Duration {
	return time.Duration(bytes) * time.Second / minRate
}

// timedBody is a request body that has to arrive at minRate. It replaces the
// server's ReadTimeout, which is the same for one byte and for 24 MB. At the
// body's end the server clears the deadline by itself.
type timedBody struct {
	io.ReadCloser
	ctl   *http.ResponseController
	until time.Time // without a byte read
	read  int64
}

// newTimedBody sets the first deadline at once: it also bounds a body that the
// handler never reads and the server drains.
func newTimedBody(body io.ReadCloser, ctl *http.ResponseController, grace time.Duration) *timedBody {
	b := &timedBody{ReadCloser: body, ctl: ctl, until: time.Now().Add(grace)}
	b.deadline(b.until)
	return b
}

func (b *timedBody) Read(p []byte) (int, error) {
	b.deadline(b.until.Add(timeFor(b.read)))
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	return n, err
}

// deadline has no effect where there is no connection, as in tests.
func (b *timedBody) deadline(t time.Time) { _ = b.ctl.SetReadDeadline(t) }

// recorder remembers how a request was answered, and gives each write its time.
type recorder struct {
	http.ResponseWriter
	ctl    *http.ResponseController
	status int
	bytes  int64
	paced  bool // by the handler itself
}

func newRecorder(w http.ResponseWriter) *recorder {
	return &recorder{ResponseWriter: w, ctl: http.NewResponseController(w)}
}

// WriteHeader sends the first status; Huma may try a second.
func (r *recorder) WriteHeader(status int) {
	if r.status != 0 {
		return
	}
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		r.status = status
	}
	r.deadline(0)
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.deadline(int64(len(p)))
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// SetWriteDeadline is for handlers that give each write its time themselves,
// through http.ResponseController: from then on Write gives none.
func (r *recorder) SetWriteDeadline(t time.Time) error {
	r.paced = true
	return r.ctl.SetWriteDeadline(t)
}

func (r *recorder) deadline(bytes int64) {
	if r.paced {
		return
	}
	_ = r.ctl.SetWriteDeadline(time.Now().Add(writeGrace + timeFor(bytes)))
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
