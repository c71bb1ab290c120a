package httpapi

import (
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/google/go-cmp/cmp"
)

func TestIfMatch_Revisions(t *testing.T) {
	t.Parallel()
	none := core.Revisions{}
	for header, want := range map[string]core.Revisions{
		"":                        nil,
		"*":                       nil,
		`"r3"`:                    {3},
		`"r3", "r12"`:             {3, 12},
		`"x,y", "r4"`:             {4},
		`"r3-default"`:            {3},
		`W/"r3"`:                  none,
		`"v3"`:                    none,
		`r3`:                      none,
		`"r03"`:                   none,
		`"r+3"`:                   none,
		`"r3`:                     none,
		`"r99999999999999999"`:    {99999999999999999},
		`"r99999999999999999999"`: none,
		`,`:                       none,
	} {
		if diff := cmp.Diff(IfMatch{header}.revisions("r"), want); diff != "" {
			t.Errorf("%s (got, want): %s", header, diff)
		}
	}
}

func TestIfNoneMatch_Has(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"": false, "*": true, `"r3"`: true, `W/"r3"`: true, `"r2", "r3"`: true, `"r30"`: false, `r3`: false,
	} {
		if got := (IfNoneMatch{header}).has(`"r3"`); got != want {
			t.Errorf("%s: %t, want %t", header, got, want)
		}
	}
}
