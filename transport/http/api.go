package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/feed"
	"github.com/prometheus/client_golang/prometheus"
)

// Config is what the API is built of.
type Config struct {
	App            *core.App
	Checks         map[string]func(context.Context) error // what /readyz asks, by part; an error made by Degraded does not fail it
	Logger         *slog.Logger                           // nil: slog.Default()
	Version        string                                 // of the product; "": "dev"
	PublicURL      string                                 // under which people reach the server, without a slash at its end; for links
	AllowedOrigins []string                               // origins of web pages that may call the API, such as https://docs.example.org
	TrustedProxies []netip.Prefix                         // whose X-Forwarded-For is believed
	Shutdown       <-chan struct{}                        // closed when the server is to end: who waits for a job is answered; nil: never
	Metrics        *prometheus.Registry                   // what /metrics shows; nil: one of its own
	BodyGrace      time.Duration                          // how late a request body may be; see timedBody; 0: 10 s
	Feed           *feed.Hub                              // of the live feed; its owner closes it before the server ends; nil: those routes answer 503
	MaxUploadBytes int64                                  // largest file that is taken; 0: 100 MB
	Node           string                                 // what connections are listed under; "": the host's name
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry()
	}
	if c.BodyGrace == 0 {
		c.BodyGrace = 10 * time.Second
	}
	if c.MaxUploadBytes == 0 {
		c.MaxUploadBytes = 100_000_000
	}
	if c.Node == "" {
		c.Node, _ = os.Hostname() // a node without a name is listed without one
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.App == nil {
		errs = append(errs, errors.New("Config.App is nil"))
	}
	for i, o := range c.AllowedOrigins {
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
			errs = append(errs, fmt.Errorf("Config.AllowedOrigins[%d] is no origin such as https://docs.example.org", i))
		}
	}
	return errors.Join(errs...)
}

// api is the handler and what its routes are registered with.
type api struct {
	cfg     Config
	app     *core.App
	log     *slog.Logger
	mux     *http.ServeMux
	huma    huma.API
	routes  []operation // in the order of registration
	origins map[string]bool
	metrics *metrics
	pace    feedPace
}

// New returns the API as one handler. It may be called more than once.
func New(c Config) (http.Handler, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	return build(c)
}

// OpenAPI returns the API's description, for generating clients of it.
func OpenAPI() (*huma.OpenAPI, error) {
	s, err := build(Config{App: &core.App{}}.withDefaults())
	if err != nil {
		return nil, err
	}
	return s.huma.OpenAPI(), nil
}

func build(c Config) (*api, error) {
	correctHuma()
	s := &api{cfg: c, app: c.App, mux: http.NewServeMux(), origins: map[string]bool{}, pace: defaultPace()}
	s.log = slog.New(WithRequestID(c.Logger.Handler()))
	for _, o := range c.AllowedOrigins {
		s.origins[strings.ToLower(strings.TrimSuffix(o, "/"))] = true
	}
	s.huma = humago.New(s.mux, describe(c.Version))
	describeErrors(s.huma.OpenAPI())
	var err error
	if s.metrics, err = newMetrics(c.Metrics); err != nil {
		return nil, fmt.Errorf("httpapi: register metrics: %w", err)
	}
	s.registerHealth()
	s.registerAccounts()
	s.registerMe()
	s.registerUsers()
	s.registerAPIKeys()
	s.registerAudit()
	s.registerUsage()
	s.registerExternal()
	s.registerDocuments()
	s.registerUploads()
	s.registerSummaries()
	s.registerTemplates()
	s.registerIntegrations()
	s.registerSync()
	s.registerOAuth()
	s.registerWebhooks()
	s.registerDeliveries()
	s.registerJobs()
	s.registerJobItems()
	s.registerFeed()
	s.registerConnections()
	return s, s.registerDocs()
}

// correctHuma sets Huma's package variables, which are shared by the whole
// process, once: errors become ours, names of fields have to match by case, and
// arrays are never null.
var correctHuma = sync.OnceFunc(func() {
	huma.NewErrorWithContext = newHumaError
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return newHumaError(nil, status, msg, errs...)
	}
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
})
