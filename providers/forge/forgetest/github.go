package forgetest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxGitHub is how long the body of a comment may be.
const maxGitHub = 65536

type object = map[string]any

// github adds GitHub's endpoints to mux.
func (s *Service) github(mux *http.ServeMux) {
	repo := "/repos/" + s.Repo
	number := fmt.Sprintf("%s/issues/%d/comments", repo, s.Number)
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{"data": object{"viewer": object{"login": s.Self}}})
	})
	mux.HandleFunc("GET "+repo+"/pulls", s.githubPulls)
	mux.HandleFunc(fmt.Sprintf("GET %s/pulls/%d", repo, s.Number), func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{"number": s.Number, "state": "open", "head": object{"sha": s.Head()}})
	})
	mux.HandleFunc("GET "+repo+"/commits/{sha}/pulls", s.githubMerged)
	mux.HandleFunc("GET "+number, func(w http.ResponseWriter, r *http.Request) { s.githubList(w, r, &s.comments, s.githubComment) })
	mux.HandleFunc("POST "+number, func(w http.ResponseWriter, r *http.Request) { s.githubCreate(w, r, &s.comments, s.githubComment) })
	mux.HandleFunc("PATCH "+repo+"/issues/comments/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.githubEdit(w, r, s.comments, s.githubComment)
	})
	mux.HandleFunc("DELETE "+repo+"/issues/comments/{id}", func(w http.ResponseWriter, r *http.Request) { s.remove(w, r, &s.comments) })
	mux.HandleFunc("GET "+repo+"/issues", func(w http.ResponseWriter, r *http.Request) { s.githubList(w, r, &s.issues, s.githubIssue) })
	mux.HandleFunc("POST "+repo+"/issues", func(w http.ResponseWriter, r *http.Request) { s.githubCreate(w, r, &s.issues, s.githubIssue) })
	mux.HandleFunc("PATCH "+repo+"/issues/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.githubEdit(w, r, s.issues, s.githubIssue)
	})
	mux.HandleFunc("POST "+repo+"/statuses/{sha}", s.githubStatus)
}

func (s *Service) githubComment(p Post) any {
	return object{"id": p.ID, "body": p.Body, "user": object{"login": p.Author}, "html_url": fmt.Sprintf("https://github.example/%s/pull/%d#issuecomment-%d", s.Repo, s.Number, p.ID)}
}

func (s *Service) githubIssue(p Post) any {
	state := "open"
	if p.Closed {
		state = "closed"
	}
	o := object{"id": 1_000_000 + p.ID, "number": p.ID, "title": p.Title, "body": p.Body, "state": state, "user": object{"login": p.Author}}
	if p.Title == "a pull request" {
		o["pull_request"] = object{"url": "https://github.example"}
	}
	return o
}

func (s *Service) githubPulls(w http.ResponseWriter, r *http.Request) {
	all := []any{}
	if r.URL.Query().Get("head") == "mallory:patch-1" && r.URL.Query().Get("state") == "open" {
		all = append(all, object{"number": s.Number - 1, "head": object{"sha": "0000000000000000000000000000000000000000"}},
			object{"number": s.Number, "head": object{"sha": s.Head()}})
	}
	answer(w, http.StatusOK, all)
}

// githubMerged answers with the pull requests that a commit is in. One of them
// was merged with another commit as the result, and one is closed.
func (s *Service) githubMerged(w http.ResponseWriter, r *http.Request) {
	all := []any{
		object{"number": s.Number - 1, "state": "closed", "merged_at": "2026-01-01T00:00:00Z", "merge_commit_sha": "0000000000000000000000000000000000000000"},
		object{"number": s.Number - 2, "state": "closed", "merge_commit_sha": r.PathValue("sha")},
	}
	if merge := s.merged(); merge != "" && r.PathValue("sha") == merge {
		all = append(all, object{"number": s.Number, "state": "closed", "merged_at": "2026-01-02T00:00:00Z", "merge_commit_sha": merge})
	}
	answer(w, http.StatusOK, all)
}

// githubList answers a page, with the next in Link as GitHub does (RFC 8288).
func (s *Service) githubList(w http.ResponseWriter, r *http.Request, list *[]Post, form func(Post) any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := *list
	if r.URL.Query().Get("state") == "open" {
		all = slices.DeleteFunc(slices.Clone(all), func(p Post) bool { return p.Closed })
	}
	page, next := s.page(r, all)
	if next > 0 {
		u := *r.URL
		q := u.Query()
		q.Set("page", strconv.Itoa(next))
		u.RawQuery = q.Encode()
		w.Header().Set("Link", fmt.Sprintf("<http://%s%s>; rel=\"next\"", r.Host, u.RequestURI()))
	}
	answer(w, http.StatusOK, mapped(page, form))
}

// githubDraft is what a client sends of a post.
type githubDraft struct {
	Title, Body, State *string
}

func (s *Service) githubCreate(w http.ResponseWriter, r *http.Request, list *[]Post, form func(Post) any) {
	var d githubDraft
	if !decode(w, r, &d) {
		return
	}
	if d.Body == nil || strings.TrimSpace(*d.Body) == "" || len(*d.Body) > maxGitHub {
		answer(w, http.StatusUnprocessableEntity, object{"message": "Validation Failed", "errors": []any{object{"message": "Body is too long (maximum is 65536 characters)"}}})
		return
	}
	p := Post{Author: s.Self, Body: *d.Body}
	if d.Title != nil {
		p.Title = *d.Title
	}
	s.mu.Lock()
	p = s.add(list, p)
	s.mu.Unlock()
	answer(w, http.StatusCreated, form(p))
}

func (s *Service) githubEdit(w http.ResponseWriter, r *http.Request, list []Post, form func(Post) any) {
	var d githubDraft
	if !decode(w, r, &d) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(w, r, list)
	if p == nil {
		return
	}
	if p.Author != s.Self {
		answer(w, http.StatusForbidden, object{"message": "Resource not accessible by integration"})
		return
	}
	if d.Body != nil {
		p.Body = *d.Body
	}
	if d.Title != nil {
		p.Title = *d.Title
	}
	if d.State != nil {
		p.Closed = *d.State == "closed"
	}
	answer(w, http.StatusOK, form(*p))
}

// remove deletes a post, at either forge.
func (s *Service) remove(w http.ResponseWriter, r *http.Request, list *[]Post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.find(w, r, *list); p != nil {
		id := p.ID
		*list = slices.DeleteFunc(*list, func(p Post) bool { return p.ID == id })
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Service) githubStatus(w http.ResponseWriter, r *http.Request) {
	var d struct{ State, Context, Description string }
	if !decode(w, r, &d) {
		return
	}
	if !slices.Contains([]string{"error", "failure", "pending", "success"}, d.State) || len([]rune(d.Description)) > 140 {
		answer(w, http.StatusUnprocessableEntity, object{"message": "Validation Failed"})
		return
	}
	s.mu.Lock()
	s.statuses = append(s.statuses, Status{r.PathValue("sha"), d.State, d.Context, d.Description})
	s.mu.Unlock()
	answer(w, http.StatusCreated, object{"state": d.State})
}
