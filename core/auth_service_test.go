package core_test

import (
	"errors"
	"testing"

	"github.com/docsctl/docsctl/core"
)

func TestAuth_LoginAnswersAlike(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.admin(t, "Ann@Example.org")
	if _, err := in.Auth.Login(t.Context(), core.SignIn{Email: "ann@example.ORG", Password: testPassword}); err != nil {
		t.Fatalf("folded address: %v", err)
	}
	_, wrong := in.Auth.Login(t.Context(), core.SignIn{Email: "ann@example.org", Password: "not the password"})
	_, unknown := in.Auth.Login(t.Context(), core.SignIn{Email: "nobody@example.org", Password: testPassword})
	wantCode(t, "wrong password", wrong, core.CodeAuthentication)
	if wrong == nil || unknown == nil || wrong.Error() != unknown.Error() {
		t.Errorf("wrong password %v and unknown address %v differ", wrong, unknown)
	}
}

func TestAuth_SeveralOrganizationsAreAskedFor(t *testing.T) {
	t.Parallel()
	in := install(t)
	first, _ := in.admin(t, "ann@example.org")
	in.admin(t, "ann@example.org")
	_, err := in.Auth.Login(t.Context(), core.SignIn{Email: "ann@example.org", Password: testPassword})
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code != core.CodeConflict {
		t.Fatalf("got %v, want CodeConflict", err)
	}
	if choice, ok := e.Details.(core.OrganizationChoice); !ok || len(choice.Organizations) != 2 {
		t.Errorf("got details %v, want both organizations", e.Details)
	}
	pair, err := in.Auth.Login(t.Context(), core.SignIn{Email: "ann@example.org", Password: testPassword, OrgID: first.Tenant().OrgID()})
	if err != nil || pair.Organization.ID != first.Tenant().OrgID() {
		t.Errorf("with org_id: got %v, %v", pair, err)
	}
	_, err = in.Auth.Login(t.Context(), core.SignIn{Email: "ann@example.org", Password: "not the password"})
	wantCode(t, "a wrong password tells of no organization", err, core.CodeAuthentication)
}

func TestAuth_ReusedRefreshTokenEndsItsFamily(t *testing.T) {
	t.Parallel()
	in := install(t)
	_, first := in.admin(t, "ann@example.org")
	second, err := in.Auth.Refresh(t.Context(), first.RefreshToken, core.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.Auth.Refresh(t.Context(), first.RefreshToken, core.Origin{})
	wantCode(t, "reuse", err, core.CodeAuthentication)
	_, err = in.Auth.Refresh(t.Context(), second.RefreshToken, core.Origin{})
	wantCode(t, "the family after reuse", err, core.CodeAuthentication)
}

func TestAuth_LogoutEndsTheSession(t *testing.T) {
	t.Parallel()
	in := install(t)
	_, pair := in.admin(t, "ann@example.org")
	for range 2 { // a second logout is no error
		if err := in.Auth.Logout(t.Context(), pair.RefreshToken, core.Origin{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := in.Auth.Refresh(t.Context(), pair.RefreshToken, core.Origin{})
	wantCode(t, "refresh after logout", err, core.CodeAuthentication)
	wantCode(t, "logout of garbage", in.Auth.Logout(t.Context(), "garbage", core.Origin{}), "")
}

func TestAuth_GrantIsValidOnce(t *testing.T) {
	t.Parallel()
	in := install(t)
	a, _ := in.admin(t, "ann@example.org")
	token, err := in.Auth.Grant(t.Context(), a, 1_000_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Auth.Refresh(t.Context(), token, core.Origin{}); err != nil {
		t.Fatal(err)
	}
	_, err = in.Auth.Refresh(t.Context(), token, core.Origin{})
	wantCode(t, "a second use", err, core.CodeAuthentication)
}

func TestAuth_RegisterNamesEveryFieldThatDoesNotHold(t *testing.T) {
	t.Parallel()
	in := install(t)
	_, err := in.Auth.Register(t.Context(), core.Registration{Email: "not an address", Password: "short"})
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code != core.CodeValidation {
		t.Fatalf("got %v, want CodeValidation", err)
	}
	if fields, ok := e.Details.(core.FieldErrors); !ok || len(fields) != 4 {
		t.Errorf("got %v, want organization_name, email, password and name", e.Details)
	}
}
