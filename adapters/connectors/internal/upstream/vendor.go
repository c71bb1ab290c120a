package upstream

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/docsctl/docsctl/core"
)

// Vendor is what the connectors' calls need to know of one.
type Vendor struct {
	Type  core.IntegrationType
	Name  string     // for people
	Limit core.Limit // that calls are kept below
	// RequestID is the header with the vendor's name of a call; "": there is none.
	RequestID string
	// Read tells what an answer that is not 2xx means, as far as its status alone
	// does not: d has the reason of the status. nil: the status says it all.
	Read func(status int, h http.Header, body []byte, d *core.UpstreamDetails)
}

// statusOverloaded is Notion's for load that it sheds.
const statusOverloaded = 529

// reasonOf is what a status means.
func reasonOf(status int) core.UpstreamReason {
	switch {
	case status == http.StatusUnauthorized:
		return core.ReasonToken
	case status == http.StatusForbidden:
		return core.ReasonForbidden
	case status == http.StatusNotFound || status == http.StatusGone:
		return core.ReasonGone
	case status == http.StatusTooManyRequests:
		return core.ReasonLimited
	case status >= 500:
		return core.ReasonDown
	}
	return core.ReasonRefused
}

// refused is the error of an answer that is not 2xx.
func (v *Vendor) refused(resp *http.Response, body []byte, now time.Time) error {
	d := core.UpstreamDetails{Reason: reasonOf(resp.StatusCode), UpstreamStatus: resp.StatusCode}
	if v.RequestID != "" {
		d.UpstreamRequestID = resp.Header.Get(v.RequestID)
	}
	if v.Read != nil {
		v.Read(resp.StatusCode, resp.Header, body, &d)
	}
	after := retryAfter(resp.Header, now)
	if d.Reason == core.ReasonLimited && after == 0 {
		after = limitedNoHint
	}
	return v.Fail(d, after, nil)
}

func (v *Vendor) broken(status int, cause error) *core.Error {
	return v.Fail(core.UpstreamDetails{Reason: core.ReasonBroken, UpstreamStatus: status}, 0, cause)
}

// Broken is the error of an answer that cannot be understood.
func (v *Vendor) Broken(cause error) *core.Error { return v.broken(http.StatusOK, cause) }

// Gone is the error of an item that cannot be: nobody was asked.
func (v *Vendor) Gone() *core.Error {
	return v.Fail(core.UpstreamDetails{Reason: core.ReasonGone}, 0, nil)
}

// Fail makes the error that core.Connector promises for a reason.
func (v *Vendor) Fail(d core.UpstreamDetails, after time.Duration, cause error) *core.Error {
	d.IntegrationType = v.Type
	what, next := v.say(d)
	d.What = what
	return &core.Error{Code: core.CodeIntegration, Message: what + "; " + next, Details: d, RetryAfter: after, Err: cause}
}

// say tells what happened, and the next step of who asked.
func (v *Vendor) say(d core.UpstreamDetails) (what, next string) {
	status := ""
	if d.UpstreamStatus != 0 {
		status = " (" + strconv.Itoa(d.UpstreamStatus) + ")"
	}
	switch d.Reason {
	case core.ReasonToken:
		return v.Name + " does not accept the token", "connect it again"
	case core.ReasonForbidden:
		return v.Name + " does not allow this with the token" + status, "give the connection the permission and try again"
	case core.ReasonGone:
		return v.Name + " has no such item, or it is not shared with the connection", "share it and try again"
	case core.ReasonLimited:
		return v.Name + " asks for fewer calls" + status, "the work goes on by itself in a while"
	case core.ReasonDown:
		return v.Name + " did not answer" + status, "the work is tried again by itself"
	case core.ReasonBroken:
		return v.Name + " gave an answer that cannot be read", "the work is tried again by itself"
	case core.ReasonOpen:
		return v.Name + " failed several times in a row", "the work goes on by itself in a while"
	}
	if d.UpstreamCode == "redirected" {
		return v.Name + "'s address redirects to another one", "connect with the address that it leads to"
	}
	return v.Name + " did not take the request" + status, "check its settings and try again"
}

// Decode reads a part of an answer, and is ReasonBroken when it cannot.
func (v *Vendor) Decode(raw []byte, out any) error {
	if err := json.Unmarshal(raw, out); err != nil {
		return v.Broken(err)
	}
	return nil
}
