package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Ports is the outside world of an App.
type Ports struct {
	Store      Store
	Bus        EventBus
	Summarizer Summarizer
	Extractor  Extractor      // nil: Documents.Import answers CodeUnavailable
	OCR        OCR            // nil: pages without text stay so, and a file of nothing else is refused
	Renderer   Renderer       // nil: Summaries.Export answers CodeUnavailable
	Hasher     PasswordHasher // nil: so do Auth.Register and Auth.Login
	Tokens     AccessTokens   // nil: so does all of Auth
	SignIn     SignInProvider // nil: Auth.BeginExternal and FinishExternal answer CodeNotFound
	Presence   Presence       // nil: so does Connections.List
	Limiter    Limiter        // nil: nothing is limited
	Sealer     Sealer         // nil: Integrations answers CodeUnavailable
	Connectors Connectors     // of the vendors that can be connected; a vendor that is missing is CodeUnavailable
	Webhooks   WebhookSender  // nil: Webhooks answers CodeUnavailable, and nothing is sent
	Cache      Cache          // what requests ask again and again; nil: it is read from the store each time
}

// Config is what an App is built of.
type Config struct {
	Ports
	Now              func() time.Time    // nil: time.Now
	EncodeEvent      EventEncoder        // what webhooks are sent of an event; nil: Event's JSON form
	FoldEmail        func(string) string // the form in which addresses are compared; nil: lower case
	Logger           *slog.Logger        // nil: slog.Default()
	ResummarizeAfter time.Duration       // how long edits must pause before summaries are made again; 0: 1 minute
	Retention        Retention           // how long what has served its purpose is kept
	JobLease         time.Duration       // how long a job's lease lasts; 0: 30 s
	OCRTimeout       time.Duration       // how long the text of one file is recognized; 0: 2 minutes
	AccessToken      time.Duration       // life of an access token; 0: 15 minutes
	RefreshToken     time.Duration       // life of a refresh token; 0: 30 days
	RateLimit        int                 // requests of an organization in a minute; 0: no limit
	SignInLimit      int                 // sign-ins of an account, and from an address, in a minute; 0: no limit
	UserConnections  int                 // of the feed that a process holds for one user; 0: no limit
	OrgConnections   int                 // and for one organization; 0: no limit
	Registration     Registrations       // who may found organizations; "": RegistrationOpen
	Quotas           map[PlanType]Quota  // what each plan allows; a plan that is missing has no limits
	DefaultPlan      PlanType            // of an organization that is founded; "": PlanFree

	pace *tellPace // of this App
	ends *runEnds  // of this App's runs

	places *connectionPlaces // of this App's connections
}

func (c Config) withDefaults() Config {
	c.pace = &tellPace{told: map[JobID]time.Time{}}
	c.ends = &runEnds{waiting: map[Tenant][]runEnd{}}
	c.places = newConnectionPlaces()
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Extractor == nil {
		c.Extractor = absent{}
	}
	if c.OCR == nil {
		c.OCR = noOCR{}
	}
	if c.Renderer == nil {
		c.Renderer = absent{}
	}
	if c.Hasher == nil {
		c.Hasher = absent{}
	}
	if c.Tokens == nil {
		c.Tokens = absentTokens{}
	}
	if c.SignIn == nil {
		c.SignIn = noSignIn{}
	}
	if c.Presence == nil {
		c.Presence = absentPresence{}
	}
	if c.Limiter == nil {
		c.Limiter, c.RateLimit, c.SignInLimit = noLimiter{}, 0, 0
	}
	if c.Sealer == nil {
		c.Sealer = absentSealer{}
	}
	if c.Webhooks == nil {
		c.Webhooks = absentWebhooks{}
	}
	if c.EncodeEvent == nil {
		c.EncodeEvent = func(e Event) ([]byte, error) { return json.Marshal(e) }
	}
	if c.Cache == nil {
		c.Cache = absentCache{}
	}
	if c.FoldEmail == nil {
		c.FoldEmail = strings.ToLower
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.ResummarizeAfter == 0 {
		c.ResummarizeAfter = time.Minute
	}
	if c.JobLease == 0 {
		c.JobLease = 30 * time.Second
	}
	if c.OCRTimeout == 0 {
		c.OCRTimeout = 2 * time.Minute
	}
	if c.AccessToken == 0 {
		c.AccessToken = 15 * time.Minute
	}
	if c.Registration == "" {
		c.Registration = RegistrationOpen
	}
	if c.DefaultPlan == "" {
		c.DefaultPlan = PlanFree
	}
	if c.RefreshToken == 0 {
		c.RefreshToken = 30 * 24 * time.Hour
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if err := checkFilled("Config", c.Ports); err != nil {
		errs = append(errs, err)
	} else if err := checkFilled("Readers", c.Store.Tenant(Tenant{}).Read()); err != nil {
		errs = append(errs, err)
	}
	if c.JobLease < time.Second {
		errs = append(errs, errors.New("core: Config.JobLease is under one second"))
	}
	return errors.Join(errs...)
}

// App is the product: one service a noun. Its methods may be called concurrently.
type App struct {
	Auth         *AuthService
	Users        *UserService
	Org          *OrganizationService
	Keys         *APIKeyService
	Audit        *AuditService
	Usage        *UsageService
	Documents    *DocumentService
	Summaries    *SummaryService
	Templates    *TemplateService
	Jobs         *JobService
	Connections  *ConnectionService
	Work         *WorkService // for workers; not for requests
	Integrations *IntegrationService
	Webhooks     *WebhookService
}

// New checks c and returns the App. It does no I/O and starts nothing.
func New(c Config) (*App, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("core: incomplete configuration: %w", err)
	}
	app := &App{}
	app.Auth = &AuthService{cfg: c, keys: newKnownKeys(), notes: make(chan struct{}, maxNotes)}
	app.Users = &UserService{cfg: c}
	app.Org = &OrganizationService{cfg: c}
	app.Audit = &AuditService{cfg: c}
	app.Usage = &UsageService{cfg: c}
	app.Keys = &APIKeyService{cfg: c}
	app.Documents = &DocumentService{cfg: c}
	app.Summaries = &SummaryService{cfg: c}
	app.Templates = &TemplateService{cfg: c}
	app.Integrations = &IntegrationService{cfg: c}
	app.Webhooks = &WebhookService{cfg: c}
	app.Connections = &ConnectionService{cfg: c}
	kinds := jobKinds(c)
	app.Jobs = &JobService{cfg: c, kinds: kinds}
	app.Work = &WorkService{cfg: c, kinds: kinds}
	return app, nil
}
