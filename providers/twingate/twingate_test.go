package twingate_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/providers/twingate"
	"github.com/rollcall-dev/rollcall/schema"
)

func TestAddressOfTheConsoleIsNoAddressOfTheService(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://acme.twingate.com/api/scim/v2":  true,
		"https://acme.twingate.com/api/scim/v2/": true,
		"https://gateway.example/twingate":       true,
		"http://127.0.0.1:8080/scim/v2":          true,
		"https://acme.twingate.com":              false,
		"https://acme.twingate.com/settings":     false,
		"https://acme.twingate.com/api/graphql/": false,
		"ftp://127.0.0.1/":                       false,
		"":                                       false,
	} {
		_, err := twingate.New(scim.Config{Target: schema.Target{Address: "target.twingate.corp", BaseURL: address}})
		if (err == nil) != ok {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

func TestMappingIsLockedAndExternalIDBelongsToUsersAlone(t *testing.T) {
	t.Parallel()
	c := corp(t, nil).Capabilities()
	want := planner.Capabilities{
		Dialect: "twingate", Members: planner.MembersFull, CreateWithMembers: true, MembersPerRequest: 100, GroupNamesNotUnique: true,
		ReservedGroupNames: []string{"Everyone"}, LockedMapping: []string{`emails[type eq "work"].value`, "name.familyName", "name.givenName"},
		RequestsPerSecond: 25,
	}
	if diff := cmp.Diff(c, want); diff != "" {
		t.Errorf("capabilities (-got +want):\n%s", diff)
	}
}

// corp returns a target whose requests end in rt.
func corp(t *testing.T, rt http.RoundTripper) *scim.Target {
	t.Helper()
	x, err := twingate.New(scim.Config{
		Target: schema.Target{Address: "target.twingate.corp", BaseURL: "https://acme.twingate.com/api/scim/v2"},
		HTTP:   providers.ClientOptions{Transport: rt},
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

type unreached struct{ t *testing.T }

func (u unreached) RoundTrip(r *http.Request) (*http.Response, error) {
	u.t.Errorf("%s %s was sent", r.Method, r.URL.Path)
	return nil, errors.New("not reached")
}

func TestWhatTwingateWouldBreakOnIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	id := schema.Value{Path: "externalId", Value: "00u1"}
	for name, test := range map[string]struct {
		change planner.Change
		want   string
	}{
		"a user without externalId": {planner.Change{Kind: planner.KindUser, Action: planner.Create, Name: "ann"}, "needs an externalId"},
		"an attribute outside of the mapping": {planner.Change{Kind: planner.KindUser, Action: planner.Create, Name: "ann",
			After: []schema.Value{id, {Path: "title", Value: "CEO"}}}, `"title" is not in the target's locked mapping`},
		"an update outside of the mapping": {planner.Change{Kind: planner.KindUser, Action: planner.Update, Name: "ann", RemoteID: "u",
			After: []schema.Value{{Path: "displayName", Value: "Ann"}}}, `"displayName" is not in the target's locked mapping`},
		"the system's group": {planner.Change{Kind: planner.KindGroup, Action: planner.Create, Name: "everyone"}, `"everyone" is a name of the target's own`},
		"a rename to the system's group": {planner.Change{Kind: planner.KindGroup, Action: planner.Update, Name: "x", RemoteID: "g",
			After: []schema.Value{{Path: "displayName", Value: "Everyone"}}}, `"Everyone" is a name of the target's own`},
	} {
		_, err := corp(t, unreached{t}).Do(t.Context(), test.change)
		var object *providers.ObjectError
		if !errors.As(err, &object) || object.Code != "refused" || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want a refusal with %q", name, err, test.want)
		}
	}
}
