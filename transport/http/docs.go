package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/docsctl/docsctl/core"
)

//go:embed docsui/index.html docsui/docs.css docsui/docs.js docsui/swagger-ui.css.gz docsui/swagger-ui-bundle.js.gz
var docsUI embed.FS

// docsPolicy lets the page load what this server has, and nothing else. Swagger
// UI sets style attributes, and its style sheet has images as data.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pages are the routes of the docs page. Large files are stored compressed.
var pages = []struct{ route, file, mediaType string }{
	{"/docs", "index.html", "text/html; charset=utf-8"},
	{"/docs/docs.css", "docs.css", "text/css; charset=utf-8"},
	{"/docs/docs.js", "docs.js", "text/javascript; charset=utf-8"},
	{"/docs/swagger-ui.css", "swagger-ui.css.gz", "text/css; charset=utf-8"},
	{"/docs/swagger-ui-bundle.js", "swagger-ui-bundle.js.gz", "text/javascript; charset=utf-8"},
}

// registerDocs adds the OpenAPI document and the page that shows it. It comes last.
func (s *api) registerDocs() error {
	s.registerRaw(operation{
		id: "home", method: http.MethodGet, path: "/{$}", public: true, hidden: true,
	}, answer{}, func(w http.ResponseWriter, r *http.Request, _ core.Actor) error {
		http.Redirect(w, r, "/docs", http.StatusFound)
		return nil
	})
	for _, p := range pages {
		text, err := docsUI.ReadFile("docsui/" + p.file)
		if err != nil {
			return fmt.Errorf("httpapi: docs page: %w", err)
		}
		if !strings.HasSuffix(p.file, ".gz") {
			text = compress(text)
		}
		a := newAsset(p.mediaType, text)
		s.registerAsset(operation{id: "docs", path: p.route, tag: "service", summary: "This description as a page", hidden: p.route != "/docs"},
			func() (asset, error) { return a, nil })
	}
	s.registerAsyncAPI()
	s.registerOpenAPI()
	return nil
}

// registerOpenAPI adds the document in both forms. Each is written down when it is
// first asked for: that takes as long as all else of a server's start.
func (s *api) registerOpenAPI() {
	document := s.huma.OpenAPI()
	s.registerAsset(operation{id: "openapiJSON", path: "/openapi.json", tag: "service", summary: "This description, OpenAPI 3.1 as JSON"},
		written("application/json", func() ([]byte, error) { return json.Marshal(document) }))
	s.registerAsset(operation{id: "openapiYAML", path: "/openapi.yaml", tag: "service", summary: "This description, OpenAPI 3.1 as YAML"},
		written("application/yaml", document.YAML))
	openAnswers(document)
}

// written returns a file that is written once, when it is first asked for.
func written(mediaType string, write func() ([]byte, error)) func() (asset, error) {
	return sync.OnceValues(func() (asset, error) {
		text, err := write()
		if err != nil {
			return asset{}, fmt.Errorf("httpapi: write a description as %s: %w", mediaType, err)
		}
		return newAsset(mediaType, compress(text)), nil
	})
}

// registerAsset serves what get returns as a file.
func (s *api) registerAsset(op operation, get func() (asset, error)) {
	op.method, op.public = http.MethodGet, true
	s.registerRaw(op, answer{http.StatusOK, "text/plain", "The file."}, func(w http.ResponseWriter, r *http.Request, _ core.Actor) error {
		a, err := get()
		if err != nil {
			return err
		}
		return a.serve(w, r)
	})
}

// asset is a file in its compressed form, which is the one that browsers take.
type asset struct {
	mediaType string
	etag      string
	small     []byte // gzip
}

func newAsset(mediaType string, small []byte) asset {
	sum := sha256.Sum256(small)
	return asset{mediaType: mediaType, etag: hex.EncodeToString(sum[:12]), small: small}
}

func compress(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text) // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Content-Security-Policy", docsPolicy)
	h.Set("Cache-Control", "no-cache") // kept, but asked for again each time
	h.Add("Vary", "Accept-Encoding")
	compressed := acceptsGzip(r)
	tag := `"` + a.etag + `"`
	if compressed {
		tag = `"` + a.etag + `-gzip"`
	}
	h.Set("ETag", tag)
	if (IfNoneMatch{r.Header.Get("If-None-Match")}).has(tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", a.mediaType)
	if compressed {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(a.small)))
		_, _ = w.Write(a.small) // who has gone away needs no answer
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(a.small))
	if err != nil {
		return err
	}
	_, _ = io.Copy(w, z)
	return nil
}

// acceptsGzip reads Accept-Encoding as far as it is sent in practice: a list, an
// entry of it with weight 0 meaning no.
func acceptsGzip(r *http.Request) bool {
	for entry := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(entry, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}
