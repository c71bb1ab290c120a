package httpapi

import (
	"log/slog"
	"net/http"
	"time"
)

// NewServer returns a server for h with limits on what a client may cost before
// and between requests; bodies and answers have their own (see timedBody).
// A nil logger is slog.Default().
func NewServer(h http.Handler, logger *slog.Logger) *http.Server {
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
	}
}
