package sandbox_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// people are u1 to u4; the groups are u5 and u6.
func people(t testing.TB, dialect string) *client {
	c := open(t, sandbox.Options{Dialect: dialect})
	for _, body := range []string{
		`"userName":"bjensen","externalId":"A1","active":true,"title":"Tour Guide","name":{"familyName":"O'Malley","givenName":"Barbara"},"userType":"Employee",
		 "emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@example.org","type":"home"}],
		 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Tours","manager":{"value":"u2"}}`,
		`"userName":"jsmith","externalId":"a1","active":false,"displayName":"J \"The\" Smith\\","userType":"Intern","emails":[{"value":"jsmith@example.com","type":"work"}]`,
		`"userName":"Ünal","active":true,"userType":"Contractor","title":""`,
		`"userName":"kelvin","displayName":"(not) and [or]","photos":[{"value":"https://example.com/K","type":"photo"}]`,
	} {
		c.want(201, "POST", "/Users", `{"schemas":["`+userURN+`"],`+body+`}`)
	}
	c.group("Tour Guides", "u1", "u2")
	c.group("Everybody", "u5", "u3")
	return c
}

func search(collection, filter string) string {
	return collection + "?filter=" + url.QueryEscape(filter)
}

func TestFiltersFind(t *testing.T) {
	t.Parallel()
	c := people(t, "")
	for filter, want := range map[string]string{
		// Operators, RFC 7644 table 3.
		`userName eq "bjensen"`:         "u1",
		`userName EQ "BJENSEN"`:         "u1",
		`USERNAME eq "bjensen"`:         "u1",
		`userName ne "bjensen"`:         "u2 u3 u4",
		`name.familyName co "O'Malley"`: "u1",
		`userName sw "J"`:               "u2",
		`userName ew "SEN"`:             "u1",
		`title pr`:                      "u1",
		`name pr`:                       "u1",
		`emails pr`:                     "u1 u2",
		`userName gt "bjensen"`:         "u2 u3 u4",
		`userName ge "jsmith"`:          "u2 u3 u4",
		`userName lt "jsmith"`:          "u1",
		`userName le "jsmith"`:          "u1 u2",
		`active eq true`:                "u1 u3",
		`active eq false`:               "u2",
		`active ne true`:                "u2 u4",
		// Case: userName folds, externalId and references do not.
		`userName eq "ÜNAL"`:                      "u3",
		"userName eq \"\u212aelvin\"":             "u4",
		`externalId eq "a1"`:                      "u2",
		`externalId eq "A1"`:                      "u1",
		`photos.value eq "https://example.com/k"`: "",
		`photos.value eq "https://example.com/K"`: "u4",
		// Multi-valued attributes, with and without a sub-attribute.
		`emails eq "babs@example.org"`:                                "u1",
		`emails.value eq "BABS@example.org"`:                          "u1",
		`emails.type eq "work"`:                                       "u1 u2",
		`emails[type eq "home" and value co "@example.org"]`:          "u1",
		`emails[type eq "home" and value co "@example.com"]`:          "",
		`emails[type eq "work" and (value sw "j" or not (value pr))]`: "u2",
		`emails[primary eq true]`:                                     "u1",
		// Null is absence.
		`displayName eq null`: "u1 u3",
		`displayName ne null`: "u2 u4",
		// Escapes, and text that looks like syntax.
		`displayName eq "J \"The\" Smith\\"`: "u2",
		`displayName eq "(not) and [or]"`:    "u4",
		`displayName co "\u0028not\u0029"`:   "u4",
		// Logic: and binds closer than or.
		`userType eq "Employee" or userType eq "Intern" and active eq true`:   "u1",
		`(userType eq "Employee" or userType eq "Intern") and active eq true`: "u1",
		`userType eq "Intern" or userType eq "Employee"`:                      "u1 u2",
		`not (active eq true)`:                           "u2 u4",
		`not(userName sw "b") and NOT (userName sw "j")`: "u3 u4",
		`title pr and userType eq "Employee"`:            "u1",
		// URNs.
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bjensen"`:                 "u1",
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "tours"`: "u1",
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "u2"`: "u1",
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr`:                    "u1",
		`schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`:          "u1",
		// What is derived.
		`id eq "u3"`:                  "u3",
		`meta.resourceType eq "User"`: "u1 u2 u3 u4",
		`meta.lastModified ge "2026-01-02T05:04:07+02:00" and meta.lastModified lt "2026-01-02T03:04:08Z"`: "u2",
		`groups.value eq "u5"`:                                "u1 u2",
		`groups.value eq "u6"`:                                "u1 u2 u3",
		`groups[value eq "u6" and type eq "direct"]`:          "u3",
		`groups.display eq "tour guides" and active eq false`: "u2",
	} {
		got := strings.Join(c.want(200, "GET", search("/Users", filter), "").ids(), " ")
		if got != want {
			t.Errorf("%s: found %q, want %q", filter, got, want)
		}
	}
}

func TestFiltersFindGroups(t *testing.T) {
	t.Parallel()
	c := people(t, "")
	for filter, want := range map[string]string{
		`displayName eq "tour guides"`: "u5",
		`members.value eq "u1"`:        "u5",
		`members[value eq "u5"]`:       "u6",
		`members[type eq "Group"]`:     "u6",
		`members[display sw "b"]`:      "u5",
		`members pr`:                   "u5 u6",
		`members.value eq "nobody"`:    "",
	} {
		got := strings.Join(c.want(200, "GET", search("/Groups", filter), "").ids(), " ")
		if got != want {
			t.Errorf("%s: found %q, want %q", filter, got, want)
		}
	}
	got := c.want(200, "GET", search("/", `userName sw "b" or displayName eq "Everybody"`), "").ids()
	if diff := cmp.Diff([]string{"u1", "u6"}, got); diff != "" {
		t.Errorf("over all types (-want +got):\n%s", diff)
	}
}

func TestBadFiltersAreRefused(t *testing.T) {
	t.Parallel()
	c := people(t, "")
	for _, filter := range []string{
		`userName`, `userName eq`, `eq "x"`, `userName eq x`, `userName eq 'x'`, `userName eq "x`, `userName eq "\q"`, `userName is "x"`,
		`userName eq "x" and`, `userName eq "x" userName`, `(userName eq "x"`, `userName eq "x")`, `not userName eq "x"`, `()`, `not ()`,
		`emails[type eq "work"`, `emails[]`, `emails[emails[type eq "x"]]`, `userName[value eq "x"]`, `emails.value[type eq "x"]`,
		`emails[type eq "work"].value eq "x"`, `unknown eq "x"`, `name.unknown eq "x"`, `name.givenName.more eq "x"`, `userName. eq "x"`,
		`emails[unknown eq "x"]`, `urn:example:2.0:User:userName eq "x"`, `active gt true`, `active eq "true"`, `userName eq 1`, `userName eq true`,
		`name eq "x"`, `meta.created gt "yesterday"`, `userName gt null`, `x509Certificates.value gt "AA=="`, `title pr "x"`, `password eq "x" or;`,
		strings.Repeat("(", 100) + `title pr` + strings.Repeat(")", 100),
		strings.Repeat("not (", 100) + `title pr` + strings.Repeat(")", 100),
		`title pr` + strings.Repeat(` or title pr`, 300),
		`userName eq "` + strings.Repeat("x", 10_000) + `"`,
	} {
		c.fails(400, "invalidFilter", "GET", search("/Users", filter), "")
	}
}

