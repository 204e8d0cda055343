package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const githubExample = "../../examples/ci-github"

// github is the scene with what GitHub makes of it.
type github struct {
	*scene
	artifacts string
}

func newGithub(t *testing.T) *github {
	t.Helper()
	return &github{scene: newScene(t, githubExample), artifacts: t.TempDir()}
}

// workflow reads one of the example's workflows.
func (g *github) workflow(name string) *workflow {
	g.t.Helper()
	return readWorkflow(g.t, filepath.Join(githubExample, ".github/workflows", name), g.replace)
}

// hub is GitHub at an event about a commit.
func (g *github) hub(event, ref, commit, document string, values map[string]string) *hub {
	all := map[string]string{"github.repository": "acme/access"}
	maps.Copy(all, values)
	return &hub{
		t: g.t, origin: g.origin, artifacts: g.artifacts, values: all, event: document, ref: ref, commit: commit,
		env: append(g.env(), "GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=acme/access", "GITHUB_EVENT_NAME="+event, "GITHUB_REF="+ref, "GITHUB_SHA="+commit),
	}
}

// secrets are what a workflow of the repository may have, not one of a fork.
var secrets = map[string]string{"secrets.SCIM_READ_TOKEN": readToken, "secrets.SCIM_WRITE_TOKEN": writeToken}

// pullRequest is a run for the pull request of a branch of owner's repository.
func (g *github) pullRequest(owner, branch string) *hub {
	g.t.Helper()
	values := map[string]string{"github.event.pull_request.head.repo.full_name": owner + "/access"}
	if owner == "acme" {
		values["secrets.SCIM_READ_TOKEN"] = readToken
	}
	return g.hub("pull_request", "refs/pull/7/merge", g.merged(branch), `{"pull_request":{"number":7}}`, values)
}

// dispatch is a run by hand on main.
func (g *github) dispatch(fingerprint string) *hub {
	g.t.Helper()
	values := maps.Clone(secrets)
	values["inputs.fingerprint"] = fingerprint
	return g.hub("workflow_dispatch", "refs/heads/main", git(g.t, g.work, "rev-parse", "main"), "{}", values)
}

func results(jobs map[string]*hubJob) map[string]string {
	got := map[string]string{}
	for name, j := range jobs {
		got[name] = j.result
	}
	return got
}

// addCarol is a change that somebody proposes.
const addCarol = `
user "carol" {
  login = "carol@example.com"
}

assignment "carol" {
  app   = app.vpn
  users = [user.carol]
}
`

func TestGithubChecksAForkWithoutSecrets(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.branch("carol")
	g.add("people.hcl", addCarol)
	g.commit("carol")
	jobs := g.pullRequest("mallory", "carol").run(g.workflow("rollcall.yml"))
	want := map[string]string{"check": "success", "plan": "skipped"}
	if diff := cmp.Diff(want, results(jobs)); diff != "" {
		t.Errorf("jobs of a fork, want -, got +:\n%s", diff)
	}
	check := jobs["check"]
	if !strings.Contains(check.summary, "carol@example.com") {
		t.Errorf("the summary does not name who gains:\n%s", check.summary)
	}
	if i := slices.IndexFunc(check.seen, func(v string) bool { return strings.Contains(v, "canary") || strings.Contains(v, "TOKEN") }); i >= 0 {
		t.Errorf("a step of a fork has %s", check.seen[i])
	}
	if len(g.service.Requests()) > 0 {
		t.Errorf("the target was asked: %v", g.service.Requests())
	}
}

func TestGithubRefusesAForkThatIsBadlyWritten(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"not formatted": "user \"x\" {\nlogin=\"x@example.com\"\n}\n", "not valid": "user \"x\" {\n}\n"} {
		g := newGithub(t)
		g.branch("bad")
		g.add("bad.hcl", text)
		g.commit("bad")
		jobs := g.pullRequest("mallory", "bad").run(g.workflow("rollcall.yml"))
		if jobs["check"].result != "failure" || jobs["plan"].result != "skipped" {
			t.Errorf("%s: %v", name, results(jobs))
		}
	}
}

// proposed is a pull request of branch that adds carol, with main applied before.
func (g *github) proposed(branch string) {
	g.t.Helper()
	first := g.workflow("rollcall-apply.yml")
	jobs := g.dispatch(g.planned()).run(first)
	if jobs["apply"].result != "success" {
		g.t.Fatal("the first apply failed")
	}
	g.branch(branch)
	g.add("people.hcl", addCarol)
	g.commit(branch)
}

// planned is the fingerprint of the plan of main, as somebody would read it.
func (g *github) planned() string {
	g.t.Helper()
	git(g.t, g.work, "checkout", "-q", "main")
	env := append(g.env(), "ROLLCALL_TOKEN_127_0_0_1="+readToken)
	out, ok := execute(g.t, g.work, env, []string{binary(g.t), "plan"})
	if !ok {
		g.t.Fatal(out)
	}
	return fingerprintIn(g.t, out)
}

func TestGithubPlansBranchesOfItsOwnWithATokenThatReads(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.proposed("carol")
	before := g.written()
	jobs := g.pullRequest("acme", "carol").run(g.workflow("rollcall.yml"))
	if diff := cmp.Diff(map[string]string{"check": "success", "plan": "success"}, results(jobs)); diff != "" {
		t.Errorf("jobs, want -, got +:\n%s", diff)
	}
	if !strings.Contains(jobs["plan"].log, "Plan: 1 to add") || g.written() != before {
		t.Errorf("%d requests that write, and the plan is\n%s", g.written()-before, jobs["plan"].log)
	}
	if got := len(glob(t, filepath.Join(g.artifacts, "rollcall-plan/plan.json"))); got != 1 {
		t.Errorf("%d plans were kept", got)
	}
}

func TestGithubAppliesByHandThePlanThatSomebodyRead(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.proposed("carol")
	g.squash("carol")
	approved := g.planned()
	g.deactivate("alice@example.com")
	before := g.written()
	apply := g.dispatch(approved).run(g.workflow("rollcall-apply.yml"))["apply"]
	if apply.result != "failure" || g.written() != before {
		t.Fatalf("after drift the apply is a %s, and sent %d requests that write", apply.result, g.written()-before)
	}
	// The plan as it is now stands in the log, and is approved by its fingerprint.
	now := fingerprintIn(t, strings.Split(apply.log, "stale-plan")[0])
	apply = g.dispatch(now).run(g.workflow("rollcall-apply.yml"))["apply"]
	want := []string{"alice@example.com", "bob@example.com", "carol@example.com"}
	if diff := cmp.Diff(want, g.accounts()); apply.result != "success" || diff != "" {
		t.Errorf("the apply is a %s; accounts, want -, got +:\n%s", apply.result, diff)
	}
}
