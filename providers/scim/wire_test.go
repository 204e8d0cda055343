package scim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

const department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"

func value(path string, v any) schema.Value { return schema.Value{Path: path, Value: v} }

// Each row is one change and the exact requests that it leads to.
func TestChangesAreWrittenInTheShapesThatAllServicesTake(t *testing.T) {
	t.Parallel()
	email := `emails[type eq "work"].value`
	one, two := planner.Member{RemoteID: "u-001"}, planner.Member{RemoteID: `a"b\c`}
	patch := func(operations string) string {
		return `{"Operations":[` + operations + `],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`
	}
	for name, test := range map[string]struct {
		change planner.Change
		with   func(*scim.Config)
		want   []string
	}{
		"create with an extension": {
			planner.Change{Kind: planner.KindUser, Action: planner.Create, Name: "ann", Link: planner.Link{ExternalID: "00u1"},
				After: []schema.Value{value(email, "a@x"), value("name.familyName", "Ames"), value("name.givenName", nil), value(department, "R&D")}}, nil,
			[]string{`POST /scim/v2/Users {"active":true,"emails":[{"primary":true,"type":"work","value":"a@x"}],"externalId":"00u1","name":{"familyName":"Ames"},` +
				`"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],` +
				`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R\u0026D"},"userName":"ann"}`},
		},
		"deactivate": {
			planner.Change{Kind: planner.KindUser, Action: planner.Deactivate, RemoteID: "VXNlcjox==/x", After: []schema.Value{value("active", false)}}, nil,
			[]string{`PATCH /scim/v2/Users/VXNlcjox==%2Fx ` + patch(`{"op":"replace","path":"active","value":false}`)},
		},
		"reactivate with what changed meanwhile": {
			planner.Change{Kind: planner.KindUser, Action: planner.Reactivate, RemoteID: "u",
				Before: []schema.Value{value("active", false), value("name.givenName", "A")}, After: []schema.Value{value("active", true), value("name.givenName", "B")}}, nil,
			[]string{`PATCH /scim/v2/Users/u ` + patch(`{"op":"replace","path":"active","value":true},{"op":"replace","path":"name.givenName","value":"B"}`)},
		},
		"an e-mail is changed": {
			planner.Change{Kind: planner.KindUser, Action: planner.Update, RemoteID: "u", Before: []schema.Value{value(email, "a")}, After: []schema.Value{value(email, "b")}}, nil,
			[]string{`PATCH /scim/v2/Users/u ` + patch(`{"op":"replace","path":"emails[type eq \"work\"].value","value":"b"}`)},
		},
		"an e-mail that was not there is added": {
			planner.Change{Kind: planner.KindUser, Action: planner.Update, RemoteID: "u", Before: []schema.Value{value(email, nil)}, After: []schema.Value{value(email, "b")}}, nil,
			[]string{`PATCH /scim/v2/Users/u ` + patch(`{"op":"add","path":"emails","value":[{"type":"work","value":"b"}]}`)},
		},
		"values are cleared": {
			planner.Change{Kind: planner.KindUser, Action: planner.Update, RemoteID: "u",
				After: []schema.Value{value(email, nil), value("title", ""), value(department, nil)}}, nil,
			[]string{`PATCH /scim/v2/Users/u ` + patch(`{"op":"remove","path":"emails[type eq \"work\"]"},{"op":"remove","path":"title"},{"op":"remove","path":"`+department+`"}`)},
		},
		"a rename and members are two requests, removals first": {
			planner.Change{Kind: planner.KindGroup, Action: planner.Update, RemoteID: "g", After: []schema.Value{value("displayName", "New")},
				Members: planner.MemberChanges{Add: []planner.Member{one}, Remove: []planner.Member{two}}}, nil,
			[]string{
				`PATCH /scim/v2/Groups/g ` + patch(`{"op":"replace","path":"displayName","value":"New"}`),
				`PATCH /scim/v2/Groups/g ` + patch(`{"op":"remove","path":"members[value eq \"a\\\"b\\\\c\"]"},{"op":"add","path":"members","value":[{"value":"u-001"}]}`),
			},
		},
		"members are removed by list": {
			planner.Change{Kind: planner.KindGroup, Action: planner.Empty, RemoteID: "g", Members: planner.MemberChanges{Remove: []planner.Member{one}}},
			func(c *scim.Config) { setting(c, "write", "member_remove", "value_list") },
			[]string{`PATCH /scim/v2/Groups/g ` + patch(`{"op":"remove","path":"members","value":[{"value":"u-001"}]}`)},
		},
		"members are removed by object": {
			planner.Change{Kind: planner.KindGroup, Action: planner.Empty, RemoteID: "g", Members: planner.MemberChanges{Remove: []planner.Member{one}}},
			func(c *scim.Config) { setting(c, "write", "member_remove", "object_list") },
			[]string{`PATCH /scim/v2/Groups/g ` + patch(`{"op":"remove","path":"members","value":{"members":[{"value":"u-001"}]}}`)},
		},
		"a group is made with its members": {
			planner.Change{Kind: planner.KindGroup, Action: planner.Create, Name: "Eng", Link: planner.Link{ExternalID: "g1"}, Members: planner.MemberChanges{Add: []planner.Member{one}}}, nil,
			[]string{`POST /scim/v2/Groups {"displayName":"Eng","externalId":"g1","members":[{"value":"u-001"}],"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]}`},
		},
		"a release sends nothing":           {planner.Change{Kind: planner.KindUser, Action: planner.Release, RemoteID: "u", After: []schema.Value{value("active", false)}}, nil, nil},
		"an adoption of what is as desired": {planner.Change{Kind: planner.KindUser, Action: planner.AdoptIt, RemoteID: "u"}, nil, nil},
		"a group is deleted":                {planner.Change{Kind: planner.KindGroup, Action: planner.Delete, RemoteID: "g"}, nil, []string{"DELETE /scim/v2/Groups/g "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = append(got, r.Method+" "+r.URL.RequestURI()+" "+string(body))
				answer(w, 200, map[string]any{"id": "new"})
			})
			if _, err := target(t, h, test.with).Do(t.Context(), test.change); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Errorf("requests (-got +want):\n%s", diff)
			}
		})
	}
}

