package wire

import (
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/docsctl/docsctl/adapters/extract"
	"github.com/docsctl/docsctl/adapters/identity"
	"github.com/docsctl/docsctl/core"
)

// Config is what an installation is configured to be. It comes from Load.
type Config struct {
	DataDir           string
	DatabaseURL       string // "": SQLite in DataDir
	DatabaseDirectURL string // for migrations; "": DatabaseURL
	RedisURL          string // "": in-process
	Listen            string
	NoWorkers         bool   // serve requests only; jobs run elsewhere
	PublicURL         string // "": http:// and Listen
	JWTSecrets        []string
	EncryptionKeys    []string
	LLMBaseURL        string // "": OpenAI's own
	LLMAPIKey         string
	LLMModel          string // "": no language model; summaries are extractive
	LLMTimeout        time.Duration
	LLMContext        int    // tokens; 0: the list's, else learned
	LLMPricesFile     string // "": the embedded list alone
	Notion            Vendor
	Guru              Vendor
	Confluence        Vendor
	WorkerLLM         int
	WorkerIntegration int
	JobLease          time.Duration
	Retention         core.Retention
	ResummarizeAfter  time.Duration
	ShutdownGrace     time.Duration
	MaxUploadBytes    int64
	Extract           extract.SandboxConfig // limits of reading files
	RateLimit         int                   // a minute; 0: none
	RateLimitAuth     int
	FeedUser          int // connections of a user that a process holds; 0: any number
	FeedOrg           int
	Server            string // that commands talk to; "": none
	Token             string // as whom
	Registration      core.Registrations
	DefaultPlan       core.PlanType
	GoogleIssuer      string // "": Google's
	GoogleClientID    string // "": no sign-in but by password
	GoogleSecret      string
	QuotaFree         core.Quota
	QuotaEnterprise   core.Quota
	TrustedProxies    []netip.Prefix
	AllowedOrigins    []string
	AllowPrivate      bool
	LogFormat         string
	LogLevel          slog.Level
}

// Postgres reports whether the store is Postgres and not the embedded one.
func (c Config) Postgres() bool {
	return strings.HasPrefix(c.DatabaseURL, "postgres://") || strings.HasPrefix(c.DatabaseURL, "postgresql://")
}

// setting is one configuration key: its environment variable is DOCSCTL_ and the
// key in capitals.
type setting struct {
	key    string
	value  string // default
	secret bool
	also   string // an environment variable of another name, asked last
	parse  func(c *Config, v string) error
}

