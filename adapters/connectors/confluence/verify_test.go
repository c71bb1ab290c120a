package confluence_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
)

// Counting ends after eight answers, of two each here.
func TestVerify_CountsUpToABound(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d access) {
		for _, c := range []struct {
			spaces, pages int // besides home pages
			want          []core.VisibleCount
		}{
			{1, 15, []core.VisibleCount{{Kind: "pages", Count: 16}, {Kind: "spaces", Count: 1}}},
			{1, 16, []core.VisibleCount{{Kind: "pages", Count: 16, AtLeast: true}, {Kind: "spaces", Count: 1}}},
			{8, 0, []core.VisibleCount{{Kind: "pages", Count: 8}, {Kind: "spaces", Count: 8}}},
			{9, 0, []core.VisibleCount{{Kind: "pages", Count: 8, AtLeast: true}, {Kind: "spaces", Count: 9}}},
			{17, 0, []core.VisibleCount{{Kind: "pages", Count: 8, AtLeast: true}, {Kind: "spaces", Count: 16, AtLeast: true}}},
		} {
			var keys []string
			for i := range c.spaces {
				keys = append(keys, fmt.Sprintf("S%d", i))
			}
			w := newTown(t, d, keys...)
			for i := range c.pages {
				w.add("S0", fmt.Sprint("Page ", i))
			}
			w.access.Config.Spaces = []string{"S0"}
			if c.spaces > 1 {
				w.access.Config.Spaces = nil
			}
			got, err := w.Verify(t.Context(), w.access)
			if err != nil || !slices.Equal(got.Visible, c.want) {
				t.Errorf("%d spaces and %d pages: got %+v, %v, want %+v", c.spaces, c.pages, got, err, c.want)
			}
		}
	})
}

// Who the token's user is may not be for it to know.
func TestVerify_UserMayBeUnknown(t *testing.T) {
	t.Parallel()
	w := newTown(t, deployments()["DataCenter"], "A")
	w.access.Config.Account = "As it was"
	for fault, want := range map[fakes.Fault]core.UpstreamReason{fakes.Forbidden: "", fakes.Unauthorized: core.ReasonToken} {
		w.fake.Heal()
		w.fake.Fail(fakes.Rule{Fault: fault, On: "GET /confluence/rest/api/user/current"})
		got, err := w.Verify(t.Context(), w.access)
		if core.ReasonOf(err) != want || err == nil && (got.Account != "" || got.Config.Account != "As it was") {
			t.Errorf("%s: got %+v, %v", fault, got, err)
		}
	}
}

// Where a token with scopes works is found out, and where nobody knows it stays refused.
func TestVerify_RefusedTokenStaysRefusedWithoutACloudID(t *testing.T) {
	t.Parallel()
	for _, tenant := range []string{`{}`, `{"cloudId":"../x"}`, `[]`} {
		w := newTown(t, deployments()["Site"], "A")
		w.access.Token = core.NewSecret(fakes.ConfluenceScopedToken)
		w.Answer("GET /_edge/tenant_info", tenant)
		if _, err := w.Verify(t.Context(), w.access); core.ReasonOf(err) != core.ReasonToken {
			t.Errorf("%s: got %v, want the token refused", tenant, err)
		}
		w.Want(t, tenant, "GET /wiki/api/v2/spaces?limit=100", "GET /_edge/tenant_info")
	}
}
