package core

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure an Error is. The values are the contract's
// words; every transport has one table from Code to its own status.
type Code string

// The codes of the contract, and none else.
const (
	CodeValidation          Code = "VALIDATION_ERROR"
	CodeAuthentication      Code = "AUTHENTICATION_ERROR"
	CodeAuthorization       Code = "AUTHORIZATION_ERROR"
	CodeNotFound            Code = "NOT_FOUND"
	CodeMethodNotAllowed    Code = "METHOD_NOT_ALLOWED"
	CodeConflict            Code = "CONFLICT"
	CodePreconditionFailed  Code = "PRECONDITION_FAILED"
	CodePayloadTooLarge     Code = "PAYLOAD_TOO_LARGE"
	CodeUnsupportedMedia    Code = "UNSUPPORTED_MEDIA_TYPE"
	CodeIdempotencyMismatch Code = "IDEMPOTENCY_MISMATCH"
	CodeRateLimited         Code = "RATE_LIMITED"
	CodeBudgetExceeded      Code = "BUDGET_EXCEEDED"
	CodeQuota               Code = "QUOTA_EXCEEDED"
	CodeIntegration         Code = "INTEGRATION_ERROR"
	CodeLLM                 Code = "LLM_ERROR"
	CodeUnavailable         Code = "UNAVAILABLE"
	CodeInternal            Code = "INTERNAL_ERROR"
)

// Codes returns every code, for the tests of the transports' tables.
func Codes() []Code {
	return []Code{
		CodeValidation, CodeAuthentication, CodeAuthorization, CodeNotFound,
		CodeMethodNotAllowed, CodeConflict, CodePreconditionFailed, CodePayloadTooLarge,
		CodeUnsupportedMedia, CodeIdempotencyMismatch, CodeRateLimited, CodeBudgetExceeded,
		CodeQuota, CodeIntegration, CodeLLM, CodeUnavailable, CodeInternal,
	}
}

// Error is the one error of the product. Message is one sentence for the user
// with a next step; it never holds a secret, nor a value that the user sent.
type Error struct {
	Code       Code
	Message    string
	Details    any           // nil, FieldErrors, OrganizationChoice, …
	RetryAfter time.Duration // 0: no hint
	Err        error         // the cause, for logs; never rendered
}

// Error returns code, message and cause, for logs.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// FieldError is one input field that does not hold, with the constraint it broke.
type FieldError struct {
	Field      string `json:"field"`
	Constraint string `json:"constraint"`
	Message    string `json:"message"`
}

// FieldErrors is the Details of a CodeValidation error, at least one, in input order.
type FieldErrors []FieldError

// Invalid returns a CodeValidation error about one field.
func Invalid(field, constraint, message string) *Error {
	return &Error{
		Code: CodeValidation, Message: message,
		Details: FieldErrors{{Field: field, Constraint: constraint, Message: message}},
	}
}

// NotFound returns the one answer for a kind of thing that does not exist or is
// another tenant's: nothing in it depends on the id.
func NotFound(kind string) *Error {
	return &Error{Code: CodeNotFound, Message: kind + " not found; check the id and the organization you are signed in to"}
}

// Conflict returns a CodeConflict error with the given sentence.
func Conflict(message string) *Error { return &Error{Code: CodeConflict, Message: message} }

// Unavailable returns a CodeUnavailable error: a part of the system does not
// answer now, and the same call may succeed after retryAfter.
func Unavailable(message string, retryAfter time.Duration, cause error) *Error {
	return &Error{Code: CodeUnavailable, Message: message, RetryAfter: retryAfter, Err: cause}
}

// CodeOf returns err's code: "" for nil, CodeUnavailable for an ended context's
// deadline, and CodeInternal for an error that is not an *Error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return CodeUnavailable
	}
	return CodeInternal
}

// AsError returns err as an *Error, wrapping an unknown one as CodeInternal so
// that its text is never rendered. It returns nil for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Unavailable("the request took too long and was ended; try again", time.Second, err)
	}
	return &Error{Code: CodeInternal, Message: "an internal error occurred; try again, and report the request id if it persists", Err: err}
}

// Retryable reports whether the same work may succeed when it is repeated:
// what is unavailable, limited or failed upstream, and errors nobody foresaw. A
// vendor's answer that a repetition would bring again is none.
func Retryable(err error) bool {
	if errors.Is(err, ErrInVain) {
		return false
	}
	switch ReasonOf(err) {
	case ReasonToken, ReasonForbidden, ReasonGone, ReasonRefused:
		return false
	default:
	}
	switch CodeOf(err) {
	case CodeQuota: // without a hint it is the month's, which no job waits for
		return AsError(err).RetryAfter > 0
	case CodeUnavailable, CodeRateLimited, CodeIntegration, CodeLLM, CodeInternal:
		return true
	default:
		return false
	}
}

// ErrLeaseLost is returned by TenantStore.InLease when the job is no longer
// leased under the given fence: it was canceled, rescued or finished by another.
var ErrLeaseLost = errors.New("the job's lease is held by another or has expired")

// ErrCircuitOpen is the cause of a CodeUnavailable whose RetryAfter is when an open
// circuit breaker lets a call through again: the work waits, and has not failed.
var ErrCircuitOpen = errors.New("the circuit breaker is open")

// ErrInVain is in the chain of an error that the same work would meet again until a
// person has changed something, such as a key that a model's server refuses: nothing
// repeats it, and it says nothing of whether the server works for others.
var ErrInVain = errors.New("it fails again until somebody changes what it needs")

// ErrOuterRead is returned by a reader of a TenantStore, and by InTx and InLease,
// that is called with the context of an open transaction of the same store.
var ErrOuterRead = errors.New("read or transaction outside the open one; use the Tx")
