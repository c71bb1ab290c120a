package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
	"github.com/go-json-experiment/json"
)

// statusOf is the one table from a code to its status. CodeBudgetExceeded and
// CodeLLM end jobs; no request is answered with them today.
var statusOf = map[core.Code]int{
	core.CodeValidation:          http.StatusUnprocessableEntity, // 400 where malformed says so
	core.CodeAuthentication:      http.StatusUnauthorized,
	core.CodeAuthorization:       http.StatusForbidden,
	core.CodeNotFound:            http.StatusNotFound,
	core.CodeMethodNotAllowed:    http.StatusMethodNotAllowed,
	core.CodeConflict:            http.StatusConflict,
	core.CodePreconditionFailed:  http.StatusPreconditionFailed,
	core.CodePayloadTooLarge:     http.StatusRequestEntityTooLarge,
	core.CodeUnsupportedMedia:    http.StatusUnsupportedMediaType,
	core.CodeIdempotencyMismatch: http.StatusUnprocessableEntity,
	core.CodeRateLimited:         http.StatusTooManyRequests,
	core.CodeBudgetExceeded:      http.StatusUnprocessableEntity,
	core.CodeQuota:               http.StatusTooManyRequests,
	core.CodeIntegration:         http.StatusBadGateway,
	core.CodeLLM:                 http.StatusBadGateway,
	core.CodeUnavailable:         http.StatusServiceUnavailable,
	core.CodeInternal:            http.StatusInternalServerError,
}

// malformed are the constraints of input that cannot be read at all, as against
// input that says the wrong thing.
var malformed = []string{"json", "duplicate", "encoding", "depth", "timeout", "incomplete", "body"}

// errorEnvelope is the body of every failure.
type errorEnvelope struct {
	Failure errorInfo `json:"error"`

	status int
	header http.Header
}

type errorInfo struct {
	Code      core.Code `json:"code" doc:"What kind of failure it is."`
	Message   string    `json:"message" doc:"One sentence for the user, with a next step."`
	Details   any       `json:"details" doc:"An object. With VALIDATION_ERROR: field and constraint of the first error, and all in errors."`
	RequestID string    `json:"request_id" doc:"As in X-Request-Id; name it when you report a problem."`
}

// validationDetails are the details of a CodeValidation error.
type validationDetails struct {
	Field      string            `json:"field"`
	Constraint string            `json:"constraint"`
	Errors     []core.FieldError `json:"errors"`
}

// Error implements error.
func (e *errorEnvelope) Error() string { return e.Failure.Message }

// GetStatus implements huma.StatusError.
func (e *errorEnvelope) GetStatus() int { return e.status }

// GetHeaders implements huma.HeadersError.
func (e *errorEnvelope) GetHeaders() http.Header { return e.header }

// envelope renders err, and logs it when it is one that the operator has to see.
func (s *api) envelope(ctx context.Context, err error) *errorEnvelope {
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
		err = core.Unavailable("the request was ended before its answer; try again", 0, err)
	}
	e := core.AsError(err)
	switch e.Code {
	case core.CodeInternal:
		s.log.ErrorContext(ctx, "a request failed", slog.Any("error", err))
	case core.CodeUnavailable, core.CodeIntegration:
		s.log.WarnContext(ctx, "a request could not be served", slog.Any("error", err))
	}
	return newEnvelope(RequestID(ctx), e)
}

// newEnvelope renders e without its cause.
func newEnvelope(requestID string, e *core.Error) *errorEnvelope {
	v := &errorEnvelope{
		Failure: errorInfo{Code: e.Code, Message: e.Message, Details: e.Details, RequestID: requestID},
		status:  statusOf[e.Code], header: http.Header{},
	}
	if v.status == 0 {
		v.status = http.StatusInternalServerError
	}
	switch d := e.Details.(type) {
	case nil:
		v.Failure.Details = struct{}{}
	case core.RateState:
		tellRate(v.header, d)
	case core.FieldErrors:
		v.Failure.Details = validationDetails{Field: d[0].Field, Constraint: d[0].Constraint, Errors: d}
		if e.Code == core.CodeValidation && slices.Contains(malformed, d[0].Constraint) {
			v.status = http.StatusBadRequest
		}
	}
	if e.Code == core.CodeAuthentication {
		v.header.Set("WWW-Authenticate", "Bearer")
	}
	switch {
	case e.RetryAfter > 0:
		v.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	case e.Code == core.CodeUnavailable || e.Code == core.CodeRateLimited:
		v.header.Set("Retry-After", "1")
	}
	return v
}

// fail writes err as the answer to r.
func (s *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	v := s.envelope(r.Context(), err)
	for name, values := range v.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(v.status)
	if err := json.MarshalWrite(w, v); err != nil {
		s.log.DebugContext(r.Context(), "an answer could not be written", slog.Any("error", err))
	}
}

// newHumaError makes ours of an error that Huma found. Nothing of its text
// reaches the answer: it would show values that the user sent.
func newHumaError(hc huma.Context, status int, _ string, errs ...error) huma.StatusError {
	id := ""
	var limit int64 = maxBody
	if hc != nil {
		id = RequestID(hc.Context())
		limit = hc.Operation().MaxBodyBytes - 1
	}
	return newEnvelope(id, fromHuma(status, limit, errs))
}

func fromHuma(status int, limit int64, errs []error) *core.Error {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return errTooLarge(limit)
	case status == http.StatusUnsupportedMediaType:
		return &core.Error{Code: core.CodeUnsupportedMedia, Message: "the body's type is not known; send JSON with Content-Type: application/json"}
	case status == http.StatusRequestTimeout:
		return core.Invalid("body", "timeout", "the request body did not arrive in time; send it again")
	case status == http.StatusInternalServerError && len(errs) > 0: // the body could not be read to its end
		return core.Invalid("body", "incomplete", "the request body broke off; send it again")
	case status == http.StatusBadRequest && len(errs) == 0:
		return core.Invalid("body", "body", "the request body is missing; send a JSON object")
	case len(errs) > 0:
		found := fieldErrors(errs)
		return &core.Error{Code: core.CodeValidation, Message: found[0].Message, Details: found}
	default:
		return &core.Error{Code: core.CodeInternal, Message: "an internal error occurred; try again, and report the request id if it persists"}
	}
}

func errTooLarge(limit int64) *core.Error {
	return &core.Error{Code: core.CodePayloadTooLarge, Message: fmt.Sprintf("the request body is larger than %d MB; send less", limit>>20)}
}
