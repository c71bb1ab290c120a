// Package vendortest is what the connectors' tests have in common: the suites'
// faults as the fakes have them, a user who agrees, and recorded exchanges.
package vendortest

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core/coretest"
)

// Rules are a fault of the suite as the fakes have it, from the after-th call on;
// part is what lists a part of a listing.
func Rules(f coretest.VendorFault, after int, part string) []fakes.Rule {
	r := fakes.Rule{After: after, Times: -1}
	switch f {
	case coretest.VendorLimited:
		r.Fault, r.RetryAfter = fakes.Busy, coretest.VendorRetryAfter
	case coretest.VendorDown:
		r.Fault = fakes.Unavailable
	case coretest.VendorHalfJSON:
		r.Fault = fakes.HalfBody
	case coretest.VendorSlowBody:
		r.Fault = fakes.StuckBody
	case coretest.VendorTokenRefused:
		r.Fault = fakes.Expired
	case coretest.VendorLostPart:
		r.Fault, r.On = fakes.NotFound, part
	case coretest.VendorEmptyPage:
		r.Fault = fakes.EmptyPage
	case coretest.VendorRepeatedCursor:
		r.Fault = fakes.RepeatedCursor
	case coretest.VendorNoCursor:
		r.Fault = fakes.NoCursor
	default:
		return nil
	}
	return []fakes.Rule{r}
}

// Agree follows an authorization address as the user's browser does.
func Agree(t *testing.T, address string) (code, state string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return back.Query().Get("code"), back.Query().Get("state")
}
