package twingate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/providers/twingate"
	"github.com/rollcall-dev/rollcall/schema"
)

func TestBaseURLFollowsFromTheNetwork(t *testing.T) {
	t.Parallel()
	got, err := twingate.BaseURL("acme")
	if want := "https://acme.twingate.com/api/scim/v2"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestBaseURLRefusesWhatWouldNameAnotherHost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "evil.example/", "acme.", "ACME", "a b", "-a", "acme@evil"} {
		if got, err := twingate.BaseURL(name); err == nil {
			t.Errorf("%q gave %q", name, got)
		}
	}
}

func TestMappingIsLockedAndExternalIDBelongsToUsersAlone(t *testing.T) {
	t.Parallel()
	x, err := twingate.New(scim.Config{Target: schema.Target{BaseURL: "https://acme.twingate.com/api/scim/v2"}})
	if err != nil {
		t.Fatal(err)
	}
	c := x.Capabilities()
	want := []string{`emails[type eq "work"].value`, "name.familyName", "name.givenName"}
	if diff := cmp.Diff(c.LockedMapping, want); diff != "" {
		t.Errorf("locked mapping (-got +want):\n%s", diff)
	}
	if c.GroupExternalID || !c.GroupNamesNotUnique || c.RequestsPerSecond != 25 {
		t.Errorf("got %+v", c)
	}
	if diff := cmp.Diff(c.ReservedGroupNames, []string{"Everyone"}); diff != "" {
		t.Errorf("reserved names (-got +want):\n%s", diff)
	}
}