// settings is every configuration key, in the order in which `docsctl config`
// prints them.
func settings() []setting {
	return append([]setting{
		{key: "data_dir", value: defaultDataDir(), parse: text(func(c *Config) *string { return &c.DataDir })},
		{key: "database_url", secret: true, parse: databaseURL},
		{key: "database_direct_url", secret: true, parse: text(func(c *Config) *string { return &c.DatabaseDirectURL })},
		{key: "redis_url", secret: true, parse: text(func(c *Config) *string { return &c.RedisURL })},
		{key: "listen", value: "127.0.0.1:8080", parse: listen},
		{key: "public_url", parse: publicURL},
		{key: "no_workers", value: "false", parse: truth(func(c *Config) *bool { return &c.NoWorkers })},
		{key: "jwt_secrets", secret: true, parse: list(func(c *Config) *[]string { return &c.JWTSecrets })},
		{key: "encryption_keys", secret: true, parse: list(func(c *Config) *[]string { return &c.EncryptionKeys })},
		{key: "llm_base_url", parse: llmBaseURL},
		{key: "llm_api_key", secret: true, also: "OPENAI_API_KEY", parse: text(func(c *Config) *string { return &c.LLMAPIKey })},
		{key: "llm_model", parse: text(func(c *Config) *string { return &c.LLMModel })},
		{key: "llm_timeout", value: "120s", parse: span(func(c *Config) *time.Duration { return &c.LLMTimeout }, time.Second, time.Hour)},
		{key: "llm_context", parse: llmContext},
		{key: "llm_prices_file", parse: text(func(c *Config) *string { return &c.LLMPricesFile })},
		{key: "notion_base_url", parse: vendorBaseURL(func(c *Config) *Vendor { return &c.Notion })},
		{key: "notion_client_id", parse: text(func(c *Config) *string { return &c.Notion.ClientID })},
		{key: "notion_client_secret", secret: true, parse: text(func(c *Config) *string { return &c.Notion.ClientSecret })},
		{key: "guru_base_url", parse: vendorBaseURL(func(c *Config) *Vendor { return &c.Guru })},
		{key: "guru_client_id", parse: text(func(c *Config) *string { return &c.Guru.ClientID })},
		{key: "guru_client_secret", secret: true, parse: text(func(c *Config) *string { return &c.Guru.ClientSecret })},
		{key: "confluence_base_url", parse: vendorBaseURL(func(c *Config) *Vendor { return &c.Confluence })},
		{key: "confluence_client_id", parse: text(func(c *Config) *string { return &c.Confluence.ClientID })},
		{key: "confluence_client_secret", secret: true, parse: text(func(c *Config) *string { return &c.Confluence.ClientSecret })},
		{key: "worker_concurrency_llm", value: "64", parse: whole(func(c *Config) *int { return &c.WorkerLLM }, 1, 10_000)},
		{key: "worker_concurrency_integration", value: "8", parse: whole(func(c *Config) *int { return &c.WorkerIntegration }, 1, 10_000)},
		{key: "job_lease", value: "30s", parse: span(func(c *Config) *time.Duration { return &c.JobLease }, 3*time.Second, time.Hour)},
		{key: "retention_sessions", value: "168h", parse: span(func(c *Config) *time.Duration { return &c.Retention.Sessions }, time.Minute, 10_000*time.Hour)},
		{key: "retention_events", value: "1h", parse: span(func(c *Config) *time.Duration { return &c.Retention.Events }, time.Minute, 10_000*time.Hour)},
		{key: "retention_cache", value: "2160h", parse: span(func(c *Config) *time.Duration { return &c.Retention.Cache }, time.Hour, 2160*time.Hour)},
		{key: "retention_deliveries", value: "168h", parse: span(func(c *Config) *time.Duration { return &c.Retention.Deliveries }, time.Minute, 10_000*time.Hour)},
		{key: "resummarize_after", value: "1m", parse: span(func(c *Config) *time.Duration { return &c.ResummarizeAfter }, time.Second, 24*time.Hour)},
		{key: "shutdown_grace", value: "30s", parse: span(func(c *Config) *time.Duration { return &c.ShutdownGrace }, 0, time.Hour)},
		{key: "rate_limit", value: "1200", parse: rate(func(c *Config) *int { return &c.RateLimit })},
		{key: "rate_limit_auth", value: "20", parse: rate(func(c *Config) *int { return &c.RateLimitAuth })},
		{key: "feed_connections_user", value: "10000", parse: whole(func(c *Config) *int { return &c.FeedUser }, 0, 1_000_000)},
		{key: "feed_connections_org", value: "20000", parse: whole(func(c *Config) *int { return &c.FeedOrg }, 0, 1_000_000)},
		{key: "server", parse: text(func(c *Config) *string { return &c.Server })},
		{key: "token", secret: true, parse: text(func(c *Config) *string { return &c.Token })},
		{key: "registration", value: "open", parse: registration},
		{key: "google_issuer", value: identity.GoogleIssuer, parse: googleIssuer},
		{key: "google_client_id", parse: text(func(c *Config) *string { return &c.GoogleClientID })},
		{key: "google_client_secret", secret: true, parse: text(func(c *Config) *string { return &c.GoogleSecret })},
		{key: "quota_free", parse: quota(func(c *Config) *core.Quota { return &c.QuotaFree })},
		{key: "quota_enterprise", parse: quota(func(c *Config) *core.Quota { return &c.QuotaEnterprise })},
		{key: "default_plan", value: "free", parse: defaultPlan},
		{key: "max_upload_bytes", value: "100000000", parse: uploadBytes},
		{key: "trusted_proxies", parse: proxies},
		{key: "allowed_origins", parse: list(func(c *Config) *[]string { return &c.AllowedOrigins })},
		{key: "allow_private_networks", value: "false", parse: truth(func(c *Config) *bool { return &c.AllowPrivate })},
		{key: "log_format", value: "text", parse: logFormat},
		{key: "log_level", value: "info", parse: logLevel},
	}, extractSettings()...)
}

// origins are the web pages that may call the API: those that are listed, else the
// server's own.
func (c Config) origins() []string {
	u, err := url.Parse(c.PublicURL)
	if len(c.AllowedOrigins) > 0 || c.PublicURL == "" || err != nil {
		return c.AllowedOrigins
	}
	return []string{u.Scheme + "://" + u.Host}
}

// signIn is the provider that people sign in with besides by password, or nil.
func (c Config) signIn() core.SignInProvider {
	if c.GoogleClientID == "" {
		return nil
	}
	return identity.NewOIDC(identity.OIDCConfig{Issuer: c.GoogleIssuer, ClientID: c.GoogleClientID, ClientSecret: c.GoogleSecret})
}

// defaultDataDir is where the platform keeps a user's data: XDG's folder, or its
// counterpart on macOS and Windows. "" when there is none.
func defaultDataDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "docsctl")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "docsctl")
	case "windows":
		if dir := os.Getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, "docsctl")
		}
	}
	return filepath.Join(home, ".local", "share", "docsctl")
}
