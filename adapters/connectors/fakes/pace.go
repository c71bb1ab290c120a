package fakes

import "time"

// Rate allows PerSecond calls a second on average, and Burst at once. The zero
// value refuses none.
type Rate struct {
	PerSecond float64
	Burst     int
}

// VendorRate is about what the vendors allow a token: Notion says three calls a
// second on average, the others do not say.
func VendorRate() Rate { return Rate{PerSecond: 3, Burst: 10} }

// pace counts calls by token, as a bucket that fills evenly.
type pace struct {
	rate Rate
	full map[string]time.Time // by token: when its bucket will be full again
}

// take counts a call and returns how long it should have waited; 0: it is allowed.
func (p *pace) take(token string, now time.Time) time.Duration {
	if p.rate.PerSecond <= 0 {
		return 0
	}
	if p.full == nil {
		p.full = map[string]time.Time{}
	}
	each := time.Duration(float64(time.Second) / p.rate.PerSecond)
	full := p.full[token]
	if full.Before(now) {
		full = now
	}
	if over := full.Add(each).Sub(now) - each*time.Duration(max(1, p.rate.Burst)); over > 0 {
		return over
	}
	p.full[token] = full.Add(each)
	return 0
}
