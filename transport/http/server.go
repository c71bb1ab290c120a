package httpapi

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// unconfirmed is how long a client's system may leave what it was sent without a
// confirmation, or take nothing of it. After the feed's beat, of 15 s, a client
// that went without a word has lost its connection within a minute.
const unconfirmed = 40 * time.Second

// NewServer returns a server for h with limits on what a client may cost before
// and between requests; bodies and answers have their own (see timedBody). A
// client whose cable was pulled is given up by the system's clock (see giveUp).
// A nil logger is slog.Default().
func NewServer(h http.Handler, logger *slog.Logger) *http.Server {
	return newServer(h, logger, unconfirmed)
}

func newServer(h http.Handler, logger *slog.Logger, unconfirmed time.Duration) *http.Server {
	if logger == nil {
		logger = slog.Default()
	}
	return &http.Server{
		Handler:                      h,
		ReadHeaderTimeout:            10 * time.Second,
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               64 << 10,
		DisableGeneralOptionsHandler: true, // OPTIONS * gets the envelope too
		ErrorLog:                     slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			giveUp(c, unconfirmed)
			return ctx
		},
	}
}
