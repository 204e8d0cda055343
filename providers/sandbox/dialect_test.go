package sandbox_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// crew opens a service with n users, u1 and so on.
func crew(t *testing.T, dialect string, n int) *client {
	t.Helper()
	c := open(t, sandbox.Options{Dialect: dialect})
	for i := range n {
		c.user(fmt.Sprintf("user%d", i+1))
	}
	return c
}

// page is a page in short: ids / totalResults startIndex itemsPerPage.
func page(a answer) string {
	return fmt.Sprintf("%s / %v %v %v", strings.Join(a.ids(), " "), a.body["totalResults"], a.body["startIndex"], a.body["itemsPerPage"])
}

func TestPaging(t *testing.T) {
	t.Parallel()
	for _, p := range []struct{ dialect, query, want string }{
		{"", "", "u1 u2 u3 u4 u5 / 5 1 5"},
		{"", "startIndex=2&count=2", "u2 u3 / 5 2 2"},
		{"", "startIndex=5&count=2", "u5 / 5 5 1"},
		{"", "startIndex=6&count=2", " / 5 6 0"},
		{"", "startIndex=0&count=2", "u1 u2 / 5 1 2"},
		{"", "startIndex=-7&count=1", "u1 / 5 1 1"},
		{"", "count=0", " / 5 1 0"},
		{"", "count=-3", " / 5 1 0"},
		{"", "count=999999", "u1 u2 u3 u4 u5 / 5 1 5"},
		{"", "filter=userName+pr&count=2&startIndex=4", "u4 u5 / 5 4 2"},
		{"scim,page-cap=2", "count=100", "u1 u2 / 5 1 2"},
		{"scim,page-cap=2", "", "u1 u2 / 5 1 2"},
		{"default-count=3", "", "u1 u2 u3 / 5 1 3"},
		{"lying-total", "startIndex=2&count=2", "u2 u3 / 2 2 2"},
		{"short-pages", "count=4", "u1 u2 / 5 1 2"},
		{"short-pages", "count=1", "u1 / 5 1 1"},
		{"wrap-around", "startIndex=6&count=2", "u1 u2 / 5 6 2"},
		{"overlapping-pages", "startIndex=3&count=2", "u2 u3 / 5 3 2"},
		{"skipping-pages", "startIndex=3&count=2", "u4 u5 / 5 3 2"},
		{"cursor-only", "startIndex=3&count=2", "u1 u2 / 5 <nil> 2"},
	} {
		t.Run(p.dialect+"?"+p.query, func(t *testing.T) {
			t.Parallel()
			if got := page(crew(t, p.dialect, 5).want(200, "GET", "/Users?"+p.query, "")); got != p.want {
				t.Errorf("page %q, want %q", got, p.want)
			}
		})
	}
	c := crew(t, "", 1)
	for _, query := range []string{"startIndex=x", "count=x", "count=1.5", "startIndex=99999999999999999999", "count=%zz"} {
		c.fails(400, "invalidValue", "GET", "/Users?"+query, "")
	}
}

