package scim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

func createAnn() planner.Change {
	return planner.Change{ID: "create-ann", Kind: planner.KindUser, Action: planner.Create, Name: "ann@acme.example", After: []schema.Value{
		{Path: "active", Value: true}, {Path: `emails[type eq "work"].value`, Value: "ann@acme.example"},
		{Path: "externalId", Value: "00u1"}, {Path: "userName", Value: "ann@acme.example"},
	}}
}

func createGroup(members ...planner.Member) planner.Change {
	return planner.Change{ID: "create-eng", Kind: planner.KindGroup, Action: planner.Create, Name: "Eng",
		After: []schema.Value{{Path: "displayName", Value: "Eng"}}, Members: planner.MemberChanges{Add: members}}
}

func people(n int) []planner.Member {
	out := make([]planner.Member, n)
	for i := range out {
		out[i] = planner.Member{Name: fmt.Sprintf("u%03d@acme.example", i), RemoteID: fmt.Sprintf("u-%03d", i+1)}
	}
	return out
}

func memberChange(add, remove []planner.Member) planner.Change {
	return planner.Change{ID: "members", Kind: planner.KindGroup, Action: planner.Update, Name: "Eng", RemoteID: "g",
		Members: planner.MemberChanges{Add: add, Remove: remove}}
}

// withGroup returns a service with n users and one group of the members given.
func withGroup(n int, members ...planner.Member) *fake {
	f := newFake()
	addUsers(f, n)
	var list []any
	for _, m := range members {
		list = append(list, map[string]any{"value": m.RemoteID})
	}
	f.add("Groups", map[string]any{"id": "g", "displayName": "Eng", "members": list})
	return f
}

func codeOf(err error) schema.Code {
	var object *providers.ObjectError
	if errors.As(err, &object) {
		return object.Code
	}
	return ""
}

// countdown gives out turns until none is left, to any number of requests at once.
type countdown chan struct{}

func newCountdown(n int) countdown {
	c := make(countdown, max(n, 0))
	for range max(n, 0) {
		c <- struct{}{}
	}
	return c
}

func (c countdown) take() bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// strike answers the first n requests of method with what then gives.
func strike(method string, n int, then func(w http.ResponseWriter)) func(http.ResponseWriter, *http.Request, []byte) bool {
	left := newCountdown(n)
	return func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.Method != method || !left.take() {
			return false
		}
		then(w)
		return true
	}
}

// lose lets the first n requests of method be carried out and then answers
// what then gives instead.
func lose(method string, n int, then func(w http.ResponseWriter)) func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder) bool {
	left := newCountdown(n)
	return func(w http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) bool {
		if r.Method != method || !left.take() {
			return false
		}
		then(w)
		return true
	}
}

func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func refuseWith(status int, scimType, detail string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { answerError(w, status, scimType, detail) }
}

func TestS36_RejectedTokenEndsTheRead(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.before = strike(http.MethodGet, 99, refuseWith(401, "", "the token "+canary+" has expired"))
	got, err := target(t, f, nil).Read(t.Context())
	var credentials *providers.CredentialsError
	if got != nil || !errors.As(err, &credentials) || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v, %v", got, err)
	}
	if n := len(f.requests("")); n > 2 {
		t.Errorf("%d requests were sent, want at most one a list", n)
	}
}

func TestS48_TwoAccountsThatMatchAreNeverGuessedBetween(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.unique = false
	f.add("Users", map[string]any{"userName": "a", "externalId": "00u1"})
	f.add("Users", map[string]any{"userName": "b", "externalId": "00u1"})
	f.before = strike(http.MethodPost, 1, refuseWith(409, "uniqueness", "taken"))
	_, err := target(t, f, nil).Do(t.Context(), createAnn())
	if codeOf(err) != "ambiguous-match" || len(f.requests(http.MethodPatch)) > 0 {
		t.Errorf("got %v", err)
	}
}

