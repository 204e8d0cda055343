package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/forge/forgetest"
)

const gitlabExample = "../../examples/ci-gitlab"

// gitlabScene is the scene with what GitLab makes of it.
type gitlabScene struct {
	*scene
	forge *forgetest.Service
	api   string
}

func newGitlab(t *testing.T) *gitlabScene {
	t.Helper()
	g := &gitlabScene{scene: newScene(t, gitlabExample), forge: forgetest.New(forgeToken)}
	g.forge.Repo = "42"
	server := g.forge.Serve("gitlab")
	t.Cleanup(server.Close)
	g.api = server.URL + "/api/v4"
	return g
}

// pipeline is one of a project, of the merge request or the branch.
func (g *gitlabScene) pipeline(commit, ref string, tokens bool, variables map[string]string) *lab {
	l := &lab{
		t: g.t, origin: g.origin, commit: commit, ref: ref, env: g.env(),
		variables: map[string]string{"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_ID": "42", "CI_API_V4_URL": g.api, "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": commit},
	}
	maps.Copy(l.variables, variables)
	if tokens {
		l.variables["CI_JOB_TOKEN"] = stateToken
		l.scoped = map[string]map[string]string{
			"rollcall/plan":    {"ROLLCALL_TOKEN_127_0_0_1": readToken, "GITLAB_TOKEN": forgeToken},
			"rollcall/apply":   {"ROLLCALL_TOKEN_127_0_0_1": writeToken, "GITLAB_TOKEN": forgeToken},
			"rollcall/comment": {"GITLAB_TOKEN": forgeToken},
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
	g := newGitlab(t)
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
	for report, want := range map[string]string{"junit": `name="leavers_lose_it"`, "codequality": `"path": "people.hcl"`} {
		if got := check.reports[report]; !strings.Contains(got, want) {
			t.Errorf("the report %s does not have %s:\n%s", report, want, got)
		}
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
	g := newGitlab(t)
	g.branch("carol")
	g.add("people.hcl", addCarol)
	g.commit("carol")
	jobs := g.mergeRequest("42", "carol").run(g.jobs())
	if diff := cmp.Diff(map[string]string{"rollcall check": "success", "rollcall plan": "success", "rollcall comment": "success"}, labResults(jobs)); diff != "" {
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
	g := newGitlab(t)
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

// proposed is a merge request that adds carol, with main applied before.
func (g *gitlabScene) proposed() {
	g.t.Helper()
	token := append(g.env(), "ROLLCALL_TOKEN_127_0_0_1="+writeToken, "CI_JOB_TOKEN="+stateToken)
	if out, ok := execute(g.t, g.work, token, []string{binary(g.t), "apply", "-auto-approve"}); !ok {
		g.t.Fatal(out)
	}
	g.branch("carol")
	g.add("people.hcl", addCarol)
	g.commit("carol")
}

func TestGitlabAppliesThePlanOfTheNote(t *testing.T) {
	t.Parallel()
	g := newGitlab(t)
	g.proposed()
	for range 2 {
		g.mergeRequest("42", "carol").run(g.jobs())
	}
	if notes, _, _, foreign := g.forge.Look(); len(notes) != 1 || !strings.Contains(notes[0].Body, "carol@example.com") || len(foreign) > 0 {
		t.Fatalf("notes after two pipelines: %+v, and requests that are not known: %v", notes, foreign)
	}
	g.forge.Merge(g.squash("carol"))
	for _, said := range []string{"Apply complete! 1 added", "Nothing is left to apply"} {
		apply := g.pushed("push", nil).run(g.jobs())["rollcall apply"]
		if apply.result != "success" || !strings.Contains(apply.log, said) {
			t.Fatalf("the apply is %s, want it to say %q:\n%s", apply.result, said, apply.log)
		}
	}
	if got := g.accounts(); !slices.Contains(got, "carol@example.com") {
		t.Errorf("accounts: %v", got)
	}
}

func TestGitlabRefusesToApplyAfterDriftUntilSomebodyApprovesIt(t *testing.T) {
	t.Parallel()
	g := newGitlab(t)
	g.proposed()
	g.mergeRequest("42", "carol").run(g.jobs())
	g.forge.Merge(g.squash("carol"))
	g.deactivate("alice@example.com")
	before := g.written()
	apply := g.pushed("push", nil).run(g.jobs())["rollcall apply"]
	if apply.result != "failed" || g.written() != before || !strings.Contains(apply.log, "stale-plan") {
		t.Fatalf("after drift the apply is %s, and sent %d requests that write", apply.result, g.written()-before)
	}
	now := fingerprintIn(t, strings.Split(apply.log, "stale-plan")[0])
	apply = g.pushed("web", map[string]string{"ROLLCALL_EXPECT": now}).run(g.jobs())["rollcall apply"]
	want := []string{"alice@example.com", "bob@example.com", "carol@example.com"}
	if diff := cmp.Diff(want, g.accounts()); apply.result != "success" || diff != "" {
		t.Errorf("the apply is %s; accounts, want -, got +:\n%s", apply.result, diff)
	}
}

func TestGitlabAppliesNothingThatNobodyHasApproved(t *testing.T) {
	t.Parallel()
	g := newGitlab(t)
	g.proposed()
	g.squash("carol")
	before := g.written()
	apply := g.pushed("push", nil).run(g.jobs())["rollcall apply"]
	if apply.result != "failed" || g.written() != before || !strings.Contains(apply.log, "was made by no merge request") {
		t.Errorf("the apply is %s, and sent %d requests that write:\n%s", apply.result, g.written()-before, apply.log)
	}
	if jobs := g.pushed("web", nil).run(g.jobs()); len(jobs) > 0 {
		t.Errorf("by hand, with no fingerprint, there are the jobs %v", labResults(jobs))
	}
}

func TestGitlabNotesAPlanThatAGuardBlocks(t *testing.T) {
	t.Parallel()
	g := newGitlab(t)
	g.proposed()
	g.branch("nobody")
	g.edit("people.hcl", func(s string) string { return strings.Replace(s, "[user.alice, user.bob]", "[]", 1) })
	g.edit("access.test.hcl", func(string) string { return emptied })
	g.edit("access.hcl", func(s string) string {
		return strings.Replace(s, "target = target.scim.corp\n", "target = target.scim.corp\n\n  guard {\n    floor = 0\n  }\n", 1)
	})
	g.commit("nobody")
	want := map[string]string{"rollcall check": "success", "rollcall plan": "failed", "rollcall comment": "success"}
	if diff := cmp.Diff(want, labResults(g.mergeRequest("42", "nobody").run(g.jobs()))); diff != "" {
		t.Errorf("jobs, want -, got +:\n%s", diff)
	}
	if notes, _, _, _ := g.forge.Look(); len(notes) != 1 || !strings.Contains(notes[0].Body, "alice@example.com") {
		t.Errorf("notes: %+v", notes)
	}
}

func TestGitlabKeepsOneIssueAboutDrift(t *testing.T) {
	t.Parallel()
	g := newGitlab(t)
	g.proposed()
	git(t, g.work, "checkout", "-q", "main")
	for night, changed := range []string{"", "alice@example.com", "bob@example.com"} {
		if changed != "" {
			g.deactivate(changed)
		}
		jobs := g.pushed("schedule", nil).run(g.jobs())
		if diff := cmp.Diff(map[string]string{"rollcall drift": "success"}, labResults(jobs)); diff != "" {
			t.Fatalf("jobs, want -, got +:\n%s", diff)
		}
		_, issues, _, _ := g.forge.Look()
		if len(issues) != min(night, 1) || night > 0 && !strings.Contains(issues[0].Body, changed) {
			t.Errorf("issues of night %d: %+v", night, issues)
		}
	}
}