func TestCursorsLeadThroughAllPagesWhileOthersDelete(t *testing.T) {
	t.Parallel()
	c := crew(t, "", 5)
	first := c.want(200, "GET", "/Users?cursor&count=2", "")
	c.want(204, "DELETE", "/Users/u1", "")
	second := c.want(200, "GET", "/Users?count=2&cursor="+first.text("nextCursor"), "")
	third := c.want(200, "GET", "/Users?count=2&cursor="+second.text("nextCursor"), "")
	got := [][]string{first.ids(), second.ids(), third.ids()}
	if diff := cmp.Diff([][]string{{"u1", "u2"}, {"u3", "u4"}, {"u5"}}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if _, more := third.body["nextCursor"]; more {
		t.Errorf("the last page has a cursor")
	}
	c.fails(400, "invalidCursor", "GET", "/Users?cursor=%21", "")
	c.fails(400, "invalidCursor", "GET", "/Users?cursor=eDp5", "")
	c.fails(400, "invalidValue", "GET", "/Users?cursor&sortBy=userName", "")
}

func TestDiscoveryTellsTheTruth(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{Dialect: "put-only"})
	a := c.want(200, "GET", "/ServiceProviderConfig", "")
	for name, want := range map[string]bool{"patch": false, "bulk": false, "filter": true, "sort": true, "etag": true, "changePassword": false} {
		if got := a.body[name].(map[string]any)["supported"]; got != want {
			t.Errorf("%s supported: %v, want %v", name, got, want)
		}
	}
	if diff := cmp.Diff([]string{"User", "Group"}, c.want(200, "GET", "/ResourceTypes", "").ids()); diff != "" {
		t.Errorf("resource types (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{userURN, enterpriseURN, groupURN}, c.want(200, "GET", "/Schemas", "").ids()); diff != "" {
		t.Errorf("schemas (-want +got):\n%s", diff)
	}
	names := map[string]any{}
	for _, a := range c.want(200, "GET", "/Schemas/"+userURN, "").body["attributes"].([]any) {
		names[a.(map[string]any)["name"].(string)] = a
	}
	userName := names["userName"].(map[string]any)
	want := map[string]any{
		"name": "userName", "type": "string", "multiValued": false, "required": true, "caseExact": false, "mutability": "readWrite",
		"returned": "default", "uniqueness": "server", "description": userName["description"],
	}
	if diff := cmp.Diff(want, userName); diff != "" {
		t.Errorf("userName (-want +got):\n%s", diff)
	}
	c.want(200, "GET", "/ResourceTypes/User", "")
	c.fails(404, "", "GET", "/ResourceTypes/Robot", "")
	c.fails(404, "", "GET", "/Schemas/urn:example", "")
	c.fails(405, "", "POST", "/Schemas", "")
	c.fails(403, "", "GET", "/Schemas?filter=id+pr", "")
}

func TestWhatIsNotServedSaysSo(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{})
	c.fails(501, "", "POST", "/Bulk", "")
	c.fails(501, "", "GET", "/Me", "")
	c.fails(404, "", "GET", "/Robots", "")
	c.fails(404, "", "GET", "/Users/a/b", "")
	c.fails(405, "", "DELETE", "/Users", "")
	c.fails(405, "", "POST", "/Users/u1", "")
	c.fails(405, "", "GET", "/Users/.search", "")
}

func TestTwingateDialect(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{Dialect: "twingate", NewID: nil})
	c.fails(404, "", "GET", "/ServiceProviderConfig", "")
	c.fails(501, "", "POST", "/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`)
	c.fails(400, "invalidValue", "POST", "/Users", userBody("bjensen"))
	a := c.want(201, "POST", "/Users", `{"schemas":["`+userURN+`"],"userName":"bjensen","externalId":"00u1","shoeSize":42,
		"emails":[{"value":"home@example.com","type":"home"},{"value":"work@example.com","type":"work"}]}`)
	id := a.text("id")
	if raw, err := base64.StdEncoding.DecodeString(id); err != nil || !strings.HasPrefix(string(raw), "User:") || !strings.HasSuffix(id, "=") {
		t.Errorf("id %q is not padded base64 of a user", id)
	}
	want := []any{map[string]any{"value": "work@example.com", "type": "work"}}
	if diff := cmp.Diff(want, a.body["emails"]); diff != "" {
		t.Errorf("emails (-want +got):\n%s", diff)
	}
	c.fails(409, "uniqueness", "POST", "/Users", `{"schemas":["`+userURN+`"],"userName":"other","externalId":"00u1"}`)
	if a := c.want(200, "GET", "/Users/"+url.PathEscape(id)+"?attributes=userName", ""); a.body["externalId"] != "00u1" {
		t.Errorf("attributes were honoured: %s", a.raw)
	}
	g := c.group("Same name", id)
	c.group("Same name")
	a = c.want(200, "GET", search("/Groups", `displayName eq "same name"`), "")
	if got := len(a.ids()); got != 2 {
		t.Errorf("%d groups of one name, want 2", got)
	}
	c.fails(404, "", "PATCH", "/Groups/"+url.PathEscape(g), patchBody(`{"op":"add","path":"members","value":[{"value":"nobody"}]}`))
	c.want(204, "DELETE", "/Users/"+url.PathEscape(id), "")
	c.want(201, "POST", "/Users", `{"schemas":["`+userURN+`"],"userName":"bjensen","externalId":"00u1"}`)
}

