package core_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docsctl/docsctl/core"
)

// wiki is a Confluence with chosen spaces, to be connected.
func wiki(spaces ...string) core.NewIntegration {
	return core.NewIntegration{
		Type: core.IntegrationConfluence, AuthType: core.AuthAPIToken, Token: core.NewSecret("token"),
		Config: core.IntegrationConfig{BaseURL: "https://team.atlassian.net", Email: "ann@example.org", Spaces: spaces},
	}
}

func TestIntegrations_ChosenSpacesMustBeSeen(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	c.spaces = []string{"OPS", "CREW"}
	if _, err := c.Integrations.Connect(t.Context(), c.admin, wiki("OPS", "NOPE")); core.CodeOf(err) != core.CodeValidation || !strings.Contains(err.Error(), "NOPE") || strings.Contains(err.Error(), "OPS,") {
		t.Errorf("connect: got %v, want the space that is not there named", err)
	}
	made, err := c.Integrations.Connect(t.Context(), c.admin, wiki("OPS"))
	if err != nil {
		t.Fatal(err)
	}
	id := made.Integration.ID
	if _, err := c.Integrations.Update(t.Context(), c.admin, id, core.IntegrationPatch{Spaces: &[]string{"NOPE"}}); core.CodeOf(err) != core.CodeValidation {
		t.Errorf("change: got %v, want it refused", err)
	}
	got, err := c.Integrations.Update(t.Context(), c.admin, id, core.IntegrationPatch{Spaces: &[]string{"CREW", "OPS"}})
	if err != nil || !slices.Equal(got.Config.Spaces, []string{"CREW", "OPS"}) || got.Config.Email == "" {
		t.Errorf("change: got %+v, %v", got, err)
	}
	c.verifyErr = upstream(core.ReasonDown)
	got, err = c.Integrations.Update(t.Context(), c.admin, id, core.IntegrationPatch{Spaces: new([]string)})
	if err != nil || len(got.Config.Spaces) != 0 {
		t.Errorf("all spaces again: got %+v, %v, want no vendor needed for it", got, err)
	}
}

func TestIntegrations_KeysOfSpacesAreCheckedFirst(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	c.spaces = []string{}
	keys := func(n int, key string) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = key + strconv.Itoa(i)
		}
		return out
	}
	for name, bad := range map[string]struct {
		spaces []string
		want   string
	}{
		"too many":          {keys(1001, "K"), "config.spaces max_items"},
		"a list in one":     {[]string{"A,B"}, "config.spaces format"},
		"a path":            {[]string{"../x"}, "config.spaces format"},
		"none":              {[]string{""}, "config.spaces format"},
		"long":              {[]string{strings.Repeat("K", 256)}, "config.spaces format"},
		"none of many seen": {keys(1000, "K"), "config.spaces visible"},
		"personal ones":     {[]string{"~ann.lee@example.org", "2026", "~5b10a_x-y"}, "config.spaces visible"},
	} {
		_, err := c.Integrations.Connect(t.Context(), c.admin, wiki(bad.spaces...))
		fields, _ := core.AsError(err).Details.(core.FieldErrors)
		if len(fields) != 1 || fields[0].Field+" "+fields[0].Constraint != bad.want || len(err.Error()) > 300 {
			t.Errorf("%s: got %v, want %s in a sentence", name, err, bad.want)
		}
	}
	c.spaces = nil
	if _, err := c.Integrations.Connect(t.Context(), c.admin, wiki(keys(1000, "K")...)); err != nil {
		t.Errorf("as many as can be: %v", err)
	}
}

func TestIntegrations_WhoConnectsIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(1))
	for reason, want := range map[core.UpstreamReason]struct {
		code core.Code
		says string
	}{
		core.ReasonToken: {core.CodeValidation, "pasted whole"}, core.ReasonForbidden: {core.CodeValidation, ""}, core.ReasonRefused: {core.CodeValidation, ""},
		core.ReasonDown: {core.CodeIntegration, "nothing was stored"}, core.ReasonLimited: {core.CodeIntegration, "nothing was stored"},
	} {
		c.verifyErr = upstream(reason)
		_, err := c.Integrations.Connect(t.Context(), c.admin, wiki())
		if core.CodeOf(err) != want.code || !strings.Contains(err.Error(), want.says) || strings.Contains(err.Error(), "by itself") {
			t.Errorf("%s: got %v, want %s that says %q", reason, err, want.code, want.says)
		}
	}
	away := *core.AsError(upstream(core.ReasonDown))
	away.Code = core.CodeUnavailable
	c.verifyErr = &away
	if _, err := c.Integrations.Connect(t.Context(), c.admin, wiki()); core.CodeOf(err) != core.CodeIntegration {
		t.Errorf("a vendor that cannot be reached: got %v, want %s", err, core.CodeIntegration)
	}
	all, err := c.Integrations.List(t.Context(), c.admin, core.PageRequest{})
	if err != nil || len(all.Items) != 1 {
		t.Errorf("got %d integrations, %v, want none but the first", len(all.Items), err)
	}
}

func TestIntegrations_SayWhenTheyGoOn(t *testing.T) {
	t.Parallel()
	c := connect(t, newVendor(3))
	open := *core.AsError(upstream(core.ReasonOpen))
	open.Code, open.RetryAfter, open.Err = core.CodeUnavailable, 30*time.Second, core.ErrCircuitOpen
	open.Details = core.UpstreamDetails{IntegrationType: core.IntegrationNotion, Reason: core.ReasonOpen, What: "Vendor failed several times in a row"}
	open.Message = "Vendor failed several times in a row; the work goes on by itself at 10:00:00 UTC"
	c.listErr = func(string) error { return &open }
	j := c.sync(t, core.SyncRequest{})
	if j.Status != core.JobPending || j.WaitsFor != core.WaitBreaker || j.Attempt != 0 {
		t.Errorf("got %s for %s after %d attempts, want it to wait for the breaker and no attempt counted", j.Status, j.WaitsFor, j.Attempt)
	}
	i := c.integration(t)
	if i.Status != core.IntegrationError || strings.Count(i.ErrorMessage, "goes on by itself at") != 1 || !strings.HasPrefix(i.ErrorMessage, "Vendor failed several times in a row; ") {
		t.Errorf("got %s %q, want what happened and, once, when it goes on", i.Status, i.ErrorMessage)
	}
	c.listErr = nil
	c.again(t, j)
	if i := c.integration(t); i.Status != core.IntegrationConnected || i.ErrorMessage != "" {
		t.Errorf("afterwards %s %q", i.Status, i.ErrorMessage)
	}
}
