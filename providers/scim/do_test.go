package scim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

func TestDoCarriesOutTheLifeOfAnAccountAndAGroup(t *testing.T) {
	t.Parallel()
	f := newFake()
	x := target(t, f, nil)
	do := func(c planner.Change) planner.Outcome {
		t.Helper()
		o, err := x.Do(t.Context(), c)
		if err != nil {
			t.Fatalf("%s %s: %v", c.Action, c.Name, err)
		}
		return o
	}
	email := `emails[type eq "work"].value`
	user := do(planner.Change{ID: "1", Kind: planner.KindUser, Action: planner.Create, Name: "ann@acme.example", After: []schema.Value{
		{Path: "active", Value: true}, {Path: email, Value: "ann@acme.example"}, {Path: "externalId", Value: "00u1"},
		{Path: "name.givenName", Value: "Ann"}, {Path: "userName", Value: "ann@acme.example"},
	}}).RemoteID
	group := do(planner.Change{ID: "2", Kind: planner.KindGroup, Action: planner.Create, Name: "Eng",
		After: []schema.Value{{Path: "displayName", Value: "Eng"}}, Members: planner.MemberChanges{Add: []planner.Member{{Name: "ann", RemoteID: user}}}}).RemoteID
	do(planner.Change{ID: "3", Kind: planner.KindUser, Action: planner.Deactivate, RemoteID: user,
		Before: []schema.Value{{Path: "active", Value: true}}, After: []schema.Value{{Path: "active", Value: false}}})
	do(planner.Change{ID: "4", Kind: planner.KindGroup, Action: planner.Update, RemoteID: group,
		Before: []schema.Value{{Path: "displayName", Value: "Eng"}}, After: []schema.Value{{Path: "displayName", Value: "Engineering"}}})
	do(planner.Change{ID: "5", Kind: planner.KindGroup, Action: planner.Empty, RemoteID: group,
		Members: planner.MemberChanges{Remove: []planner.Member{{Name: "ann", RemoteID: user}}}})
	want := map[string]any{
		"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:User"}, "id": user,
		"userName": "ann@acme.example", "externalId": "00u1", "active": false, "name": map[string]any{"givenName": "Ann"},
		"emails": []any{map[string]any{"type": "work", "value": "ann@acme.example", "primary": true}},
	}
	if diff := cmp.Diff(f.get("Users", user), want); diff != "" {
		t.Errorf("user (-got +want):\n%s", diff)
	}
	wantGroup := map[string]any{"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "id": group, "displayName": "Engineering", "members": []any{}}
	if diff := cmp.Diff(f.get("Groups", group), wantGroup); diff != "" {
		t.Errorf("group (-got +want):\n%s", diff)
	}
	do(planner.Change{ID: "6", Kind: planner.KindUser, Action: planner.Delete, RemoteID: user})
	do(planner.Change{ID: "7", Kind: planner.KindUser, Action: planner.Delete, RemoteID: user})
	if got := len(f.requests("")); got != 7 {
		t.Errorf("took %d requests, want 7: %q", got, f.requests(""))
	}
}