func TestAWSDialect(t *testing.T) {
	t.Parallel()
	c := open(t, sandbox.Options{Dialect: "aws"})
	user := func(i int) string {
		return c.want(201, "POST", "/Users", fmt.Sprintf(`{"schemas":[%q],"userName":"user%d","displayName":"User %d","name":{"givenName":"U","familyName":"%d"}}`, userURN, i, i, i)).text("id")
	}
	c.fails(400, "invalidValue", "POST", "/Users", userBody("bjensen"))
	ids := []string{}
	for i := range 101 {
		ids = append(ids, user(i))
	}
	c.fails(400, "invalidValue", "POST", "/Groups", groupBody("Too many", ids...))
	g := c.group("Guides", ids[:2]...)
	c.fails(400, "invalidValue", "PATCH", "/Groups/"+g, patchBody(`{"op":"add","path":"members","value":[{"value":"`+strings.Join(ids, `"},{"value":"`)+`"}]}`))
	c.fails(400, "invalidSyntax", "PATCH", "/Groups/"+g, patchBody(`{"op":"replace","path":"members","value":[]}`))
	c.fails(400, "invalidSyntax", "PATCH", "/Groups/"+g, patchBody(`{"op":"remove","path":"members"}`))
	c.fails(400, "invalidSyntax", "PATCH", "/Groups/"+g, patchBody(`{"op":"replace","value":{"displayName":"x","externalId":"y"}}`))
	c.fails(501, "", "PUT", "/Groups/"+g, groupBody("Guides"))
	a := c.want(200, "PATCH", "/Groups/"+g, patchBody(`{"op":"add","path":"members","value":[{"value":"`+ids[2]+`"}]}`))
	if diff := cmp.Diff([]any{}, a.body["members"]); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	a = c.want(200, "GET", search("/Users", fmt.Sprintf("groups.value eq %q", g)), "")
	if diff := cmp.Diff(ids[:3], a.ids()); diff != "" {
		t.Errorf("users of the group (-want +got):\n%s", diff)
	}
	a = c.want(200, "GET", search("/Groups", fmt.Sprintf("id eq %q and members.value eq %q", g, ids[1])), "")
	if diff := cmp.Diff([]string{g}, a.ids()); diff != "" {
		t.Errorf("groups of the user (-want +got):\n%s", diff)
	}
	c.fails(400, "invalidFilter", "GET", search("/Users", `userName sw "u"`), "")
	first := c.want(200, "GET", "/Users?cursor&count=100", "")
	second := c.want(200, "GET", "/Users?count=100&cursor="+first.text("nextCursor"), "")
	if got := append(first.ids(), second.ids()...); !cmp.Equal(got, ids) {
		t.Errorf("paged %d users, want all %d in order", len(got), len(ids))
	}
}

