package connectors_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/confluence"
	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/adapters/connectors/guru"
	"github.com/docsctl/docsctl/adapters/connectors/internal/upstream"
	"github.com/docsctl/docsctl/adapters/connectors/notion"
	"github.com/docsctl/docsctl/core"
)

// vendorFake is what the matrix needs of a fake.
type vendorFake interface {
	http.Handler
	Fail(rules ...fakes.Rule)
	Heal()
	Calls() []fakes.Call
	Forget()
}

// corner is a connector over a fake with items, all of which stay.
type corner struct {
	core.Connector
	fake   vendorFake
	door   *door
	access core.Access
	items  int
}

// door is what calls come through; it can tell of one.
type door struct {
	http.Handler

	mu   sync.Mutex // guards what follows
	left int        // calls until it tells
	tell func()
}

// after has f called once n calls were answered.
func (d *door) after(n int, f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.tell = n, f
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.Handler.ServeHTTP(w, r)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left--; d.left == 0 {
		d.tell()
	}
}

const perSpace = 7

func fillNotion(t *testing.T, limit time.Duration) corner {
	f := fakes.NewNotion(fakes.Config{PageSize: 3})
	_, sources := f.AddDatabase("", "Tasks", "Open", "Done")
	for i := range perSpace {
		f.AddPage(fakes.NotionPage{Title: fmt.Sprint("Page ", i), Blocks: []fakes.NotionBlock{
			{Type: "toggle", Value: map[string]any{"rich_text": fakes.NotionText("More")}, Children: []fakes.NotionBlock{fakes.NotionParagraph("Inside.")}},
		}})
		f.AddPage(fakes.NotionPage{
			Title: fmt.Sprint("Row ", i), Parent: sources[i%2], Unlisted: true, Blocks: []fakes.NotionBlock{fakes.NotionParagraph("Text.")},
		})
	}
	way, address := serve(t, f)
	return corner{notion.New(notion.Config{BaseURL: address, Upstream: quick(address, limit)}), f, way, core.Access{
		AuthType: core.AuthAPIToken, Token: core.NewSecret(fakes.NotionToken),
	}, 2 * perSpace}
}

func fillGuru(t *testing.T, limit time.Duration) corner {
	f := fakes.NewGuru(fakes.Config{PageSize: 3})
	f.AddCollection("Crew")
	for i := range 2 * perSpace {
		f.AddCard(fakes.GuruCard{Title: fmt.Sprint("Card ", i), Content: "<p>Text.</p>"})
	}
	way, address := serve(t, f)
	return corner{guru.New(guru.Config{BaseURL: address, Upstream: quick(address, limit)}), f, way, core.Access{
		AuthType: core.AuthAPIToken, Token: core.NewSecret(fakes.GuruToken), Config: core.IntegrationConfig{Email: fakes.GuruEmail},
	}, 2 * perSpace}
}

func fillConfluence(t *testing.T, limit time.Duration, access func(address string) core.Access) corner {
	f := fakes.NewConfluence(fakes.Config{PageSize: 3, Token: "granted"})
	for _, key := range []string{"OPS", "CREW"} {
		f.AddSpace(key, key)
		for i := range perSpace - 1 { // with the home page
			f.AddPage(fakes.ConfluencePage{Space: key, Title: fmt.Sprint("Page ", i), Storage: "<p>Text.</p>"})
		}
	}
	way, address := serve(t, f)
	return corner{confluence.New(confluence.Config{BaseURL: address, Upstream: quick(address, limit)}), f, way, access(address), 2 * perSpace}
}

// A call's time limit: long where only the machine could be slow, short where the vendor
// is to be given up.
const (
	patient   = time.Minute
	impatient = 60 * time.Millisecond
)

// limitOf is the time limit under a fault.
func limitOf(f fakes.Fault) time.Duration {
	if f == fakes.StuckBody {
		return impatient
	}
	return patient
}

func corners() map[string]func(t *testing.T, limit time.Duration) corner {
	return map[string]func(t *testing.T, limit time.Duration) corner{
		"Notion": fillNotion, "Guru": fillGuru,
		"Site": func(t *testing.T, limit time.Duration) corner {
			return fillConfluence(t, limit, func(address string) core.Access {
				return core.Access{AuthType: core.AuthAPIToken, Token: core.NewSecret("granted"), Config: core.IntegrationConfig{BaseURL: address, Email: fakes.ConfluenceEmail}}
			})
		},
		"Gateway": func(t *testing.T, limit time.Duration) corner {
			return fillConfluence(t, limit, func(address string) core.Access {
				return core.Access{AuthType: core.AuthOAuth2, Token: core.NewSecret("granted"), Config: core.IntegrationConfig{BaseURL: address, CloudID: fakes.ConfluenceCloudID}}
			})
		},
		"DataCenter": func(t *testing.T, limit time.Duration) corner {
			return fillConfluence(t, limit, func(address string) core.Access {
				return core.Access{AuthType: core.AuthAPIToken, Token: core.NewSecret("granted"), Config: core.IntegrationConfig{BaseURL: address + fakes.DataCenterPath, Deployment: core.DeploymentDataCenter}}
			})
		},
	}
}