func TestS49_ConflictIsAdoptedOnlyByOurExternalID(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		there  map[string]any
		code   schema.Code
		detail string
	}{
		"ours, found by externalId":        {map[string]any{"userName": "ann.old", "externalId": "00u1", "active": false}, "", ""},
		"somebody else's name":             {map[string]any{"userName": "Ann@acme.example", "externalId": "other"}, "conflict", `"Ann@acme.example" (id "u-001")`},
		"the name without externalId":      {map[string]any{"userName": "ann@acme.example"}, "conflict", `(id "u-001")`},
		"somebody else's e-mail":           {map[string]any{"userName": "x", "emails": []any{map[string]any{"value": "ANN@acme.example"}}}, "conflict", `"x" (id "u-001")`},
		"nobody that SCIM shows":           {nil, "conflict", "where SCIM does not show it"},
		"another account, another address": {map[string]any{"userName": "bo"}, "conflict", "where SCIM does not show it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				if test.there != nil {
					f.add("Users", test.there)
				}
				f.before = strike(http.MethodPost, 1, refuseWith(409, "uniqueness", "taken"))
				o, err := target(t, f, nil).Do(t.Context(), createAnn())
				if codeOf(err) != test.code || test.code != "" && !strings.Contains(err.Error(), test.detail) {
					t.Fatalf("got %v, want %s with %q", err, test.code, test.detail)
				}
				if test.code != "" {
					return
				}
				if u := f.get("Users", "u-001"); o.RemoteID != "u-001" || u["active"] != true || u["userName"] != "ann@acme.example" {
					t.Errorf("adopted %q as %v", o.RemoteID, u)
				}
			})
		})
	}
}

func TestS69_OneRejectedMemberKeepsNobodyElseOut(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(id string) (int, string){
		"404 without a name":       func(string) (int, string) { return 404, "member not found" },
		"400 without a name":       func(string) (int, string) { return 400, "" },
		"422 that names the value": func(id string) (int, string) { return 422, "no user " + id + " here" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := withGroup(30)
			f.before = func(w http.ResponseWriter, r *http.Request, body []byte) bool {
				if r.Method != http.MethodPatch || !strings.Contains(string(body), `"u-017"`) {
					return false
				}
				status, detail := refuse("u-017")
				answerError(w, status, "", detail)
				return true
			}
			o, err := target(t, f, nil).Do(t.Context(), memberChange(people(30), nil))
			if err != nil {
				t.Fatal(err)
			}
			if len(o.Rejected) != 1 || o.Rejected[0].Member.Name != "u016@acme.example" || !strings.Contains(o.Rejected[0].Detail, "status 4") {
				t.Errorf("rejected %+v", o.Rejected)
			}
			if got := memberIDs(f.get("Groups", "g")); len(got) != 29 || slices.Contains(got, "u-017") {
				t.Errorf("the group has %d members: %q", len(got), got)
			}
			if n := len(f.requests("")); n > 12 {
				t.Errorf("it took %d requests", n)
			}
		})
	}
}

func TestS69_NewGroupIsMadeWithoutTheRejectedMember(t *testing.T) {
	t.Parallel()
	f := newFake()
	addUsers(f, 5)
	f.before = func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if r.Method == http.MethodGet || !strings.Contains(string(body), `"u-003"`) {
			return false
		}
		answerError(w, 400, "invalidValue", "no such member")
		return true
	}
	o, err := target(t, f, nil).Do(t.Context(), createGroup(people(5)...))
	if err != nil || len(o.Rejected) != 1 {
		t.Fatalf("got %+v, %v", o, err)
	}
	want := []string{"u-001", "u-002", "u-004", "u-005"}
	if diff := cmp.Diff(memberIDs(f.get("Groups", o.RemoteID)), want); diff != "" || len(f.objects["Groups"]) != 1 {
		t.Errorf("%d groups, members (-got +want):\n%s", len(f.objects["Groups"]), diff)
	}
}

func TestS85_ServiceUnavailableOnPatchIsSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := withGroup(2)
		f.before = strike(http.MethodPatch, 2, refuseWith(503, "", "busy"))
		if _, err := target(t, f, nil).Do(t.Context(), memberChange(people(2), nil)); err != nil {
			t.Fatal(err)
		}
		if got := len(f.requests(http.MethodPatch)); got != 3 {
			t.Errorf("%d requests, want 3", got)
		}
	})
}

func TestS86_LostAnswerOfACreateIsLookedUpBeforeAnythingIsRepeated(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(http.ResponseWriter){
		"the connection breaks":   hangUp,
		"503 after the fact":      refuseWith(503, "", "busy"),
		"500 after the fact":      refuseWith(500, "", "oops"),
		"400 after the fact":      refuseWith(400, "", "hm"),
		"a page of HTML":          func(w http.ResponseWriter) { fmt.Fprint(w, "<html>hello") },
		"200 without an id":       func(w http.ResponseWriter) { answer(w, 200, map[string]any{}) },
		"201 in words":            func(w http.ResponseWriter) { w.WriteHeader(201); fmt.Fprint(w, "created") },
		"201 without a body":      func(w http.ResponseWriter) { w.WriteHeader(201) },
		"202, which is a promise": func(w http.ResponseWriter) { answer(w, 202, map[string]any{"id": "task-1"}) },
	} {
		for _, c := range []planner.Change{createAnn(), createGroup(people(3)...)} {
			if name == "400 after the fact" && c.Kind == planner.KindGroup {
				continue // without an externalId nothing tells it from another group of that name
			}
			t.Run(fmt.Sprintf("%s, %s", name, c.Kind), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					f := newFake()
					f.unique = false // a repeated request would make a second one
					addUsers(f, 3)
					f.after = lose(http.MethodPost, 1, then)
					o, err := target(t, f, nil).Do(t.Context(), c)
					if err != nil || o.RemoteID == "" {
						t.Fatalf("got %+v, %v", o, err)
					}
					if got := f.requests(http.MethodPost); len(got) != 1 {
						t.Errorf("it was sent %d times", len(got))
					}
				})
			})
		}
	}
}

