package forgetest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/forge/forgetest"
	"github.com/rollcall-dev/rollcall/providers/forge/github"
	"github.com/rollcall-dev/rollcall/providers/forge/gitlab"
	"github.com/rollcall-dev/rollcall/schema"
)

const (
	token  = "canary-forge-1b7e"
	marker = "<!-- rollcall:plan root=. "
	head   = "4c1f2a9d3b6e5f708192a3b4c5d6e7f801234567"
)

func body(text string) string { return marker + "-->\n" + text }

// stand is a service with a client of it. Nothing waits.
type stand struct {
	*forgetest.Service
	server *httptest.Server
	forge  providers.Forge
	keeper providers.Keeper
}

// instant is a clock on which every wait is over at once.
func instant() providers.Clock {
	var slept atomic.Int64
	began := time.Now()
	return providers.Clock{
		Now:    func() time.Time { return began.Add(time.Duration(slept.Load())) },
		Sleep:  func(ctx context.Context, d time.Duration) error { slept.Add(int64(d)); return ctx.Err() },
		Jitter: func(time.Duration) time.Duration { return 0 },
	}
}

func newStand(t *testing.T, kind string) *stand {
	t.Helper()
	s := &stand{Service: forgetest.New(token)}
	s.Push(head)
	s.server = s.Serve(kind)
	t.Cleanup(s.server.Close)
	s.open(t, kind, token)
	s.keeper = providers.Keeper{Board: s.forge.Comments(s.Number), Self: s.Self, Marker: marker, Clock: instant()}
	return s
}

// open makes the client anew, with a token.
func (s *stand) open(t *testing.T, kind, token string) {
	t.Helper()
	o := providers.ClientOptions{
		BaseURL: s.server.URL, MaxAttempts: 3, Clock: instant(),
		Token: schema.NewSecret(func() (string, error) { return token, nil }),
	}
	var err error
	if kind == "github" {
		s.forge, err = github.New(o, s.Repo)
	} else {
		o.BaseURL += "/api/v4"
		s.forge, err = gitlab.New(o, s.Repo)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// each runs a test against both forges, and fails for what neither knows.
func each(t *testing.T, test func(t *testing.T, s *stand)) {
	t.Helper()
	for _, kind := range []string{"github", "gitlab"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, kind)
			test(t, s)
			if _, _, _, foreign := s.Look(); len(foreign) > 0 {
				t.Errorf("requests that the forge does not know: %q", foreign)
			}
		})
	}
}

// put puts a body and wants an outcome.
func (s *stand) put(t *testing.T, text string, want providers.Posting) {
	t.Helper()
	got, _, err := s.keeper.Put(t.Context(), providers.Draft{Title: "title", Body: body(text)}, false)
	if err != nil || got != want {
		t.Fatalf("put %q: %q, %v; want %q", text, got, err, want)
	}
}

// wantBodies compares the comments.
func (s *stand) wantBodies(t *testing.T, want ...string) {
	t.Helper()
	comments, _, _, _ := s.Look()
	var got []string
	for _, c := range comments {
		got = append(got, c.Body)
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("comments (-got +want):\n%s", d)
	}
}

func TestOneCommentIsCreatedAndUpdatedInPlace(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		s.put(t, "one", providers.Posted)
		s.put(t, "two", providers.Reposted)
		s.put(t, "two", providers.Unchanged)
		s.wantBodies(t, body("two"))
	})
}

func TestTheCommentIsFoundOnWhateverPageItIs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		var many []forgetest.Post
		for i := range 25 {
			many = append(many, forgetest.Post{Author: "alice", Body: fmt.Sprint("remark ", i)})
		}
		s.Seed(append(many, forgetest.Post{Author: s.Self, Body: body("old")}, forgetest.Post{Author: "bob", Body: "thanks"}), nil)
		s.put(t, "new", providers.Reposted)
		comments, _, _, _ := s.Look()
		if len(comments) != 27 || comments[25].Body != body("new") {
			t.Errorf("%d comments, the one of ours is %q", len(comments), comments[25].Body)
		}
	})
}

func TestCommentsOfOthersAreNeverTouched(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		others := []forgetest.Post{
			{Author: "mallory", Body: body("all is well")},
			{Author: s.Self + "x", Body: body("all is well")},
			{Author: s.Self, Body: "> quoted\n" + body("further down")},
			{Author: s.Self, Body: "<!-- rollcall:plan root=./other -->\nanother root"},
		}
		s.Seed(others, nil)
		s.put(t, "one", providers.Posted)
		s.put(t, "two", providers.Reposted)
		s.wantBodies(t, others[0].Body, others[1].Body, others[2].Body, others[3].Body, body("two"))
	})
}

func TestDuplicatesOfARaceBecomeOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		s.Seed([]forgetest.Post{{Author: s.Self, Body: body("a")}, {Author: "bob", Body: "hm"}, {Author: s.Self, Body: body("b")}}, nil)
		s.put(t, "c", providers.Reposted)
		s.wantBodies(t, body("c"), "hm")
	})
}

// path is the end of the path of creates.
func path(s *stand) string {
	if _, ok := s.forge.(*github.Forge); ok {
		return "/comments"
	}
	return "/notes"
}

func TestAnAnswerThatIsLostMakesNoSecondComment(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]forgetest.Fault{
		"hung up":      {After: true},
		"bad gateway":  {After: true, Status: http.StatusBadGateway, Body: "<html>502</html>"},
		"html for 2xx": {After: true, Status: http.StatusCreated, Body: "<html>log in</html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, s *stand) {
				fault := fault // both forges have one of their own
				fault.Method, fault.Path = http.MethodPost, path(s)
				s.Inject(fault)
				s.put(t, "one", providers.Posted)
				s.wantBodies(t, body("one"))
			})
		})
	}
}

func TestACreateThatDidNotHappenIsRepeated(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]forgetest.Fault{
		"hung up":     {},
		"unavailable": {Status: http.StatusServiceUnavailable},
		"too many":    {Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, s *stand) {
				fault := fault // both forges have one of their own
				fault.Method, fault.Path = http.MethodPost, path(s)
				s.Inject(fault)
				s.put(t, "one", providers.Posted)
				s.wantBodies(t, body("one"))
			})
		})
	}
}

func TestSecondaryRateLimitOfGitHubIsWaitedOut(t *testing.T) {
	t.Parallel()
	s := newStand(t, "github")
	s.Inject(forgetest.Fault{
		Method: http.MethodPost, Path: "/comments", Status: http.StatusForbidden,
		Header: map[string]string{"Retry-After": "1"}, Body: `{"message":"You have exceeded a secondary rate limit"}`,
	})
	s.put(t, "one", providers.Posted)
	s.wantBodies(t, body("one"))
}

func TestACommentThatIsDeletedMeanwhileIsMadeAnew(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		s.Seed([]forgetest.Post{{ID: 5, Author: s.Self, Body: body("old")}}, nil)
		for _, method := range []string{http.MethodPatch, http.MethodPut} {
			s.Inject(forgetest.Fault{Method: method, Path: "/5", Status: http.StatusNotFound, Body: `{"message":"Not Found"}`})
		}
		s.put(t, "new", providers.Posted)
	})
}

func TestPostsAreOnlyUpdatedWhereNoneIsToBeMade(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		draft := providers.Draft{Body: body("nothing changes")}
		if got, _, err := s.keeper.Put(t.Context(), draft, true); err != nil || got != providers.NotPosted {
			t.Fatalf("%q, %v", got, err)
		}
		s.wantBodies(t)
		s.put(t, "one", providers.Posted)
		if got, _, err := s.keeper.Put(t.Context(), draft, true); err != nil || got != providers.Reposted {
			t.Fatalf("%q, %v", got, err)
		}
		s.wantBodies(t, draft.Body)
	})
}

func TestOneIssueIsOpenedUpdatedAndClosed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		closed := forgetest.Post{Author: s.Self, Title: "title", Body: body("last month"), Closed: true}
		s.Seed(nil, []forgetest.Post{closed, {Author: "mallory", Title: "spoof", Body: body("x")}, {Author: s.Self, Title: "a pull request", Body: "no marker"}})
		s.keeper.Board = s.forge.Issues()
		s.put(t, "one", providers.Posted)
		s.put(t, "two", providers.Reposted)
		for _, want := range []providers.Posting{providers.Retracted, providers.NotPosted} {
			if got, err := s.keeper.Drop(t.Context(), providers.Draft{Title: "none", Body: body("none")}); err != nil || got != want {
				t.Fatalf("drop: %q, %v; want %q", got, err, want)
			}
		}
		_, issues, _, _ := s.Look()
		want := forgetest.Post{ID: issues[3].ID, Author: s.Self, Title: "none", Body: body("none"), Closed: true}
		if d := cmp.Diff(issues[3], want); len(issues) != 4 || d != "" {
			t.Errorf("%d issues; the last (-got +want):\n%s", len(issues), d)
		}
	})
}