func TestPutOnlyDialect(t *testing.T) {
	t.Parallel()
	c := crew(t, "put-only", 1)
	c.fails(501, "", "PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"active","value":false}`))
	c.want(200, "PUT", "/Users/u1", userBody("renamed"))
}

func TestCappedDialect(t *testing.T) {
	t.Parallel()
	c := crew(t, "capped", 101)
	ids := c.want(200, "GET", "/Users?count=1000", "").ids()
	g := c.group("Everybody", ids...)
	if got := len(c.want(200, "GET", "/Groups/"+g, "").members()); got != 100 {
		t.Errorf("%d members are shown, want 100", got)
	}
	if got := len(c.want(200, "GET", search("/Users", fmt.Sprintf("groups.value eq %q", g))+"&count=1000", "").ids()); got != 101 {
		t.Errorf("%d members are kept, want 101", got)
	}
}

// quirkCase switches one quirk on and does one request on u1, u2 and the group u3,
// which has u1.
type quirkCase struct {
	quirk, method, path, body string
	status                    int
	want                      string // in the answer, or with "!" not in it
}

func TestQuirksAreUsableOnTheirOwn(t *testing.T) {
	t.Parallel()
	member := func(ids string) string {
		return patchBody(`{"op":"add","path":"members","value":[{"value":"` + strings.ReplaceAll(ids, " ", `"},{"value":"`) + `"}]}`)
	}
	users := func(more string) string { return `{"schemas":["` + userURN + `"],"userName":"new"` + more + `}` }
	for _, q := range []quirkCase{
		{"hide-members", "GET", "/Groups/u3", "", 200, `"members":[]`},
		{"truncate-members=1", "PATCH", "/Groups/u3", member("u2"), 200, `!u2`},
		{"case-exact-filter", "GET", search("/Users", `userName eq "USER1"`), "", 200, `"totalResults":0`},
		{"ignore-filter", "GET", search("/Users", `userName eq "user1"`), "", 200, `"totalResults":2`},
		{"equal-only", "GET", search("/Users", `userName pr`), "", 400, `invalidFilter`},
		{"empty-filter-404", "GET", search("/Users", `userName eq "nobody"`), "", 404, `"status":"404"`},
		{"no-projection", "GET", "/Users/u1?attributes=userName", "", 200, `"meta"`},
		{"no-search", "POST", "/Users/.search", `{}`, 501, `not supported`},
		{"no-sort", "GET", "/Users?sortBy=userName&sortOrder=descending&count=1", "", 200, `"id":"u1"`},
		{"no-discovery", "GET", "/Schemas", "", 404, `"status":"404"`},
		{"no-etag", "GET", "/Users/u1", "", 200, `!version`},
		{"no-patch", "PATCH", "/Users/u1", patchBody(), 501, `not supported`},
		{"no-group-put", "PUT", "/Groups/u3", groupBody("x"), 501, `not supported`},
		{"no-replace-members", "PATCH", "/Groups/u3", patchBody(`{"op":"replace","value":{"members":[]}}`), 400, `all at once`},
		{"one-attribute-patch", "PATCH", "/Users/u1", patchBody(`{"op":"add","value":{"title":"x","active":true}}`), 400, `one attribute`},
		{"patch-204", "PATCH", "/Users/u1", patchBody(`{"op":"add","path":"title","value":"x"}`), 204, ``},
		{"ignore-patch", "PATCH", "/Users/u1", patchBody(`{"op":"add","path":"title","value":"x"}`), 200, `!title`},
		{"partial-put", "PUT", "/Groups/u3", `{"schemas":["` + groupURN + `"],"displayName":"renamed"}`, 200, `"value":"u1"`},
		{"ignore-post-members", "POST", "/Groups", groupBody("new", "u1"), 201, `!members`},
		{"duplicate-members", "PATCH", "/Groups/u3", member("u1"), 200, `user1"},{"value":"u1"`},
		{"max-members=1", "PATCH", "/Groups/u3", member("u1 u2"), 400, `1 are allowed`},
		{"max-operations=1", "PATCH", "/Users/u1", patchBody(`{"op":"remove","path":"title"}`, `{"op":"remove","path":"title"}`), 400, `1 are allowed`},
		{"missing-member=404", "PATCH", "/Groups/u3", member("nobody"), 404, `does not exist`},
		{"reject-member=u2", "PATCH", "/Groups/u3", member("u2"), 404, `refused here`},
		{"reject-member=u2:400", "PATCH", "/Groups/u3", member("u2"), 400, `invalidValue`},
		{"require-external-id", "POST", "/Users", users(""), 400, `externalId`},
		{"require-names", "POST", "/Users", users(""), 400, `givenName`},
		{"no-group-external-id", "POST", "/Groups", `{"schemas":["` + groupURN + `"],"displayName":"x","externalId":"y"}`, 201, `!externalId`},
		{"unique-group-names", "POST", "/Groups", groupBody("GUIDES"), 409, `uniqueness`},
		{"duplicate-names", "POST", "/Users", userBody("USER1"), 201, `USER1`},
		{"one-email", "POST", "/Users", users(`,"emails":[{"value":"a"},{"value":"b","primary":true}]`), 201, `!"a"`},
		{"one-of-each", "POST", "/Users", users(`,"roles":[{"value":"a"},{"value":"b"}]`), 400, `one value`},
		{"base64-ids", "POST", "/Users", users(""), 201, `VXNlcj`},
		{"delete-deactivates", "DELETE", "/Users/u1", "", 204, ``},
		{"deactivate-deletes", "PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"active","value":false}`), 204, ``},
		{"unknown=ignore", "POST", "/Users", users(`,"shoeSize":42`), 201, `!shoeSize`},
		{"unknown=refuse", "POST", "/Users", users(`,"shoeSize":42`), 400, `shoeSize`},
		{"unknown=keep", "POST", "/Users", users(`,"shoeSize":42,"urn:example:User":{"badge":7}`), 201, `"shoeSize":42`},
		{"unknown=keep", "PATCH", "/Users/u1", patchBody(`{"op":"add","path":"urn:example:User:badge","value":7}`), 200, `"urn:example:User":{"badge":7}`},
		{"unknown=keep", "PATCH", "/Users/u1", patchBody(`{"op":"add","value":{"urn:example:User":{"badge":7}}}`), 200, `"urn:example:User":{"badge":7}`},
	} {
		t.Run(q.quirk+" "+q.method, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "sandbox.json")
			c := open(t, sandbox.Options{Path: path, NoSync: true})
			c.user("user1")
			c.user("user2")
			c.group("Guides", "u1")
			if err := c.service.Close(); err != nil {
				t.Fatal(err)
			}
			q.check(t, open(t, sandbox.Options{Path: path, NoSync: true, Dialect: q.quirk, NewID: func() string { return "new" }}))
		})
	}
}

