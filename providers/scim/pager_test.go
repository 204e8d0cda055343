package scim_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

// lister answers the list of users as one service or another does. Groups are
// none, and there is no discovery.
type lister struct {
	mu      sync.Mutex
	queries []string
	page    func(l *lister, q url.Values) any
	// groups lists the same objects as groups; nil lists none.
	groups func(l *lister, q url.Values) any
	users  []map[string]any
	config any
}

func listing(n int, page func(*lister, url.Values) any) *lister {
	l := &lister{page: page}
	for i := range n {
		l.users = append(l.users, map[string]any{"id": fmt.Sprintf("%05d", i), "userName": fmt.Sprintf("u%d", i)})
	}
	return l
}

func (l *lister) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") && l.config != nil:
		answer(w, 200, l.config)
	case strings.HasSuffix(r.URL.Path, "/Users"):
		l.queries = append(l.queries, r.URL.RawQuery)
		body := l.page(l, r.URL.Query())
		if e, ok := body.(refusal); ok {
			answerError(w, e.status, e.scimType, e.detail)
			return
		}
		answer(w, 200, body)
	case strings.HasSuffix(r.URL.Path, "/Groups") && l.groups != nil:
		answer(w, 200, l.groups(l, r.URL.Query()))
	case strings.HasSuffix(r.URL.Path, "/Groups"):
		answer(w, 200, map[string]any{"totalResults": 0})
	default:
		answerError(w, 404, "", "not here")
	}
}

// slice is the page that q asks for, with at most n objects.
func (l *lister) slice(q url.Values, n int) []map[string]any {
	start, _ := strconv.Atoi(q.Get("startIndex"))
	want, err := strconv.Atoi(q.Get("count"))
	if err != nil {
		want = n
	}
	from := min(max(start-1, 0), len(l.users))
	return l.users[from:min(from+min(want, n), len(l.users))]
}

func honest(n int) func(*lister, url.Values) any {
	return func(l *lister, q url.Values) any { return listResponse(len(l.users), l.slice(q, n)) }
}

func serially(c *scim.Config) { setting(c, "page", "parallel", false) }

func setting(c *scim.Config, block, name string, value any) {
	c.Target.Settings = append(c.Target.Settings, schema.Setting{Block: block, Name: name, Value: value})
}

func TestS80_PagesAreReadUpToTheTotal(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*scim.Config){"one after the other": serially, "in parallel": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listing(250, honest(100))
			got, err := target(t, l, with).Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(l.queries)
			want := []string{"startIndex=1&count=100", "startIndex=101&count=100", "startIndex=201&count=100"}
			if diff := cmp.Diff(l.queries, want); diff != "" || len(got.Users) != 250 {
				t.Errorf("%d users, queries (-got +want):\n%s", len(got.Users), diff)
			}
		})
	}
}

func TestS81_ShortPagesAreAdvancedByWhatCame(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*scim.Config){"one after the other": serially, "in parallel": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listing(130, honest(37))
			got, err := target(t, l, with).Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(l.queries)
			want := []string{"startIndex=1&count=100", "startIndex=112&count=100", "startIndex=38&count=100", "startIndex=75&count=100"}
			if diff := cmp.Diff(l.queries, want); diff != "" || len(got.Users) != 130 {
				t.Errorf("%d users, queries (-got +want):\n%s", len(got.Users), diff)
			}
		})
	}
}

