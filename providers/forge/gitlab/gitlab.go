// Package gitlab posts on merge requests and issues of GitLab, at gitlab.com or
// anywhere else. It speaks through GitLab's own client, whose requests
// providers.Client sends: to one host, with its retries and limits. It refuses
// posts by anybody but the credential's own name: see Forge.Self. Start at New.
package gitlab

import (
	"context"
	"errors"
	"fmt"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
	"golang.org/x/time/rate"

	"github.com/rollcall-dev/rollcall/providers"
)

// DefaultAPI is the address of the API of gitlab.com.
const DefaultAPI = "https://gitlab.com/api/v4"

// perPage is the largest page that GitLab gives.
const perPage = 100

// Forge is one project of GitLab. It is safe for concurrent use.
type Forge struct {
	client  *gitlab.Client
	project string
}

// New returns the project with the id or the path GROUP/NAME at the API that
// opts.BaseURL names. It opens no connection.
func New(opts providers.ClientOptions, project string) (*Forge, error) {
	if project == "" {
		return nil, errors.New("a project of GitLab is its number, or its path GROUP/NAME")
	}
	opts.ContentType = "application/json"
	sender, err := providers.NewClient(opts)
	if err != nil {
		return nil, err
	}
	client, err := gitlab.NewAuthSourceClient(gitlab.Unauthenticated{}, gitlab.WithBaseURL(sender.BaseURL()),
		gitlab.WithHTTPClient(sender.HTTPClient()), gitlab.WithoutRetries(), gitlab.WithUserAgent("rollcall"),
		gitlab.WithCustomLimiter(rate.NewLimiter(rate.Inf, 1)))
	if err != nil {
		return nil, err
	}
	return &Forge{client: client, project: project}, nil
}

// Self returns the user name that the credential writes under.
func (f *Forge) Self(ctx context.Context) (string, error) {
	user, _, err := f.client.Users.CurrentUser(gitlab.WithContext(ctx))
	if err != nil {
		return "", fmt.Errorf("ask GitLab who the token is: %w", providers.LibraryCause(err))
	}
	return user.Username, nil
}

// Comments are the notes of a merge request.
func (f *Forge) Comments(number int) providers.Board { return notes{f, int64(number)} }

// Issues are the open ones of the project.
func (f *Forge) Issues() providers.Board { return issues{f} }

// Find looks for the open merge request whose head is the commit of h.
func (f *Forge) Find(ctx context.Context, h providers.Head) (int, error) {
	all, _, err := f.client.Commits.ListMergeRequestsByCommit(f.project, h.Commit, gitlab.WithContext(ctx))
	if err != nil {
		return 0, fmt.Errorf("look for the merge request: %w", providers.LibraryCause(err))
	}
	for _, merge := range all {
		if merge.State == "opened" && merge.SHA == h.Commit {
			return int(merge.IID), nil
		}
	}
	return 0, fmt.Errorf("no open merge request has the commit %.10s as its head: it was merged, closed, or pushed to since", h.Commit)
}

// HeadOf asks for the commit at the end of the merge request's branch.
func (f *Forge) HeadOf(ctx context.Context, number int) (string, error) {
	merge, _, err := f.client.MergeRequests.GetMergeRequest(f.project, int64(number), nil, gitlab.WithContext(ctx))
	if err != nil {
		return "", fmt.Errorf("ask for the head of merge request %d: %w", number, providers.LibraryCause(err))
	}
	return merge.SHA, nil
}

// SetStatus sets the status of the name on the commit.
func (f *Forge) SetStatus(ctx context.Context, commit string, s providers.CommitStatus) error {
	state := gitlab.Failed
	if s.OK {
		state = gitlab.Success
	}
	_, _, err := f.client.Commits.SetCommitStatus(f.project, commit, &gitlab.SetCommitStatusOptions{
		State: state, Name: &s.Name, Description: &s.Description,
	}, gitlab.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("set the status of the commit: %w", providers.LibraryCause(err))
	}
	return nil
}

// notes are the notes of one merge request.
type notes struct {
	*Forge
	number int64
}

func (n notes) List(ctx context.Context) ([]providers.Post, error) {
	opts := &gitlab.ListMergeRequestNotesOptions{ListOptions: gitlab.ListOptions{PerPage: perPage}, OrderBy: new("created_at"), Sort: new("asc")}
	all, err := pages(func(page gitlab.RequestOptionFunc) ([]*gitlab.Note, *gitlab.Response, error) {
		return n.client.Notes.ListMergeRequestNotes(n.project, n.number, opts, gitlab.WithContext(ctx), page)
	}, notePost)
	if err != nil {
		return nil, fmt.Errorf("list the notes of merge request %d: %w", n.number, providers.LibraryCause(err))
	}
	return all, nil
}

