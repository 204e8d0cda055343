package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/forge/github"
	"github.com/rollcall-dev/rollcall/providers/forge/gitlab"
)

// forgeFlags say where to post; what they leave open comes from the
// environment of the CI.
type forgeFlags struct {
	forge, repo, api, author, commit string
	number                           int
}

// add gives c the flags.
func (f *forgeFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.forge, "forge", "", "`NAME` of the forge: "+strings.Join(slices.Sorted(maps.Keys(forges)), " or "))
	c.Flags().StringVar(&f.repo, "repo", "", "`OWNER/NAME` on GitHub; the path or number of the project on GitLab")
	c.Flags().IntVar(&f.number, "number", 0, "`N`umber of the pull or merge request")
	c.Flags().StringVar(&f.commit, "commit", "", "full `ID` of the commit under review, for -status")
	c.Flags().StringVar(&f.api, "api-url", "", "`URL` of the API of a forge of your own")
	c.Flags().StringVar(&f.author, "author", "", "`LOGIN` that the token writes under, where the forge does not tell")
}

// self is the name that the token writes under.
func (f *forgeFlags) self(ctx context.Context, forge providers.Forge) (string, error) {
	if f.author != "" {
		return f.author, nil
	}
	name, err := forge.Self(ctx)
	if err != nil {
		return "", fmt.Errorf("%w (set -author to the name that the token writes under, if the forge does not tell)", err)
	}
	return name, nil
}

// forgeKind is what differs between forges on this side.
type forgeKind struct {
	name string
	// token names the variable of the credential; with _FILE it names its file.
	token string
	// here is set by the CI of the forge.
	here string
	// open returns the repository.
	open func(providers.ClientOptions, string) (providers.Forge, error)
	// detect reads the environment of its CI.
	detect func(*app) (place, error)
	// blob returns the beginning of the addresses of files at a commit.
	blob func(place, string) string
	// vars names the variables that place comes from.
	vars placeVars
	// scope says what the token has to be allowed.
	scope string
}

// placeVars names where the parts of a place come from.
type placeVars struct{ repo, number string }

// place is where to post.
type place struct {
	repo, api string
	number    int
	// commit is the one that a status is set of. It is known to be a head of the
	// branch under review, and not a merge for trial, where reviewed is true.
	commit   string
	reviewed bool
	// head finds the number where the CI does not tell it.
	head providers.Head
	// web is the address of the repository for people.
	web string
}

// forges are the values of -forge.
var forges = map[string]*forgeKind{
	"github": {
		name: "GitHub", token: "GITHUB_TOKEN", here: "GITHUB_ACTIONS",
		open:   func(o providers.ClientOptions, r string) (providers.Forge, error) { return github.New(o, r) },
		detect: (*app).detectGitHub,
		blob:   func(p place, commit string) string { return p.web + "/blob/" + commit },
		vars:   placeVars{"GITHUB_REPOSITORY", "GITHUB_REF or GITHUB_EVENT_PATH"},
		scope:  "a workflow's token needs \"permissions: pull-requests: write\", with -issue \"issues: write\", with -status \"statuses: write\"",
	},
	"gitlab": {
		name: "GitLab", token: "GITLAB_TOKEN", here: "GITLAB_CI",
		open:   func(o providers.ClientOptions, r string) (providers.Forge, error) { return gitlab.New(o, r) },
		detect: (*app).detectGitLab,
		blob:   func(p place, commit string) string { return p.web + "/-/blob/" + commit },
		vars:   placeVars{"CI_PROJECT_ID", "CI_MERGE_REQUEST_IID"},
		scope:  "the token needs the scope api and the role Reporter, with -status Developer",
	},
}

// env returns a variable, or nothing.
func (p *process) env(name string) string {
	value, _ := p.lookup(name)
	return value
}

// forge finds out where to post.
func (a *app) forge(f forgeFlags) (*forgeKind, place, error) {
	kind, err := a.forgeKind(f.forge)
	if err != nil {
		return nil, place{}, err
	}
	at, err := kind.detect(a)
	if err != nil {
		return nil, place{}, err
	}
	if f.repo != "" && f.repo != at.repo {
		// What the environment says is about another repository.
		at = place{repo: f.repo, api: at.api}
	}
	if f.api != "" {
		at.api, at.web = f.api, ""
	}
	if f.commit != "" {
		at.commit, at.reviewed = f.commit, true
	}
	if f.number < 0 {
		return nil, place{}, fmt.Errorf("read the flag -number: %d is no number of a pull request", f.number)
	}
	if f.number > 0 {
		at.number, at.head = f.number, providers.Head{}
	}
	if at.repo == "" {
		return nil, place{}, fmt.Errorf("the repository is not known: set -repo, or %s", kind.vars.repo)
	}
	return kind, at, nil
}

// forgeKind is the forge that was named, or the one whose CI this is.
func (a *app) forgeKind(name string) (*forgeKind, error) {
	if name != "" {
		if kind := forges[name]; kind != nil {
			return kind, nil
		}
		return nil, fmt.Errorf("read the flag -forge: it is %s, not %q", strings.Join(slices.Sorted(maps.Keys(forges)), " or "), name)
	}
	for _, kind := range forges {
		if a.env(kind.here) != "" {
			return kind, nil
		}
	}
	return nil, errors.New("this is no CI of GitHub or GitLab (neither GITHUB_ACTIONS nor GITLAB_CI is set): say where to post with -forge, -repo and -number, or print the comment with -dry-run")
}

// maxEvent is how large the description of a workflow's event may be.
const maxEvent = 32 << 20

