package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/docsctl/docsctl/core"
)

// mayBeEmpty are parameters without a value that say what they mean: a search box in
// which nothing stands finds everything, and paging begins at the beginning.
var mayBeEmpty = []string{"q", "cursor"}

// checkQuery refuses what would otherwise be overlooked, and answered as if it had
// not been asked: net/url drops pairs that it cannot decode, and an empty value would
// count as none. A script whose variable is not set asks for ?related_id=, and is not
// to get everybody's jobs. Of a parameter that stands twice each reader would take
// another.
func checkQuery(r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		e := core.Invalid("query", "encoding", "the URL's query cannot be decoded; encode it with percent signs")
		e.Err = err
		return e
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		switch values := query[name]; {
		case name == "":
			return core.Invalid("query", "unknown", "the URL's query has a value without a name; remove it")
		case len(values) > 1:
			name = shortName(name)
			return core.Invalid(name, "duplicate", name+" stands more than once in the query; send it once")
		case values[0] == "" && !slices.Contains(mayBeEmpty, name):
			name = shortName(name)
			return core.Invalid(name, "empty", name+" has no value; give it one or leave it out")
		}
	}
	return nil
}

// refuseQuery is what Huma does for typed operations.
func refuseQuery(r *http.Request, op operation) error {
	for name := range r.URL.Query() {
		if slices.ContainsFunc(op.params, func(p *huma.Param) bool { return p.In == "query" && p.Name == name }) {
			continue
		}
		name = shortName(name)
		return core.Invalid(name, "unknown", name+" is no parameter of this route; remove it")
	}
	return nil
}
