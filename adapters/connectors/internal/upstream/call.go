package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/docsctl/docsctl/adapters/internal/egress"
	"github.com/docsctl/docsctl/core"
)

// Call is one to a vendor's API.
type Call struct {
	Access core.Access // whose it is: rate and breaker are counted by it
	Method string      // "": GET
	URL    string
	Header http.Header // besides what every call has
	Body   any         // nil: none; url.Values: a form; else it is sent as JSON
	Final  int         // a status that is not tried again, since the caller knows another way; 0: none
	Safe   bool        // a POST that only reads: it may be repeated when its outcome is not known
}

// isSafe reports whether repeating a call can do no harm. To delete or to replace
// twice is as good as once; where it is not, versions see to it.
func (c Call) isSafe() bool {
	switch c.Method {
	case "", http.MethodGet, http.MethodDelete:
		return true
	}
	return c.Safe
}

// key is what rate and breaker are counted by: the integration and the host.
func (c Call) key() string {
	whose := string(c.Access.Integration)
	if whose == "" && c.Access.Tenant != (core.Tenant{}) {
		whose = string(c.Access.Tenant.OrgID())
	}
	return whose + "@" + hostOf(c.URL)
}

// Answer is a vendor's, of 2xx.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON makes a call and decodes its answer; no body leaves out as it is.
func (c *Client) JSON(ctx context.Context, v *Vendor, call Call, out any) (*Answer, error) {
	answer, err := c.Do(ctx, v, call)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(answer.Body)) == 0 {
		return answer, nil
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return nil, v.broken(answer.Status, fmt.Errorf("decode the answer: %w", err))
	}
	return answer, nil
}

// send makes one attempt at a call.
func (c *Client) send(ctx context.Context, v *Vendor, call Call) (*Answer, error) {
	bounded, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := request(bounded, call)
	if err != nil {
		return nil, v.Fail(core.UpstreamDetails{Reason: core.ReasonRefused}, 0, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreached(ctx, v, err)
	}
	defer resp.Body.Close()
	if !egress.SameHost(resp.Request.URL, req.URL) {
		return nil, v.Fail(core.UpstreamDetails{Reason: core.ReasonRefused, UpstreamStatus: resp.StatusCode, UpstreamCode: "redirected"}, 0,
			errors.New("redirected to another host, which got no credentials"))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxBytes+1))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case int64(len(body)) > c.cfg.MaxBytes:
		return nil, &core.Error{Code: core.CodePayloadTooLarge, Message: "an answer of " + v.Name + " is larger than can be read; make the item smaller"}
	case resp.StatusCode/100 != 2:
		return nil, v.refused(resp, body, c.cfg.Now())
	case err != nil:
		return nil, v.Fail(core.UpstreamDetails{Reason: core.ReasonDown, UpstreamStatus: resp.StatusCode}, 0, fmt.Errorf("read the answer: %w", err))
	case len(bytes.TrimSpace(body)) > 0 && !json.Valid(body):
		return nil, v.broken(resp.StatusCode, errors.New("the answer is no JSON"))
	}
	return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

func request(ctx context.Context, call Call) (*http.Request, error) {
	var body io.Reader
	kind := ""
	switch b := call.Body.(type) {
	case nil:
	case url.Values:
		body, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(b); err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body, kind = &buf, "application/json"
	}
	method := call.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, call.URL, body)
	if err != nil {
		return nil, withoutURL(err)
	}
	if !egress.IsWeb(req.URL) || egress.IsNumeric(req.URL.Hostname()) {
		return nil, egress.ErrNotPublic
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "docsctl")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for name, values := range call.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	return req, nil
}

// withoutURL takes the outer *url.Error off: its text holds an address, and that
// may hold a secret in its query.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// unreached is the error of a call that got no answer.
func (c *Client) unreached(ctx context.Context, v *Vendor, err error) error {
	cause := withoutURL(err)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, egress.ErrNotPublic):
		e := core.Invalid("config.base_url", "public_address", "the base URL leads to an address or port that is not public; send a public one")
		e.Err = cause
		return e
	case errors.Is(err, egress.ErrTooManyRedirects), errors.Is(err, egress.ErrBadRedirect), errors.Is(err, egress.ErrDowngrade):
		return v.Fail(core.UpstreamDetails{Reason: core.ReasonRefused, UpstreamCode: "redirected"}, 0, cause)
	}
	e := v.Fail(core.UpstreamDetails{Reason: core.ReasonDown}, 0, fmt.Errorf("reach the vendor: %w", cause))
	e.Code = core.CodeUnavailable
	return e
}

// retryAfter reads the header in both its forms, seconds and a date, and where there is
// none when the limit is lifted.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	for _, layout := range []string{time.RFC3339, atlassianMinute} {
		if at, err := time.Parse(layout, h.Get("X-Ratelimit-Reset")); err == nil {
			return max(0, at.Sub(now))
		}
	}
	return 0
}

// atlassianMinute is how Atlassian writes when a limit is lifted.
const atlassianMinute = "2006-01-02T15:04Z07:00"
