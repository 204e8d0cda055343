package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const gitlabExample = "../../examples/ci-gitlab"

// gitlabScene is the scene with what GitLab makes of it.
type gitlabScene struct{ *scene }

// pipeline is one of a project, of the merge request or the branch.
func (g *gitlabScene) pipeline(commit, ref string, tokens bool, variables map[string]string) *lab {
	l := &lab{
		t: g.t, origin: g.origin, commit: commit, ref: ref, env: g.env(),
		variables: map[string]string{"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_ID": "42", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": commit},
	}
	maps.Copy(l.variables, variables)
	if tokens {
		l.scoped = map[string]map[string]string{
			"rollcall/plan":  {"ROLLCALL_TOKEN_127_0_0_1": readToken},
			"rollcall/apply": {"ROLLCALL_TOKEN_127_0_0_1": writeToken},
		}
	}
	return l
}

// mergeRequest is a pipeline of the merge request of a branch in a project.
func (g *gitlabScene) mergeRequest(project, branch string) *lab {
	g.t.Helper()
	base := git(g.t, g.work, "merge-base", "main", branch)
	return g.pipeline(g.merged(branch), "refs/pull/7/merge", project == "42", map[string]string{
		"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": project,
		"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_MERGE_REQUEST_IID": "7",
	})
}

// pushed is a pipeline of main.
func (g *gitlabScene) pushed(source string, variables map[string]string) *lab {
	g.t.Helper()
	all := map[string]string{"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": "main"}
	maps.Copy(all, variables)
	return g.pipeline(git(g.t, g.work, "rev-parse", "main"), "refs/heads/main", true, all)
}

func (g *gitlabScene) jobs() map[string]pipelineJob {
	g.t.Helper()
	return readComponent(g.t, filepath.Join(gitlabExample, "templates/rollcall.yml"), nil, g.replace)
}

func labResults(jobs map[string]*labJob) map[string]string {
	got := map[string]string{}
	for name, j := range jobs {
		got[name] = j.result
	}
	return got
}

func TestGitlabChecksAForkWithoutTokens(t *testing.T) {
	t.Parallel()
	g := &gitlabScene{newScene(t, gitlabExample)}
	g.branch("carol")
	g.add("people.hcl", addCarol)
	g.commit("carol")
	jobs := g.mergeRequest("666", "carol").run(g.jobs())
	if diff := cmp.Diff(map[string]string{"rollcall check": "success"}, labResults(jobs)); diff != "" {
		t.Errorf("jobs of a fork, want -, got +:\n%s", diff)
	}
	check := jobs["rollcall check"]
	if !strings.Contains(check.log, "carol@example.com") {
		t.Errorf("the log does not name who gains:\n%s", check.log)
	}
	if i := slices.IndexFunc(check.env, func(v string) bool { return strings.Contains(v, "canary") || strings.Contains(v, "TOKEN") }); i >= 0 {
		t.Errorf("a job of a fork has %s", check.env[i])
	}
	if len(g.service.Requests()) > 0 {
		t.Errorf("the target was asked: %v", g.service.Requests())
	}
}

func TestGitlabPlansBranchesOfItsOwnWithATokenThatReads(t *testing.T) {
	t.Parallel()
	g := &gitlabScene{newScene(t, gitlabExample)}
	g.branch("carol")
	g.add("people.hcl", addCarol)
	g.commit("carol")
	jobs := g.mergeRequest("42", "carol").run(g.jobs())
	if diff := cmp.Diff(map[string]string{"rollcall check": "success", "rollcall plan": "success"}, labResults(jobs)); diff != "" {
		t.Errorf("jobs, want -, got +:\n%s", diff)
	}
	if !strings.Contains(jobs["rollcall plan"].log, "Plan: 4 to add") || g.written() > 0 {
		t.Errorf("%d requests that write, and the plan is\n%s", g.written(), jobs["rollcall plan"].log)
	}
}

// fingerprintIn is the last fingerprint that a job printed.
func fingerprintIn(t *testing.T, log string) string {
	t.Helper()
	at := strings.LastIndex(log, "rc1:")
	if at < 0 {
		t.Fatalf("no fingerprint in\n%s", log)
	}
	return log[at : at+len("rc1:")+64]
}

func TestGitlabInstallsWhereTheImageHasNone(t *testing.T) {
	t.Parallel()
	g := &gitlabScene{newScene(t, gitlabExample)}
	g.branch("carol")
	g.add("people.hcl", addCarol)
	g.commit("carol")
	jobs := g.jobs()
	bin := t.TempDir()
	putFile(t, filepath.Join(bin, "go"), "#!/bin/sh\necho \"$@\" >> "+bin+"/said\ncp "+binary(t)+" "+bin+"/rollcall\n")
	if out, ok := execute(t, bin, gitEnv(bin), []string{"chmod", "+x", "go"}); !ok {
		t.Fatal(out)
	}
	l := g.mergeRequest("666", "carol")
	l.env = append(l.env, "PATH="+bin+":/usr/bin:/bin")
	if got := l.run(jobs)["rollcall check"].result; got != "success" {
		t.Errorf("the check: %s", got)
	}
	if got := strings.TrimSpace(contentOf(t, filepath.Join(bin, "said"))); got != "install "+module+"/cmd/rollcall@v1" {
		t.Errorf("go was asked to %q", got)
	}
}

func TestGitlabAppliesByHandWhatWasApproved(t *testing.T) {
	t.Parallel()
	g := &gitlabScene{newScene(t, gitlabExample)}
	plan := g.pushed("push", nil).run(g.jobs())["rollcall apply"]
	if plan.result != "failed" || g.written() > 0 {
		t.Fatalf("an apply without approval is %s, with %d requests that write", plan.result, g.written())
	}
}
