package fakes

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is a way in which a call goes wrong.
type Fault string

// The faults. Those of the first group answer an error and do nothing, those of the
// second spoil a list, those of the third do what was asked and spoil the answer.
const (
	Busy         Fault = "busy"         // 429; Retry-After as the rule says
	Overloaded   Fault = "overloaded"   // 529 at Notion, 503 elsewhere; Retry-After as the rule says
	Failed       Fault = "failed"       // 500
	Unavailable  Fault = "unavailable"  // 503, as the vendor's edge says it: perhaps a page in HTML
	BadGateway   Fault = "bad_gateway"  // 502 and a page in HTML
	NotFound     Fault = "not_found"    // 404, whatever is there
	Unauthorized Fault = "unauthorized" // 401, whatever the token
	Expired      Fault = "expired"      // as the vendor says that a token is no longer good: at Atlassian's gateway 404
	Forbidden    Fault = "forbidden"    // 403
	SaveConflict Fault = "conflict"     // 409: somebody saved at the same moment

	EmptyPage      Fault = "empty_page"      // no item, and a page that follows with all of them
	RepeatedCursor Fault = "repeated_cursor" // the page that follows is this one
	NoCursor       Fault = "no_cursor"       // a page follows, and it is not said which

	HalfBody  Fault = "half_body"  // 200, and JSON that ends in the middle
	WebPage   Fault = "web_page"   // 200, and a page in HTML
	CutOff    Fault = "cut_off"    // the connection ends in the middle of the body
	NoAnswer  Fault = "no_answer"  // the connection ends without an answer
	StuckBody Fault = "stuck_body" // half the body, then nothing until the client leaves
)

// Faults returns every fault.
func Faults() []Fault {
	return []Fault{
		Busy, Overloaded, Failed, Unavailable, BadGateway, NotFound, Unauthorized, Expired, Forbidden, SaveConflict,
		EmptyPage, RepeatedCursor, NoCursor,
		HalfBody, WebPage, CutOff, NoAnswer, StuckBody,
	}
}

// refuses reports whether a call with the fault does nothing.
func (f Fault) refuses() bool { i := slices.Index(Faults(), f); return i >= 0 && i < 10 }

// spoilsLists reports whether the fault is one of lists.
func (f Fault) spoilsLists() bool { return f == EmptyPage || f == RepeatedCursor || f == NoCursor }

// Rule makes calls go wrong.
type Rule struct {
	On    string // method and path, such as "GET /v1/blocks/*/children"; * stands for what is between two slashes; "": every call
	After int    // calls that On fits and that go well first
	Times int    // calls that go wrong; 0: one; negative: all
	Fault Fault
	// RetryAfter goes with Busy, Overloaded and Unavailable, in whole seconds. 0: the
	// vendor does not say.
	RetryAfter time.Duration
	seen, hit  int
}

// ParseRule reads a rule as words: the fault, then in any order after=N, times=N
// (or times=all), retry=DURATION, and what it is on, as in
//
//	busy times=2 retry=3s GET /v1/blocks/*/children
func ParseRule(text string) (Rule, error) {
	words := strings.Fields(text)
	if len(words) == 0 || !slices.Contains(Faults(), Fault(words[0])) {
		return Rule{}, fmt.Errorf("%q does not begin with a fault; they are %v", text, Faults())
	}
	r := Rule{Fault: Fault(words[0])}
	var on []string
	for _, word := range words[1:] {
		key, value, set := strings.Cut(word, "=")
		if !set {
			on = append(on, word)
			continue
		}
		if err := r.set(key, value); err != nil {
			return Rule{}, fmt.Errorf("%q: %w", text, err)
		}
	}
	r.On = strings.Join(on, " ")
	if _, err := path.Match(r.On, ""); err != nil {
		return Rule{}, fmt.Errorf("%q: %w", text, err)
	}
	return r, nil
}

func (r *Rule) set(key, value string) (err error) {
	switch {
	case key == "after":
		r.After, err = strconv.Atoi(value)
	case key == "times" && value == "all":
		r.Times = -1
	case key == "times":
		r.Times, err = strconv.Atoi(value)
	case key == "retry":
		r.RetryAfter, err = time.ParseDuration(value)
	default:
		err = fmt.Errorf("there is no %s; there are after, times and retry", key)
	}
	return err
}

// fires counts a call and reports whether it goes wrong.
func (r *Rule) fires(method, urlPath string) bool {
	if ok, _ := path.Match(r.On, method+" "+urlPath); r.On != "" && !ok {
		return false
	}
	if r.seen++; r.seen <= r.After {
		return false
	}
	if r.Times >= 0 && r.hit >= max(1, r.Times) {
		return false
	}
	r.hit++
	return true
}
