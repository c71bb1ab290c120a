package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/docsctl/docsctl/core"
)

// answerError is an answer of the server that is none of the model. Its text has
// the status and the server's code only: a message may quote the prompt, the key
// or the account.
type answerError struct {
	status     int
	code       string // of the vendor, such as context_length_exceeded
	param      string // that is refused; "": none is named
	window     int    // in tokens, where the prompt was too long and the server says it; else 0
	tooLong    bool   // the prompt is longer than the window
	html       bool   // a page, so another program than a model's server answered
	retryAfter time.Duration
}

func (e *answerError) Error() string {
	if e.code == "" {
		return fmt.Sprintf("the model's server answered %d", e.status)
	}
	return fmt.Sprintf("the model's server answered %d (%s)", e.status, e.code)
}

// StatusCode returns the answer's HTTP status, or the one that its code stands
// for: who repeats calls needs it.
func (e *answerError) StatusCode() int { return e.status }

// Is makes an answer that every repetition would bring again core.ErrInVain: the
// server refuses the key, the account, the model or the request itself.
func (e *answerError) Is(target error) bool { return target == core.ErrInVain && e.inVain() }

func (e *answerError) inVain() bool {
	passes := e.status == http.StatusRequestTimeout || e.status == http.StatusTooManyRequests
	return e.status >= 400 && e.status < 500 && !passes
}

// newAnswerError reads what a server says of its failure.
func newAnswerError(resp *http.Response, raw []byte, html bool) *answerError {
	e := &answerError{status: resp.StatusCode, html: html, retryAfter: retryAfter(resp.Header, time.Now())}
	if !html {
		e.read(raw)
	}
	return e
}

// errorBody is OpenAI's form of an error and those of vLLM and llama.cpp.
type errorBody struct {
	Code    any    `json:"code"` // a word, or the status as a number
	Type    string `json:"type"`
	Param   any    `json:"param"`
	Message string `json:"message"`
	Window  int    `json:"n_ctx"` // llama.cpp
}

func (e *answerError) read(raw []byte) {
	var outer struct {
		Error json.RawMessage `json:"error"`
		errorBody
	}
	if json.Unmarshal(raw, &outer) != nil {
		return
	}
	body := outer.errorBody
	if len(outer.Error) > 0 && json.Unmarshal(outer.Error, &body) != nil { // a text
		_ = json.Unmarshal(outer.Error, &body.Message) // neither: there is nothing to read
	}
	word, _ := body.Code.(string)
	if !isWord(word) {
		word = body.Type
	}
	if isWord(word) {
		e.code = word
	}
	e.param, _ = body.Param.(string)
	e.window = body.Window
	e.classify(body)
}