// Each row is a behaviour that a real service showed, in the order of the table.
func TestEveryListIsReadWholeHoweverItIsPaged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		n    int
		page func(*lister, url.Values) any
		with func(*scim.Config)
		// requests is how many the list may take at most.
		requests int
	}{
		"past the end comes the first page again": {200, func(l *lister, q url.Values) any {
			if start, _ := strconv.Atoi(q.Get("startIndex")); start > len(l.users) {
				q.Set("startIndex", "1")
			}
			return listResponse(len(l.users), l.slice(q, 100))
		}, nil, 3},
		"past the end comes the first page again, all in one page": {100, func(l *lister, q url.Values) any {
			if start, _ := strconv.Atoi(q.Get("startIndex")); start > len(l.users) {
				q.Set("startIndex", "1")
			}
			return listResponse(len(l.users), l.slice(q, 100))
		}, nil, 3},
		"totalResults is the size of the page": {305, func(l *lister, q url.Values) any {
			p := l.slice(q, 50)
			return listResponse(len(p), p)
		}, nil, 8},
		"totalResults is the size of the page, and all in one": {42, func(l *lister, q url.Values) any {
			p := l.slice(q, 50)
			return listResponse(len(p), p)
		}, nil, 2},
		"itemsPerPage repeats what was asked for": {250, func(l *lister, q url.Values) any {
			r := listResponse(len(l.users), l.slice(q, 20))
			r["itemsPerPage"] = q.Get("count")
			return r
		}, nil, 13},
		"a page in the middle is short": {250, func(l *lister, q url.Values) any {
			n := 100
			if q.Get("startIndex") == "101" {
				n = 7
			}
			return listResponse(len(l.users), l.slice(q, n))
		}, nil, 6},
		"Resources is absent when nothing is there": {0, func(*lister, url.Values) any { return map[string]any{"totalResults": 0} }, nil, 1},
		"Resources is null when nothing is there": {0, func(*lister, url.Values) any {
			return map[string]any{"totalResults": "0", "Resources": nil}
		}, nil, 1},
		"totalResults is missing": {150, func(l *lister, q url.Values) any {
			r := listResponse(0, l.slice(q, 100))
			delete(r, "totalResults")
			return r
		}, nil, 3},
		"totalResults is text": {150, func(l *lister, q url.Values) any {
			r := listResponse(0, l.slice(q, 100))
			r["totalResults"] = "150"
			return r
		}, nil, 2},
		"names are in another case": {150, func(l *lister, q url.Values) any {
			return map[string]any{"TotalResults": 150, "resources": l.slice(q, 100)}
		}, nil, 2},
		"a count above the maximum is refused": {150, func(l *lister, q url.Values) any {
			if n, _ := strconv.Atoi(q.Get("count")); n > 100 {
				return refusal{422, "", "count must be at most 100"}
			}
			return listResponse(len(l.users), l.slice(q, 100))
		}, nil, 2},
		"pages of 10 unless asked": {42, func(l *lister, q url.Values) any {
			if !q.Has("count") {
				return listResponse(len(l.users), l.slice(q, 10))
			}
			return listResponse(len(l.users), l.slice(q, 100))
		}, nil, 2},
		"there are no pages": {300, func(l *lister, _ url.Values) any { return listResponse(len(l.users), l.users) },
			func(c *scim.Config) { setting(c, "page", "method", "none") }, 1},
		"a few in one page whatever was asked for":      {10, func(l *lister, _ url.Values) any { return listResponse(len(l.users), l.users) }, nil, 3},
		"everything in one page whatever was asked for": {307, func(l *lister, _ url.Values) any { return listResponse(len(l.users), l.users) }, nil, 3},
		"by cursor alone, pages short in the middle": {250, byCursor(33),
			func(c *scim.Config) { setting(c, "page", "method", "cursor") }, 9},
		"by cursor alone, which discovery tells": {250, byCursor(100), nil, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listing(test.n, test.page)
			if strings.Contains(name, "discovery tells") {
				l.config = map[string]any{"patch": map[string]any{"supported": true}, "pagination": map[string]any{"cursor": true, "index": false}}
			}
			got, err := target(t, l, test.with).Read(t.Context())
			if err != nil {
				t.Fatalf("%v, after %q", err, l.queries)
			}
			if len(got.Users) != test.n || !got.Complete || got.Unstable {
				t.Errorf("%d users, complete %v, unstable %v; want %d", len(got.Users), got.Complete, got.Unstable, test.n)
			}
			if len(l.queries) > test.requests {
				t.Errorf("%d requests, want at most %d: %q", len(l.queries), test.requests, l.queries)
			}
		})
	}
}

// byCursor pages as AWS does: without a cursor the first hundred are all that
// is shown, and the total is the page's.
func byCursor(n int) func(*lister, url.Values) any {
	return func(l *lister, q url.Values) any {
		if !q.Has("cursor") {
			p := l.users[:min(100, len(l.users))]
			return listResponse(len(p), p)
		}
		from, _ := strconv.Atoi(strings.TrimPrefix(q.Get("cursor"), "c+/="))
		to := min(from+n, len(l.users))
		r := listResponse(to-from, l.users[from:to])
		if to < len(l.users) {
			r["nextCursor"] = "c+/=" + strconv.Itoa(to)
		}
		return r
	}
}

func TestListThatCannotBeProvenWholeIsAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		n    int
		page func(*lister, url.Values) any
		with func(*scim.Config)
		want string
	}{
		"the total counts duplicates of one list": {136, func(l *lister, q url.Values) any {
			for i := range l.users {
				l.users[i] = l.users[i%67]
			}
			return listResponse(len(l.users), l.slice(q, 1000))
		}, nil, "says that there are 136, and showed 67"},
		"the list is cut at 50": {120, func(l *lister, q url.Values) any {
			l.users = l.users[:50]
			return listResponse(120, l.slice(q, 100))
		}, nil, "says that there are 120, and showed 50"},
		"startIndex is ignored and the total is the page's": {300, func(l *lister, _ url.Values) any {
			return listResponse(100, l.users[:100])
		}, nil, "the same 100 whatever page"},
		"startIndex is ignored and the total is true": {300, func(l *lister, _ url.Values) any {
			return listResponse(300, l.users[:100])
		}, nil, "says that there are 300, and showed 100"},
		"the same id with different content": {150, func(l *lister, q url.Values) any {
			if q.Get("startIndex") != "1" {
				return listResponse(150, append([]map[string]any{{"id": "00003", "userName": "somebody else"}}, l.slice(q, 100)...))
			}
			return listResponse(150, l.slice(q, 100))
		}, nil, `"00003" came twice with different content`},
		"an object without an id": {3, func(l *lister, q url.Values) any {
			delete(l.users[1], "id")
			return listResponse(3, l.slice(q, 100))
		}, nil, "without an id"},
		"an empty object instead of a list": {0, func(*lister, url.Values) any { return map[string]any{} }, nil, "no SCIM ListResponse"},
		"an error with status 200": {0, func(*lister, url.Values) any {
			return map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": "500", "detail": "oops"}
		}, nil, "no SCIM ListResponse"},
		"Resources is no list": {0, func(*lister, url.Values) any { return map[string]any{"totalResults": 1, "Resources": "x"} }, nil, "no SCIM ListResponse"},
		"the same cursor again and again": {10, func(l *lister, _ url.Values) any {
			r := listResponse(10, nil)
			r["nextCursor"] = "x"
			return r
		}, func(c *scim.Config) { setting(c, "page", "method", "cursor") }, "same cursor twice"},
		"cursors that expire again and again": {10, func(l *lister, q url.Values) any {
			if q.Get("cursor") != "" {
				return refusal{400, "expiredCursor", "too late"}
			}
			r := listResponse(10, l.users[:5])
			r["nextCursor"] = "x"
			return r
		}, func(c *scim.Config) { setting(c, "page", "method", "cursor") }, "expiredCursor"},
		"active is neither true nor false": {1, func(*lister, url.Values) any {
			return listResponse(1, []map[string]any{{"id": "1", "active": map[string]any{}}})
		}, nil, "active is no boolean"},
		"no pages, and a part of the list": {300, func(l *lister, _ url.Values) any { return listResponse(300, l.users[:200]) },
			func(c *scim.Config) { setting(c, "page", "method", "none") }, "says that there are 300, and showed 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := target(t, listing(test.n, test.page), test.with).Read(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error with %q", err, test.want)
			}
			if got != nil {
				t.Errorf("a part was returned: %d users", len(got.Users))
			}
		})
	}
}

func TestIncompleteReadIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	l := listing(10, func(l *lister, q url.Values) any { return listResponse(20, l.slice(q, 100)) })
	_, err := target(t, l, nil).Read(t.Context())
	var incomplete *providers.IncompleteReadError
	if !errors.As(err, &incomplete) {
		t.Errorf("got %v", err)
	}
}

func TestExpiredCursorIsStartedOverOnce(t *testing.T) {
	t.Parallel()
	expired := false
	l := listing(250, func(l *lister, q url.Values) any {
		if strings.HasSuffix(q.Get("cursor"), "=200") && !expired {
			expired = true
			return refusal{400, "expiredCursor", "too late"}
		}
		return byCursor(100)(l, q)
	})
	got, err := target(t, l, func(c *scim.Config) { setting(c, "page", "method", "cursor") }).Read(t.Context())
	if err != nil || len(got.Users) != 250 {
		t.Fatalf("got %v, %v", got, err)
	}
	want := []string{"cursor&count=100", "cursor=c%2B%2F%3D100&count=100", "cursor=c%2B%2F%3D200&count=100",
		"cursor&count=100", "cursor=c%2B%2F%3D100&count=100", "cursor=c%2B%2F%3D200&count=100"}
	if diff := cmp.Diff(l.queries, want); diff != "" {
		t.Errorf("queries (-got +want):\n%s", diff)
	}
}

// overlapping shows the last object of a page again as the first of the next,
// during the first times readings.
func overlapping(times int) func(*lister, url.Values) any {
	return func(l *lister, q url.Values) any {
		if q.Get("startIndex") == "1" {
			times--
		} else if start, _ := strconv.Atoi(q.Get("startIndex")); times >= 0 {
			q.Set("startIndex", strconv.Itoa(start-1))
		}
		return listResponse(len(l.users), l.slice(q, 100))
	}
}

func TestOverlapIsReadOnceMore(t *testing.T) {
	t.Parallel()
	got, err := target(t, listing(250, overlapping(1)), serially).Read(t.Context())
	if err != nil || len(got.Users) != 250 || got.Unstable {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOverlapThatStaysMakesTheReadUnstable(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*scim.Config){"one after the other": serially, "in parallel": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := target(t, listing(250, overlapping(99)), with).Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Users) != 250 || !got.Unstable || !got.Complete {
				t.Errorf("%d users, unstable %v, complete %v", len(got.Users), got.Unstable, got.Complete)
			}
		})
	}
}

func TestOverlapOfGroupsAloneMakesTheReadUnstable(t *testing.T) {
	t.Parallel()
	l := listing(250, func(l *lister, q url.Values) any { return listResponse(len(l.users), l.slice(q, 100)) })
	l.groups = overlapping(99)
	got, err := target(t, l, serially).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Groups) != 250 || !got.Unstable || !got.Complete {
		t.Errorf("%d groups, unstable %v, complete %v", len(got.Groups), got.Unstable, got.Complete)
	}
}
