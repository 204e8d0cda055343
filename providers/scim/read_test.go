package scim_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

func addUsers(f *fake, n int) {
	for i := range n {
		f.add("Users", map[string]any{"userName": fmt.Sprintf("u%03d@acme.example", i), "active": true})
	}
}

func TestReadKeepsWhatThePlannerComparesAndNothingElse(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.objects["Users"] = []map[string]any{{
		"id": "2", "userName": "Ann@Acme.Example", "externalId": "00u1", "active": "True",
		"name":   map[string]any{"givenName": "Ann", "FamilyName": "Ames", "middleName": "Q"},
		"emails": []any{map[string]any{"type": "home", "value": "a@home.example"}, map[string]any{"type": "Work", "value": "ann@acme.example", "primary": true}},
		"title":  "CEO", "displayName": nil,
	}, {"id": "1", "userName": "bo", "active": false}}
	f.objects["Groups"] = []map[string]any{{
		"id": "g1", "displayName": "Eng",
		"members": []any{map[string]any{"value": "2"}, map[string]any{"value": "9", "type": "Group"}, map[string]any{"value": "2"}},
	}}
	got, err := target(t, f, nil).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantUsers := []planner.RemoteUser{
		{ID: "1", UserName: "bo"},
		{ID: "2", UserName: "Ann@Acme.Example", ExternalID: "00u1", Active: true, Attributes: []schema.Value{
			{Path: `emails[type eq "work"].value`, Value: "ann@acme.example"},
			{Path: "name.familyName", Value: "Ames"}, {Path: "name.givenName", Value: "Ann"},
		}},
	}
	if diff := cmp.Diff(got.Users, wantUsers); diff != "" {
		t.Errorf("users (-got +want):\n%s", diff)
	}
	wantGroups := []planner.RemoteGroup{{ID: "g1", DisplayName: "Eng", Members: []uint32{1}, Foreign: []string{"9"}, MembersKnown: true}}
	if diff := cmp.Diff(got.Groups, wantGroups); diff != "" {
		t.Errorf("groups (-got +want):\n%s", diff)
	}
	if !got.Complete || got.Unstable || got.Identity != "https://scim.example.com/scim/v2" {
		t.Errorf("complete %v, unstable %v, identity %q", got.Complete, got.Unstable, got.Identity)
	}
}
