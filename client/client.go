// Package client calls a docsctl server over HTTP.
package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client calls one server as one user. It may be used concurrently.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// answerBytes bounds an answer that is read whole: a document and what JSON adds to it.
const answerBytes = 64 << 20

// New returns a client of the server at base, such as https://docs.example.org,
// that signs in with an access token or an API key.
func New(base, token string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("client: the server's address must be http or https, such as https://docs.example.org")
	}
	return &Client{base: strings.TrimSuffix(base, "/"), token: token, http: &http.Client{Timeout: 2 * time.Minute}}, nil
}

// Job is background work, with what a reader of it needs first.
type Job struct {
	ID           string     `json:"id"`
	Type         string     `json:"job_type"`
	Status       string     `json:"status"`
	Progress     Progress   `json:"progress"`
	ErrorCode    string     `json:"error_code"`
	ErrorMessage string     `json:"error_message"`
	Run          int        `json:"run"`
	Attempt      int        `json:"attempt"`
	MaxAttempts  int        `json:"max_attempts"`
	StartedAt    *time.Time `json:"started_at"`
	FinishedAt   *time.Time `json:"finished_at"`
	Waiting      *Waiting   `json:"waiting"` // nil unless it is pending

	Raw json.RawMessage `json:"-"` // all that the server says of it
}

// Progress is how far a job is; Total is 0 while it is not known.
type Progress struct {
	Done    int    `json:"done"`
	Total   int    `json:"total"`
	Message string `json:"message"`
}

// Waiting says why a pending job does not run yet.
type Waiting struct {
	Reason   string     `json:"reason"`
	Position *int       `json:"position"` // in its queue, from 1
	Until    *time.Time `json:"until"`
	Message  string     `json:"message"`
}

// Job returns a job, or an *Error with the code NOT_FOUND.
func (c *Client) Job(ctx context.Context, id string) (*Job, error) {
	var j Job
	raw, err := c.get(ctx, "/v1/jobs/"+url.PathEscape(id), &j)
	if err != nil {
		return nil, err
	}
	j.Raw = raw
	return &j, nil
}

// get reads an answer into to and returns its text. It returns an *Error when the server refuses.
func (c *Client) get(ctx context.Context, path string, to any) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("client: ask for %s: %w", path, err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	req.Header.Set("Accept", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("client: the server at %s does not answer: %w", c.base, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, answerBytes))
	if err != nil {
		return nil, fmt.Errorf("client: read the answer to %s: %w", path, err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return nil, newError(res.StatusCode, body)
	}
	if err := json.Unmarshal(body, to); err != nil {
		return nil, fmt.Errorf("client: what answers at %s is no docsctl server: %w", c.base, err)
	}
	return body, nil
}
