package upstream

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

func TestClient_ForgetsPausesThatHavePassed(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 20, 10, 0, 0, 0, time.UTC)
	c := New(Config{Now: func() time.Time { return at }})
	for i := range mostPauses {
		c.hold(strconv.Itoa(i), time.Duration(1+i%2)*time.Minute)
	}
	c.hold("none", 0)
	at = at.Add(90 * time.Second)
	c.hold("one more", time.Minute)
	if n := len(c.pauses); n != mostPauses/2+1 {
		t.Errorf("%d pauses are kept, want those that last and the new one", n)
	}
	if left := c.held("1"); left != 30*time.Second {
		t.Errorf("%v are left of two minutes", left)
	}
	c.hold("1", time.Second)
	if left := c.held("1"); left != 30*time.Second {
		t.Errorf("%v are left after a shorter wish, want the longer one", left)
	}
	at = at.Add(30 * time.Second)
	if left := c.held("1"); left != 0 || len(c.pauses) != mostPauses/2 {
		t.Errorf("%v are left at the end, %d kept", left, len(c.pauses))
	}
}

func TestBreakers_ForgetThoseThatAreClosed(t *testing.T) {
	t.Parallel()
	v := &Vendor{Type: core.IntegrationGuru, Name: "Guru"}
	b := newBreakers(Config{}.withDefaults())
	for i := range mostBreakers {
		b.get(v, strconv.Itoa(i))
	}
	if n := len(b.all); n != mostBreakers {
		t.Errorf("%d breakers are kept of %d", n, mostBreakers)
	}
	down := func() (*Answer, error) { return nil, v.Fail(core.UpstreamDetails{Reason: core.ReasonDown}, 0, nil) }
	for range mostInARow {
		if _, err := b.run(v, "7", down); core.ReasonOf(err) != core.ReasonDown {
			t.Fatal(err)
		}
	}
	b.get(v, "one more")
	if n := len(b.all); n != 2 {
		t.Errorf("%d breakers are kept, want the open and the new one", n)
	}
	if _, err := b.run(v, "7", down); core.ReasonOf(err) != core.ReasonOpen {
		t.Errorf("got %v, want it open still", err)
	}
}

// A host that fails half of many calls is failing, though never five in a row; a host
// whose callers leave, or that refuses, is not.
func TestBreakers_OpenForAHostThatOftenFails(t *testing.T) {
	t.Parallel()
	v := &Vendor{Type: core.IntegrationGuru, Name: "Guru"}
	fails := func(r core.UpstreamReason) error { return v.Fail(core.UpstreamDetails{Reason: r}, 0, nil) }
	for name, tc := range map[string]struct {
		every int // so many calls one goes well
		err   error
		calls int // after which it is open; 0: never
	}{
		"HalfFail":        {2, fails(core.ReasonDown), leastCalls},
		"ThreeOfFourFail": {4, fails(core.ReasonDown), leastCalls},
		"OneOfFiveWorks":  {5, fails(core.ReasonDown), leastCalls},
		"FiveInARow":      {6, fails(core.ReasonDown), 6},
		"Refusals":        {1000, fails(core.ReasonRefused), 0},
		"Limits":          {1000, fails(core.ReasonLimited), 0},
		"OurOwnErrors":    {1000, errors.New("the caller left"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBreakers(Config{}.withDefaults())
			opened := 0
			for i := range 40 {
				_, err := b.run(v, "k", func() (*Answer, error) {
					if i%tc.every == 0 {
						return &Answer{}, nil
					}
					return nil, tc.err
				})
				if core.ReasonOf(err) == core.ReasonOpen {
					opened = i
					break
				}
			}
			if opened != tc.calls {
				t.Errorf("it is open after %d calls, want %d", opened, tc.calls)
			}
		})
	}
}

func TestHostOf_IsWhatIsDialled(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://team.atlassian.net/wiki": "team.atlassian.net:443", "http://wiki.example.org": "wiki.example.org:80",
		"https://wiki.example.org:8443/x": "wiki.example.org:8443", "http://wiki.example.org:443": "wiki.example.org:443",
		"": "", "/path": "", "https://": "", "::": "",
	} {
		if got := hostOf(address); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}

func TestCall_IsCountedByIntegrationAndHost(t *testing.T) {
	t.Parallel()
	org := core.NewID[core.OrgID]()
	for name, tc := range map[string]struct {
		access core.Access
		want   string
	}{
		"Integration":  {core.Access{Integration: "one", Tenant: core.TrustTenant(org)}, "one@x.example:443"},
		"Organization": {core.Access{Tenant: core.TrustTenant(org)}, string(org) + "@x.example:443"}, // that connects
		"Nobody":       {core.Access{}, "@x.example:443"},
	} {
		if got := (Call{Access: tc.access, URL: "https://x.example/a?b"}).key(); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

func TestConfig_DefaultsAreThoseThatItSays(t *testing.T) {
	t.Parallel()
	got := Config{}.withDefaults()
	if got.Timeout != time.Minute || got.OpenFor != 30*time.Second || got.MaxBytes != 64<<20 || time.Since(got.Now()) > time.Minute {
		t.Errorf("got %+v", got)
	}
	if err := got.Wait(t.Context(), time.Nanosecond); err != nil {
		t.Errorf("wait: %v", err)
	}
	kept := Config{Timeout: 1, OpenFor: 2, MaxBytes: 3, Now: func() time.Time { return time.Time{} }}.withDefaults()
	if kept.Timeout != 1 || kept.OpenFor != 2 || kept.MaxBytes != 3 || !kept.Now().IsZero() {
		t.Errorf("got %+v, want what was given", kept)
	}
	if c := New(Config{}); c.Or(Config{Timeout: 1}) != c || (*Client)(nil).Or(Config{Timeout: 7}).cfg.Timeout != 7 {
		t.Error("Or takes another client than the one that is there, or makes one of another configuration")
	}
}
