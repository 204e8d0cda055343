package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// The exchanges of this file are those that RFC 7644 prints, by section.

const babsJensen = `{
  "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
  "userName":"bjensen",
  "externalId":"bjensen",
  "name":{"formatted":"Ms. Barbara J Jensen III","familyName":"Jensen","givenName":"Barbara"}
}`

// without returns body without the attributes named.
func without(body map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for k, v := range body {
		out[k] = v
	}
	for _, n := range names {
		delete(out, n)
	}
	return out
}

func TestRFC7644Section33Create(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	a := c.want(201, "POST", "/Users", babsJensen)
	want := map[string]any{
		"schemas": []any{userURN}, "id": "u1", "externalId": "bjensen", "userName": "bjensen",
		"name": map[string]any{"formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara"},
		"meta": map[string]any{
			"resourceType": "User", "created": "2026-01-02T03:04:06.000Z", "lastModified": "2026-01-02T03:04:06.000Z",
			"location": "http://example.com/scim/v2/Users/u1", "version": `W/"1"`,
		},
	}
	if diff := cmp.Diff(want, a.body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	header := map[string]string{"Content-Type": "application/scim+json; charset=utf-8", "Location": "http://example.com/scim/v2/Users/u1", "ETag": `W/"1"`}
	for name, want := range header {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if diff := cmp.Diff(a.body, c.want(200, "GET", "/Users/u1", "").body); diff != "" {
		t.Errorf("section 3.4.1: read back (-created +read):\n%s", diff)
	}
	c.fails(409, "uniqueness", "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"BJensen"}`)
	c.fails(409, "uniqueness", "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"other","externalId":"bjensen"}`)
}

func TestRFC7644Section342Query(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.user("bjensen")
	c.user("jsmith")
	a := c.want(200, "GET", "/Users?attributes=userName", "")
	want := map[string]any{
		"schemas": []any{"urn:ietf:params:scim:api:messages:2.0:ListResponse"}, "totalResults": 2.0, "startIndex": 1.0, "itemsPerPage": 2.0,
		"Resources": []any{
			map[string]any{"schemas": []any{userURN}, "id": "u1", "userName": "bjensen"},
			map[string]any{"schemas": []any{userURN}, "id": "u2", "userName": "jsmith"},
		},
	}
	if diff := cmp.Diff(want, a.body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestRFC7644Section343Search(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	for _, name := range []string{"Smith Group", "Jones Group"} {
		c.group(name)
	}
	c.want(201, "POST", "/Users", `{"schemas":["`+userURN+`"],"userName":"asmith","displayName":"Smith, Andy"}`)
	body := `{
	  "schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
	  "attributes":["displayName","userName"],
	  "filter":"displayName sw \"smith\"",
	  "startIndex":1,
	  "count":10
	}`
	a := c.want(200, "POST", "/.search", body)
	want := []any{
		map[string]any{"schemas": []any{userURN}, "id": "u3", "userName": "asmith", "displayName": "Smith, Andy"},
		map[string]any{"schemas": []any{groupURN}, "id": "u1", "displayName": "Smith Group"},
	}
	if diff := cmp.Diff(want, a.body["Resources"]); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

func TestRFC7644Section351Replace(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.want(201, "POST", "/Users", babsJensen)
	a := c.want(200, "PUT", "/Users/u1", `{
	  "schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
	  "id":"2819c223-7f76-453a-919d-413861904646",
	  "userName":"bjensen",
	  "externalId":"bjensen",
	  "name":{"formatted":"Ms. Barbara J Jensen III","familyName":"Jensen","givenName":"Barbara","middleName":"Jane"},
	  "roles":[],
	  "emails":[{"value":"bjensen@example.com"},{"value":"babs@jensen.org"}]
	}`)
	want := map[string]any{
		"schemas": []any{userURN}, "id": "u1", "externalId": "bjensen", "userName": "bjensen",
		"name":   map[string]any{"formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara", "middleName": "Jane"},
		"emails": []any{map[string]any{"value": "bjensen@example.com"}, map[string]any{"value": "babs@jensen.org"}},
	}
	if diff := cmp.Diff(want, without(a.body, "meta")); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	c.fails(404, "", "PUT", "/Users/none", babsJensen)
}

// patchCase is one PATCH of section 3.5.2 and what becomes of the resource.
type patchCase struct {
	name, before, operation string
	want                    map[string]any
}

func TestRFC7644Section352PatchUser(t *testing.T) {
	t.Parallel()
	work := map[string]any{"type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood", "region": "CA", "postalCode": "91608", "country": "USA", "primary": true}
	const workJSON = `{"type":"work","streetAddress":"100 Universal City Plaza","locality":"Hollywood","region":"CA","postalCode":"91608","country":"USA","primary":true}`
	for _, p := range []patchCase{
		{
			"3.5.2.1: add without a path", ``,
			`{"op":"add","value":{"emails":[{"value":"babs@jensen.org","type":"home"}],"nickname":"Babs"}}`,
			map[string]any{"nickName": "Babs", "emails": []any{map[string]any{"value": "babs@jensen.org", "type": "home"}}},
		},
		{
			"3.5.2.2: remove what a value filter selects", `,"emails":[{"value":"a@example.com","type":"work"},{"value":"b@example.org","type":"work"},{"value":"c@example.com","type":"home"}]`,
			`{"op":"remove","path":"emails[type eq \"work\" and value ew \"example.com\"]"}`,
			map[string]any{"emails": []any{map[string]any{"value": "b@example.org", "type": "work"}, map[string]any{"value": "c@example.com", "type": "home"}}},
		},
		{
			"3.5.2.3: replace an element", `,"addresses":[{"type":"work","streetAddress":"911 Universal City Plaza","locality":"Hollywood"},{"type":"home","locality":"Venice"}]`,
			`{"op":"replace","path":"addresses[type eq \"work\"]","value":` + workJSON + `}`,
			map[string]any{"addresses": []any{work, map[string]any{"type": "home", "locality": "Venice"}}},
		},
		{
			"3.5.2.3: replace a sub-attribute of an element", `,"addresses":[{"type":"work","streetAddress":"911 Universal City Plaza"},{"type":"home","locality":"Venice"}]`,
			`{"op":"replace","path":"addresses[type eq \"work\"].streetAddress","value":"1010 Broadway Ave"}`,
			map[string]any{"addresses": []any{map[string]any{"type": "work", "streetAddress": "1010 Broadway Ave"}, map[string]any{"type": "home", "locality": "Venice"}}},
		},
		{
			"3.5.2.3: replace without a path", `,"emails":[{"value":"old@example.com"}],"nickName":"Bab"`,
			`{"op":"replace","value":{"emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}],"nickname":"Babs"}}`,
			map[string]any{"nickName": "Babs", "emails": []any{
				map[string]any{"value": "bjensen@example.com", "type": "work", "primary": true},
				map[string]any{"value": "babs@jensen.org", "type": "home"},
			}},
		},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, sandbox.Options{})
			c.want(201, "POST", "/Users", `{"schemas":["`+userURN+`"],"userName":"bjensen"`+p.before+`}`)
			a := c.want(200, "PATCH", "/Users/u1", patchBody(p.operation))
			if diff := cmp.Diff(p.want, without(a.body, "schemas", "id", "userName", "meta")); diff != "" {
				t.Errorf("user (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRFC7644Section352PatchMembers(t *testing.T) {
	t.Parallel()
	for _, p := range []struct {
		name, operation string
		want            []string
	}{
		{"3.5.2.1: add a member", `{"op":"add","path":"members","value":[{"display":"James Smith","$ref":"/v2/Users/08e1d05d","value":"u3"}]}`, []string{"u1", "u2", "u3"}},
		{"3.5.2.1: add a member that is one", `{"op":"add","path":"members","value":[{"value":"u2"}]}`, []string{"u1", "u2"}},
		{"3.5.2.2: remove a single member", `{"op":"remove","path":"members[value eq \"u1\"]"}`, []string{"u2"}},
		{"3.5.2.2: remove all members", `{"op":"remove","path":"members"}`, []string{}},
		{"3.5.2.3: replace all members", `{"op":"replace","path":"members","value":[{"value":"u3"},{"value":"u1"}]}`, []string{"u1", "u3"}},
		{"3.5.2.3: replace by none", `{"op":"replace","path":"members","value":[]}`, []string{}},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, sandbox.Options{})
			for _, name := range []string{"bjensen", "jsmith", "babs"} {
				c.user(name)
			}
			g := c.group("Tour Guides", "u1", "u2")
			if diff := cmp.Diff(p.want, c.want(200, "PATCH", "/Groups/"+g, patchBody(p.operation)).members()); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRFC7644Section352RemoveAndAddInOneRequest(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.user("bjensen")
	c.user("jsmith")
	g := c.group("Tour Guides", "u1")
	a := c.want(200, "PATCH", "/Groups/"+g, patchBody(
		`{"op":"remove","path":"members[value eq \"u1\"]"}`,
		`{"op":"add","path":"members","value":[{"display":"James Smith","value":"u2"}]}`))
	if diff := cmp.Diff([]string{"u2"}, a.members()); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

func TestRFC7644Section36Delete(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.user("bjensen")
	if a := c.want(204, "DELETE", "/Users/u1", ""); len(a.raw) != 0 {
		t.Errorf("body %q, want none", a.raw)
	}
	for _, method := range []string{"GET", "DELETE"} {
		a := c.fails(404, "", method, "/Users/u1", "")
		if diff := cmp.Diff([]any{"urn:ietf:params:scim:api:messages:2.0:Error"}, a.body["schemas"]); diff != "" {
			t.Errorf("schemas (-want +got):\n%s", diff)
		}
	}
	c.user("bjensen") // section 3.6: a deleted resource is no conflict
}

func TestRFC7644Section314Versions(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.user("bjensen")
	tag := c.want(200, "GET", "/Users/u1", "").header.Get("ETag")
	c.header = http.Header{"If-None-Match": {tag}}
	if a := c.want(304, "GET", "/Users/u1", ""); len(a.raw) != 0 {
		t.Errorf("304 with body %q", a.raw)
	}
	c.header = http.Header{"If-Match": {tag}}
	c.want(200, "PATCH", "/Users/u1", patchBody(`{"op":"add","path":"title","value":"Tour Guide"}`))
	for _, method := range []string{"PATCH", "PUT", "DELETE"} {
		body := map[string]string{"PATCH": patchBody(`{"op":"add","path":"title","value":"x"}`), "PUT": userBody("bjensen")}[method]
		c.fails(412, "", method, "/Users/u1", body)
	}
	c.header = http.Header{"If-None-Match": {tag}}
	c.want(200, "GET", "/Users/u1", "")
	c.header = http.Header{"If-Match": {`"other", ` + c.want(200, "GET", "/Users/u1", "").header.Get("ETag")}}
	c.want(204, "DELETE", "/Users/u1", "")
}

func TestMembershipsChangeWhatIsShownAndNotWhatIsGuarded(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.user("bjensen")
	tag := c.want(200, "GET", "/Users/u1", "").header.Get("ETag")
	c.group("Tour Guides", "u1")
	c.header = http.Header{"If-None-Match": {tag}}
	c.want(200, "GET", "/Users/u1", "")
	c.header = http.Header{"If-Match": {tag}}
	c.want(200, "PATCH", "/Users/u1", patchBody(`{"op":"add","path":"title","value":"Tour Guide"}`))
}

func TestRequestsWithoutTheTokenAreRefused(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{Token: "h480djs93hd8"})
	for _, header := range []http.Header{
		nil, {"Authorization": {"Bearer wrong"}}, {"Authorization": {"Basic h480djs93hd8"}}, {"Authorization": {"h480djs93hd8"}},
	} {
		c.header = header
		if a := c.fails(401, "", "POST", "/Users", userBody("bjensen")); a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("401 without WWW-Authenticate")
		}
	}
	c.header = http.Header{"Authorization": {"bearer h480djs93hd8"}}
	c.want(201, "POST", "/Users", userBody("bjensen"))
}
