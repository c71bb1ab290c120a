//go:build unix

package scale

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/internal/testenv"
	httpapi "github.com/docsctl/docsctl/transport/http"
)

var newDocument = fmt.Sprintf(`{"title":"Minutes","content":%q}`, strings.Repeat("word ", 400))

// turns is how often each side has its turn; the median of them counts.
const (
	turns = 3
	turn  = 2 * time.Second
)

// BenchmarkRequests measures GET, LIST and POST (S1, S2, S3) at 10,000 documents
// beside the limit, and at 1,000,000 over 1,000 organizations (S9), or what the flags
// say, beside those.
func BenchmarkRequests(b *testing.B) {
	server := testenv.StartPostgres(b, testenv.PostgresOptions{Fsync: true})
	const few = 10
	small := install(b, server, instant)
	small.fill(b, few)
	sides := []*side{
		{target: small.target(b, "limit", small.limit(), few), orgs: few},
		{target: small.target(b, "docsctl", small.handler(b), few), orgs: few},
	}
	b.Cleanup(small.work(b, 0)) // indexes what is posted
	if !testing.Short() {
		large := install(b, server, instant)
		many := large.fillMany(b)
		b.Cleanup(large.work(b, 0))
		sides = append(sides,
			&side{target: large.target(b, "limit-1M", large.limit(), many), orgs: many},
			&side{target: large.target(b, "docsctl-1M", large.handler(b), many), orgs: many})
	}
	for _, scenario := range []struct {
		name string
		request
		orgs int // most organizations that are asked for; 0: all
	}{{"GET", getDocument, 0}, {"LIST50", listDocuments, 0}, {"POST2KB", postDocument, 10}, {"POST2KBOneOrg", postDocument, 1}} {
		b.Run(scenario.name, func(b *testing.B) {
			compare(b, sides, scenario.request, scenario.orgs)
		})
	}
}

// side is a target and what it did, turn by turn.
type side struct {
	*target
	orgs int
}

// compare lets the sides take turns and reports the medians and their ratios.
func compare(b *testing.B, sides []*side, r request, orgs int) {
	passes := make([][]pass, len(sides))
	for n := range turns + 1 {
		for i, s := range sides {
			among := s.orgs
			if orgs > 0 {
				among = min(among, orgs)
			}
			p := s.load(b, r, among, turn)
			if n > 0 { // the first fills caches and prepares statements
				passes[i] = append(passes[i], p)
			}
		}
	}
	at := make([]pass, len(sides))
	for i, s := range sides {
		slices.SortFunc(passes[i], func(x, y pass) int { return int(x.perSecond - y.perSecond) })
		at[i] = passes[i][turns/2]
		b.ReportMetric(at[i].perSecond, s.name+"/s")
		b.ReportMetric(milliseconds(at[i].p99), s.name+"-p99-ms")
	}
	b.ReportMetric(at[1].perSecond/at[0].perSecond, "of-limit")
	if len(at) > 2 {
		b.ReportMetric(at[2].perSecond/at[0].perSecond, "limit-kept-at-1M")
		b.ReportMetric(at[3].perSecond/at[1].perSecond, "docsctl-kept-at-1M")
	}
	b.ReportMetric(0, "ns/op") // of all sides together: says nothing
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (in *installation) handler(b *testing.B) http.Handler {
	b.Helper()
	h, err := httpapi.New(httpapi.Config{App: in.app, Logger: slog.New(slog.DiscardHandler)})
	must(b, err)
	return h
}
