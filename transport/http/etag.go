package httpapi

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// Entity tags are strong and opaque to clients. A document's is its revision, a
// template's its version and whether it is the caller's default: each changes
// whenever the answer does.

const (
	documentTag = "r"
	templateTag = "v"
	defaultMark = "-default"
)

func entityTag(kind string, revision int64, mark string) string {
	return `"` + kind + strconv.FormatInt(revision, 10) + mark + `"`
}

// IfMatch makes a change conditional (RFC 9110, 13.1.1).
type IfMatch struct {
	IfMatch string `header:"If-Match" doc:"Entity tags, one of which the resource must have; * for any. Otherwise 412."`
}

// revisions are the revisions that the header names; nil stands for any. Tags
// that are weak or not ours name none. Whether a template is the default is no
// part of what a PATCH or DELETE changes, so that mark is not compared.
func (h IfMatch) revisions(kind string) core.Revisions {
	if h.IfMatch == "" || strings.TrimSpace(h.IfMatch) == "*" {
		return nil
	}
	named := core.Revisions{}
	for tag := range strings.SplitSeq(h.IfMatch, ",") {
		tag = strings.TrimSpace(tag)
		digits := strings.TrimSuffix(strings.TrimPrefix(tag, `"`+kind), `"`)
		digits = strings.TrimSuffix(digits, defaultMark)
		n, err := strconv.ParseInt(digits, 10, 64)
		if err == nil && (tag == entityTag(kind, n, "") || tag == entityTag(kind, n, defaultMark)) {
			named = append(named, n)
		}
	}
	return named
}

// checkIfMatch refuses the header without a value, which would make a change that was
// meant to be conditional and is not.
func checkIfMatch(r *http.Request) error {
	values := r.Header.Values("If-Match")
	if len(values) == 0 || strings.TrimSpace(strings.Join(values, "")) != "" {
		return nil
	}
	return core.Invalid("If-Match", "empty", "If-Match has no value; give it the ETag that you have read, or leave it out")
}

// IfNoneMatch asks for the resource only if it has changed (RFC 9110, 13.1.2).
type IfNoneMatch struct {
	IfNoneMatch string `header:"If-None-Match" doc:"Entity tags that the caller has. The answer is 304 without a body when the resource has one of them."`
}

// has reports whether the caller has the resource as it is. Weak tags count here.
func (h IfNoneMatch) has(tag string) bool {
	for have := range strings.SplitSeq(h.IfNoneMatch, ",") {
		have = strings.TrimSpace(have)
		if have == "*" || strings.TrimPrefix(have, "W/") == tag {
			return true
		}
	}
	return false
}
