package httpapi

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/docsctl/docsctl/core"
)

// Bounds of a request body.
const (
	maxBody         = 1 << 20
	maxDocumentBody = 24 << 20 // 20 MB of text, and what JSON adds to it
)

// operation is a route and its place in the OpenAPI document.
type operation struct {
	id, method, path string
	tag              string
	summary          string        // one line
	description      string        // optional
	public           bool          // needs no credential
	hidden           bool          // not in the OpenAPI document
	once             bool          // makes or enqueues something: an Idempotency-Key is honoured
	status           int           // of success; 0: 200, or 204 without a body
	bodyLimit        int64         // 0: maxBody
	errors           []int         // statuses of errors besides those that follow from the route's shape
	params           []*huma.Param // of a raw route, in query and header; typed ones have them in their input
	form             bool          // of a raw route: its body is a form with a file
	body             bool          // it takes one; register and registerRaw find out
	ticket           bool          // ?ticket= may stand for the credential
}

// ticketParam is where a browser puts a ticket.
const ticketParam = "ticket"

func (o operation) withDefaults() operation {
	if o.bodyLimit == 0 {
		o.bodyLimit = maxBody
	}
	return o
}

// call carries the actor through Huma to the handler, and no further: the
// handler's context is the one from before it.
type call struct {
	ctx    context.Context
	actor  core.Actor
	once   *core.Once // nil without an Idempotency-Key
	read   func()     // to be called when the body was read; nil without once
	header http.Header
}

// handle completes what depends on the body, and calls the handler.
func handle[I, O any](c call, in *I, handler func(ctx context.Context, a core.Actor, in *I) (*O, error)) (*O, error) {
	if c.once == nil {
		return handler(c.ctx, c.actor, in)
	}
	c.read()
	out, err := handler(c.ctx, c.actor.Once(c.once), in)
	if c.once.Replayed {
		c.header.Set("Idempotency-Replayed", "true")
	}
	return out, err
}

type callKey struct{}

// register adds an operation whose input and output are typed. It is the only
// caller of huma.Register, so no operation can forget to ask who calls, or answer
// an error in its own way. The actor of a public operation is nobody and
// knows only where the request came from.
func register[I, O any](s *api, op operation, handler func(ctx context.Context, a core.Actor, in *I) (*O, error)) {
	op = op.withDefaults()
	op.body = takesBody(reflect.TypeFor[I]())
	s.routes = append(s.routes, op)
	described := op.describe()
	described.MaxBodyBytes = op.bodyLimit + 1 // Huma refuses a body of exactly its limit
	described.BodyReadTimeout = -1            // timedBody has a better one
	described.Middlewares = huma.Middlewares{func(hc huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(hc)
		a, err := s.admit(w, r, op)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		once, read, err := readOnce(r, op)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		next(huma.WithValue(hc, callKey{}, call{ctx: hc.Context(), actor: a, once: once, read: read, header: w.Header()}))
	}}
	huma.Register(s.huma, described, func(ctx context.Context, in *I) (*O, error) {
		c := ctx.Value(callKey{}).(call)
		out, err := handle(c, in, handler)
		if err != nil {
			return nil, s.envelope(c.ctx, err)
		}
		return out, nil
	})
	describeShape(s.described(op), op)
}

// answer is what a raw route answers, for the OpenAPI document.
type answer struct {
	status      int
	mediaType   string // "": no body
	description string
}

// registerRaw adds a route that writes its answer itself: text, streams,
// upgrades, pages. It asks who calls and renders errors as register does.
func (s *api) registerRaw(op operation, ok answer, handler func(w http.ResponseWriter, r *http.Request, a core.Actor) error) {
	op = op.withDefaults()
	op.body = op.form
	s.routes = append(s.routes, op)
	s.mux.HandleFunc(op.method+" "+op.path, func(w http.ResponseWriter, r *http.Request) {
		a, err := s.admit(w, r, op)
		if err == nil && !op.public {
			err = refuseQuery(r, op)
		}
		if err == nil {
			err = handler(w, r, a)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
	if op.hidden {
		return
	}
	described := op.describe()
	response := &huma.Response{Description: ok.description}
	if ok.mediaType != "" {
		response.Content = map[string]*huma.MediaType{ok.mediaType: {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	described.Responses[strconv.Itoa(ok.status)] = response
	if strings.Contains(op.path, "{id}") {
		described.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString, Format: "uuid"}}}
	}
	described.Parameters = append(described.Parameters, op.params...)
	if op.form {
		described.RequestBody = describeForm()
	}
	describeShape(&described, op)
	s.huma.OpenAPI().AddOperation(&described)
}

// admit decides whether a request may go on to its handler, and as whom. It reads a
// body last, and only where there should be none: a caller without a credential
// cannot make the server read one.
func (s *api) admit(w http.ResponseWriter, r *http.Request, op operation) (core.Actor, error) {
	var a core.Actor
	if !op.public {
		var err error
		if a, err = s.actor(r, op); err != nil {
			return a, err
		}
		rate, err := s.app.Auth.Admit(r.Context(), a)
		if rate != nil {
			tellRate(w.Header(), *rate)
		}
		if err != nil {
			return a, err
		}
	}
	a = a.From(core.Origin{Address: s.client(r).String(), UserAgent: r.UserAgent(), RequestID: RequestID(r.Context())})
	if r.ContentLength > op.bodyLimit {
		return a, errTooLarge(op.bodyLimit)
	}
	if !op.public { // browsers bring queries of vendors to the others
		if err := cmp.Or(checkQuery(r), checkIfMatch(r)); err != nil {
			return a, err
		}
	}
	if !op.body {
		return a, refuseBody(w, r, op)
	}
	return a, nil
}

// tellRate sets the headers that tell a caller how much of a limit is left.
func tellRate(h http.Header, r core.RateState) {
	h.Set("RateLimit-Limit", strconv.Itoa(r.Limit))
	h.Set("RateLimit-Remaining", strconv.Itoa(r.Remaining))
	h.Set("RateLimit-Reset", strconv.Itoa(int(math.Ceil(r.ResetAfter.Seconds()))))
}
