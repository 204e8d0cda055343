package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// barbara is the user that the cases below change.
const barbara = `{"schemas":["` + userURN + `"],"userName":"bjensen","title":"Guide","active":true,
	"name":{"givenName":"Barbara","familyName":"Jensen"},
	"emails":[{"value":"w@example.com","type":"work","primary":true},{"value":"h@example.com","type":"home"}],
	"` + enterpriseURN + `":{"department":"Tours","manager":{"value":"26118915"}}}`

func TestPatchChangesWhatItsPathNames(t *testing.T) {
	t.Parallel()
	for _, p := range []struct{ operation, want string }{
		// Single attributes.
		{`{"op":"replace","path":"active","value":false}`, `active:false`},
		{`{"op":"Replace","path":"ACTIVE","value":false}`, `active:false`},
		{`{"op":"add","path":"nickName","value":"Babs"}`, `nickName:Babs`},
		{`{"op":"remove","path":"title"}`, `title:<nil>`},
		{`{"op":"replace","path":"title","value":null}`, `title:<nil>`},
		{`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Boss"}`, `title:Boss`},
		{`{"op":"replace","path":"password","value":"t1meMa$heen"}`, ``},
		// Complex attributes keep what is not named.
		{`{"op":"replace","path":"name.familyName","value":"Smith"}`, `name:map[familyName:Smith givenName:Barbara]`},
		{`{"op":"replace","path":"name","value":{"familyName":"Smith"}}`, `name:map[familyName:Smith givenName:Barbara]`},
		{`{"op":"replace","value":{"name":{"familyName":"Smith"}}}`, `name:map[familyName:Smith givenName:Barbara]`},
		{`{"op":"replace","value":{"name.familyName":"Smith"}}`, `name:map[familyName:Smith givenName:Barbara]`},
		{`{"op":"replace","path":"name","value":{"familyName":null}}`, `name:map[givenName:Barbara]`},
		{`{"op":"remove","path":"name.familyName"}`, `name:map[givenName:Barbara]`},
		{`{"op":"remove","path":"name"}`, `name:<nil>`},
		// Without a path: many at once; read-only ones are ignored.
		{`{"op":"replace","value":{"id":"other","active":false,"TITLE":"Boss","groups":[],"schemas":[]}}`, `active:false title:Boss`},
		// Multi-valued attributes.
		{`{"op":"add","path":"emails","value":[{"value":"x@example.com"}]}`, `emails:[map[primary:true type:work value:w@example.com] map[type:home value:h@example.com] map[value:x@example.com]]`},
		{`{"op":"add","path":"emails","value":{"value":"x@example.com"}}`, `emails:[map[primary:true type:work value:w@example.com] map[type:home value:h@example.com] map[value:x@example.com]]`},
		{`{"op":"add","path":"emails","value":[{"value":"h@example.com","type":"home"}]}`, ``},
		{`{"op":"add","path":"emails","value":[{"value":"x@example.com","primary":true}]}`, `emails:[map[primary:false type:work value:w@example.com] map[type:home value:h@example.com] map[primary:true value:x@example.com]]`},
		{`{"op":"replace","path":"emails","value":[{"value":"x@example.com"}]}`, `emails:[map[value:x@example.com]]`},
		{`{"op":"replace","path":"emails","value":[]}`, `emails:<nil>`},
		{`{"op":"remove","path":"emails"}`, `emails:<nil>`},
		{`{"op":"remove","path":"emails","value":[{"value":"h@example.com","type":"home"}]}`, `emails:[map[primary:true type:work value:w@example.com]]`},
		// Value paths.
		{`{"op":"replace","path":"emails[type eq \"work\"].value","value":"x@example.com"}`, `emails:[map[primary:true type:work value:x@example.com] map[type:home value:h@example.com]]`},
		{`{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}`, `emails:[map[primary:false type:work value:w@example.com] map[primary:true type:home value:h@example.com]]`},
		{`{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"x@example.com"}}`, `emails:[map[primary:true type:work value:w@example.com] map[value:x@example.com]]`},
		{`{"op":"add","path":"emails[type eq \"home\"]","value":{"display":"Home"}}`, `emails:[map[primary:true type:work value:w@example.com] map[display:Home type:home value:h@example.com]]`},
		{`{"op":"remove","path":"emails[primary eq true]"}`, `emails:[map[type:home value:h@example.com]]`},
		{`{"op":"remove","path":"emails[type eq \"work\"].primary"}`, `emails:[map[type:work value:w@example.com] map[type:home value:h@example.com]]`},
		{`{"op":"remove","path":"emails[type eq \"other\"]"}`, ``},
		{`{"op":"replace","path":"emails.display","value":"same"}`, `emails:[map[display:same primary:true type:work value:w@example.com] map[display:same type:home value:h@example.com]]`},
		// Extensions.
		{`{"op":"replace","path":"` + enterpriseURN + `:department","value":"Ops"}`, enterpriseURN + `:map[department:Ops manager:map[value:26118915]]`},
		{`{"op":"replace","path":"` + enterpriseURN + `:manager.value","value":"7"}`, enterpriseURN + `:map[department:Tours manager:map[value:7]]`},
		{`{"op":"replace","value":{"` + enterpriseURN + `":{"costCenter":"4130"}}}`, enterpriseURN + `:map[costCenter:4130 department:Tours manager:map[value:26118915]]`},
		{`{"op":"replace","value":{"` + enterpriseURN + `:costCenter":"4130"}}`, enterpriseURN + `:map[costCenter:4130 department:Tours manager:map[value:26118915]]`},
		{`{"op":"remove","path":"` + enterpriseURN + `:manager"}`, enterpriseURN + `:map[department:Tours]`},
		{`{"op":"remove","path":"` + enterpriseURN + `"}`, `schemas:[` + userURN + `] ` + enterpriseURN + `:<nil>`},
	} {
		t.Run(p.operation, func(t *testing.T) {
			t.Parallel()
			c := open(t, sandbox.Options{})
			before := c.want(201, "POST", "/Users", barbara).body
			after := c.want(200, "PATCH", "/Users/u1", patchBody(p.operation)).body
			if diff := cmp.Diff(p.want, changes(before, after)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(after, c.want(200, "GET", "/Users/u1", "").body); diff != "" {
				t.Errorf("what PATCH answered is not what GET does (-PATCH +GET):\n%s", diff)
			}
		})
	}
}

// changes lists the attributes that differ, with their new values.
func changes(before, after map[string]any) string {
	names := map[string]any{}
	for _, body := range []map[string]any{before, after} {
		for name := range body {
			if name != "meta" && !cmp.Equal(before[name], after[name]) {
				names[name] = nil
			}
		}
	}
	var out []string
	for _, name := range leaves("", names) {
		out = append(out, fmt.Sprintf("%s:%v", name, after[name]))
	}
	return strings.Join(out, " ")
}

func TestPatchThatChangesNothingKeepsTheVersion(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.want(201, "POST", "/Users", barbara)
	g := c.group("Guides", "u1")
	group := c.want(200, "GET", "/Groups/"+g, "").raw
	before := c.want(200, "GET", "/Users/u1", "").raw
	a := c.want(200, "PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"title","value":"Guide"}`))
	if diff := cmp.Diff(string(before), string(a.raw)); diff != "" {
		t.Errorf("user (-before +after):\n%s", diff)
	}
	for _, operation := range []string{
		`{"op":"add","path":"members","value":[{"value":"u1"}]}`, `{"op":"replace","path":"members","value":[{"value":"u1"}]}`,
		`{"op":"remove","path":"members[value eq \"u9\"]"}`,
	} {
		a := c.want(200, "PATCH", "/Groups/"+g, patchBody(operation))
		if diff := cmp.Diff(string(group), string(a.raw)); diff != "" {
			t.Errorf("%s: group (-before +after):\n%s", operation, diff)
		}
	}
}

func TestBadPatchesAreRefusedWhole(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.want(201, "POST", "/Users", barbara)
	c.user("jsmith")
	before := c.want(200, "GET", "/Users/u1", "").raw
	const good = `{"op":"replace","path":"title","value":"changed"}`
	for _, p := range []struct{ scimType, operation string }{
		{"invalidSyntax", `{"op":"move","path":"title"}`},
		{"invalidSyntax", `{"path":"title","value":"x"}`},
		{"invalidSyntax", `"add"`},
		{"noTarget", `{"op":"remove"}`},
		{"noTarget", `{"op":"replace","path":"emails[type eq \"other\"].value","value":"x"}`},
		{"noTarget", `{"op":"replace","path":"addresses[type eq \"work\"]","value":{"locality":"x"}}`},
		{"invalidValue", `{"op":"add","path":"title"}`},
		{"invalidValue", `{"op":"add","value":"x"}`},
		{"invalidValue", `{"op":"replace","path":"active","value":"False"}`},
		{"invalidValue", `{"op":"replace","path":"title","value":7}`},
		{"invalidValue", `{"op":"replace","path":"title","value":["x"]}`},
		{"invalidValue", `{"op":"replace","path":"name","value":"x"}`},
		{"invalidValue", `{"op":"replace","path":"emails","value":["x"]}`},
		{"invalidValue", `{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}`},
		{"invalidValue", `{"op":"replace","path":"userName","value":" "}`},
		{"invalidPath", `{"op":"add","path":"","value":"x"}`},
		{"invalidPath", `{"op":"add","path":7,"value":"x"}`},
		{"invalidPath", `{"op":"add","path":"unknown","value":"x"}`},
		{"invalidPath", `{"op":"add","path":"name.unknown","value":"x"}`},
		{"invalidPath", `{"op":"add","path":"emails[type eq","value":"x"}`},
		{"invalidPath", `{"op":"add","path":"emails[type eq \"work\"].unknown","value":"x"}`},
		{"invalidPath", `{"op":"add","path":"emails[type eq \"work\"].value more","value":"x"}`},
		{"invalidPath", `{"op":"add","path":"name[familyName eq \"x\"]","value":"x"}`},
		{"invalidPath", `{"op":"add","path":"urn:example:User:x","value":"x"}`},
		{"invalidPath", `{"op":"add","value":{"unknown":"x"}}`},
		{"mutability", `{"op":"replace","path":"id","value":"x"}`},
		{"mutability", `{"op":"add","path":"groups","value":[{"value":"x"}]}`},
		{"mutability", `{"op":"replace","path":"meta.version","value":"x"}`},
		{"mutability", `{"op":"remove","path":"userName"}`},
		{"mutability", `{"op":"replace","path":"` + enterpriseURN + `:manager.displayName","value":"x"}`},
	} {
		c.fails(400, p.scimType, "PATCH", "/Users/u1", patchBody(good, p.operation))
		c.fails(400, p.scimType, "PATCH", "/Users/u1", patchBody(p.operation))
	}
	c.fails(409, "uniqueness", "PATCH", "/Users/u1", patchBody(good, `{"op":"replace","path":"userName","value":"JSMITH"}`))
	for _, body := range []string{`{}`, `[]`, `{"schemas":[]}`, `{"schemas":["` + userURN + `"],"Operations":[` + good + `]}`, patchBody(), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{}}`} {
		c.fails(400, "invalidSyntax", "PATCH", "/Users/u1", body)
	}
	if diff := cmp.Diff(string(before), string(c.want(200, "GET", "/Users/u1", "").raw)); diff != "" {
		t.Errorf("a refused PATCH left traces (-before +after):\n%s", diff)
	}
}

func TestMembersFollowTheirRules(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	for _, name := range []string{"bjensen", "jsmith", "babs"} {
		c.user(name)
	}
	g := c.group("Guides", "u1")
	for _, p := range []struct{ scimType, operation string }{
		{"invalidValue", `{"op":"add","path":"members","value":[{"value":"u2"},{"value":"nobody"}]}`},
		{"invalidValue", `{"op":"add","path":"members","value":[{"display":"x"}]}`},
		{"invalidValue", `{"op":"add","path":"members","value":["u2"]}`},
		{"invalidValue", `{"op":"add","path":"members","value":[{"value":"` + g + `"}]}`},
		{"mutability", `{"op":"replace","path":"members[value eq \"u1\"].value","value":"u2"}`},
		{"mutability", `{"op":"replace","path":"members[value eq \"u1\"]","value":{"value":"u2"}}`},
		{"noTarget", `{"op":"replace","path":"members[value eq \"u2\"]","value":{"value":"u2"}}`},
	} {
		c.fails(400, p.scimType, "PATCH", "/Groups/"+g, patchBody(`{"op":"add","path":"members","value":[{"value":"u3"}]}`, p.operation))
	}
	for _, p := range []struct{ operation, want string }{
		{`{"op":"add","value":{"members":[{"value":"u2"},{"value":"u3"}]}}`, "u1 u2 u3"},
		{`{"op":"replace","value":{"members":[{"value":"u2"},{"value":"u1"}],"displayName":"Guides","id":"x"}}`, "u1 u2"},
		{`{"op":"remove","path":"members","value":[{"value":"u2"},{"value":"nobody"}]}`, "u1"},
		{`{"op":"add","path":"members","value":{"value":"u3"}}`, "u1 u3"},
		{`{"op":"remove","path":"members[display eq \"babs\" or value eq \"nobody\"]"}`, "u1"},
		{`{"op":"remove","path":"urn:ietf:params:scim:schemas:core:2.0:Group:members[type eq \"User\"]"}`, ""},
	} {
		got := strings.Join(c.want(200, "PATCH", "/Groups/"+g, patchBody(p.operation)).members(), " ")
		if got != p.want {
			t.Errorf("%s: members %q, want %q", p.operation, got, p.want)
		}
	}
}

func TestBadResourcesAreRefused(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	for _, p := range []struct{ scimType, body string }{
		{"invalidSyntax", ``},
		{"invalidSyntax", `{`},
		{"invalidSyntax", `[]`},
		{"invalidSyntax", `{} {}`},
		{"invalidSyntax", "{\"schemas\":[\"" + userURN + "\"],\"userName\":\"\xff\"}"},
		{"invalidSyntax", `{"userName":"bjensen"}`},
		{"invalidSyntax", `{"schemas":"` + userURN + `","userName":"bjensen"}`},
		{"invalidSyntax", `{"schemas":["` + groupURN + `"],"userName":"bjensen"}`},
		{"invalidSyntax", `{"schemas":["` + userURN + `","urn:example"],"userName":"bjensen"}`},
		{"invalidSyntax", `{"schemas":["` + userURN + `"],"userName":"bjensen","unknown":1}`},
		{"invalidSyntax", `{"schemas":["` + userURN + `"],"userName":"bjensen","name":{"lastName":"x"}}`},
		{"invalidSyntax", `{"schemas":["` + userURN + `"],"userName":"bjensen","USERNAME":"x"}`},
		{"invalidValue", `{"schemas":["` + userURN + `"]}`},
		{"invalidValue", `{"schemas":["` + userURN + `"],"userName":null}`},
		{"invalidValue", `{"schemas":["` + userURN + `"],"userName":""}`},
		{"invalidValue", `{"schemas":["` + userURN + `"],"userName":7}`},
		{"invalidValue", `{"schemas":["` + userURN + `"],"userName":"bjensen","active":"true"}`},
		{"invalidValue", `{"schemas":["` + userURN + `"],"userName":"bjensen","emails":{"value":"x"}}`},
		{"invalidValue", `{"schemas":["` + userURN + `"],"userName":"bjensen","x509Certificates":[{"value":"*"}]}`},
		{"invalidValue", `{"schemas":["` + userURN + `"],"userName":"bjensen","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`},
	} {
		c.fails(400, p.scimType, "POST", "/Users", p.body)
	}
	if got := c.want(200, "GET", "/Users", "").ids(); len(got) != 0 {
		t.Errorf("refused users are there: %v", got)
	}
	c.fails(400, "invalidValue", "POST", "/Groups", groupBody("Guides", "nobody"))
	c.header = map[string][]string{"Content-Type": {"text/plain"}}
	c.fails(415, "", "POST", "/Users", userBody("bjensen"))
	c.header = nil
	c.fails(413, "", "POST", "/Users", `{"userName":"`+strings.Repeat("x", 17<<20)+`"}`)
}

func TestWhatIsReadOnlyNullOrSecretIsNotKept(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	a := c.want(201, "POST", "/Users", `{"schemas":["`+userURN+`"],"USERNAME":"bjensen","id":"mine","meta":{"version":"x"},"groups":[{"value":"x"}],
		"title":null,"emails":[],"name":{"givenName":null},"password":"t1meMa$heen"}`)
	want := map[string]any{"schemas": []any{userURN}, "id": "u1", "userName": "bjensen"}
	if diff := cmp.Diff(want, without(a.body, "meta")); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
}

func TestPutReplacesMembersByTheirDifference(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	for i := range 4 {
		c.user(fmt.Sprint("user", i))
	}
	g := c.group("Guides", "u1", "u2", "u3")
	if diff := cmp.Diff([]string{"u2", "u3", "u4"}, c.want(200, "PUT", "/Groups/"+g, groupBody("Guides", "u4", "u3", "u2")).members()); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	version := c.want(200, "GET", "/Groups/"+g, "").header.Get("ETag")
	c.want(200, "PUT", "/Groups/"+g, groupBody("Guides", "u2", "u3", "u4"))
	if got := c.want(200, "GET", "/Groups/"+g, "").header.Get("ETag"); got != version {
		t.Errorf("a PUT that changes nothing moved the version from %s to %s", version, got)
	}
	a := c.want(200, "PUT", "/Groups/"+g, `{"schemas":["`+groupURN+`"],"displayName":"Guides"}`)
	if got := a.members(); len(got) != 0 {
		t.Errorf("members %v after a PUT without them", got)
	}
}

func TestPatchOfALargeGroupIsAnsweredWithoutItsMembers(t *testing.T) {
	t.Parallel()
	c := crew(t, "", 1001)
	ids := []string{}
	for i := range 1001 {
		ids = append(ids, fmt.Sprint("u", i+1))
	}
	g := c.group("Everybody", ids...)
	if a := c.want(204, "PATCH", "/Groups/"+g, patchBody(`{"op":"replace","path":"displayName","value":"All"}`)); len(a.raw) != 0 {
		t.Errorf("204 with %d bytes", len(a.raw))
	}
	a := c.want(200, "PATCH", "/Groups/"+g+"?excludedAttributes=members", patchBody(`{"op":"replace","path":"displayName","value":"Everyone"}`))
	if a.body["displayName"] != "Everyone" {
		t.Errorf("answer %s", a.raw)
	}
}