func serve(t *testing.T, h http.Handler) (*door, string) {
	d := &door{Handler: h}
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	return d, s.URL
}

// quick asks without waiting.
func quick(address string, limit time.Duration) upstream.Config {
	return upstream.Config{
		Trusted: []string{address}, Timeout: limit, OpenFor: time.Millisecond,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// outcome is what came of a run over everything.
type outcome struct {
	listed     map[string]bool
	read       int // fetched as they are
	failed     int // with a reason
	gone       int // told to be gone or put away, though all are there
	incomplete bool
	errors     int // after which the listing was taken up at its cursor
}

// run lists everything and fetches it, taking up again where something broke off, as
// a sync does.
func (c corner) run(t *testing.T) outcome {
	t.Helper()
	out := outcome{listed: map[string]bool{}}
	cursor := ""
	for range 400 {
		page, err := c.List(t.Context(), c.access, core.ListRequest{Cursor: cursor})
		if err != nil {
			if core.ReasonOf(err) == "" {
				t.Fatalf("an error without a reason: %v", err)
			}
			if core.ReasonOf(err) == core.ReasonOpen {
				<-time.After(2 * time.Millisecond) // the breaker's own time, which is a real one
			}
			if out.errors++; out.errors > 100 {
				t.Fatalf("the listing does not get on: %v", err)
			}
			continue
		}
		out.incomplete = out.incomplete || page.Incomplete != ""
		for _, it := range page.Items {
			if out.listed[it.ID] {
				continue
			}
			out.listed[it.ID] = true
			c.fetch(t, it, &out)
		}
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
	t.Fatal("the listing has no end")
	return out
}

func (c corner) fetch(t *testing.T, it core.Item, out *outcome) {
	t.Helper()
	got, err := c.Fetch(t.Context(), c.access, it.ID, &it)
	switch {
	case err == nil && got.State == core.RemotePresent:
		out.read++
	case err == nil, core.ReasonOf(err) == core.ReasonGone:
		out.gone++
	case core.ReasonOf(err) == "":
		t.Errorf("an error without a reason: %v", err)
	default:
		out.failed++
	}
}

// TestMatrix_EveryFaultAtEveryCall breaks each call of a run in each way, once and for
// longer than the connector itself tries again. All items stay; so none may be told
// to be gone but by a vendor that says so, a listing that ends has named every one,
// and a listing that was broken off is taken up where it was.
func TestMatrix_EveryFaultAtEveryCall(t *testing.T) {
	t.Parallel()
	for name, fill := range corners() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			well := fill(t, patient)
			if got := well.run(t); len(got.listed) != well.items || got.read != well.items {
				t.Fatalf("without a fault: %d items, %d read, want %d", len(got.listed), got.read, well.items)
			}
			calls := len(well.fake.Calls())
			step := max(1, calls/12) // a long run is broken at some of its calls
			if testing.Short() {
				step = max(1, calls/4)
			}
			cases, wrong := 0, 0
			for _, fault := range fakes.Faults() {
				for after := 0; after < calls; after += step {
					for _, times := range []int{1, 4} {
						if fault == fakes.StuckBody && (after%4 != 0 || times > 1) {
							continue // each waits for the time limit
						}
						c := fill(t, limitOf(fault))
						c.fake.Fail(fakes.Rule{Fault: fault, After: after, Times: times})
						got := c.run(t)
						cases++
						if !sound(t, c, got, fault, after, times, calls) {
							wrong++
						}
					}
				}
			}
			t.Logf("%d cases over %d calls, %d wrong", cases, calls, wrong)
		})
	}
}

func sound(t *testing.T, c corner, got outcome, fault fakes.Fault, after, times, calls int) bool {
	t.Helper()
	fine := true
	complain := func(format string, args ...any) {
		fine = false
		t.Errorf("%s after %d, %d times: "+format, append([]any{fault, after, times}, args...)...)
	}
	if len(got.listed) != c.items && !got.incomplete {
		complain("a listing that says it is whole names %d of %d items", len(got.listed), c.items)
	}
	if got.read+got.failed+got.gone != len(got.listed) {
		complain("%d read, %d failed, %d gone of %d", got.read, got.failed, got.gone, len(got.listed))
	}
	if got.gone > 0 && (fault != fakes.NotFound || times == 1) {
		complain("%d items are told to be gone", got.gone)
	}
	answered := 0
	for _, call := range c.fake.Calls() {
		if call.Fault == "" {
			answered++
		}
	}
	if fault == fakes.RepeatedCursor {
		calls *= 2 // the first page of a list, named as its own next one, is read twice
	}
	if fault == fakes.Failed {
		calls += perSpace // a list without bodies, one of which may be the trouble: they are fetched one by one
	}
	if most := calls + got.errors + 1 + times*tokenChecks; answered > most && fault != fakes.StuckBody { // given up early, a slow machine has more calls
		complain("%d calls that went well, want at most %d: what was read is read again", answered, most)
	}
	return fine
}

// tokenChecks is how many more calls a fault may cost that is seen to be none: whether
// the token works, or whether a page is in the trash.
const tokenChecks = 3
