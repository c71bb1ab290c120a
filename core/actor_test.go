package core

import "testing"

func TestPermissions(t *testing.T) {
	t.Parallel()
	tenant := TrustTenant(NewID[OrgID]())
	me, other := NewID[UserID](), NewID[UserID]()
	admin, member := NewActor(tenant, me, RoleAdmin), NewActor(tenant, me, RoleMember)
	seen := 0
	for p, r := range permissions {
		seen++
		want := map[string]Code{"admin": "", "member of own": "", "member of another's": "", "nobody": CodeAuthentication, "no role": CodeAuthorization}
		if r == ruleOwn {
			want["member of another's"] = CodeAuthorization
		}
		if r == ruleAdmin {
			want["member of own"], want["member of another's"] = CodeAuthorization, CodeAuthorization
		}
		got := map[string]Code{
			"admin": CodeOf(admin.may(p, other)), "member of own": CodeOf(member.may(p, me)),
			"member of another's": CodeOf(member.may(p, other)), "nobody": CodeOf(Actor{}.may(p, me)),
			"no role": CodeOf(NewActor(tenant, me, "owner").may(p, me)),
		}
		for who := range want {
			if got[who] != want[who] {
				t.Errorf("%s, %s: got %q, want %q", p, who, got[who], want[who])
			}
		}
	}
	if seen == 0 {
		t.Error("there are no permissions")
	}
	if err := member.may("something unheard of", me); CodeOf(err) != CodeAuthorization {
		t.Errorf("an unlisted permission: got %v, want CodeAuthorization", err)
	}
}
