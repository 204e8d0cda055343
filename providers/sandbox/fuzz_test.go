package sandbox_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// serve does any request and requires that the answer is one that a client can
// live with: no panic, no 500, and JSON with an Error where it failed.
func serve(t *testing.T, c *client, method, target, body string) int {
	t.Helper()
	r := httptest.NewRequest("GET", "/", strings.NewReader(body))
	r.Method = method
	u, err := url.Parse(sandbox.BasePath + target)
	if err != nil {
		return 0
	}
	r.URL = u
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	if w.Code >= 500 && w.Code != 501 {
		t.Fatalf("%s %s %q: status %d: %s", method, target, body, w.Code, w.Body)
	}
	if w.Body.Len() == 0 {
		return w.Code
	}
	var o map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil {
		t.Fatalf("%s %s %q: answer is not JSON: %v: %s", method, target, body, err, w.Body)
	}
	if _, complete := o["detail"].(string); w.Code >= 400 && !complete {
		t.Fatalf("%s %s %q: error without detail: %s", method, target, body, w.Body)
	}
	return w.Code
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		`userName eq "bjensen"`, `emails[type eq "work" and value co "@"]`, `not (title pr) or active eq true`, `((a pr))`, `meta.created gt "2026-01-02T03:04:05Z"`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value ne null`, `displayName eq "\"\\\u00e9"`, `urn:`, `urn:x.y`, `a.b.c[d eq 1].e`, `x eq -1.5e+3`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		c := people(t, "")
		for _, at := range []string{"/Users", "/Groups", "/"} {
			serve(t, c, "GET", search(at, filter), "")
		}
		serve(t, c, "GET", "/?sortBy="+url.QueryEscape(filter), "")
		// A filter and its negation split the users without rest and overlap.
		a, b := c.do("GET", search("/Users", filter), ""), c.do("GET", search("/Users", "not ("+filter+")"), "")
		if a.status == 200 && b.status == 200 && len(a.ids())+len(b.ids()) != 4 {
			t.Errorf("%q finds %v, and its negation %v", filter, a.ids(), b.ids())
		}
	})
}

func FuzzPatch(f *testing.F) {
	for _, s := range []string{
		`{"op":"add","path":"emails[type eq \"work\"].value","value":"x"}`, `{"op":"replace","value":{"name":{"givenName":"x"},"active":false}}`, `{"op":"remove","path":"members"}`,
		`{"op":"add","path":"members","value":[{"value":"u1"}]}`, `{"op":"remove","path":"members[value eq \"u1\"]"}`, `{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":"1"}}`,
		`{"op":"replace","path":"urn:example:User:x","value":{"a":[]}}`, `{"op":"replace","value":{"urn:example:User":{"a":1},"x":{}}}`, `{"op":"add","path":"emails.primary","value":true}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, operation string) {
		for _, dialect := range []string{"", "unknown=keep", "unknown=ignore,duplicate-members"} {
			c := people(t, dialect)
			for _, path := range []string{"/Users/u1", "/Groups/u5"} {
				checkPatch(t, c, path, operation)
			}
		}
	})
}

// checkPatch does one operation. A refused one leaves no trace, and one that was
// done can be done to what it made.
func checkPatch(t *testing.T, c *client, path, operation string) {
	t.Helper()
	before := tree(c)
	status := serve(t, c, "PATCH", path, patchBody(operation))
	if status >= 400 && tree(c) != before {
		t.Errorf("%s was refused and left traces", operation)
	}
	if status < 400 {
		serve(t, c, "PATCH", path, patchBody(operation))
	}
	serve(t, c, "GET", path, "")
}

func FuzzRequest(f *testing.F) {
	f.Add("POST", "/Users", userBody("new"))
	f.Add("PUT", "/Groups/u5", groupBody("Guides", "u3"))
	f.Add("GET", "/Users?startIndex=2&count=1&attributes=name.givenName&sortBy=userName&sortOrder=descending", "")
	f.Add("GET", "/Users?cursor=MDox&count=1&excludedAttributes=emails.value", "")
	f.Add("POST", "/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName pr","count":1,"attributes":["x"]}`)
	f.Add("DELETE", "/Users/u1", "")
	f.Add("PATCH", "/Users/%2e%2e", patchBody(`{"op":"remove","path":"name"}`))
	f.Fuzz(func(t *testing.T, method, target, body string) {
		c := people(t, "")
		serve(t, c, method, target, body)
		tree(c)
	})
}

func FuzzParseFault(f *testing.F) {
	for _, s := range []string{"POST /Users 429 retry-after=3 times=2", "lag=200ms", "/** slow=1s truncate every=3", "commit-then=503 after=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := sandbox.ParseFault(text)
		if err != nil {
			return
		}
		again, err := sandbox.ParseFault(first.String())
		if err != nil || again.String() != first.String() {
			t.Errorf("%q reads as %q, which reads as %q, error %v", text, first, again, err)
		}
	})
}

func FuzzParseDialect(f *testing.F) {
	for _, s := range []string{"twingate,page-cap=3", "reject-member=a:b:404", ",,", "unknown=keep"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := sandbox.ParseDialect(text); err == nil && d.Quirks.MaxCount < 1 {
			t.Errorf("%q: pages of %d", text, d.Quirks.MaxCount)
		}
	})
}
