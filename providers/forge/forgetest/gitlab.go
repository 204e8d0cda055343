package forgetest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// gitlab adds GitLab's endpoints to mux.
func (s *Service) gitlab(mux *http.ServeMux) {
	project := "/api/v4/projects/" + url.PathEscape(s.Repo)
	notes := fmt.Sprintf("%s/merge_requests/%d/notes", project, s.Number)
	mux.HandleFunc("GET /api/v4/user", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{"id": 42, "username": s.Self})
	})
	mux.HandleFunc("GET "+project+"/repository/commits/{sha}/merge_requests", func(w http.ResponseWriter, r *http.Request) {
		if merge := s.merged(); merge != "" && r.PathValue("sha") == merge {
			answer(w, http.StatusOK, []any{
				object{"iid": s.Number - 1, "state": "merged", "sha": s.Head(), "merge_commit_sha": "0000000000000000000000000000000000000000"},
				object{"iid": s.Number, "state": "merged", "sha": s.Head(), "squash_commit_sha": "1111111111111111111111111111111111111111", "merge_commit_sha": merge},
			})
			return
		}
		answer(w, http.StatusOK, []any{
			object{"iid": s.Number - 1, "state": "merged", "sha": r.PathValue("sha"), "merge_commit_sha": "0000000000000000000000000000000000000000"},
			object{"iid": s.Number, "state": "opened", "sha": s.Head()},
		})
	})
	mux.HandleFunc(fmt.Sprintf("GET %s/merge_requests/%d", project, s.Number), func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, object{"iid": s.Number, "state": "opened", "sha": s.Head()})
	})
	mux.HandleFunc("GET "+notes, func(w http.ResponseWriter, r *http.Request) { s.gitlabList(w, r, &s.comments, gitlabNote) })
	mux.HandleFunc("POST "+notes, func(w http.ResponseWriter, r *http.Request) { s.gitlabCreate(w, r, &s.comments, gitlabNote) })
	mux.HandleFunc("PUT "+notes+"/{id}", func(w http.ResponseWriter, r *http.Request) { s.gitlabEdit(w, r, s.comments, gitlabNote) })
	mux.HandleFunc("DELETE "+notes+"/{id}", func(w http.ResponseWriter, r *http.Request) { s.remove(w, r, &s.comments) })
	mux.HandleFunc("GET "+project+"/issues", func(w http.ResponseWriter, r *http.Request) { s.gitlabList(w, r, &s.issues, s.gitlabIssue) })
	mux.HandleFunc("POST "+project+"/issues", func(w http.ResponseWriter, r *http.Request) { s.gitlabCreate(w, r, &s.issues, s.gitlabIssue) })
	mux.HandleFunc("PUT "+project+"/issues/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.gitlabEdit(w, r, s.issues, s.gitlabIssue)
	})
	mux.HandleFunc("POST "+project+"/statuses/{sha}", s.gitlabStatus)
}

func gitlabNote(p Post) any {
	return object{"id": p.ID, "body": p.Body, "author": object{"username": p.Author}, "system": p.Title == "a system note"}
}

func (s *Service) gitlabIssue(p Post) any {
	state := "opened"
	if p.Closed {
		state = "closed"
	}
	return object{
		"id": 1_000_000 + p.ID, "iid": p.ID, "title": p.Title, "description": p.Body, "state": state,
		"author": object{"username": p.Author}, "web_url": fmt.Sprintf("https://gitlab.example/%s/-/issues/%d", s.Repo, p.ID),
	}
}

func (s *Service) gitlabList(w http.ResponseWriter, r *http.Request, list *[]Post, form func(Post) any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := *list
	if r.URL.Query().Get("state") == "opened" {
		all = slices.DeleteFunc(slices.Clone(all), func(p Post) bool { return p.Closed })
	}
	page, next := s.page(r, all)
	w.Header().Set("X-Next-Page", "")
	if next > 0 {
		w.Header().Set("X-Next-Page", strconv.Itoa(next))
	}
	answer(w, http.StatusOK, mapped(page, form))
}

// gitlabDraft is what a client sends of a note or an issue.
type gitlabDraft struct {
	Title, Body, Description *string
	StateEvent               *string `json:"state_event"`
}

// text is the words of d: notes have a body, issues a description.
func (d *gitlabDraft) text() *string {
	if d.Body != nil {
		return d.Body
	}
	return d.Description
}

func (s *Service) gitlabCreate(w http.ResponseWriter, r *http.Request, list *[]Post, form func(Post) any) {
	var d gitlabDraft
	if !decode(w, r, &d) {
		return
	}
	if text := d.text(); text == nil || *text == "" {
		answer(w, http.StatusBadRequest, object{"error": "body is missing"})
		return
	}
	p := Post{Author: s.Self, Body: *d.text()}
	if d.Title != nil {
		p.Title = *d.Title
	}
	s.mu.Lock()
	p = s.add(list, p)
	s.mu.Unlock()
	answer(w, http.StatusCreated, form(p))
}

func (s *Service) gitlabEdit(w http.ResponseWriter, r *http.Request, list []Post, form func(Post) any) {
	var d gitlabDraft
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
		answer(w, http.StatusForbidden, object{"message": "403 Forbidden"})
		return
	}
	if text := d.text(); text != nil {
		p.Body = *text
	}
	if d.Title != nil {
		p.Title = *d.Title
	}
	if d.StateEvent != nil {
		p.Closed = *d.StateEvent == "close"
	}
	answer(w, http.StatusOK, form(*p))
}

func (s *Service) gitlabStatus(w http.ResponseWriter, r *http.Request) {
	var d struct{ State, Name, Description string }
	if !decode(w, r, &d) {
		return
	}
	if !slices.Contains([]string{"pending", "running", "success", "failed", "canceled", "skipped"}, d.State) {
		answer(w, http.StatusBadRequest, object{"error": "state does not have a valid value"})
		return
	}
	s.mu.Lock()
	s.statuses = append(s.statuses, Status{r.PathValue("sha"), d.State, d.Name, d.Description})
	s.mu.Unlock()
	answer(w, http.StatusCreated, object{"status": d.State})
}