// isWord holds for a vendor's code, and for nothing that quotes a request.
func isWord(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// windowNamed is how OpenAI and vLLM, which has no code for it, tell the window.
var windowNamed = regexp.MustCompile(`maximum context length (?:is|of) ([0-9]{3,8})`)

// classify gives the codes that decide a status of their own.
func (e *answerError) classify(body errorBody) {
	named := windowNamed.FindStringSubmatch(body.Message)
	switch {
	case e.code == "insufficient_quota", e.code == "billing_not_active":
		e.status = http.StatusPaymentRequired // OpenAI answers 429, but waiting does not help
	case e.code == "context_length_exceeded", e.code == "exceed_context_size_error", e.status == 400 && named != nil:
		e.tooLong = true
	}
	if e.tooLong && named != nil && e.window == 0 {
		e.window, _ = strconv.Atoi(named[1]) // it is digits
	}
}

// retryAfter reads the header in its three forms: milliseconds, seconds, a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 {
		return time.Duration(min(ms, float64(most/time.Millisecond)) * float64(time.Millisecond))
	}
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 {
		return time.Duration(min(s, most.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return min(at.Sub(now), most)
	}
	return 0
}

// translate returns the product's error for one of a call. ctx is the caller's;
// when it has ended its error is the answer.
func (m *Model) translate(ctx context.Context, model string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if a, ok := errors.AsType[*answerError](err); ok {
		if a.tooLong && a.window > 0 {
			m.Learn(model, a.window)
		}
		return a.translate()
	}
	if s, ok := errors.AsType[*ssestream.StreamError](err); ok { // its text is the server's
		a := &answerError{status: http.StatusInternalServerError}
		a.read(s.Event.Data)
		return a.translate()
	}
	_, network := errors.AsType[*url.Error](err) // its text is without the request's body
	switch {
	case errors.Is(err, errSilent):
		return core.Unavailable(fmt.Sprintf("the model's server %s sent nothing for %s; check that it works, or raise DOCSCTL_LLM_TIMEOUT",
			m.Host(), spoken(m.cfg.Timeout)), 0, errSilent)
	case errors.Is(err, errTooLong):
		return failed("the model thinks without an end and does not answer; choose another model", errors.Join(errTooLong, core.ErrInVain))
	case network:
		return core.Unavailable("the model's server "+m.Host()+" cannot be reached; check that it runs and DOCSCTL_LLM_BASE_URL", 0, err)
	}
	return failed("the model's answer broke off; try again", brokeOff(err))
}

// spoken is a time as people set it: 2m, not 2m0s.
func spoken(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	return s
}

// brokeOff keeps what is known to hold no text of the answer.
func brokeOff(err error) error {
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return errors.New("a chunk of the stream is no JSON")
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New("a chunk of the stream has another form")
	}
	return fmt.Errorf("read the stream: %w", err)
}

func failed(message string, cause error) *core.Error {
	return &core.Error{Code: core.CodeLLM, Message: message, Err: cause}
}

// filterCodes are the vendors' words for a prompt that their filter withholds.
var filterCodes = map[string]bool{
	"content_filter": true, "content_policy_violation": true, "invalid_prompt": true, "ResponsibleAIPolicyViolation": true,
}

func (e *answerError) translate() error {
	out := &core.Error{Code: core.CodeLLM, Err: e}
	if !e.inVain() {
		out.RetryAfter = e.retryAfter
	}
	switch {
	case e.tooLong, e.status == http.StatusRequestEntityTooLarge:
		out.Code, out.Message = core.CodePayloadTooLarge, "the prompt is longer than the model's context; set DOCSCTL_LLM_CONTEXT to what the server was started with"
	case e.status == http.StatusUnauthorized, e.status == http.StatusForbidden, e.status == http.StatusProxyAuthRequired:
		out.Message = "the model's server refused the key; check DOCSCTL_LLM_API_KEY and what it may use"
	case e.status == http.StatusPaymentRequired:
		out.Message = "the account at the model's server has no credit left; top it up"
	case e.status == http.StatusTooManyRequests:
		out.Code, out.Message = core.CodeUnavailable, "the model's server is busy or its rate limit is reached; the work goes on when it answers again"
	case e.status == http.StatusRequestTimeout, e.status == 529, e.status >= 502 && e.status <= 504:
		out.Code, out.Message = core.CodeUnavailable, "the model's server does not answer now ("+strconv.Itoa(e.status)+"); try again in a moment"
	case e.html, e.status == http.StatusMethodNotAllowed:
		out.Message = "a web page answered instead of a model's server; check DOCSCTL_LLM_BASE_URL, which mostly ends in /v1"
	case e.status == http.StatusNotFound:
		out.Message = "the model's server does not know the model or the address; check DOCSCTL_LLM_MODEL and DOCSCTL_LLM_BASE_URL, which mostly ends in /v1"
	case e.status >= 400 && e.status < 500:
		out.Code, out.Message = core.CodeValidation, "the model's server refused the request ("+strconv.Itoa(e.status)+"); try another model"
		if filterCodes[e.code] {
			out.Message = "the content filter of the model's server withheld the text; try another model"
		}
	default:
		out.Message = "the model's server failed (" + strconv.Itoa(e.status) + "); try again"
	}
	return out
}
