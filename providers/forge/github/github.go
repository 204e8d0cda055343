// Package github posts on pull requests and issues of GitHub, and of GitHub
// Enterprise at an address of its own. It speaks through the client of the
// go-github project, whose requests providers.Client sends: to one host, with
// its retries and limits. It refuses posts by anybody but the credential's own
// name: see Forge.Self. Start at New.
package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v89/github"

	"github.com/rollcall-dev/rollcall/providers"
)

// DefaultAPI is the address of the API of github.com.
const DefaultAPI = "https://api.github.com"

// perPage is the largest page that GitHub gives.
const perPage = 100

// Forge is one repository of GitHub. It is safe for concurrent use.
type Forge struct {
	client      *github.Client
	graph       *providers.Client
	graphPath   []string
	owner, name string
}

// New returns the repository called OWNER/NAME at the API that opts.BaseURL
// names. It opens no connection.
func New(opts providers.ClientOptions, repository string) (*Forge, error) {
	owner, name, ok := strings.Cut(repository, "/")
	if !ok || !word(owner) || !word(name) {
		return nil, fmt.Errorf("%q is no repository of GitHub: it is written OWNER/NAME", repository)
	}
	opts.ContentType, opts.Throttled = "application/json", throttled
	rest, err := providers.NewClient(opts)
	if err != nil {
		return nil, err
	}
	f := &Forge{owner: owner, name: name, graphPath: []string{"graphql"}}
	// GitHub Enterprise has GraphQL next to the versions of REST.
	opts.BaseURL = strings.TrimSuffix(rest.BaseURL(), "/v3")
	if f.graph, err = providers.NewClient(opts); err != nil {
		return nil, err
	}
	base := rest.BaseURL() + "/"
	f.client, err = github.NewClient(github.WithHTTPClient(rest.HTTPClient()), github.WithURLs(&base, nil),
		github.WithDisableRateLimitCheck(), github.WithUserAgent("rollcall"))
	return f, err
}

// word reports whether s can be a part of a repository's name.
func word(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// throttled reports whether a refusal is about the number of requests: GitHub
// says so with 403 too.
func throttled(res *http.Response) bool {
	return res.StatusCode == http.StatusForbidden &&
		(res.Header.Get("Retry-After") != "" || res.Header.Get("X-RateLimit-Remaining") == "0")
}

// viewer asks for the name behind the credential. REST tells it to people's
// tokens alone, not to those of an app or of a workflow.
const viewer = `{"query":"query { viewer { login } }"}`

// Self returns the login that the credential writes under, such as
// "github-actions[bot]".
func (f *Forge) Self(ctx context.Context) (string, error) {
	res, err := f.graph.Do(ctx, providers.Request{Method: http.MethodPost, Path: f.graphPath, Body: []byte(viewer)})
	if err != nil {
		return "", fmt.Errorf("ask GitHub who the token is: %w", providers.LibraryCause(err))
	}
	var answer struct {
		Data struct {
			Viewer struct {
				Login string `json:"login"`
			} `json:"viewer"`
		} `json:"data"`
	}
	if err := json.Unmarshal(res.Body, &answer); err != nil || answer.Data.Viewer.Login == "" {
		return "", errors.New("ask GitHub who the token is: the answer names nobody")
	}
	return answer.Data.Viewer.Login, nil
}

// Comments are those of a pull request.
func (f *Forge) Comments(number int) providers.Board { return comments{f, number} }

// Issues are the open ones of the repository, without pull requests.
func (f *Forge) Issues() providers.Board { return issues{f} }

// Find looks for the open pull request from the branch of h, at its commit. A
// branch has one of each base at most.
func (f *Forge) Find(ctx context.Context, h providers.Head) (int, error) {
	all, _, err := f.client.PullRequests.List(ctx, f.owner, f.name, &github.PullRequestListOptions{
		State: "open", Head: h.Owner + ":" + h.Branch, ListOptions: github.ListOptions{PerPage: perPage},
	})
	if err != nil {
		return 0, fmt.Errorf("look for the pull request: %w", providers.LibraryCause(err))
	}
	for _, pull := range all {
		if pull.GetHead().GetSHA() == h.Commit {
			return pull.GetNumber(), nil
		}
	}
	return 0, fmt.Errorf("no open pull request has the commit %.10s as its head: it was merged, closed, or pushed to since", h.Commit)
}

// HeadOf asks for the commit at the end of the pull request's branch.
func (f *Forge) HeadOf(ctx context.Context, number int) (string, error) {
	pull, _, err := f.client.PullRequests.Get(ctx, f.owner, f.name, number)
	if err != nil {
		return "", fmt.Errorf("ask for the head of pull request %d: %w", number, providers.LibraryCause(err))
	}
	return pull.GetHead().GetSHA(), nil
}

// SetStatus adds a status to the commit. The newest of a name counts.
func (f *Forge) SetStatus(ctx context.Context, commit string, s providers.CommitStatus) error {
	state := "failure"
	if s.OK {
		state = "success"
	}
	_, _, err := f.client.Repositories.CreateStatus(ctx, f.owner, f.name, commit, github.RepoStatus{
		State: &state, Context: &s.Name, Description: &s.Description,
	})
	if err != nil {
		return fmt.Errorf("set the status of the commit: %w", providers.LibraryCause(err))
	}
	return nil
}

// comments are the comments of one pull request, which to GitHub is an issue.
type comments struct {
	*Forge
	number int
}

func (c comments) List(ctx context.Context) ([]providers.Post, error) {
	var all []providers.Post
	opts := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: perPage}}
	for {
		page, res, err := c.client.Issues.ListComments(ctx, c.owner, c.name, c.number, opts)
		if err != nil {
			return nil, fmt.Errorf("list the comments of pull request %d: %w", c.number, providers.LibraryCause(err))
		}
		for _, comment := range page {
			all = append(all, commentPost(comment))
		}
		if res.NextPage <= opts.Page {
			return all, nil
		}
		opts.Page = res.NextPage
	}
}