func TestStatusAndHeadAreThoseOfTheCommit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		number, err := s.forge.Find(t.Context(), providers.Head{Owner: "mallory", Branch: "patch-1", Commit: head})
		if err != nil || number != s.Number {
			t.Fatalf("find: %d, %v", number, err)
		}
		if _, err := s.forge.Find(t.Context(), providers.Head{Owner: "mallory", Branch: "patch-1", Commit: strings.Repeat("a", 40)}); err == nil {
			t.Error("a commit that is no head was found")
		}
		if got, err := s.forge.HeadOf(t.Context(), s.Number); err != nil || got != head {
			t.Errorf("head: got %s, %v, want %s", got, err, head)
		}
		for _, ok := range []bool{true, false} {
			if err := s.forge.SetStatus(t.Context(), head, providers.CommitStatus{Name: "rollcall/plan", OK: ok, Description: "d"}); err != nil {
				t.Fatal(err)
			}
		}
		_, _, statuses, _ := s.Look()
		bad := "failure"
		if _, isGitLab := s.forge.(*gitlab.Forge); isGitLab {
			bad = "failed"
		}
		want := []forgetest.Status{{head, "success", "rollcall/plan", "d"}, {head, bad, "rollcall/plan", "d"}}
		if d := cmp.Diff(statuses, want); d != "" {
			t.Errorf("statuses (-got +want):\n%s", d)
		}
	})
}

func TestRefusalsSayWhatAndNeverTheToken(t *testing.T) {
	t.Parallel()
	for status, text := range map[int]string{403: "Resource not accessible by integration", 404: "Not Found", 422: "Validation Failed", 500: "<html><b>oops " + token + "</b></html>"} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, s *stand) {
				for range 3 {
					s.Inject(forgetest.Fault{Method: http.MethodGet, Path: path(s), Status: status, Body: text})
				}
				_, _, err := s.keeper.Put(t.Context(), providers.Draft{Body: body("x")}, false)
				var e *providers.RequestError
				if !errors.As(err, &e) || e.Status != status {
					t.Fatalf("%v, want status %d", err, status)
				}
				if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "<b>") {
					t.Errorf("the error holds what it must not: %v", err)
				}
			})
		})
	}
}

func TestAnotherTokenIsRefused(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"github", "gitlab"} {
		s := newStand(t, kind)
		s.open(t, kind, "wrong-canary")
		_, err := s.forge.Self(t.Context())
		var e *providers.RequestError
		if !errors.As(err, &e) || e.Status != http.StatusUnauthorized || strings.Contains(err.Error(), "wrong-canary") {
			t.Errorf("%s: %v, want 401", kind, err)
		}
	}
}

func TestTheTokenFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		reached := make(chan string, 1)
		elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reached <- r.Header.Get("Authorization")
		}))
		defer elsewhere.Close()
		s.Inject(forgetest.Fault{Method: http.MethodGet, Path: path(s), Status: http.StatusTemporaryRedirect, Header: map[string]string{"Location": elsewhere.URL}})
		if _, _, err := s.keeper.Put(t.Context(), providers.Draft{Body: body("x")}, false); err == nil || !strings.Contains(err.Error(), "redirect") {
			t.Errorf("%v, want a word about the redirect", err)
		}
		select {
		case token := <-reached:
			t.Errorf("the redirect was followed, with %q", token)
		default:
		}
	})
}

func TestAnAuthorWhoIsSomebodyElseIsNoticed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		s.keeper.Self = "somebody"
		if _, _, err := s.keeper.Put(t.Context(), providers.Draft{Body: body("x")}, false); err == nil || !strings.Contains(err.Error(), "somebody") {
			t.Errorf("%v, want a word about the author", err)
		}
	})
}

func TestTwoRunsAtTheSameTimeLeaveOneComment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		done := make(chan error)
		for i := range 4 {
			go func() {
				k := s.keeper
				_, _, err := k.Put(t.Context(), providers.Draft{Body: body(fmt.Sprint("run ", i))}, false)
				done <- err
			}()
		}
		for range 4 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		s.put(t, "last", providers.Reposted)
		comments, _, _, _ := s.Look()
		if n := len(comments); n != 1 {
			t.Errorf("%d comments are left, want one", n)
		}
	})
}

func TestRepositoriesThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "acme", "acme/", "/x", "acme/a/b", "../x", "acme/..", "acme/a?b", "acme/a b"} {
		if _, err := github.New(providers.ClientOptions{BaseURL: github.DefaultAPI}, name); err == nil {
			t.Errorf("%q is taken for a repository", name)
		}
	}
	if _, err := gitlab.New(providers.ClientOptions{BaseURL: "http://gitlab.example/api/v4"}, "1"); err == nil {
		t.Error("plain http is taken")
	}
}
