package httpapi

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

func TestStatusOf_EveryCode(t *testing.T) {
	t.Parallel()
	if len(core.Codes()) == 0 {
		t.Fatal("core has no codes")
	}
	for _, c := range core.Codes() {
		if statusOf[c] < 400 {
			t.Errorf("%s has status %d, want one of an error", c, statusOf[c])
		}
	}
	if len(statusOf) != len(core.Codes()) {
		t.Errorf("the table has %d codes, core %d", len(statusOf), len(core.Codes()))
	}
}

func TestNewEnvelope(t *testing.T) {
	t.Parallel()
	unread := core.Invalid("body", "encoding", "the body is not UTF-8")
	for name, c := range map[string]struct {
		err    *core.Error
		status int
		body   string
		header map[string][]string
	}{
		"DetailsAreAlwaysAnObject": {
			err: core.NotFound("document"), status: 404, header: map[string][]string{},
			body: `{"error":{"code":"NOT_FOUND","message":"document not found; check the id and the organization you are signed in to","details":{},"request_id":"r1"}}`,
		},
		"FirstFieldStandsOnItsOwn": {
			err: core.Invalid("title", "required", "title is required"), status: 422, header: map[string][]string{},
			body: `{"error":{"code":"VALIDATION_ERROR","message":"title is required","details":{"field":"title","constraint":"required","errors":[{"field":"title","constraint":"required","message":"title is required"}]},"request_id":"r1"}}`,
		},
		"UnreadableInputIs400": {
			err: unread, status: 400, header: map[string][]string{},
			body: `{"error":{"code":"VALIDATION_ERROR","message":"the body is not UTF-8","details":{"field":"body","constraint":"encoding","errors":[{"field":"body","constraint":"encoding","message":"the body is not UTF-8"}]},"request_id":"r1"}}`,
		},
		"SignInIsAskedForByHeader": {
			err: &core.Error{Code: core.CodeAuthentication, Message: "sign in"}, status: 401, header: map[string][]string{"Www-Authenticate": {"Bearer"}},
			body: `{"error":{"code":"AUTHENTICATION_ERROR","message":"sign in","details":{},"request_id":"r1"}}`,
		},
		"RetryAfterIsRoundedUpAndTheCauseHidden": {
			err: core.Unavailable("busy", 1500*time.Millisecond, errors.New("dial secret-host")), status: 503, header: map[string][]string{"Retry-After": {"2"}},
			body: `{"error":{"code":"UNAVAILABLE","message":"busy","details":{},"request_id":"r1"}}`,
		},
		"UnavailableAlwaysSaysWhenToRetry": {
			err: core.Unavailable("busy", 0, nil), status: 503, header: map[string][]string{"Retry-After": {"1"}},
			body: `{"error":{"code":"UNAVAILABLE","message":"busy","details":{},"request_id":"r1"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newEnvelope("r1", c.err)
			body, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if v.status != c.status {
				t.Errorf("status %d, want %d", v.status, c.status)
			}
			if diff := cmp.Diff(string(body), c.body); diff != "" {
				t.Errorf("body (got, want): %s", diff)
			}
			if diff := cmp.Diff(map[string][]string(v.header), c.header); diff != "" {
				t.Errorf("headers (got, want): %s", diff)
			}
			if strings.Contains(string(body), "secret-host") {
				t.Error("the cause is in the answer")
			}
		})
	}
}