func (q quirkCase) check(t *testing.T, c *client) {
	t.Helper()
	a := c.want(q.status, q.method, q.path, q.body)
	text, absent := strings.CutPrefix(q.want, "!")
	if strings.Contains(string(a.raw), text) == absent {
		t.Errorf("%q absent: %v, in\n%s", text, !absent, a.raw)
	}
}

func TestDeletionsAndDeactivationsByDialect(t *testing.T) {
	t.Parallel()
	c := crew(t, "delete-deactivates", 1)
	c.want(204, "DELETE", "/Users/u1", "")
	if a := c.want(200, "GET", "/Users/u1", ""); a.body["active"] != false {
		t.Errorf("active is %v after DELETE", a.body["active"])
	}
	c = crew(t, "deactivate-deletes", 1)
	c.want(204, "PATCH", "/Users/u1", patchBody(`{"op":"replace","value":{"active":false}}`))
	c.fails(404, "", "GET", "/Users/u1", "")
}

func TestDialectsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "scim", "scim": "scim", "page-cap=7": "scim", "aws, page-cap=7 , lying-total": "aws", ",no-sort": "scim"} {
		d, err := sandbox.ParseDialect(text)
		if err != nil || d.Name != want {
			t.Errorf("%q: dialect %q, error %v; want %q", text, d.Name, err, want)
		}
	}
	for text, want := range map[string]string{
		"twingat":            `"twingat" is neither a dialect (scim, twingate, aws, put-only, capped) nor a quirk (page-cap,`,
		"scim,lying":         `"lying" is neither`,
		"page-cap":           `"page-cap" should be "page-cap=N"`,
		"page-cap=0":         `want a number of at least 1`,
		"lying-total=yes":    `"lying-total=yes" should be "lying-total"`,
		"missing-member=200": `not a status from 400 to 599`,
		"reject-member=":     `want the id of a resource`,
		"reject-member=u1:x": `not a status`,
		"unknown=perhaps":    `want refuse, ignore or keep`,
	} {
		if _, err := sandbox.ParseDialect(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
	for _, d := range sandbox.Dialects() {
		if d.Summary == "" || !strings.Contains(d.Source, "read 20") {
			t.Errorf("dialect %s lacks a summary or a dated source", d.Name)
		}
	}
	if got := len(sandbox.QuirkHelp()); got < 30 {
		t.Errorf("%d quirks are explained", got)
	}
}
