package scim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

// The answers below are those of the RFCs' own examples, with white space and
// what no client reads left out.

// rfcUsers is RFC 7643 section 8.3 (the enterprise user) and section 8.1 (the
// minimal one) in the envelope of RFC 7644 section 3.4.2.
const rfcUsers = `{
  "schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
  "totalResults":2,
  "Resources":[
   {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
    "id":"2819c223-7f76-453a-919d-413861904646","externalId":"701984","userName":"bjensen@example.com",
    "name":{"formatted":"Ms. Barbara J Jensen, III","familyName":"Jensen","givenName":"Barbara","middleName":"Jane","honorificPrefix":"Ms.","honorificSuffix":"III"},
    "displayName":"Babs Jensen","nickName":"Babs","profileUrl":"https://login.example.com/bjensen",
    "emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}],
    "addresses":[{"type":"work","streetAddress":"100 Universal City Plaza","locality":"Hollywood","primary":true}],
    "title":"Tour Guide","active":true,"password":"t1meMa$heen",
    "groups":[{"value":"e9e30dba-f08f-4109-8486-d5c6a331660a","$ref":"../Groups/e9e30dba-f08f-4109-8486-d5c6a331660a","display":"Tour Guides"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","costCenter":"4130","organization":"Universal Studios",
      "division":"Theme Park","department":"Tour Operations",
      "manager":{"value":"26118915-6090-4610-87e4-49d8ca9f808d","$ref":"../Users/26118915-6090-4610-87e4-49d8ca9f808d","displayName":"John Smith"}},
    "meta":{"resourceType":"User","created":"2010-01-23T04:56:22Z","lastModified":"2011-05-13T04:42:34Z","version":"W\/\"3694e05e9dff591\"",
      "location":"https://example.com/v2/Users/2819c223-7f76-453a-919d-413861904646"}},
   {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"902c246b-6245-4190-8e05-00816be7344a","userName":"mandy",
    "meta":{"resourceType":"User","version":"W\/\"e180ee84f0671b1\""}}]}`

// rfcGroups is RFC 7643 section 8.4 in an envelope of RFC 7644 section 3.4.2.
const rfcGroups = `{
  "schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1,"itemsPerPage":1,"startIndex":1,
  "Resources":[{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"e9e30dba-f08f-4109-8486-d5c6a331660a","displayName":"Tour Guides",
    "members":[
      {"value":"2819c223-7f76-453a-919d-413861904646","$ref":"https://example.com/v2/Users/2819c223-7f76-453a-919d-413861904646","display":"Babs Jensen"},
      {"value":"902c246b-6245-4190-8e05-00816be7344a","$ref":"https://example.com/v2/Users/902c246b-6245-4190-8e05-00816be7344a","display":"Mandy Pepperidge"}],
    "meta":{"resourceType":"Group","version":"W\/\"3694e05e9dff592\""}}]}`

// rfcConfig is RFC 7643 section 8.5.
const rfcConfig = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
  "documentationUri":"http://example.com/help/scim.html","patch":{"supported":true},
  "bulk":{"supported":true,"maxOperations":1000,"maxPayloadSize":1048576},"filter":{"supported":true,"maxResults":200},
  "changePassword":{"supported":true},"sort":{"supported":true},"etag":{"supported":true},
  "authenticationSchemes":[{"name":"OAuth Bearer Token","type":"oauthbearertoken","primary":true}]}`

func rfcService(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet:
		// RFC 7644 section 3.12.
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"mutability","detail":"Attribute 'id' is readOnly","status":"400"}`)
	case strings.HasSuffix(r.URL.Path, "/Users"):
		_, _ = io.WriteString(w, rfcUsers)
	case strings.HasSuffix(r.URL.Path, "/Groups"):
		_, _ = io.WriteString(w, rfcGroups)
	default:
		_, _ = io.WriteString(w, rfcConfig)
	}
}