func TestBatchesAreAsLargeAsTheTargetTakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		with func(*scim.Config)
		// limit is how many bytes the service takes; zero means any number.
		limit int
		want  int
	}{
		"a hundred at once":                  {nil, 0, 3},
		"seven at once":                      {func(c *scim.Config) { setting(c, "limits", "members_per_request", 7.0) }, 0, 36},
		"bodies as long as is known":         {func(c *scim.Config) { setting(c, "limits", "body_bytes", 1500.0) }, 1500, 5},
		"413 is answered by halves":          {nil, 1500, 0},
		"413 for a single member is a fault": {nil, 50, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := withGroup(250)
			f.before = func(w http.ResponseWriter, r *http.Request, body []byte) bool {
				if test.limit == 0 || len(body) <= test.limit {
					return false
				}
				answerError(w, 413, "", "too long")
				return true
			}
			_, err := target(t, f, test.with).Do(t.Context(), memberChange(people(250), nil))
			if test.want < 0 {
				if codeOf(err) != "refused" {
					t.Errorf("got %v", err)
				}
				return
			}
			if got := memberIDs(f.get("Groups", "g")); err != nil || len(got) != 250 {
				t.Fatalf("%d members, %v", len(got), err)
			}
			if got := len(f.requests(http.MethodPatch)); test.want > 0 && got != test.want {
				t.Errorf("%d requests, want %d", got, test.want)
			}
		})
	}
}

func TestGroupOfManyIsMadeInTheFewestRequests(t *testing.T) {
	t.Parallel()
	f := newFake()
	addUsers(f, 250)
	o, err := target(t, f, nil).Do(t.Context(), createGroup(people(250)...))
	if err != nil || len(memberIDs(f.get("Groups", o.RemoteID))) != 250 || len(f.requests("")) != 3 {
		t.Errorf("got %+v, %v after %q", o, err, f.requests(""))
	}
}

