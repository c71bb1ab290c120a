package wire

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// quota reads documents=…,bytes=…,tokens=…,usd=…,running_jobs=…,requests=…; what is
// left out, or 0, has no limit.
func quota(field func(*Config) *core.Quota) func(*Config, string) error {
	return func(c *Config, v string) error {
		var parts []string
		_ = list(func(*Config) *[]string { return &parts })(c, v)
		seen := map[string]bool{}
		for _, part := range parts {
			name, number, ok := strings.Cut(part, "=")
			name, number = strings.TrimSpace(name), strings.TrimSpace(number)
			if !ok || seen[name] {
				return fmt.Errorf("must be documents=…,bytes=…,tokens=…,usd=…,running_jobs=…,requests=… with each name once")
			}
			seen[name] = true
			if err := setQuota(field(c), name, number); err != nil {
				return err
			}
		}
		return nil
	}
}

func setQuota(q *core.Quota, name, number string) error {
	if name == "usd" {
		usd, err := strconv.ParseFloat(number, 64)
		if err != nil || usd < 0 || math.IsInf(usd, 0) || math.IsNaN(usd) {
			return fmt.Errorf("usd must be an amount such as 12.50; 0 is no limit")
		}
		q.USD = usd
		return nil
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > 1<<53 {
		return fmt.Errorf("%s must be a whole number; 0 is no limit", name)
	}
	switch name {
	case "documents":
		q.Documents = n
	case "bytes":
		q.Bytes = n
	case "tokens":
		q.Tokens = n
	case "running_jobs":
		q.RunningJobs = int(min(n, math.MaxInt32))
	case "requests":
		q.Requests = int(min(n, 10_000_000))
	default:
		return fmt.Errorf("%q is no quota; there are documents, bytes, tokens, usd, running_jobs and requests", name)
	}
	return nil
}
