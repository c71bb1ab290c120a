package client

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Error is a refusal by the server.
type Error struct {
	Status    int    `json:"-"` // of HTTP
	Code      string `json:"code"`
	Message   string `json:"message"` // a sentence for people
	RequestID string `json:"request_id"`
}

// Error returns code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// newError reads the envelope. What is between a client and the server may answer
// in its place, with something else.
func newError(status int, body []byte) *Error {
	var envelope struct {
		Error Error `json:"error"`
	}
	if json.Unmarshal(body, &envelope) != nil || envelope.Error.Code == "" {
		envelope.Error = Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("the server answered %d %s; try again", status, http.StatusText(status))}
	}
	envelope.Error.Status = status
	return &envelope.Error
}