func TestReplaceWithoutTargetBecomesAnAddition(t *testing.T) {
	t.Parallel()
	f := newFake()
	addUsers(f, 1)
	c := planner.Change{Kind: planner.KindUser, Action: planner.Update, RemoteID: "u-001", After: []schema.Value{value(`emails[type eq "work"].value`, "a@x")}}
	if _, err := target(t, f, nil).Do(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	want := []any{map[string]any{"type": "work", "value": "a@x"}}
	if diff := cmp.Diff(f.get("Users", "u-001")["emails"], any(want)); diff != "" {
		t.Errorf("e-mails (-got +want):\n%s", diff)
	}
}

func TestRefusalsConcernOneObjectAlone(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]schema.Code{
		400: "refused", 404: "target-gone", 409: "conflict", 410: "target-gone", 412: "conflict", 422: "refused", 500: "refused",
		502: "", 503: "", 504: "", 302: "",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			addUsers(f, 1)
			f.before = strike(http.MethodPatch, 99, refuseWith(status, "", "no"))
			_, err := target(t, f, nil).Do(t.Context(), planner.Change{Kind: planner.KindUser, Action: planner.Deactivate, RemoteID: "u-001",
				After: []schema.Value{value("active", false)}})
			if err == nil || codeOf(err) != want {
				t.Errorf("%d: got code %q, want %q: %v", status, codeOf(err), want, err)
			}
		})
	}
}

func TestGroupThatIsGoneIsNoRejectedMember(t *testing.T) {
	t.Parallel()
	f := newFake()
	addUsers(f, 3)
	o, err := target(t, f, nil).Do(t.Context(), memberChange(people(3), nil))
	if codeOf(err) != "target-gone" || len(o.Rejected) > 0 || len(f.requests("")) != 2 {
		t.Errorf("got %+v, %v after %q", o, err, f.requests(""))
	}
}

func TestMemberWhoIsNoneAnyMoreNeedNotBeRemoved(t *testing.T) {
	t.Parallel()
	for _, r := range []refusal{{404, "", "no such member"}, {400, "noTarget", ""}} {
		f := withGroup(2, people(2)...)
		f.before = func(w http.ResponseWriter, req *http.Request, body []byte) bool {
			if req.Method != http.MethodPatch || !strings.Contains(string(body), "u-001") {
				return false
			}
			answerError(w, r.status, r.scimType, r.detail)
			return true
		}
		o, err := target(t, f, nil).Do(t.Context(), memberChange(nil, people(2)))
		if err != nil || len(o.Rejected) > 0 || slices.Contains(memberIDs(f.get("Groups", "g")), "u-002") {
			t.Errorf("got %+v, %v", o, err)
		}
	}
}

func TestGroupWhoseEveryChangeIsRefusedIsGivenUpSoon(t *testing.T) {
	t.Parallel()
	f := withGroup(100)
	f.before = strike(http.MethodPatch, 9999, refuseWith(400, "mutability", "members are read-only"))
	_, err := target(t, f, nil).Do(t.Context(), memberChange(people(100), nil))
	if codeOf(err) != "member-rejected" || len(f.requests("")) > 25 {
		t.Errorf("after %d requests: %v", len(f.requests("")), err)
	}
}

func TestManyRejectedMembersInARowKeepNobodyElseOut(t *testing.T) {
	t.Parallel()
	f := withGroup(100)
	f.before = func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		for i := range 20 {
			if r.Method == http.MethodPatch && strings.Contains(string(body), fmt.Sprintf(`"u-%03d"`, i+1)) {
				answerError(w, 400, "invalidValue", "a member is not valid")
				return true
			}
		}
		return false
	}
	o, err := target(t, f, nil).Do(t.Context(), memberChange(people(100), nil))
	if err != nil || len(o.Rejected) != 20 || len(memberIDs(f.get("Groups", "g"))) != 80 {
		t.Errorf("%d rejected, %d members, %v", len(o.Rejected), len(memberIDs(f.get("Groups", "g"))), err)
	}
}