// githubEvent is what matters of the event that began a workflow.
type githubEvent struct {
	Number      int `json:"number"`
	PullRequest struct {
		Number int `json:"number"`
		Head   struct {
			SHA string `json:"sha"`
		} `json:"head"`
	} `json:"pull_request"`
	Issue struct {
		Number      int `json:"number"`
		PullRequest any `json:"pull_request"`
	} `json:"issue"`
	// WorkflowRun is set where another workflow's end began this one. Its
	// fields are GitHub's word, not that of the run.
	WorkflowRun struct {
		HeadSHA        string `json:"head_sha"`
		HeadBranch     string `json:"head_branch"`
		HeadRepository struct {
			Owner struct {
				Login string `json:"login"`
			} `json:"owner"`
		} `json:"head_repository"`
	} `json:"workflow_run"`
}

// detectGitHub reads the environment of a workflow of GitHub Actions.
func (a *app) detectGitHub() (place, error) {
	at := place{repo: a.env("GITHUB_REPOSITORY"), api: a.env("GITHUB_API_URL"), commit: a.env("GITHUB_SHA")}
	if at.api == "" {
		at.api = github.DefaultAPI
	}
	if server := a.env("GITHUB_SERVER_URL"); server != "" && at.repo != "" {
		at.web = server + "/" + at.repo
	}
	if number, ok := strings.CutPrefix(a.env("GITHUB_REF"), "refs/pull/"); ok {
		number, _, _ = strings.Cut(number, "/")
		at.number, _ = strconv.Atoi(number)
	}
	path := a.env("GITHUB_EVENT_PATH")
	if path == "" {
		return at, nil
	}
	e, err := readEvent(path)
	if err != nil {
		return at, fmt.Errorf("read the event that GITHUB_EVENT_PATH names: %w", err)
	}
	switch {
	case e.PullRequest.Number > 0:
		at.number, at.commit, at.reviewed = e.PullRequest.Number, e.PullRequest.Head.SHA, true
	case e.Issue.Number > 0 && e.Issue.PullRequest != nil:
		at.number = e.Issue.Number
	case e.WorkflowRun.HeadSHA != "":
		run := e.WorkflowRun
		at.commit, at.reviewed = run.HeadSHA, true
		at.head = providers.Head{Owner: run.HeadRepository.Owner.Login, Branch: run.HeadBranch, Commit: run.HeadSHA}
	}
	return at, nil
}

func readEvent(path string) (e githubEvent, err error) {
	f, err := os.Open(path)
	if err != nil {
		return e, err
	}
	defer f.Close()
	err = json.NewDecoder(io.LimitReader(f, maxEvent)).Decode(&e)
	return e, err
}

// detectGitLab reads the environment of a job of GitLab CI.
func (a *app) detectGitLab() (place, error) {
	at := place{repo: a.env("CI_PROJECT_ID"), api: a.env("CI_API_V4_URL"), web: a.env("CI_PROJECT_URL"), commit: a.env("CI_COMMIT_SHA")}
	if at.api == "" {
		at.api = gitlab.DefaultAPI
	}
	// In a pipeline of merged results the commit is one that GitLab made.
	if sha := a.env("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"); sha != "" {
		at.commit = sha
	}
	if iid := a.env("CI_MERGE_REQUEST_IID"); iid != "" {
		at.reviewed = true
		n, err := strconv.Atoi(iid)
		if err != nil {
			return at, fmt.Errorf("CI_MERGE_REQUEST_IID is %q, which is no number", iid)
		}
		at.number = n
	}
	return at, nil
}

// forgeClient returns the repository at the place, with its credential.
func (a *app) forgeClient(kind *forgeKind, at place) (providers.Forge, error) {
	token := a.secret(kind.token, "token")
	if token == nil {
		hint := ""
		if a.env("CI_JOB_TOKEN") != "" && kind.token == "GITLAB_TOKEN" {
			hint = "; the CI_JOB_TOKEN of a job does not suffice, because GitLab takes no notes from it"
		}
		return nil, fmt.Errorf("there is no token for %s: set %s, or %s_FILE to the path of a file that holds it%s", kind.name, kind.token, kind.token, hint)
	}
	log, err := a.logger()
	if err != nil {
		return nil, err
	}
	forge, err := kind.open(providers.ClientOptions{
		BaseURL: at.api, Token: token, AllowedHosts: a.allowedHosts(), Proxy: http.ProxyFromEnvironment,
		UserAgent: "rollcall/" + buildVersion().Version, Parallelism: 1, MaxAttempts: 4,
		Observe: func(e providers.Exchange) {
			log.Debug("request", "method", e.Method, "path", e.Path, "status", e.Status, "err", e.Err, "attempt", e.Attempt, "wait", e.Wait)
		},
	}, at.repo)
	if err != nil {
		return nil, fmt.Errorf("speak to %s: %w", kind.name, err)
	}
	return forge, nil
}

// explain says what an error of the forge means for whoever set this up.
func (k *forgeKind) explain(err error) error {
	var e *providers.RequestError
	if !errors.As(err, &e) {
		return err
	}
	advice := ""
	switch e.Status {
	case http.StatusUnauthorized:
		advice = k.token + " has expired, or is of another " + k.name
	case http.StatusForbidden:
		advice = k.token + " may not do this: " + k.scope
	case http.StatusNotFound:
		advice = "it does not exist, or " + k.token + " may not see it: check -repo and -number; " + k.scope
	default:
		return fmt.Errorf("%s: %w", k.name, err)
	}
	return fmt.Errorf("%s: %w. %s", k.name, err, advice)
}