func (n notes) Create(ctx context.Context, d providers.Draft) (providers.Post, error) {
	opts := &gitlab.CreateMergeRequestNoteOptions{Body: &d.Body}
	made, _, err := n.client.Notes.CreateMergeRequestNote(n.project, n.number, opts, gitlab.WithContext(ctx))
	if err != nil {
		return providers.Post{}, fmt.Errorf("comment on merge request %d: %w", n.number, providers.LibraryCause(err))
	}
	return notePost(made), nil
}

func (n notes) Update(ctx context.Context, id int64, d providers.Draft) error {
	opts := &gitlab.UpdateMergeRequestNoteOptions{Body: &d.Body}
	if _, _, err := n.client.Notes.UpdateMergeRequestNote(n.project, n.number, id, opts, gitlab.WithContext(ctx)); err != nil {
		return fmt.Errorf("update the note of merge request %d: %w", n.number, providers.LibraryCause(err))
	}
	return nil
}

func (n notes) Remove(ctx context.Context, id int64) error {
	if _, err := n.client.Notes.DeleteMergeRequestNote(n.project, n.number, id, gitlab.WithContext(ctx)); err != nil {
		return fmt.Errorf("delete a note of merge request %d: %w", n.number, providers.LibraryCause(err))
	}
	return nil
}

// notePost is n, or nothing of anybody's where GitLab itself wrote it.
func notePost(n *gitlab.Note) providers.Post {
	if n.System {
		return providers.Post{ID: n.ID}
	}
	return providers.Post{ID: n.ID, Author: n.Author.Username, Body: n.Body}
}

// issues are the open issues of the project; their number is their id.
type issues struct{ *Forge }

func (i issues) List(ctx context.Context) ([]providers.Post, error) {
	opts := &gitlab.ListProjectIssuesOptions{
		ListOptions: gitlab.ListOptions{PerPage: perPage, OrderBy: "created_at", Sort: "asc"}, State: new("opened"), Scope: new("created_by_me"),
	}
	all, err := pages(func(page gitlab.RequestOptionFunc) ([]*gitlab.Issue, *gitlab.Response, error) {
		return i.client.Issues.ListProjectIssues(i.project, opts, gitlab.WithContext(ctx), page)
	}, issuePost)
	if err != nil {
		return nil, fmt.Errorf("list the open issues: %w", providers.LibraryCause(err))
	}
	return all, nil
}

func (i issues) Create(ctx context.Context, d providers.Draft) (providers.Post, error) {
	opts := &gitlab.CreateIssueOptions{Title: &d.Title, Description: &d.Body}
	made, _, err := i.client.Issues.CreateIssue(i.project, opts, gitlab.WithContext(ctx))
	if err != nil {
		return providers.Post{}, fmt.Errorf("open an issue: %w", providers.LibraryCause(err))
	}
	return issuePost(made), nil
}

func (i issues) Update(ctx context.Context, id int64, d providers.Draft) error {
	return i.edit(ctx, id, &gitlab.UpdateIssueOptions{Title: &d.Title, Description: &d.Body})
}

func (i issues) Remove(ctx context.Context, id int64) error {
	return i.edit(ctx, id, &gitlab.UpdateIssueOptions{StateEvent: new("close")})
}

func (i issues) edit(ctx context.Context, id int64, opts *gitlab.UpdateIssueOptions) error {
	if _, _, err := i.client.Issues.UpdateIssue(i.project, id, opts, gitlab.WithContext(ctx)); err != nil {
		return fmt.Errorf("update issue %d: %w", id, providers.LibraryCause(err))
	}
	return nil
}

func issuePost(i *gitlab.Issue) providers.Post {
	p := providers.Post{ID: i.IID, Body: i.Description, URL: i.WebURL}
	if i.Author != nil {
		p.Author = i.Author.Username
	}
	return p
}

// pages reads a list to its end.
func pages[T any](list func(gitlab.RequestOptionFunc) ([]T, *gitlab.Response, error), post func(T) providers.Post) ([]providers.Post, error) {
	var all []providers.Post
	for at := int64(1); ; {
		page, res, err := list(gitlab.WithOffsetPaginationParameters(at))
		if err != nil {
			return nil, err
		}
		for _, item := range page {
			all = append(all, post(item))
		}
		if res.NextPage <= at {
			return all, nil
		}
		at = res.NextPage
	}
}
