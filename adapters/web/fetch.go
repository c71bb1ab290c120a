package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docsctl/docsctl/adapters/internal/egress"
	"github.com/docsctl/docsctl/core"
)

var _ core.Fetcher = (*Fetcher)(nil)

// Config holds the parts and limits of a Fetcher. The zero value is ready to use.
type Config struct {
	Client    *http.Client // default: NewClient(ClientConfig{})
	MaxBytes  int64        // largest body in bytes; default 100 MiB
	UserAgent string       // default "docsctl"
}

func (c Config) withDefaults() Config {
	if c.Client == nil {
		c.Client = NewClient(ClientConfig{})
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 100 << 20
	}
	if c.UserAgent == "" {
		c.UserAgent = "docsctl"
	}
	return c
}

// Fetcher implements core.Fetcher over HTTP.
type Fetcher struct {
	cfg Config
}

// New returns a Fetcher. What it may reach is decided by its client.
func New(cfg Config) *Fetcher { return &Fetcher{cfg: cfg.withDefaults()} }

// Fetch gets a URL. The body is read by the caller, who gets CodePayloadTooLarge
// from it past MaxBytes and CodeIntegration when the server breaks off; ctx bounds
// that reading, too.
func (f *Fetcher) Fetch(ctx context.Context, rawURL string) (*core.FetchedFile, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, invalidURL(err)
	}
	req.Header.Set("User-Agent", f.cfg.UserAgent)
	req.Header.Set("Accept", "text/html, text/markdown, text/plain;q=0.9, */*;q=0.5")
	resp, err := f.cfg.Client.Do(req)
	if err != nil {
		return nil, translate(ctx, err)
	}
	if err := f.check(resp); err != nil {
		_ = resp.Body.Close() // the answer is not used; the first error counts
		return nil, err
	}
	return &core.FetchedFile{
		File: core.File{
			Name:      fileName(resp),
			MediaType: resp.Header.Get("Content-Type"),
			SourceURL: withoutFragment(resp.Request.URL),
			Body:      &body{ctx: ctx, r: resp.Body, left: f.cfg.MaxBytes},
		},
		Close: resp.Body.Close,
	}, nil
}

func (f *Fetcher) check(resp *http.Response) error {
	switch {
	case resp.StatusCode != http.StatusOK:
		return &core.Error{
			Code:    core.CodeIntegration,
			Message: "the page answered " + strconv.Itoa(resp.StatusCode) + "; check the address",
		}
	case resp.ContentLength > f.cfg.MaxBytes:
		return tooLarge()
	}
	return nil
}

// maxURL is the longest URL that is fetched, in characters.
const maxURL = 2048

func parseURL(raw string) (*url.URL, error) {
	if utf8.RuneCountInString(raw) > maxURL {
		return nil, core.Invalid("url", "max_length", "the URL is longer than 2048 characters; shorten it")
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, invalidURL(err)
	}
	if err := checkURL(u); err != nil {
		return nil, err
	}
	return u, nil
}

// checkURL holds for the first URL and for each redirect.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return invalidURL(nil)
	case u.User != nil:
		return core.Invalid("url", "no_userinfo", "the URL holds a user name or password; take it out")
	case egress.IsNumeric(u.Hostname()):
		return notPublicURL(nil)
	}
	return nil
}

func invalidURL(cause error) error {
	e := core.Invalid("url", "http_url", "the URL is not an http or https address; send one such as https://example.org/page")
	e.Err = withoutURL(cause)
	return e
}

func notPublicURL(cause error) error {
	e := core.Invalid("url", "public_address", "the URL leads to an address or port that is not public; send a public one")
	e.Err = cause
	return e
}

// withoutURL takes the outer *url.Error off: its text holds the user's URL.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// translate maps an error of the client to the port's.
func translate(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	cause := withoutURL(err)
	message := "the page's server cannot be reached; check the address and try again"
	switch {
	case errors.Is(err, egress.ErrNotPublic):
		return notPublicURL(cause)
	case errors.Is(err, egress.ErrTooManyRedirects):
		message = "the page redirects more than 5 times; send the address that it leads to"
	case errors.Is(err, egress.ErrBadRedirect):
		message = "the page redirects to what is no http or https address; send another address"
	case errors.Is(err, egress.ErrDowngrade):
		message = "the page redirects from https to http; send an address that stays on https"
	}
	return &core.Error{Code: core.CodeIntegration, Message: message, Err: fmt.Errorf("get page: %w", cause)}
}

func withoutFragment(u *url.URL) string {
	c := *u
	c.Fragment, c.RawFragment = "", ""
	return c.String()
}

// maxName is the longest file name that is passed on, in bytes.
const maxName = 255

// fileName returns the base name that the answer or its URL gives, or "".
func fileName(resp *http.Response) string {
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		if name := baseName(params["filename"]); name != "" {
			return name
		}
	}
	return baseName(resp.Request.URL.Path)
}

// baseName takes directories, of either system, and control characters off a name.
func baseName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.ReplaceAll(name, `\`, "/"))
	if strings.HasSuffix(name, "/") {
		return ""
	}
	name = path.Base(name)
	if name == "." || name == ".." || name == "/" || len(name) > maxName {
		return ""
	}
	return name
}

// body bounds what is read from a server.
type body struct {
	ctx  context.Context // of the fetch: reading is its second half
	r    io.Reader
	left int64
}

func (b *body) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, tooLarge()
	}
	// One byte more than is left shows whether the body goes on.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, tooLarge()
	}
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, b.broken(err)
	}
	return n, err
}

func (b *body) broken(cause error) error {
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	return &core.Error{
		Code:    core.CodeIntegration,
		Message: "the page's server broke off its answer; try again",
		Err:     fmt.Errorf("read page: %w", cause),
	}
}

func tooLarge() error {
	return &core.Error{
		Code:    core.CodePayloadTooLarge,
		Message: "the page is larger than the limit; send the address of a smaller one",
	}
}