func TestS86_CreateThatDidNotComeAboutIsRepeatedAfterTheSettleTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var posts []time.Duration
		began := time.Now()
		f.before = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			if r.Method != http.MethodPost {
				return false
			}
			if posts = append(posts, time.Since(began)); len(posts) == 1 {
				hangUp(w)
			}
			return false
		}
		o, err := target(t, f, nil).Do(t.Context(), createAnn())
		if err != nil || o.RemoteID == "" || len(f.objects["Users"]) != 1 {
			t.Fatalf("got %+v, %v, %d users", o, err, len(f.objects["Users"]))
		}
		if len(posts) != 2 || posts[1] < 5*time.Second {
			t.Errorf("sent at %v, want again only after the settle time of 5s", posts)
		}
	})
}

func TestS86_ReadsThatLagDoNotMakeASecondObject(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{200 * time.Millisecond, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.unique = false
			made := time.Time{}
			f.before = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
				if r.Method != http.MethodGet || time.Since(made) > lag {
					return false
				}
				answer(w, 200, listResponse(0, nil))
				return true
			}
			f.after = lose(http.MethodPost, 1, func(w http.ResponseWriter) { made = time.Now(); hangUp(w) })
			f.add("Users", map[string]any{"id": "u-001", "userName": "x"})
			o, err := target(t, f, nil).Do(t.Context(), createGroup())
			if err != nil || len(f.objects["Groups"]) != 1 {
				t.Errorf("lag %v: got %+v, %v, %d groups", lag, o, err, len(f.objects["Groups"]))
			}
		})
	}
}

func TestS87_EverySuccessIsASuccess(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 204} {
		f := withGroup(1)
		f.after = func(w http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) bool {
			if r.Method != http.MethodGet {
				w.WriteHeader(status)
			}
			return r.Method != http.MethodGet
		}
		x := target(t, f, nil)
		for _, c := range []planner.Change{
			memberChange(people(1), nil),
			{Kind: planner.KindUser, Action: planner.Deactivate, RemoteID: "u-001", After: []schema.Value{{Path: "active", Value: false}}},
			{Kind: planner.KindUser, Action: planner.Delete, RemoteID: "u-001"},
		} {
			if _, err := x.Do(t.Context(), c); err != nil {
				t.Errorf("%d: %v", status, err)
			}
		}
	}
}

func TestS88_WithoutPatchObjectsAreReadChangedAndWrittenWhole(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*scim.Config){
		"configured": func(c *scim.Config) {
			setting(c, "write", "user", "put")
			setting(c, "write", "group", "put")
		},
		"found out": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := withGroup(3, people(2)...)
			f.get("Groups", "g")["urn:x:Group"] = map[string]any{"keep": true}
			user := f.get("Users", "u-001")
			user["name"], user["x"] = map[string]any{"GivenName": "Ann", "middleName": "Q"}, json.Number("12345678901234567890")
			user["emails"] = []any{map[string]any{"type": "home", "value": "h"}, map[string]any{"type": "work", "value": "w", "display": "d"}}
			f.before = strike(http.MethodPatch, 99, refuseWith(501, "", "no PATCH here"))
			x := target(t, f, with)
			for _, c := range []planner.Change{
				memberChange(people(3)[2:], people(3)[:1]),
				{Kind: planner.KindUser, Action: planner.Update, RemoteID: "u-001", After: []schema.Value{
					{Path: "name.givenName", Value: "Anna"}, {Path: `emails[type eq "work"].value`, Value: "new"},
					{Path: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", Value: "Eng"}, {Path: "title", Value: nil},
				}},
			} {
				if _, err := x.Do(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			wantGroup := map[string]any{"id": "g", "displayName": "Eng", "urn:x:Group": map[string]any{"keep": true},
				"members": []any{map[string]any{"value": "u-002"}, map[string]any{"value": "u-003"}}}
			if diff := cmp.Diff(f.get("Groups", "g"), wantGroup); diff != "" {
				t.Errorf("group (-got +want):\n%s", diff)
			}
			wantUser := `"name":{"GivenName":"Anna","middleName":"Q"}`
			body := strings.Join(f.bodies(http.MethodPut), "\n")
			for _, want := range []string{wantUser, `"x":12345678901234567890`, `{"display":"d","type":"work","value":"new"}`, `{"type":"home","value":"h"}`, `"enterprise:2.0:User":{"department":"Eng"}`} {
				if !strings.Contains(body, strings.Replace(want, `"enterprise`, `"urn:ietf:params:scim:schemas:extension:enterprise`, 1)) {
					t.Errorf("the PUT lacks %s:\n%s", want, body)
				}
			}
		})
	}
}

