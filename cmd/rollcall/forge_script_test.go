package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-dev/rollcall/providers/forge/forgetest"
)

// headCommit is that of the pull request of every forge in the scripts.
const headCommit = "4c1f2a9d3b6e5f708192a3b4c5d6e7f801234567"

// forgesOf is the key of a script's forges by kind.
type forgesOf struct{}

// startForge serves a stand-in of GitHub or GitLab on loopback, with one pull
// request, and makes the environment that of its CI: forge github|gitlab.
func startForge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: forge github|gitlab")
	}
	s := forgetest.New(canary)
	s.Push(headCommit)
	server := s.Serve(args[0])
	ts.Defer(server.Close)
	ts.Value(forgesOf{}).(map[string]*forgetest.Service)[args[0]] = s
	ts.Setenv("FORGE_URL", server.URL)
	if args[0] == "gitlab" {
		for name, value := range map[string]string{
			"GITLAB_CI": "true", "CI_API_V4_URL": server.URL + "/api/v4", "CI_PROJECT_ID": s.Repo, "CI_COMMIT_SHA": headCommit,
			"CI_MERGE_REQUEST_IID": strconv.Itoa(s.Number), "GITLAB_TOKEN": canary, "GITHUB_ACTIONS": "",
		} {
			ts.Setenv(name, value)
		}
		return
	}
	for name, value := range map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_API_URL": server.URL, "GITHUB_REPOSITORY": s.Repo, "GITHUB_SHA": headCommit,
		"GITHUB_REF": fmt.Sprintf("refs/pull/%d/merge", s.Number), "GITHUB_TOKEN": canary, "GITLAB_CI": "",
	} {
		ts.Setenv(name, value)
	}
}

// forgeHas writes what a forge holds into a file: posts github|gitlab FILE. A
// line says how many comments, open issues and statuses there are; the words of
// each follow.
func forgeHas(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: posts github|gitlab FILE")
	}
	s := ts.Value(forgesOf{}).(map[string]*forgetest.Service)[args[0]]
	comments, issues, statuses, foreign := s.Look()
	var b strings.Builder
	open := 0
	for _, i := range issues {
		if !i.Closed {
			open++
		}
	}
	fmt.Fprintf(&b, "%d comments, %d of %d issues open, %d statuses, %d unknown requests\n", len(comments), open, len(issues), len(statuses), len(foreign))
	for _, c := range comments {
		b.WriteString(c.Body)
	}
	for _, i := range issues {
		b.WriteString(i.Title + "\n" + i.Body)
	}
	for _, st := range statuses {
		fmt.Fprintf(&b, "status %s %s %s: %s\n", st.Commit, st.Name, st.State, st.Description)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
}

// forgeFault makes a forge fail once: forgefault github|gitlab METHOD PATH STATUS [after].
// Status 0 hangs up; with after it fails once the request was carried out.
func forgeFault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: forgefault github|gitlab METHOD PATH STATUS [after]")
	}
	status, err := strconv.Atoi(args[3])
	ts.Check(err)
	ts.Value(forgesOf{}).(map[string]*forgetest.Service)[args[0]].Inject(forgetest.Fault{
		Method: args[1], Path: args[2], Status: status, Body: `{"message":"refused"}`, After: len(args) == 5,
	})
}