func TestProjection(t *testing.T) {
	t.Parallel()
	c := people(t, "")
	for query, want := range map[string]string{
		"attributes=userName":                   "id schemas userName",
		"attributes=USERNAME,%20name.givenname": "id name.givenName schemas userName",
		"attributes=emails.value":               "emails.value id schemas",
		"attributes=emails.value,emails.type":   "emails.type emails.value id schemas",
		"attributes=groups":                     "groups.$ref groups.display groups.type groups.value id schemas",
		"attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "id schemas " + enterpriseURN + ".department",
		"attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":            "id schemas " + enterpriseURN + ".department " + enterpriseURN + ".manager.value",
		"attributes=nothing": "id schemas",
		"excludedAttributes=emails,groups,meta,id,name.givenName,active,title,userType,externalId," + enterpriseURN: "id name.familyName schemas userName",
	} {
		a := c.want(200, "GET", "/Users/u1?"+query, "")
		if got := strings.Join(leaves("", a.body), " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", query, got, want)
		}
	}
	c.fails(400, "invalidValue", "GET", "/Users?attributes=id&excludedAttributes=id", "")
	a := c.want(200, "PATCH", "/Groups/u5?excludedAttributes=members", patchBody(`{"op":"replace","path":"displayName","value":"Guides"}`))
	if got := strings.Join(leaves("", without(a.body, "meta")), " "); got != "displayName id schemas" {
		t.Errorf("after PATCH: %s", got)
	}
}

// leaves lists the paths of a body in order, each once.
func leaves(prefix string, v any) []string {
	seen := map[string]bool{}
	collect(seen, prefix, v)
	var out []string
	for k := range seen {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func collect(seen map[string]bool, prefix string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			collect(seen, strings.TrimPrefix(prefix+"."+k, "."), e)
		}
	case []any:
		for _, e := range v {
			collect(seen, prefix, e)
		}
	default:
		seen[prefix] = true
	}
}

func TestSorting(t *testing.T) {
	t.Parallel()
	c := people(t, "")
	for query, want := range map[string]string{
		"sortBy=userName":                                  "u1 u2 u4 u3",
		"sortBy=userName&sortOrder=descending":             "u3 u4 u2 u1",
		"sortBy=name.familyName":                           "u1 u2 u3 u4",
		"sortBy=emails.value&sortOrder=descending":         "u2 u1 u3 u4",
		"sortBy=meta.created&sortOrder=descending&count=2": "u4 u3",
		"sortBy=userName&startIndex=3":                     "u4 u3",
	} {
		if got := strings.Join(c.want(200, "GET", "/Users?"+query, "").ids(), " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	c.fails(400, "invalidPath", "GET", "/Users?sortBy=unknown", "")
	c.want(200, "GET", "/?sortBy="+url.QueryEscape(`unknown[value eq "x"]`), "") // it may be known to another type
	c.fails(400, "invalidPath", "GET", "/Users?sortBy="+url.QueryEscape(`emails[value eq "x"]`), "")
	c.fails(400, "invalidValue", "GET", "/Users?sortBy=userName&sortOrder=up", "")
}

func TestDeletionShowsInFilters(t *testing.T) {
	t.Parallel()
	c := people(t, "")
	c.want(204, "DELETE", "/Users/u1", "")
	for collection, filter := range map[string]string{"/Users": `userName eq "bjensen"`, "/Groups": `members.value eq "u1"`} {
		if got := c.want(200, "GET", search(collection, filter), "").ids(); len(got) != 0 {
			t.Errorf("%s found %v after the deletion", filter, got)
		}
	}
	if diff := cmp.Diff([]string{"u2"}, c.want(200, "GET", "/Groups/u5", "").members()); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if got := fmt.Sprint(c.want(200, "GET", "/Groups/u5", "").body["meta"].(map[string]any)["version"]); got != `W/"2"` {
		t.Errorf("version %s: the deletion of a member is a change of the group", got)
	}
}
