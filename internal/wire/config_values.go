package wire

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/docsctl/docsctl/core"
)

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

// whole reads a whole number from lo to hi.
func whole[T int | int64](field func(*Config) *T, lo, hi T) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || T(n) < lo || T(n) > hi {
			return fmt.Errorf("must be a whole number from %d to %d", lo, hi)
		}
		*field(c) = T(n)
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
	if v != "" && !isWebAddress(v) {
		return errors.New("must be an http or https address, without user and password")
	}
	return nil
}

// isWebAddress tells of an http or https address without user and password.
func isWebAddress(v string) bool {
	u, err := url.Parse(v)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "http" || u.Scheme == "https")
}

func llmBaseURL(c *Config, v string) error {
	c.LLMBaseURL = strings.TrimSuffix(v, "/")
	if v != "" && !isWebAddress(v) {
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
	if v != "" && !isWebAddress(v) {
		return errors.New("must be the provider's https address, as it names itself")
	}
	return nil
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
