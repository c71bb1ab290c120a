package wire

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
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
		{key: "worker_concurrency_llm", value: "64", parse: count(func(c *Config) *int { return &c.WorkerLLM })},
		{key: "worker_concurrency_integration", value: "8", parse: count(func(c *Config) *int { return &c.WorkerIntegration })},
		{key: "job_lease", value: "30s", parse: span(func(c *Config) *time.Duration { return &c.JobLease }, 3*time.Second, time.Hour)},
		{key: "retention_sessions", value: "168h", parse: span(func(c *Config) *time.Duration { return &c.Retention.Sessions }, time.Minute, 10_000*time.Hour)},
		{key: "retention_events", value: "1h", parse: span(func(c *Config) *time.Duration { return &c.Retention.Events }, time.Minute, 10_000*time.Hour)},
		{key: "retention_cache", value: "2160h", parse: span(func(c *Config) *time.Duration { return &c.Retention.Cache }, time.Hour, 2160*time.Hour)},
		{key: "retention_deliveries", value: "168h", parse: span(func(c *Config) *time.Duration { return &c.Retention.Deliveries }, time.Minute, 10_000*time.Hour)},
		{key: "resummarize_after", value: "1m", parse: span(func(c *Config) *time.Duration { return &c.ResummarizeAfter }, time.Second, 24*time.Hour)},
		{key: "shutdown_grace", value: "30s", parse: span(func(c *Config) *time.Duration { return &c.ShutdownGrace }, 0, time.Hour)},
		{key: "rate_limit", value: "1200", parse: rate(func(c *Config) *int { return &c.RateLimit })},
		{key: "rate_limit_auth", value: "20", parse: rate(func(c *Config) *int { return &c.RateLimitAuth })},
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

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		*field(c) = v
		return nil
	}
}

func list(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, v string) error {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*field(c) = append(*field(c), part)
			}
		}
		return nil
	}
}

func count(field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 10_000 {
			return errors.New("must be a whole number from 1 to 10000")
		}
		*field(c) = n
		return nil
	}
}

func rate(field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 10_000_000 {
			return errors.New("must be a whole number a minute, up to 10000000; 0 turns the limit off")
		}
		*field(c) = n
		return nil
	}
}

func span(field func(*Config) *time.Duration, lo, hi time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < lo || d > hi {
			return fmt.Errorf("must be a duration such as 30s, from %s to %s", lo, hi)
		}
		*field(c) = d
		return nil
	}
}

func truth(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, v string) error {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return errors.New("must be true or false")
		}
		*field(c) = b
		return nil
	}
}

func databaseURL(c *Config, v string) error {
	c.DatabaseURL = v
	if v != "" && !c.Postgres() {
		return errors.New("must be a postgres:// address, or unset for the embedded store")
	}
	return nil
}

func listen(c *Config, v string) error {
	c.Listen = v
	if _, port, err := net.SplitHostPort(v); err != nil || port == "" {
		return errors.New("must be an address with a port, such as 127.0.0.1:8080")
	}
	return nil
}

func publicURL(c *Config, v string) error {
	c.PublicURL = strings.TrimSuffix(v, "/")
	if u, err := url.Parse(v); v != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
		return errors.New("must be an http or https address")
	}
	return nil
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

func llmBaseURL(c *Config, v string) error {
	c.LLMBaseURL = strings.TrimSuffix(v, "/")
	if u, err := url.Parse(v); v != "" && (err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https")) {
		return errors.New("must be an http or https address such as https://api.openai.com/v1, without user and password")
	}
	return nil
}

func llmContext(c *Config, v string) error {
	if v == "" {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 512 || n > 100_000_000 {
		return errors.New("must be a number of tokens from 512 to 100000000")
	}
	c.LLMContext = n
	return nil
}

func googleIssuer(c *Config, v string) error {
	c.GoogleIssuer = v
	if u, err := url.Parse(v); v != "" && (err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https")) {
		return errors.New("must be the provider's https address, as it names itself")
	}
	return nil
}

// signIn is the provider that people sign in with besides by password, or nil.
func (c Config) signIn() core.SignInProvider {
	if c.GoogleClientID == "" {
		return nil
	}
	return identity.NewOIDC(identity.OIDCConfig{Issuer: c.GoogleIssuer, ClientID: c.GoogleClientID, ClientSecret: c.GoogleSecret})
}

func registration(c *Config, v string) error {
	switch c.Registration = core.Registrations(v); c.Registration {
	case core.RegistrationOpen, core.RegistrationFirst, core.RegistrationClosed:
		return nil
	}
	return errors.New("must be open, first or closed")
}

func defaultPlan(c *Config, v string) error {
	switch c.DefaultPlan = core.PlanType(v); c.DefaultPlan {
	case core.PlanFree, core.PlanEnterprise:
		return nil
	}
	return errors.New("must be free or enterprise")
}

func uploadBytes(c *Config, v string) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1 {
		return errors.New("must be a number of bytes, at least 1")
	}
	c.MaxUploadBytes = n
	return nil
}

func proxies(c *Config, v string) error {
	var parts []string
	_ = list(func(*Config) *[]string { return &parts })(c, v)
	for _, p := range parts {
		if addr, err := netip.ParseAddr(p); err == nil {
			c.TrustedProxies = append(c.TrustedProxies, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return errors.New("must be addresses or networks such as 10.0.0.0/8, separated by commas")
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	return nil
}

func logFormat(c *Config, v string) error {
	if c.LogFormat = v; v != "text" && v != "json" {
		return errors.New("must be text or json")
	}
	return nil
}

func logLevel(c *Config, v string) error {
	if err := c.LogLevel.UnmarshalText([]byte(v)); err != nil {
		return errors.New("must be debug, info, warn or error")
	}
	return nil
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