func (c comments) Create(ctx context.Context, d providers.Draft) (providers.Post, error) {
	made, _, err := c.client.Issues.CreateComment(ctx, c.owner, c.name, c.number, &github.IssueComment{Body: &d.Body})
	if err != nil {
		return providers.Post{}, fmt.Errorf("comment on pull request %d: %w", c.number, providers.LibraryCause(err))
	}
	return commentPost(made), nil
}

func (c comments) Update(ctx context.Context, id int64, d providers.Draft) error {
	if _, _, err := c.client.Issues.EditComment(ctx, c.owner, c.name, id, &github.IssueComment{Body: &d.Body}); err != nil {
		return fmt.Errorf("update the comment of pull request %d: %w", c.number, providers.LibraryCause(err))
	}
	return nil
}

func (c comments) Remove(ctx context.Context, id int64) error {
	if _, err := c.client.Issues.DeleteComment(ctx, c.owner, c.name, id); err != nil {
		return fmt.Errorf("delete a comment of pull request %d: %w", c.number, providers.LibraryCause(err))
	}
	return nil
}

func commentPost(c *github.IssueComment) providers.Post {
	return providers.Post{ID: c.GetID(), Author: c.GetUser().GetLogin(), Body: c.GetBody(), URL: c.GetHTMLURL()}
}

// issues are the open issues of the repository; their number is their id.
type issues struct{ *Forge }

func (i issues) List(ctx context.Context) ([]providers.Post, error) {
	var all []providers.Post
	opts := &github.IssueListByRepoOptions{State: "open", ListOptions: github.ListOptions{PerPage: perPage}}
	for {
		page, res, err := i.client.Issues.ListByRepo(ctx, i.owner, i.name, opts)
		if err != nil {
			return nil, fmt.Errorf("list the open issues: %w", providers.LibraryCause(err))
		}
		for _, issue := range page {
			if !issue.IsPullRequest() {
				all = append(all, issuePost(issue))
			}
		}
		if res.NextPage <= opts.ListOptions.Page {
			return all, nil
		}
		opts.ListOptions.Page = res.NextPage
	}
}

func (i issues) Create(ctx context.Context, d providers.Draft) (providers.Post, error) {
	made, _, err := i.client.Issues.Create(ctx, i.owner, i.name, &github.IssueRequest{Title: &d.Title, Body: &d.Body})
	if err != nil {
		return providers.Post{}, fmt.Errorf("open an issue: %w", providers.LibraryCause(err))
	}
	return issuePost(made), nil
}

func (i issues) Update(ctx context.Context, id int64, d providers.Draft) error {
	return i.edit(ctx, id, &github.IssueRequest{Title: &d.Title, Body: &d.Body})
}

func (i issues) Remove(ctx context.Context, id int64) error {
	return i.edit(ctx, id, &github.IssueRequest{State: new("closed"), StateReason: new("completed")})
}

func (i issues) edit(ctx context.Context, id int64, request *github.IssueRequest) error {
	if _, _, err := i.client.Issues.Edit(ctx, i.owner, i.name, int(id), request); err != nil {
		return fmt.Errorf("update issue %d: %w", id, providers.LibraryCause(err))
	}
	return nil
}

func issuePost(i *github.Issue) providers.Post {
	return providers.Post{ID: int64(i.GetNumber()), Author: i.GetUser().GetLogin(), Body: i.GetBody(), URL: i.GetHTMLURL()}
}