func TestPutIsBoundToTheVersionThatWasReadWhereVersionsAreReal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		supported bool
		etag      string
		want      string
	}{
		"real":                        {true, `W/"3"`, `W/"3"`},
		"a framework's":               {true, `"d41d8"`, ""},
		"not supported by its config": {false, `W/"3"`, ""},
		"none":                        {true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ifMatch []string
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig"):
					answer(w, 200, map[string]any{"patch": map[string]any{"supported": false}, "etag": map[string]any{"supported": test.supported}})
				case r.Method == http.MethodGet:
					if test.etag != "" {
						w.Header().Set("ETag", test.etag)
					}
					answer(w, 200, map[string]any{"id": "u", "meta": map[string]any{"version": `W/"3"`}})
				default:
					if ifMatch = append(ifMatch, r.Header.Get("If-Match")); len(ifMatch) == 1 {
						answerError(w, 412, "", "changed meanwhile")
						return
					}
					answer(w, 200, map[string]any{"id": "u"})
				}
			})
			x := target(t, h, func(c *scim.Config) { setting(c, "write", "user", "put") })
			c := planner.Change{Kind: planner.KindUser, Action: planner.Update, RemoteID: "u", After: []schema.Value{value("title", "x")}}
			if _, err := x.Do(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(ifMatch, []string{test.want, test.want}); diff != "" {
				t.Errorf("If-Match (-got +want):\n%s", diff)
			}
		})
	}
}

func TestWhatIsClearedByPutIsNamedWhereTheTargetKeepsTheRest(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{"put": `{"id":"u-001","userName":"x"}`, "put_merge": `{"id":"u-001","title":null,"userName":"x"}`} {
		f := newFake()
		f.add("Users", map[string]any{"userName": "x", "title": "CEO"})
		x := target(t, f, func(c *scim.Config) { setting(c, "write", "user", method) })
		c := planner.Change{Kind: planner.KindUser, Action: planner.Update, RemoteID: "u-001", After: []schema.Value{value("title", nil)}}
		if _, err := x.Do(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f.bodies(http.MethodPut), []string{want}); diff != "" {
			t.Errorf("%s (-got +want):\n%s", method, diff)
		}
	}
}

func TestNamesInFiltersAreEscaped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.unique = false
		f.after = lose(http.MethodPost, 1, hangUp)
		name := `a"b\c & d+e <f>=100%`
		c := planner.Change{ID: "x", Kind: planner.KindGroup, Action: planner.Create, Name: name}
		o, err := target(t, f, nil).Do(t.Context(), c)
		if err != nil || o.RemoteID != "g-001" {
			t.Fatalf("got %+v, %v", o, err)
		}
		want := `GET /scim/v2/Groups?filter=displayName%20eq%20%22a%5C%22b%5C%5Cc%20%26%20d%2Be%20%3Cf%3E%3D100%25%22&count=100`
		if got := f.requests(http.MethodGet); got[0] != want {
			t.Errorf("got  %s\nwant %s", got[0], want)
		}
	})
}

func TestTheSecondDoOfACreateMakesNothingMore(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.unique = false
	addUsers(f, 2)
	x := target(t, f, nil)
	var ids []string
	for range 3 {
		o, err := x.Do(t.Context(), createGroup(people(2)...))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, o.RemoteID)
	}
	if len(slices.Compact(ids)) != 1 || len(f.objects["Groups"]) != 1 || len(f.requests(http.MethodPost)) != 1 || len(f.requests(http.MethodPatch)) != 0 {
		t.Errorf("ids %q after %q", ids, f.requests(""))
	}
}

