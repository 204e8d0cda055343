// Package forgetest stands in for the forges in tests: GitHub and GitLab, as
// far as rollcall speaks to them, with their pages, their refusals and faults.
// It shares no code with the clients, because a shared mistake would cancel
// out, and takes no request that it does not know. Start at New.
package forgetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Post is a comment or an issue as the service keeps it.
type Post struct {
	ID                  int64
	Author, Title, Body string
	Closed              bool
}

// Status is the status of a commit.
type Status struct{ Commit, State, Name, Description string }

// Fault makes one request fail. It is used up by the first that fits.
type Fault struct {
	// Method and Path choose the request: the first path that ends so.
	Method, Path string
	// Status and Body are answered, with Header; zero hangs up instead.
	Status int
	Body   string
	Header map[string]string
	// After answers so only once the request was carried out.
	After bool
}

// Service is one repository at one forge. Its fields may be set before it is
// used; [Service.Look] reads them afterwards.
type Service struct {
	// Token is the only one that is taken, Self the name that it writes under.
	Token, Self string
	// Repo is OWNER/NAME, or the number of the project.
	Repo string
	// Number is the pull request.
	Number int
	// PageSize is how many posts a page holds at most.
	PageSize int

	mu sync.Mutex
	// head is the commit of the pull request, merge the one that its merge made:
	// empty while it is open.
	head, merge string
	comments    []Post
	issues      []Post
	statuses    []Status
	faults      []Fault
	requests    []string
	next        int64
	// foreign counts requests that no client of ours should send.
	foreign []string
}

// New returns a service with the canary of the tests as its token.
func New(token string) *Service {
	return &Service{Token: token, Self: "rollcall-bot", Repo: "acme/access", Number: 7, PageSize: 2, next: 100}
}

// Push gives the pull request another commit.
func (s *Service) Push(commit string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = commit
}

// Merge merges the pull request, with a commit as the result.
func (s *Service) Merge(commit string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.merge = commit
}

// Head is the commit of the pull request.
func (s *Service) Head() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

// merged is the commit that the merge made, if there was one.
func (s *Service) merged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.merge
}

// Seed adds posts as they are; ids are given to those without.
func (s *Service) Seed(comments, issues []Post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range comments {
		s.add(&s.comments, p)
	}
	for _, p := range issues {
		s.add(&s.issues, p)
	}
}

// Inject adds a fault.
func (s *Service) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// Look returns what the service holds: comments, issues and statuses, and what
// it was asked that it does not know.
func (s *Service) Look() (comments, issues []Post, statuses []Status, foreign []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.comments), slices.Clone(s.issues), slices.Clone(s.statuses), slices.Clone(s.foreign)
}

// Requests returns the method and path of every request so far.
func (s *Service) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Serve starts the service with the API of kind, "github" or "gitlab", on
// loopback. The address is that of the API.
func (s *Service) Serve(kind string) *httptest.Server {
	mux := http.NewServeMux()
	if kind == "github" {
		s.github(mux)
	} else {
		s.gitlab(mux)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.foreign = append(s.foreign, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
	})
	return httptest.NewServer(s.faulty(mux))
}

// faulty checks the token, then answers with a fault where one is due.
func (s *Service) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		i := slices.IndexFunc(s.faults, func(f Fault) bool { return f.Method == r.Method && strings.HasSuffix(r.URL.Path, f.Path) })
		var f Fault
		if i >= 0 {
			f = s.faults[i]
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		s.mu.Unlock()
		switch {
		case r.Header.Get("Authorization") != "Bearer "+s.Token:
			answer(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
		case i < 0:
			next.ServeHTTP(w, r)
		default:
			if f.After {
				next.ServeHTTP(httptest.NewRecorder(), r)
			}
			f.answer(w)
		}
	})
}

func (f Fault) answer(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(f.Status)
	fmt.Fprint(w, f.Body)
}

// add gives p an id and appends it. The caller holds the lock.
func (s *Service) add(list *[]Post, p Post) Post {
	if p.ID == 0 {
		s.next++
		p.ID = s.next
	}
	*list = append(*list, p)
	return p
}

// find returns the post with the id in the path, or answers 404. The caller
// holds the lock.
func (s *Service) find(w http.ResponseWriter, r *http.Request, list []Post) *Post {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	i := slices.IndexFunc(list, func(p Post) bool { return p.ID == id })
	if i < 0 {
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
		return nil
	}
	return &list[i]
}

// page returns the page of list that r asks for, and the number of the next or zero.
func (s *Service) page(r *http.Request, list []Post) (page []Post, next int) {
	at, _ := strconv.Atoi(r.URL.Query().Get("page"))
	at = max(at, 1)
	from := min((at-1)*s.PageSize, len(list))
	to := min(from+s.PageSize, len(list))
	if to < len(list) {
		next = at + 1
	}
	return list[from:to], next
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"message": "Problems parsing JSON"})
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// mapped maps a list through f; nothing is [].
func mapped[T any](list []T, f func(T) any) []any {
	out := make([]any, len(list))
	for i := range list {
		out[i] = f(list[i])
	}
	return out
}
