package webhooks

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/docsctl/docsctl/core"
)

// metrics counts attempts by what came of them; nothing in it tells of a tenant.
type metrics struct {
	attempts *prometheus.CounterVec
	seconds  prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) (metrics, error) {
	m := metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "docsctl_webhook_attempts_total", Help: "Attempts to deliver to webhooks, by the class of the answer.",
		}, []string{"answer"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "docsctl_webhook_attempt_seconds", Help: "How long receivers of webhooks take to answer.", Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 15},
		}),
	}
	if r == nil {
		return m, nil
	}
	if err := r.Register(m.attempts); err != nil {
		return m, err
	}
	return m, r.Register(m.seconds)
}

func (m metrics) note(a core.WebhookAnswer, err error, took time.Duration) {
	class := "none"
	if err == nil {
		class = strconv.Itoa(a.Status/100) + "xx"
	}
	m.attempts.WithLabelValues(class).Inc()
	m.seconds.Observe(took.Seconds())
}