func TestTheRFCsOwnAnswersAreRead(t *testing.T) {
	t.Parallel()
	x := target(t, http.HandlerFunc(rfcService), func(c *scim.Config) {
		setting(c, "page", "verify_end", false)
		c.Paths = []string{"title", department, `emails[type eq "work"].value`, `emails[primary eq true].value`, "name.familyName", "userName",
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "nickName", "addresses"}
	})
	got, err := x.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantUsers := []planner.RemoteUser{
		{ID: "2819c223-7f76-453a-919d-413861904646", UserName: "bjensen@example.com", ExternalID: "701984", Active: true, Attributes: []schema.Value{
			value("addresses", []any{map[string]any{"type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood", "primary": true}}),
			value(`emails[primary eq true].value`, "bjensen@example.com"),
			value(`emails[type eq "work"].value`, "bjensen@example.com"),
			value("name.familyName", "Jensen"), value("nickName", "Babs"), value("title", "Tour Guide"),
			value(department, "Tour Operations"),
			value("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "26118915-6090-4610-87e4-49d8ca9f808d"),
		}},
		{ID: "902c246b-6245-4190-8e05-00816be7344a", UserName: "mandy", Active: true},
	}
	if diff := cmp.Diff(got.Users, wantUsers); diff != "" {
		t.Errorf("users (-got +want):\n%s", diff)
	}
	wantGroups := []planner.RemoteGroup{{ID: "e9e30dba-f08f-4109-8486-d5c6a331660a", DisplayName: "Tour Guides", Members: []uint32{0, 1}, MembersKnown: true}}
	if diff := cmp.Diff(got.Groups, wantGroups); diff != "" {
		t.Errorf("groups (-got +want):\n%s", diff)
	}
}

func TestTheRFCsOwnDiscoveryIsRead(t *testing.T) {
	t.Parallel()
	got, err := target(t, http.HandlerFunc(rfcService), nil).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := scim.Discovery{Offered: true, Patch: true, ETag: true, Filter: true, MaxResults: 200, Bulk: true}
	if diff := cmp.Diff(got.Discovery, want); diff != "" {
		t.Errorf("discovery (-got +want):\n%s", diff)
	}
}

func TestTheRFCsOwnErrorIsShown(t *testing.T) {
	t.Parallel()
	_, err := target(t, http.HandlerFunc(rfcService), nil).Do(t.Context(), planner.Change{
		Kind: planner.KindUser, Action: planner.Update, Name: "bjensen", RemoteID: "2819", After: []schema.Value{value("title", "x")}})
	want := `update user "bjensen": PATCH /Users/2819: status 400 (mutability): Attribute 'id' is readOnly`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestEmailsAreFoundHoweverTheyAreKept(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		emails any
		want   any
	}{
		"by type":                  {[]any{map[string]any{"type": "home", "value": "h"}, map[string]any{"type": "work", "value": "w"}}, "w"},
		"by type in another case":  {[]any{map[string]any{"Type": "Work", "VALUE": "w"}}, "w"},
		"the primary one of two":   {[]any{map[string]any{"type": "work", "value": "a"}, map[string]any{"type": "work", "value": "b", "primary": "True"}}, "b"},
		"one without a type":       {[]any{map[string]any{"value": "w"}}, "w"},
		"the primary without type": {[]any{map[string]any{"value": "a"}, map[string]any{"value": "b", "primary": true}}, "b"},
		"bare text":                {[]any{"w"}, "w"},
		"another type alone":       {[]any{map[string]any{"type": "home", "value": "h"}}, nil},
		"no list":                  {"w", nil},
		"none":                     {[]any{}, nil},
		"null":                     {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.add("Users", map[string]any{"userName": "a", "emails": test.emails})
			got, err := target(t, f, nil).Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var email any
			for _, v := range got.Users[0].Attributes {
				email = v.Value
			}
			if email != test.want {
				t.Errorf("got %v, want %v", email, test.want)
			}
		})
	}
}