func TestTheTokenIsInNoError(t *testing.T) {
	t.Parallel()
	echo := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Request-Id", r.Header.Get("Authorization"))
			w.Header().Set("Location", "https://"+canary+".example/"+canary)
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"detail":"you sent %s","scimType":"%s"}`, r.Header.Get("Authorization"), canary)
		}
	}
	for _, status := range []int{200, 202, 302, 400, 401, 403, 404, 409, 412, 413, 422, 500, 501, 503} {
		synctest.Test(t, func(t *testing.T) {
			x := target(t, echo(status), nil)
			_, read := x.Read(t.Context())
			_, check := x.Check(t.Context())
			errs := []error{read, check}
			for _, c := range []planner.Change{createAnn(), createGroup(), memberChange(people(3), nil)} {
				_, err := x.Do(t.Context(), c)
				errs = append(errs, err)
			}
			for _, err := range errs {
				if err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), canary) {
					t.Errorf("%d: the token is in %v", status, err)
				}
			}
			if read == nil {
				t.Errorf("%d: the read succeeded", status)
			}
		})
	}
}

func TestReadOnlyTargetWritesNothing(t *testing.T) {
	t.Parallel()
	f := withGroup(3)
	x := target(t, f, func(c *scim.Config) { c.ReadOnly = true })
	for _, c := range []planner.Change{createAnn(), createGroup(), memberChange(people(3), nil),
		{Kind: planner.KindUser, Action: planner.Delete, RemoteID: "u-001"}} {
		if _, err := x.Do(t.Context(), c); err == nil {
			t.Errorf("%s %s was carried out", c.Action, c.Name)
		}
	}
	if _, err := x.Read(t.Context()); err != nil {
		t.Error(err)
	}
	for _, r := range f.requests("") {
		if !strings.HasPrefix(r, "GET ") {
			t.Errorf("%s was sent", r)
		}
	}
}

func FuzzListResponse(f *testing.F) {
	for _, seed := range []string{
		`{"totalResults":1,"Resources":[{"id":"1","userName":"a","emails":[{"value":"x"}]}]}`,
		`{"Resources":null,"totalResults":"0"}`, `{"resources":[{"ID":"\u0031","active":"False","name":{"givenName":1}}]}`,
		`{"totalResults":1e3,"Resources":{}}`, `[]`, `{"Resources":[1,[],"x",null]}`, `{"Resources":[{"id":"a","members":[{"$ref":"../Users/b"},"c",{"value":2}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
		x := target(t, h, func(c *scim.Config) {
			setting(c, "page", "method", "none")
			c.HTTP.MaxAttempts = 1
		})
		got, err := x.Read(t.Context())
		if err != nil {
			return
		}
		// What was taken in must be what an ordinary decoder sees.
		var want struct{ Resources []struct{ ID any } }
		if json.Unmarshal(body, &want) == nil && len(want.Resources) < len(got.Users) {
			t.Errorf("read %d users of %q", len(got.Users), body)
		}
		for _, u := range got.Users {
			if u.ID == "" {
				t.Errorf("a user without an id of %q", body)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	const users, pageSize = 100_000, 1000
	pages := map[string][]byte{}
	for start := 1; start <= users; start += pageSize {
		var page []map[string]any
		for i := start; i < start+pageSize; i++ {
			page = append(page, map[string]any{
				"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "id": fmt.Sprintf("%08d-0000-4000-8000-000000000000", i),
				"userName": fmt.Sprintf("user%d@acme.example", i), "externalId": fmt.Sprintf("00u%d", i), "active": true, "displayName": "Ann Ames",
				"name":   map[string]any{"givenName": "Ann", "familyName": "Ames", "formatted": "Ann Ames"},
				"emails": []any{map[string]any{"type": "work", "value": fmt.Sprintf("user%d@acme.example", i), "primary": true}},
				"meta":   map[string]any{"resourceType": "User", "created": "2026-01-01T00:00:00Z", "lastModified": "2026-01-01T00:00:00Z", "version": `W/"1"`},
			})
		}
		pages[fmt.Sprint(start)], _ = json.Marshal(listResponse(users, page))
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/Groups") {
			_, _ = io.WriteString(w, `{"totalResults":0}`)
			return
		}
		_, _ = w.Write(pages[r.URL.Query().Get("startIndex")])
	})
	x, err := scim.New(scim.Config{
		Target: schema.Target{Dialect: "sandbox", BaseURL: "https://scim.example.com/scim/v2"},
		HTTP:   providers.ClientOptions{Transport: handlerTransport{h}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := x.Read(b.Context()); err != nil || len(r.Users) != users {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/users, "ns/user")
}
