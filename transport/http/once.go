package httpapi

import (
	"crypto/sha256"
	"hash"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
)

// maxIdempotencyKey is how many characters an Idempotency-Key may have.
const maxIdempotencyKey = 255

// onceReader takes the fingerprint of a request whose body is read through it.
type onceReader struct {
	io.ReadCloser
	sum hash.Hash
}

func (r onceReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.sum.Write(p[:n]) // never fails (hash.Hash)
	return n, err
}

// newOnce returns what a request's Idempotency-Key asks for, with the fingerprint
// of what comes before its body; nil when it has none.
func newOnce(r *http.Request, op operation) (*core.Once, hash.Hash, error) {
	values := r.Header.Values("Idempotency-Key")
	if !op.once || len(values) == 0 {
		return nil, nil, nil
	}
	key := values[0]
	unprintable := func(r rune) bool { return r < ' ' || r == 0x7f }
	if n := utf8.RuneCountInString(key); len(values) > 1 || n < 1 || n > maxIdempotencyKey || !utf8.ValidString(key) || strings.ContainsFunc(key, unprintable) {
		return nil, nil, core.Invalid("Idempotency-Key", "format", "Idempotency-Key must be one header of 1 to 255 printable characters")
	}
	sum := sha256.New()
	io.WriteString(sum, r.URL.Path+"\n"+r.URL.RawQuery+"\n") //nolint:errcheck // a hash never fails
	return &core.Once{Route: op.id, Key: key}, sum, nil
}

// readOnce returns what a request's Idempotency-Key asks for, and how to complete
// it once the body was read; nil when it has none.
func readOnce(r *http.Request, op operation) (*core.Once, func(), error) {
	once, sum, err := newOnce(r, op)
	if once == nil || err != nil {
		return nil, nil, err
	}
	if r.Body != nil {
		r.Body = onceReader{r.Body, sum}
	}
	return once, func() { once.Fingerprint = sum.Sum(nil) }, nil
}

// describeOnce adds the header to an operation's OpenAPI entry.
func describeOnce(h *huma.Operation) {
	longest := maxIdempotencyKey
	shortest := 1
	h.Parameters = append(h.Parameters, &huma.Param{
		Name: "Idempotency-Key", In: "header",
		Description: "A request that is repeated with the same key within 24 hours is carried out once and gets the first answer, with Idempotency-Replayed: true.",
		Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest},
	})
}