func TestS89_AnErrorThatIsNoJSONShowsStatusAndText(t *testing.T) {
	t.Parallel()
	f := withGroup(1)
	f.before = strike(http.MethodPatch, 9, func(w http.ResponseWriter) {
		w.WriteHeader(500)
		fmt.Fprint(w, "<html><body><h1>Internal <b>Server</b> Error</h1></body></html>")
	})
	_, err := target(t, f, nil).Do(t.Context(), memberChange(people(1), nil))
	want := `update group "Eng": PATCH /Groups/g: status 500: Internal Server Error`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestS90_NothingFoundIsAnEmptyListOr404(t *testing.T) {
	t.Parallel()
	for name, empty := range map[string]func(http.ResponseWriter){
		"an empty list": func(w http.ResponseWriter) { answer(w, 200, listResponse(0, nil)) },
		"404":           refuseWith(404, "", "nobody"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				posts := 0
				f.before = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
					if r.Method == http.MethodPost {
						if posts++; posts == 1 {
							hangUp(w)
						}
						return false
					}
					empty(w)
					return true
				}
				o, err := target(t, f, func(c *scim.Config) { setting(c, "lookup", "trust_empty", true) }).Do(t.Context(), createAnn())
				if err != nil || o.RemoteID == "" || posts != 2 {
					t.Errorf("got %+v, %v after %d requests", o, err, posts)
				}
			})
		})
	}
}

// slowPost carries the first POST out and answers it too late.
type slowPost struct {
	next handlerTransport
	done atomic.Bool
}

func (s *slowPost) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := s.next.RoundTrip(r)
	if r.Method == http.MethodPost && !s.done.Swap(true) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return res, err
}

func TestS86_CreateThatTimesOutIsLookedUpBeforeAnythingIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.unique = false
		began := time.Now()
		x := target(t, f, func(c *scim.Config) {
			c.HTTP.Transport = &slowPost{next: handlerTransport{f}}
			c.Target.Timeouts.Write = 30 * time.Second
		})
		o, err := x.Do(t.Context(), createAnn())
		if err != nil || o.RemoteID != "u-001" || len(f.objects["Users"]) != 1 {
			t.Errorf("got %+v, %v, %d users", o, err, len(f.objects["Users"]))
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("took %v, want the time-out and no more", took)
		}
	})
}

func TestS91_DoingEverythingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"scim", "twingate", "aws", "put-only"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			x, _ := sandboxed(t, dialect)
			user := createAnn()
			user.After = append(user.After, value("name.familyName", "Ames"), value("name.givenName", "Ann"))
			if x.Capabilities().LockedMapping == nil {
				user.After = append(user.After, value("displayName", "Ann"))
			}
			var reads []*planner.Remote
			for range 2 {
				u, err := x.Do(t.Context(), user)
				if err != nil {
					t.Fatal(err)
				}
				g, err := x.Do(t.Context(), createGroup(planner.Member{Name: user.Name, RemoteID: u.RemoteID}))
				if err != nil {
					t.Fatal(err)
				}
				rename := planner.Change{Kind: planner.KindGroup, Action: planner.Update, RemoteID: g.RemoteID, After: []schema.Value{value("displayName", "R&D")},
					Members: planner.MemberChanges{Add: []planner.Member{{Name: user.Name, RemoteID: u.RemoteID}}}}
				if _, err := x.Do(t.Context(), rename); err != nil {
					t.Fatal(err)
				}
				r, err := x.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				r.Requests = 0
				reads = append(reads, r)
			}
			if diff := cmp.Diff(reads[1], reads[0]); diff != "" {
				t.Errorf("after the second time (-got +want):\n%s", diff)
			}
		})
	}
}

func TestCreateWhoseLookUpFailsTooIsOneLineOfError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.before = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			refuseWith(503, "", "down for "+r.Method)(w)
			return true
		}
		_, err := target(t, f, nil).Do(t.Context(), createAnn())
		if err == nil || strings.Contains(err.Error(), "\n") || codeOf(err) != "" ||
			!strings.Contains(err.Error(), "down for GET") || !strings.Contains(err.Error(), "down for POST") {
			t.Errorf("got %v", err)
		}
	})
}
